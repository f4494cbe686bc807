//! Responses of the APIs.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem::Problem;

/// A response of an API, before faults are applied.
#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the document determined the response, because the operation has no handler.
    pub(crate) is_default: bool,
}

impl ApiResponse {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_default: false,
        }
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => Self::text(status, "application/json", text),
            // Cannot happen with the types of this crate. If it does, the header tells the client why.
            Err(error) => Self::empty(StatusCode::INTERNAL_SERVER_ERROR)
                .with_header("x-sandbox-error", &error.to_string()),
        }
    }

    pub(crate) fn text(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body: body.into(),
            is_default: false,
        }
    }

    /// Adds a header. A value that is not a valid header value is ignored.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}

/// 204 No Content.
pub(crate) fn no_content() -> Result<ApiResponse, Problem> {
    Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
}

/// 200 OK with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Result<ApiResponse, Problem> {
    Ok(ApiResponse::json(StatusCode::OK, body))
}

/// 201 Created with a JSON body.
pub(crate) fn created(body: &impl Serialize) -> Result<ApiResponse, Problem> {
    Ok(ApiResponse::json(StatusCode::CREATED, body))
}
