//! One call: its settings, its attempts and its response.
//!
//! The generated code builds the request. Everything after that happens here, so it is the same for every operation of every API and
//! compiled once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Request;
use tracing::Instrument as _;

use crate::base_url::BaseUrl;
use crate::check::Checker;
use crate::credentials::{self, Selected};
use crate::limit::LimiterHandle;
use crate::request::{PreparedRequest, RequestError};
use crate::transport::{Server, Transport};
use crate::{BoxFuture, Error, Operation, RetryPolicy, TokenSource};

mod attempt;
mod binding;
mod history;
mod raw_response;
mod reserved;
mod send;
mod telemetry;

pub(crate) use history::AttemptHistory;
pub use raw_response::RawResponse;
pub(crate) use raw_response::{is_empty_or_json, media_type};

/// Settings of one call.
#[derive(Clone, Default)]
pub struct CallOptions {
    timeout: Option<Duration>,
    call_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    headers: HeaderMap,
}

impl CallOptions {
    /// Sets the timeout of each attempt.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the timeout of the whole call: waiting for a token and for the limiter, all attempts, and the waits between
    /// them.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets a header of every attempt.
    ///
    /// The call fails before anything is sent ([`Error::is_invalid_request`]) if the header is one of those that the
    /// client sets: `authorization` and `dpop` (the token source provides them), `content-type` and the others that
    /// describe the body, `host`, and those of the connection and of proxies (RFC 9110 §7.6.1, RFC 9113 §8.2.2).
    ///
    /// ```
    /// use auth0_core::codegen::CallOptions;
    /// use auth0_core::http::{HeaderName, HeaderValue};
    ///
    /// let job = (HeaderName::from_static("x-job"), HeaderValue::from_static("nightly"));
    /// let options = CallOptions::default().header(job.0, job.1);
    /// # let _ = options;
    /// ```
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
            .field("call_timeout", &self.call_timeout)
            .field("retry", &self.retry)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// One call of an operation.
pub struct Call {
    transport: Transport,
    operation: &'static Operation,
    options: CallOptions,
    /// The credentials, if the operation requires others than the token of the client.
    selected: Option<Selected>,
    /// The index of the operation's own server, if it has another than the document.
    server: Option<usize>,
    /// Whether the body of a success is read while it arrives.
    is_stream: bool,
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
            selected: None,
            server: None,
            is_stream: false,
        }
    }

    /// Reads the body of a success while it arrives.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// The source of the tokens of this call.
    fn tokens(&self) -> Option<&Arc<dyn TokenSource>> {
        match &self.selected {
            None => self.transport.0.token_source.as_ref(),
            Some(selected) => selected.tokens.as_ref(),
        }
    }

    /// The server of the operation, if it has another than the document.
    fn own_server(&self) -> Option<&Server> {
        self.transport.0.servers.get(self.server?)
    }

    /// The base URL of the server that is called.
    fn base_url(&self) -> &Arc<BaseUrl> {
        match self.own_server() {
            Some(server) => &server.base_url,
            None => &self.transport.0.base_url,
        }
    }

    /// The limiter of the server that is called.
    fn limiter(&self) -> Option<&LimiterHandle> {
        match self.own_server() {
            Some(server) => server.limiter.as_ref(),
            None => self.transport.0.limiter.as_ref(),
        }
    }

    /// Finds the server of a request.
    fn find_server(&mut self, request: &Request) -> Result<(), Error> {
        let shared = &self.transport.0;
        let url = request.url();
        if shared.base_url.covers(url) {
            return Ok(());
        }
        let mut servers = shared.servers.iter();
        self.server = servers.position(|server| server.base_url.covers(url));
        match self.server {
            Some(_) => Ok(()),
            None => Err(Error::unbuildable_request(self.operation, None)),
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

    /// Rejects the request if the checker found a violation.
    pub fn check(&self, checker: Checker) -> Result<(), Error> {
        let violations = checker.into_violations();
        if violations.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_request(self.operation, violations))
    }

    /// Sends the request that the generated code built, with the retries of the [`RetryPolicy`]. Returns the response whatever its
    /// status.
    ///
    /// # Errors
    ///
    /// Fails if the request could not be built, there is no token, a scope is missing, there is no response, or the body of a
    /// success is incomplete.
    pub fn receive(
        mut self,
        request: Result<PreparedRequest, RequestError>,
    ) -> BoxFuture<'static, Result<RawResponse, Error>> {
        // Boxed here, so that it is compiled in this crate and not in every program.
        Box::pin(async move {
            let request = request.map_err(|RequestError(violations)| {
                if violations.is_empty() {
                    Error::unbuildable_request(self.operation, None)
                } else {
                    Error::invalid_request(self.operation, violations)
                }
            })?;
            if self.operation.security().is_some() {
                self.selected = Some(credentials::select(&self.transport.0, self.operation)?);
            }
            self.find_server(&request.request)?;
            let span = telemetry::span(self.operation, &request.request);
            // Pinned, because this future would contain a moved one twice.
            let sending = std::pin::pin!(self.send(request));
            let result = sending.instrument(span.clone()).await;
            telemetry::end(&span, &result);
            result
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
