//! `tracing` of a call: a span for the call and an event for each attempt.
//!
//! Fields have OpenTelemetry's names if it defines one. Bodies, headers and tokens are not logged at any level; the path with
//! its ids and the query are logged at trace level only.

use std::time::Duration;

use reqwest::Request;
use tracing::Span;
use tracing::field::{Empty, debug};

use super::RawResponse;
use super::attempt::Attempted;
use super::history::AttemptHistory;
use crate::credentials::Selected;
use crate::problem::shortened;
use crate::{Error, Operation};

/// The span of a call.
pub(super) fn span(operation: &Operation, request: &Request) -> Span {
    tracing::info_span!(
        target: "auth0_core",
        "call",
        otel.kind = "client",
        operation = operation.id(),
        http.request.method = operation.method(),
        url.template = operation.path(),
        server.address = request.url().host_str(),
        http.response.status_code = Empty,
        http.request.resend_count = Empty,
        waited_ms = Empty,
        request_id = Empty,
        error.type = Empty,
    )
}

/// Records the result of a call in its span.
pub(super) fn end(span: &Span, result: &Result<RawResponse, Error>) {
    if span.is_disabled() {
        return;
    }
    let (status, request_id, history) = match result {
        Ok(received) => (
            Some(received.status),
            received.request_id(),
            &received.history,
        ),
        Err(error) => (error.status(), error.request_id(), error.history()),
    };
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if let Some(request_id) = request_id {
        span.record("request_id", shortened(request_id));
    }
    let AttemptHistory {
        attempts, waited, ..
    } = history;
    // OpenTelemetry requires the count only if the request was resent.
    if *attempts > 1 {
        span.record("http.request.resend_count", attempts - 1);
    }
    if !waited.is_zero() {
        span.record("waited_ms", millis(*waited));
    }
    match result {
        Err(error) => {
            span.record("error.type", error.kind_name());
        }
        Ok(received) if !received.status.is_success() => {
            span.record("error.type", debug(received.status.as_u16()));
        }
        Ok(_) => {}
    }
}

/// Logs the start of an attempt.
pub(super) fn request(number: u32, request: &Request, selected: Option<&Selected>) {
    let redacted = || match selected {
        Some(selected) => selected.redacted_query(request),
        None => request.url().query().map(Into::into),
    };
    tracing::trace!(
        target: "auth0_core",
        attempt = number,
        url.path = request.url().path(),
        url.query = redacted().as_deref(),
        "request"
    );
}

/// Logs the end of an attempt.
pub(super) fn attempt(number: u32, attempted: &Attempted) {
    tracing::debug!(
        target: "auth0_core",
        attempt = number,
        http.response.status_code = attempted.response().map(|response| response.status.as_u16()),
        error.type = attempted.failure(),
        "attempt"
    );
}

/// Logs the wait before a retry.
pub(super) fn wait(wait: Duration) {
    tracing::debug!(target: "auth0_core", wait_ms = millis(wait), "waiting before a retry");
}

/// Logs a retry with the nonce that the server provided.
pub(super) fn nonce() {
    tracing::debug!(target: "auth0_core", "retrying with the DPoP nonce of the server");
}

/// Logs that the retry budget is exhausted.
pub(super) fn budget_used_up() {
    tracing::debug!(target: "auth0_core", "the retry budget is exhausted");
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
