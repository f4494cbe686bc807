//! A response before it is decoded, and the ways to decode it.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

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
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next()?.trim();
        (!media_type.is_empty()).then_some(media_type)
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

/// Whether a body can be one of the API where none is documented.
pub(crate) fn is_empty_or_json(body: &[u8]) -> bool {
    body.trim_ascii().is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}
