//! The body of a request, and how it is attached to each attempt.

use std::io;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use reqwest::{Client, Request, RequestBuilder};

use super::multipart::Multipart;
use super::upload::Upload;
use crate::call::media_type;
use crate::redaction::Redaction;

/// The body of a request. It is kept apart from the request, so that each attempt can get its own.
pub(crate) enum Payload {
    /// None, or that of the request.
    None,
    Bytes(Bytes),
    Upload(Upload),
    Multipart(Multipart),
}

impl Payload {
    /// Whether it can be sent again.
    pub(crate) fn is_replayable(&self) -> bool {
        match self {
            Self::None | Self::Bytes(_) => true,
            Self::Upload(upload) => upload.is_replayable(),
            Self::Multipart(parts) => parts.is_replayable(),
        }
    }

    /// Adds the secrets of the body to `redaction`. `request` has the body if it is one of bytes.
    pub(crate) fn secrets(&self, request: Option<&Request>, redaction: &mut Redaction) {
        if let Self::Multipart(parts) = self {
            parts.secrets(redaction);
        }
        let Some(request) = request else {
            return;
        };
        let Some(body) = request.body().and_then(|body| body.as_bytes()) else {
            return;
        };
        if is_form(request.headers()) {
            for (name, value) in url::form_urlencoded::parse(body) {
                redaction.add_member(&name, &value);
            }
        } else if let Ok(body) = serde_json::from_slice(body) {
            redaction.add_members(&body);
        }
    }

    /// Moves bytes into the request, which is copied for each attempt.
    pub(crate) fn fix(&mut self, request: &mut Request) {
        if let Self::Bytes(bytes) = self {
            *request.body_mut() = Some(std::mem::take(bytes).into());
            *self = Self::None;
        }
    }

    /// Attaches the body to the request of one attempt. An error names the part that cannot be read.
    pub(crate) async fn attach(
        &self,
        client: &Client,
        mut request: Request,
    ) -> Result<Request, (String, io::Error)> {
        match self {
            Self::None | Self::Bytes(_) => Ok(request),
            Self::Upload(upload) => {
                let (body, length) = upload
                    .body()
                    .await
                    .map_err(|error| ("body".to_owned(), error))?;
                if let Some(length) = length {
                    request.headers_mut().insert(CONTENT_LENGTH, length.into());
                }
                *request.body_mut() = Some(body);
                Ok(request)
            }
            Self::Multipart(parts) => {
                let form = parts.form().await?;
                RequestBuilder::from_parts(client.clone(), request)
                    .multipart(form)
                    .build()
                    .map_err(|_| {
                        let message = "the form cannot be built";
                        ("body".to_owned(), io::Error::other(message))
                    })
            }
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers)
        .is_some_and(|found| found.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}
