//! What a mock responds.

use std::time::Duration;

use auth0_core::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde_json::{Value, json};

/// The response of a [`MockApi`](crate::MockApi), or a lost one.
///
/// ```
/// use auth0_testing::MockResponse;
/// use serde_json::json;
///
/// let partial = MockResponse::json(200, json!({"success": [], "failure": []}));
/// let problem = MockResponse::problem(404, "inexistent_member", "The member does not exist.");
/// # let _ = (partial, problem);
/// ```
#[derive(Debug, Clone)]
pub struct MockResponse(pub(crate) Kind);

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Lost,
}

impl MockResponse {
    /// A response without a body, such as 204.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not from 100 to 999.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, Bytes::new())
    }

    /// A response with a JSON body.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not from 100 to 999.
    pub fn json(status: u16, body: Value) -> Self {
        Self::bytes(status, body.to_string()).header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )
    }

    /// An error response in the format of the Teams API (RFC 9457), with `code` as its error code.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not from 100 to 999.
    pub fn problem(status: u16, code: &str, detail: &str) -> Self {
        Self::json(
            status,
            json!({"status": status, "error_code": code, "detail": detail}),
        )
    }

    /// A response with any body, for example an HTML page of a proxy.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not from 100 to 999.
    pub fn bytes(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status)
            .unwrap_or_else(|_| panic!("expected a status from 100 to 999, found {status}"));
        Self(Kind::Response {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        })
    }

    /// 429: the server has not processed the request and allows the next one after `wait`, in whole seconds, rounded up.
    pub fn rate_limited(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::problem(429, "too_many_requests", "Global limit has been reached")
            .header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// No response: the connection breaks after the request was sent, so the server may have processed it. The outcome of a
    /// write that is not idempotent is unknown; other calls are retried.
    #[doc(alias = "reset")]
    #[doc(alias = "timeout")]
    pub fn lost() -> Self {
        Self(Kind::Lost)
    }

    /// Adds a header. A lost response has none.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Kind::Response { headers, .. } = &mut self.0 {
            headers.append(name, value);
        }
        self
    }
}
