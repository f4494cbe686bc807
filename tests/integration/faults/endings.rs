//! What becomes of calls, and what holds whatever goes wrong.

use std::time::Duration;

use auth0_core::time::Clock as _;
use auth0_sandbox::RequestRecord;
use auth0_teams::Error;
use serde_json::Value;

use super::calls::{Class, Done, MAX_RESPONSE_BYTES, Scene};
use super::rows::Row;
use super::words::words;

/// What the default policy allows: the longest wait that a server may ask for, and the most that is added by lot.
const LONGEST_WAIT: Duration = Duration::from_millis(20_500);

const SECRET_LENGTH: usize = 64;

/// What became of one call.
#[derive(Debug)]
pub(super) struct AttemptOutcome {
    pub(super) class: Class,
    requests: Vec<RequestRecord>,
    waits: Vec<Duration>,
    result: Result<Done, Error>,
    /// Every line of the table says this much of it.
    pub(super) line: Line,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) told: usize,
    pub(super) acted: usize,
    pub(super) waits: String,
    pub(super) gets: String,
}

/// What becomes of one call.
pub(super) async fn befallen(
    row: &Row,
    class: Class,
    for_ever: bool,
    scene: Scene,
) -> AttemptOutcome {
    let local = &scene.local;
    local.fail(row.fault_of(class, for_ever)).unwrap();
    let result = scene.call(class).await;
    let requests = local.requests_of(class.operation());
    let waits = local.timer.slept();
    let asked = row.asked();
    let shown = waits.iter().map(|wait| match wait.as_secs() {
        0 => "jitter".to_owned(),
        seconds => format!("{}s+", near(seconds, asked)),
    });
    let line = Line {
        told: match &result {
            _ if class.is_listing() => requests.len(),
            Ok(done) => done.attempts,
            Err(error) => error.attempts() as usize,
        },
        acted: requests.iter().filter(|request| request.acted).count(),
        waits: shown.collect::<Vec<_>>().join(" "),
        gets: match &result {
            Ok(done) => format!("ok{}", done.remark),
            Err(error) => words(error, |at| {
                near(
                    at.duration_since(local.timer.now()).unwrap().as_secs(),
                    asked,
                )
            }),
        },
    };
    AttemptOutcome {
        class,
        requests,
        waits,
        result,
        line,
    }
}

/// `seconds`, or what the server asked for if that is one more: its clock may tick between the two headers that it
/// writes.
pub(super) fn near(seconds: u64, asked: Option<u64>) -> u64 {
    asked
        .filter(|asked| *asked == seconds + 1)
        .unwrap_or(seconds)
}

impl AttemptOutcome {
    /// What holds whatever goes wrong.
    pub(super) fn check(&self, row: &Row) {
        let Self {
            class,
            requests,
            line,
            ..
        } = self;
        let told = format!("{} {}: {self:#?}", row.name, class.name());

        // What may act twice does not, and is not even asked to.
        let first = requests.iter().position(|request| request.acted);
        if class.may_act_twice() {
            assert!(line.acted <= 1, "acted on twice: {told}");
            assert!(
                first.is_none_or(|first| first + 1 == requests.len()),
                "asked for again: {told}"
            );
        }
        // Nothing is waited for longer than it may be, or more often than there are repetitions.
        assert!(
            self.waits.iter().all(|wait| *wait <= LONGEST_WAIT),
            "waited too long: {told}"
        );
        assert!(self.waits.len() < 3, "waited too often: {told}");
        // Every request is told of. One that the sandbox is slow with is not in its log when it is given up.
        let is_logged = row.delay < row.timeout;
        assert!(
            line.told == requests.len() || !is_logged,
            "requests were kept back: {told}"
        );

        match &self.result {
            Ok(done) => {
                assert!(
                    line.acted > 0 || row.makes_a_success_up(),
                    "a success of nothing: {told}"
                );
                let length = done.secret.as_ref().map(String::len);
                let expected = (*class == Class::Unsafe).then_some(SECRET_LENGTH);
                assert_eq!(length, expected, "the secret is lost: {told}");
            }
            Err(error) => {
                let acted = line.acted > 0;
                assert!(
                    class.reads() || !acted || error.may_have_acted(),
                    "it hides what was done: {told}"
                );
                assert!(
                    !error.has_acted() || acted || row.makes_a_success_up(),
                    "it claims what was not done: {told}"
                );
                assert!(
                    !(class.may_act_twice() && error.may_have_acted() && error.is_retryable()),
                    "it invites to act twice: {told}"
                );
                if *class == Class::Unsafe && acted && row.tells_the_truth() {
                    assert_kept(error, &told);
                }
            }
        }
    }
}

/// Asserts that all that came of an answer is with the error, however far that is.
pub(super) fn assert_kept(error: &Error, told: &str) {
    let Some(body) = error.body() else {
        assert!(error.is_outcome_unknown(), "the answer is lost: {told}");
        return;
    };
    if error.body_is_complete() {
        let body: Value = serde_json::from_slice(body).unwrap();
        let secret = body["management_client"]["client_secret"].as_str();
        assert_eq!(
            secret.map(str::len),
            Some(SECRET_LENGTH),
            "the secret is lost: {told}"
        );
        return;
    }
    assert!(
        body.starts_with(br#"{"created_at":""#),
        "the beginning is lost: {told}"
    );
    // The sandbox sends half of what it promises, or more than anybody wants.
    let promised = error.headers().unwrap().get("content-length");
    let sent = promised.map_or(MAX_RESPONSE_BYTES, |length| {
        length.to_str().unwrap().parse::<usize>().unwrap() / 2
    });
    assert_eq!(body.len(), sent, "the end is lost: {told}");
}
