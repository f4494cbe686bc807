//! One call: its settings on the way in, its result on the way out.
//!
//! The generated code decodes through progenitor, whose hook can give back a `reqwest::Response` and nothing else.
//! So what really came, or went wrong, is kept in the call itself, and [`Call::finish`] joins the two. The place
//! belongs to one call: nothing of it is shared with calls under way at the same time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use progenitor_client::ResponseValue;

use crate::error::Unread;
use crate::undecodable::Undecodable;
use crate::{Checker, Error, Operation, Outcome, Response, Transport};

mod execute;

/// Settings of one call.
#[derive(Clone, Default)]
pub struct CallOptions {
    timeout: Option<Duration>,
    headers: HeaderMap,
}

impl CallOptions {
    /// Sets how long an attempt of this call may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets a header. `authorization` has no effect where there is a token source.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// One call of an operation. Clones are the same call: they share its result.
#[derive(Clone)]
pub struct Call(Arc<State>);

struct State {
    transport: Transport,
    operation: &'static Operation,
    options: CallOptions,
    result: Mutex<Option<Result<Received, Error>>>,
}

/// An answer as it came.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body is all that was sent.
    pub(crate) complete: bool,
}

impl Call {
    pub(crate) fn new(
        transport: Transport,
        operation: &'static Operation,
        options: CallOptions,
    ) -> Self {
        Self(Arc::new(State {
            transport,
            operation,
            options,
            result: Mutex::new(None),
        }))
    }

    /// The operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.0.operation
    }

    /// A checker for the request.
    pub fn checker(&self) -> Checker {
        Checker::new()
    }

    /// Refuses the request if the checker found anything.
    pub fn check(&self, checker: Checker) -> Result<(), Error> {
        let violations = checker.into_violations();
        if violations.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_request(self.0.operation.id(), violations))
    }

    /// Joins what progenitor decoded with what came.
    pub fn finish<T>(
        &self,
        result: Result<ResponseValue<T>, progenitor_client::Error<()>>,
    ) -> Result<Response<T>, Error> {
        match result {
            Ok(decoded) => {
                let received = self.received(None)?;
                Ok(Response::new(
                    decoded.into_inner(),
                    received,
                    self.0.operation.id(),
                ))
            }
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Like [`finish`](Call::finish), for a bulk operation: the status alone decides whether everything was done.
    pub fn finish_outcome<T>(
        &self,
        result: Result<ResponseValue<Option<T>>, progenitor_client::Error<()>>,
    ) -> Result<Response<Outcome<T>>, Error> {
        let response = self.finish(result)?;
        let status = response.status().as_u16();
        if self
            .0
            .operation
            .outcome()
            .is_some_and(|outcomes| outcomes.complete == status)
        {
            return Ok(response.map(|_| Outcome::Complete));
        }
        let (report, received) = response.into_parts();
        match report {
            Some(report) => Ok(Response::new(
                Outcome::Partial(report),
                received,
                self.0.operation.id(),
            )),
            None => Err(Error::unread(
                self.0.operation.id(),
                received,
                Unread::NoReport,
            )),
        }
    }

    /// What came. `cause` is what else is known where nothing came.
    fn received(&self, cause: Option<reqwest::Error>) -> Result<Received, Error> {
        let result = self
            .0
            .result
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Nothing came and nothing failed: the request never got as far as `execute`.
        result.unwrap_or_else(|| Err(Error::unbuildable_request(self.0.operation.id(), cause)))
    }

    fn failure(&self, error: progenitor_client::Error<()>) -> Error {
        use progenitor_client::Error as Progenitor;

        let (cause, decoding) = match error {
            Progenitor::CommunicationError(cause) => (Some(cause), None),
            Progenitor::InvalidResponsePayload(_, error) => (None, Some(error)),
            _ => (None, None),
        };
        let received = match self.received(cause) {
            Ok(received) => received,
            Err(error) => return error,
        };
        let operation = self.0.operation.id();
        if !received.status.is_success() {
            return Error::status_of(operation, received);
        }
        let why = match decoding {
            Some(error) => Unread::Body(Undecodable::new(&received.body, &error)),
            None => Unread::UnknownStatus,
        };
        Error::unread(operation, received, why)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.0.operation.id())
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}
