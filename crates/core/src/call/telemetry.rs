//! What a call tells to `tracing`: a span for the call, an event for each attempt.
//!
//! Names are OpenTelemetry's where it has one. No body, no header and no token is told at any level; the path with its
//! ids and the query are told at trace level alone.

use std::time::Duration;

use reqwest::Request;
use tracing::Span;
use tracing::field::{Empty, debug};

use super::RawResponse;
use super::attempt::Attempted;
use super::history::AttemptHistory;
use crate::problem::shortened;
use crate::transport::Transport;
use crate::{Error, Operation};

/// The span of a call.
pub(super) fn span(operation: &Operation, transport: &Transport) -> Span {
    tracing::info_span!(
        target: "auth0_core",
        "call",
        otel.kind = "client",
        operation = operation.id(),
        http.request.method = operation.method(),
        url.template = operation.path(),
        server.address = transport.0.base_url.host(),
        http.response.status_code = Empty,
        http.request.resend_count = Empty,
        waited_ms = Empty,
        request_id = Empty,
        error.type = Empty,
    )
}

/// Adds to the span of a call how it ended.
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
    // OpenTelemetry wants the count where there is one, and most calls go out once.
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

/// An attempt begins.
pub(super) fn request(number: u32, request: &Request) {
    tracing::trace!(
        target: "auth0_core",
        attempt = number,
        url.path = request.url().path(),
        url.query = request.url().query(),
        "request"
    );
}

/// An attempt ended.
pub(super) fn attempt(number: u32, attempted: &Attempted) {
    tracing::debug!(
        target: "auth0_core",
        attempt = number,
        http.response.status_code = attempted.answer().map(|answer| answer.status.as_u16()),
        error.type = attempted.failure(),
        "attempt"
    );
}

/// The call waits before it is sent again.
pub(super) fn wait(wait: Duration) {
    tracing::debug!(target: "auth0_core", wait_ms = millis(wait), "waiting to send again");
}

/// The attempt is made once more, with the nonce that the server asked for.
pub(super) fn nonce() {
    tracing::debug!(target: "auth0_core", "sending again with the nonce that the server asks for");
}

/// No retry is left for now.
pub(super) fn budget_used_up() {
    tracing::debug!(target: "auth0_core", "the budget of retries is used up");
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
