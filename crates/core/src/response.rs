//! A decoded response.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::call::RawResponse;

/// A decoded response with status, headers and body.
///
/// `Debug` shows the value, with its secrets redacted, but neither headers nor body.
///
/// ```
/// use auth0_core::Response;
///
/// fn report<T>(response: Response<T>) -> T {
///     if response.attempts() > 1 {
///         println!("{} took {} attempts", response.operation(), response.attempts());
///     }
///     if let Some(remaining) = response.headers().get("x-ratelimit-remaining") {
///         println!("{remaining:?} requests remain");
///     }
///     response.into_value()
/// }
/// ```
pub struct Response<T> {
    value: T,
    received: RawResponse,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, received: RawResponse) -> Self {
        Self { value, received }
    }

    /// Returns a reference to the decoded value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the decoded value.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.received.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.received.headers
    }

    /// Returns the body as received. It may contain secrets.
    pub fn body(&self) -> &Bytes {
        &self.received.body
    }

    /// Returns the number of requests that were sent, including retries.
    pub fn attempts(&self) -> u32 {
        self.received.history.attempts
    }

    /// Returns the request id that the server assigned, if any. Auth0's support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.received.request_id()
    }

    /// Returns the id of the operation in the document.
    pub fn operation(&self) -> &'static str {
        self.received.operation.id()
    }

    /// Converts the value and keeps everything else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            value: f(self.value),
            received: self.received,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("operation", &self.operation())
            .field("status", &self.received.status)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// The future of the value of a call, which awaiting a generated call returns.
pub fn value_of<T: 'static>(
    response: impl Future<Output = Result<Response<T>, crate::Error>> + Send + 'static,
) -> crate::BoxFuture<'static, Result<T, crate::Error>> {
    Box::pin(async move { response.await.map(Response::into_value) })
}
