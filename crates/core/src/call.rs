//! One call: its settings on the way out, its answer on the way back.
//!
//! progenitor makes the request; everything after that happens here, the same for every operation of every API, and
//! compiled once.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Request;

use crate::{BoxFuture, Checker, Error, Operation, Transport};

mod attempt;
mod received;

pub use received::Received;

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

/// One call of an operation.
pub struct Call {
    transport: Transport,
    operation: &'static Operation,
    options: CallOptions,
}

impl Call {
    pub(crate) fn new(
        transport: Transport,
        operation: &'static Operation,
        options: CallOptions,
    ) -> Self {
        Self {
            transport,
            operation,
            options,
        }
    }

    /// The operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.operation
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
        Err(Error::invalid_request(self.operation.id(), violations))
    }

    /// Sends the request that progenitor built, and once more with a new token if the first is refused and the token
    /// source has another. Gives the answer as it came, whatever its status.
    ///
    /// # Errors
    ///
    /// What progenitor could not build, no token, no answer, or a success whose body did not arrive whole.
    pub fn receive(
        self,
        request: Result<Request, progenitor_client::Error<()>>,
    ) -> BoxFuture<'static, Result<Received, Error>> {
        // Boxed here, so that it is compiled here too, and not once more in every program.
        Box::pin(async move {
            match request {
                Ok(request) => self.send(request).await,
                Err(progenitor_client::Error::CommunicationError(cause)) => {
                    Err(Error::unbuildable_request(self.operation.id(), Some(cause)))
                }
                Err(_) => Err(Error::unbuildable_request(self.operation.id(), None)),
            }
        })
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation.id())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
