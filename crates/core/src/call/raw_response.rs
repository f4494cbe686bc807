//! A response before it is decoded, and the ways to decode it.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use sync_wrapper::SyncWrapper;

use super::history::AttemptHistory;
use crate::error::UndecodableReason;
use crate::undecodable::Undecodable;
use crate::{Error, Operation, Outcome, Response};

/// Where a request id may stand, the most telling place first.
const REQUEST_ID: [&str; 3] = ["x-auth0-requestid", "x-request-id", "cf-ray"];

/// A response as it came.
///
/// A status that is no success makes every reading an error, which keeps status, headers and body. So does a success
/// that the operation does not document:
///
/// | read as | an undocumented status, or a body where none is documented |
/// | --- | --- |
/// | [`json`](Self::json) | is an error unless the body decodes |
/// | [`empty`](Self::empty) | is an error unless the body is empty or JSON |
/// | [`outcome`](Self::outcome) | is an error; so is a complete outcome with a body that is not JSON |
/// | [`bytes`](Self::bytes) | is an error where the operation documents its statuses |
///
/// The body decides and not `Content-Type`, which may be missing or wrong.
pub struct RawResponse {
    pub(crate) operation: &'static Operation,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body is all that was sent.
    pub(crate) complete: bool,
    /// The response whose body is read while it arrives, and the limit of what may be buffered of it.
    pub(crate) stream: Option<Box<(SyncWrapper<reqwest::Response>, usize)>>,
    pub(crate) history: AttemptHistory,
}

impl RawResponse {
    /// The body decoded as JSON. An empty body is read as `null`, for the operations whose response may lack one.
    pub fn json<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        let received = self.success()?;
        let value = match serde_json::from_slice(&received.body) {
            Err(error) if received.body.is_empty() => {
                serde_json::from_slice(b"null").map_err(|_| error)
            }
            value => value,
        };
        match value {
            Ok(value) => Ok(Response::new(value, received)),
            Err(error) => Err(received.undecodable(&error)),
        }
    }

    /// A response without a body. A JSON body is ignored; any other, such as the HTML of a login page, is an error.
    pub fn empty(self) -> Result<Response<()>, Error> {
        Ok(Response::new((), self.success()?.without_foreign_body()?))
    }

    /// The body as bytes.
    pub fn bytes(self) -> Result<Response<Bytes>, Error> {
        let received = self.success()?;
        let documented = received.operation.success();
        // A byte body does not show whether the status is documented.
        if !documented.is_empty() && !documented.contains(&received.status.as_u16()) {
            return Err(Error::undecodable_response(
                received,
                UndecodableReason::UnknownStatus,
            ));
        }
        Ok(Response::new(received.body.clone(), received))
    }

    /// The body as text. What is not UTF-8 is replaced.
    pub fn text(self) -> Result<Response<String>, Error> {
        let response = self.bytes()?;
        Ok(response.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The first of `alternatives` that the response matches: its status, a range such as `2XX` or `default`, and its media type, which
    /// is empty for a response without a body. If no media type matches, the only alternative of the status is chosen.
    ///
    /// Each alternative lists its media types separated by commas.
    pub fn alternative(self, alternatives: &[(&str, &str)]) -> Result<(usize, Self), Error> {
        let received = self.success()?;
        let status = received.status.as_u16();
        let has_status = |of: &str| of.parse() == Ok(status);
        let is_exact = alternatives.iter().any(|(of, _)| has_status(of));
        // A range is meant for the statuses that are not listed.
        let candidates: Vec<usize> = (0..alternatives.len())
            .filter(|index| match is_exact {
                true => has_status(alternatives[*index].0),
                false => alternatives[*index].0.parse::<u16>().is_err(),
            })
            .collect();
        let found = received.media_type().map(str::to_ascii_lowercase);
        let chosen = candidates.iter().find(|index| {
            let types = alternatives[**index].1;
            match &found {
                None => types.is_empty(),
                Some(found) => types.split(',').any(|of| is_in_range(found, of.trim())),
            }
        });
        let chosen = chosen.or(match candidates.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        match chosen {
            Some(index) => Ok((*index, received)),
            None if candidates.is_empty() => Err(Error::undecodable_response(
                received,
                UndecodableReason::UnknownStatus,
            )),
            None => Err(Error::undecodable_response(
                received,
                UndecodableReason::UnknownMediaType,
            )),
        }
    }

    /// A copy with another body and without the history.
    pub(crate) fn head(&self, body: Bytes) -> Self {
        Self {
            operation: self.operation,
            status: self.status,
            headers: self.headers.clone(),
            body,
            complete: true,
            stream: None,
            history: AttemptHistory::default(),
        }
    }

    /// The response whose body arrives, apart from what is known of it, and the limit of what may be buffered.
    pub(crate) fn into_stream(self) -> Result<(Self, reqwest::Response, usize), Error> {
        let mut received = self.success()?;
        Ok(match received.stream.take() {
            Some(stream) => {
                let (response, limit) = *stream;
                (received, response.into_inner(), limit)
            }
            // It was read as a whole.
            None => {
                let body = received.body.clone();
                let limit = body.len();
                (received, http::Response::new(body).into(), limit)
            }
        })
    }

    /// The response to a bulk operation: the status decides whether everything was done.
    pub fn outcome<R: DeserializeOwned>(self) -> Result<Response<Outcome<R>>, Error> {
        let received = self.success()?;
        let status = received.status.as_u16();
        let outcomes = received.operation.outcome();
        // Complete is complete, whatever JSON came along.
        if outcomes.is_some_and(|outcomes| outcomes.complete == status) {
            return Ok(Response::new(
                Outcome::Complete,
                received.without_foreign_body()?,
            ));
        }
        if outcomes.is_some_and(|outcomes| outcomes.partial != status) {
            return Err(Error::undecodable_response(
                received,
                UndecodableReason::UnknownStatus,
            ));
        }
        match serde_json::from_slice(&received.body) {
            Ok(None) => Err(Error::undecodable_response(
                received,
                UndecodableReason::MissingReport,
            )),
            Ok(Some(report)) => Ok(Response::new(Outcome::Partial(report), received)),
            Err(error) => Err(received.undecodable(&error)),
        }
    }

    /// The id that the server gave the request: Auth0 support asks for it.
    pub(crate) fn request_id(&self) -> Option<&str> {
        REQUEST_ID
            .iter()
            .find_map(|name| self.headers.get(*name)?.to_str().ok())
    }

    fn success(self) -> Result<Self, Error> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(Error::from_status(self))
        }
    }

    /// The response, if its body is empty or JSON: anything else is not from the API.
    fn without_foreign_body(self) -> Result<Self, Error> {
        match is_empty_or_json(&self.body) {
            true => Ok(self),
            false => Err(Error::undecodable_response(
                self,
                UndecodableReason::UndocumentedBody,
            )),
        }
    }

    /// The media type of the body without its parameters, where it has one.
    pub(crate) fn media_type(&self) -> Option<&str> {
        media_type(&self.headers)
    }

    fn undecodable(self, error: &serde_json::Error) -> Error {
        let undecodable = Undecodable::new(&self.body, error);
        Error::undecodable_response(self, UndecodableReason::Body(undecodable))
    }
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("operation", &self.operation.id())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The media type in `Content-Type` without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next()?.trim();
    (!media_type.is_empty()).then_some(media_type)
}

/// Whether a media type is `of`, or in the range `of`: `image/*`, `*/*`.
fn is_in_range(media_type: &str, of: &str) -> bool {
    let of = of
        .split(';')
        .next()
        .unwrap_or(of)
        .trim()
        .to_ascii_lowercase();
    match of.strip_suffix('*') {
        Some("*/") => true,
        Some(prefix) => media_type.starts_with(prefix),
        None => media_type == of,
    }
}

/// Whether a body can be one of the API where none is documented.
pub(crate) fn is_empty_or_json(body: &[u8]) -> bool {
    body.trim_ascii().is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::OperationFields;

    static OPERATION: Operation = Operation::new(OperationFields {
        id: "read",
        ..OperationFields::DEFAULT
    });

    /// The alternative of a response, or the text of the error.
    fn chosen(status: u16, media_type: &str) -> Result<usize, String> {
        let mut headers = HeaderMap::new();
        if !media_type.is_empty() {
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        }
        let received = RawResponse {
            operation: &OPERATION,
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::new(),
            complete: true,
            stream: None,
            history: AttemptHistory::default(),
        };
        let alternatives = [
            (
                "200",
                "application/json, application/vnd.shop+json;version=2",
            ),
            ("200", "image/*"),
            ("202", "application/json"),
            ("204", ""),
            ("2XX", "text/plain"),
        ];
        let chosen = received.alternative(&alternatives);
        chosen
            .map(|(index, _)| index)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn alternative_is_chosen_by_status_and_media_type() {
        for (status, media_type, expected) in [
            (200, "application/json; charset=utf-8", 0),
            (200, "Application/vnd.Shop+JSON", 0),
            (200, "image/png", 1),
            (202, "application/json", 2),
            // The only alternative of its status.
            (202, "text/html", 2),
            (204, "", 3),
            (206, "text/plain", 4),
            (206, "", 4),
        ] {
            assert_eq!(
                chosen(status, media_type),
                Ok(expected),
                "{status} {media_type}"
            );
        }
        let error = chosen(200, "text/html").unwrap_err();
        assert!(
            error.contains("the media type is not documented"),
            "{error}"
        );
        assert!(chosen(400, "application/json").is_err());
    }
}
