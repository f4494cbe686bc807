//! An answer as it came, and what it can be read as.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::trail::Trail;
use crate::error::Unread;
use crate::undecodable::Undecodable;
use crate::{Error, Operation, Outcome, Response};

/// Where a request id may stand, the most telling place first.
const REQUEST_ID: [&str; 3] = ["x-auth0-requestid", "x-request-id", "cf-ray"];

/// An answer as it came.
///
/// A status that is no success makes every reading an error, which keeps status, headers and body. So does a success
/// that cannot be read.
pub struct Received {
    pub(crate) operation: &'static Operation,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body is all that was sent.
    pub(crate) complete: bool,
    pub(crate) trail: Trail,
}

impl Received {
    /// The answer read as JSON. An empty body is read as `null`, for the operations that may answer without one.
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

    /// An answer of which only status and headers say anything.
    pub fn empty(self) -> Result<Response<()>, Error> {
        Ok(Response::new((), self.success()?))
    }

    /// The answer as the bytes that it is.
    pub fn bytes(self) -> Result<Response<Bytes>, Error> {
        let received = self.success()?;
        Ok(Response::new(received.body.clone(), received))
    }

    /// The answer to a bulk operation: the status alone decides whether everything was done.
    pub fn outcome<R: DeserializeOwned>(self) -> Result<Response<Outcome<R>>, Error> {
        let received = self.success()?;
        let status = received.status.as_u16();
        let outcomes = received.operation.outcome();
        // Complete is complete, whatever body came along.
        if outcomes.is_some_and(|outcomes| outcomes.complete == status) {
            return Ok(Response::new(Outcome::Complete, received));
        }
        if outcomes.is_some_and(|outcomes| outcomes.partial != status) {
            return Err(Error::unread(received, Unread::UnknownStatus));
        }
        match serde_json::from_slice(&received.body) {
            Ok(None) => Err(Error::unread(received, Unread::NoReport)),
            Ok(Some(report)) => Ok(Response::new(Outcome::Partial(report), received)),
            Err(error) => Err(received.undecodable(&error)),
        }
    }

    /// The id that the server gave the request: what its support asks for.
    pub(crate) fn request_id(&self) -> Option<&str> {
        REQUEST_ID
            .iter()
            .find_map(|name| self.headers.get(*name)?.to_str().ok())
    }

    fn success(self) -> Result<Self, Error> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(Error::status_of(self))
        }
    }

    fn undecodable(self, error: &serde_json::Error) -> Error {
        let undecodable = Undecodable::new(&self.body, error);
        Error::unread(self, Unread::Body(undecodable))
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("operation", &self.operation.id())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
