//! The outcome of a call, and the invariants that hold whatever fails.

use std::time::Duration;

use auth0_core::time::Clock as _;
use auth0_sandbox::RequestRecord;
use auth0_teams::Error;
use serde_json::Value;

use super::calls::{CallKind, CallSetup, CallSuccess, MAX_RESPONSE_BYTES};
use super::cases::FaultCase;
use super::error_summary::summarize;

/// Limit of the default policy: the longest wait that a server can request, plus the maximum jitter.
const LONGEST_WAIT: Duration = Duration::from_millis(20_500);

const SECRET_LENGTH: usize = 64;

/// The outcome of one call.
#[derive(Debug)]
pub(super) struct CallOutcome {
    pub(super) kind: CallKind,
    requests: Vec<RequestRecord>,
    waits: Vec<Duration>,
    result: Result<CallSuccess, Error>,
    /// The part of the outcome that the table shows.
    pub(super) line: TableLine,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableLine {
    pub(super) attempts: usize,
    pub(super) acted: usize,
    pub(super) waits: String,
    pub(super) result: String,
}

/// Injects the fault and makes the call.
pub(super) async fn run_call(
    case: &FaultCase,
    kind: CallKind,
    always: bool,
    setup: CallSetup,
) -> CallOutcome {
    let local = &setup.local;
    local.fail(case.fault_of(kind, always)).unwrap();
    let result = setup.call(kind).await;
    let requests = local.requests_of(kind.operation());
    let waits = local.timer.slept();
    let requested = case.requested_wait();
    let shown_waits = waits.iter().map(|wait| match wait.as_secs() {
        0 => "jitter".to_owned(),
        seconds => format!("{}s+", round_to_requested(seconds, requested)),
    });
    let line = TableLine {
        attempts: match &result {
            _ if kind.is_listing() => requests.len(),
            Ok(done) => done.attempts,
            Err(error) => error.attempts() as usize,
        },
        acted: requests.iter().filter(|request| request.acted).count(),
        waits: shown_waits.collect::<Vec<_>>().join(" "),
        result: match &result {
            Ok(done) => format!("ok{}", done.remark),
            Err(error) => summarize(error, |at| {
                round_to_requested(
                    at.duration_since(local.timer.now()).unwrap().as_secs(),
                    requested,
                )
            }),
        },
    };
    CallOutcome {
        kind,
        requests,
        waits,
        result,
        line,
    }
}

/// Returns `seconds`, or `requested` if that is one more: the sandbox's clock may tick between the two headers that it
/// writes.
pub(super) fn round_to_requested(seconds: u64, requested: Option<u64>) -> u64 {
    requested
        .filter(|requested| *requested == seconds + 1)
        .unwrap_or(seconds)
}

impl CallOutcome {
    /// Asserts the invariants.
    pub(super) fn check(&self, case: &FaultCase) {
        let Self {
            kind,
            requests,
            line,
            ..
        } = self;
        let context = format!("{} {}: {self:#?}", case.name, kind.name());

        // A call that is not idempotent acts at most once, and is not retried after it acted.
        let first = requests.iter().position(|request| request.acted);
        if kind.may_act_twice() {
            assert!(line.acted <= 1, "acted twice: {context}");
            assert!(
                first.is_none_or(|first| first + 1 == requests.len()),
                "retried after it acted: {context}"
            );
        }
        // No wait exceeds the limit, and there is at most one wait per retry.
        assert!(
            self.waits.iter().all(|wait| *wait <= LONGEST_WAIT),
            "waited too long: {context}"
        );
        assert!(self.waits.len() < 3, "waited too often: {context}");
        // The client reports every request. The sandbox does not log a request that the client gives up before the
        // delayed response.
        let is_logged = case.delay < case.timeout;
        assert!(
            line.attempts == requests.len() || !is_logged,
            "not all requests are reported: {context}"
        );

        match &self.result {
            Ok(done) => {
                assert!(
                    line.acted > 0 || case.fakes_success(),
                    "success although the sandbox did not act: {context}"
                );
                let length = done.secret.as_ref().map(String::len);
                let expected = (*kind == CallKind::Unsafe).then_some(SECRET_LENGTH);
                assert_eq!(length, expected, "the secret is lost: {context}");
            }
            Err(error) => {
                let acted = line.acted > 0;
                assert!(
                    kind.reads() || !acted || error.may_have_acted(),
                    "the error denies that the sandbox acted: {context}"
                );
                assert!(
                    !error.has_acted() || acted || case.fakes_success(),
                    "the error claims that the sandbox acted: {context}"
                );
                assert!(
                    !(kind.may_act_twice() && error.may_have_acted() && error.is_retryable()),
                    "retryable although the call could act twice: {context}"
                );
                if *kind == CallKind::Unsafe && acted && case.is_real_response() {
                    assert_response_kept(error, &context);
                }
            }
        }
    }
}

/// Asserts that the error keeps all of the response that arrived.
pub(super) fn assert_response_kept(error: &Error, context: &str) {
    let Some(body) = error.body() else {
        assert!(
            error.is_outcome_unknown(),
            "the response is lost: {context}"
        );
        return;
    };
    if error.body_is_complete() {
        let body: Value = serde_json::from_slice(body).unwrap();
        let secret = body["management_client"]["client_secret"].as_str();
        assert_eq!(
            secret.map(str::len),
            Some(SECRET_LENGTH),
            "the secret is lost: {context}"
        );
        return;
    }
    assert!(
        body.starts_with(br#"{"created_at":""#),
        "the beginning is lost: {context}"
    );
    // The sandbox sends half of the announced length, or more than the client accepts.
    let announced = error.headers().unwrap().get("content-length");
    let expected = announced.map_or(MAX_RESPONSE_BYTES, |length| {
        length.to_str().unwrap().parse::<usize>().unwrap() / 2
    });
    assert_eq!(body.len(), expected, "the end is lost: {context}");
}
