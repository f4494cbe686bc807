//! A decoded answer.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::call::RawResponse;

/// A decoded answer with all that came with it.
///
/// `Debug` shows the value, whose secrets redact themselves, and neither headers nor body.
pub struct Response<T> {
    value: T,
    received: RawResponse,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, received: RawResponse) -> Self {
        Self { value, received }
    }

    /// The decoded value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The decoded value itself.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.received.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.received.headers
    }

    /// The body as it came. It may hold secrets.
    pub fn body(&self) -> &Bytes {
        &self.received.body
    }

    /// How many requests it took.
    pub fn attempts(&self) -> u32 {
        self.received.history.attempts
    }

    /// The id that the server gave the request, where it gave one: what its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.received.request_id()
    }

    /// The id of the operation that was called.
    pub fn operation(&self) -> &'static str {
        self.received.operation.id()
    }

    /// The same answer with another value.
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

/// The future of a call's value alone: what awaiting a generated call does.
pub fn value_of<T: 'static>(
    response: impl Future<Output = Result<Response<T>, crate::Error>> + Send + 'static,
) -> crate::BoxFuture<'static, Result<T, crate::Error>> {
    Box::pin(async move { response.await.map(Response::into_value) })
}
