//! The injected faults.

use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Hint, Reply};
use serde_json::json;

use super::calls::{CALLS, CallKind};

/// A fault, and the sandbox and client that it is injected into.
#[derive(Debug, Clone)]
pub(super) struct FaultCase {
    pub(super) name: &'static str,
    pub(super) effect: Option<Effect>,
    pub(super) delay: Duration,
    /// Timeout of each attempt.
    pub(super) timeout: Duration,
    pub(super) clock_offset_seconds: i64,
}

pub(super) fn case(name: &'static str, effect: Effect) -> FaultCase {
    FaultCase {
        name,
        effect: Some(effect),
        delay: Duration::ZERO,
        timeout: Duration::from_secs(60),
        clock_offset_seconds: 0,
    }
}

/// A fault that only ends by the timeout of the attempt. The timeout is long enough for normal responses on a busy
/// machine.
pub(super) fn slow(name: &'static str, effect: Effect) -> FaultCase {
    FaultCase {
        timeout: Duration::from_secs(1),
        ..case(name, effect)
    }
}

/// A delayed response that arrives before the timeout.
pub(super) fn late() -> FaultCase {
    FaultCase {
        effect: None,
        delay: Duration::from_millis(10),
        ..case("late response", Effect::Truncate)
    }
}

/// A response that is delayed beyond the timeout.
pub(super) fn too_late() -> FaultCase {
    FaultCase {
        effect: None,
        delay: Duration::from_secs(600),
        ..slow("response after timeout", Effect::Truncate)
    }
}

pub(super) fn reply(status: u16) -> Reply {
    Reply::new(status)
}

/// A 429 with a hint when to retry, from a sandbox whose clock is off.
pub(super) fn limited(
    name: &'static str,
    hint: Hint,
    seconds: u64,
    clock_offset_seconds: i64,
) -> FaultCase {
    FaultCase {
        clock_offset_seconds,
        ..case(name, Effect::RateLimit { hint, seconds })
    }
}

impl FaultCase {
    /// The number of seconds that the server asks to wait.
    pub(super) fn requested_wait(&self) -> Option<u64> {
        match &self.effect {
            Some(Effect::RateLimit { seconds, .. }) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether the response comes from the executed operation, possibly altered.
    pub(super) fn is_real_response(&self) -> bool {
        matches!(
            self.effect,
            None | Some(
                Effect::Truncate
                    | Effect::Endless
                    | Effect::UnknownEnums
                    | Effect::ExtraFields
                    | Effect::MissingLists
                    | Effect::RepeatCursor
                    | Effect::CappedPages { .. }
            )
        )
    }

    /// Whether the server reports a success without having acted. A client cannot detect that.
    pub(super) fn fakes_success(&self) -> bool {
        let effect = json!(self.effect);
        let status = effect["answer"]["status"].as_u64().unwrap_or_default();
        (200..300).contains(&status) && effect["answer"]["acted"] == false
    }

    /// The calls that the fault is injected into: each once with one fault, and once with a permanent fault.
    pub(super) fn calls(&self) -> impl Iterator<Item = (CallKind, bool)> {
        let kinds = match self.effect {
            Some(
                Effect::UnknownEnums
                | Effect::ExtraFields
                | Effect::OddScalars
                | Effect::MissingLists,
            ) => [&CALLS[..], &[CallKind::CheckpointListing]].concat(),
            Some(Effect::RepeatCursor) => vec![CallKind::CheckpointListing],
            Some(Effect::CappedPages { .. }) => {
                vec![CallKind::CheckpointListing, CallKind::OffsetListing]
            }
            _ => CALLS.to_vec(),
        };
        let once_and_always = |kind| [(kind, false), (kind, true)];
        kinds.into_iter().flat_map(once_and_always)
    }

    /// The fault for `operation`.
    pub(super) fn fault(&self, operation: &str) -> Fault {
        let fault = Fault::of(operation).delay(self.delay);
        match &self.effect {
            Some(effect) => fault.then(effect.clone()),
            None => fault,
        }
    }

    /// The fault for the operation of `kind`, for one request or for all.
    pub(super) fn fault_of(&self, kind: CallKind, always: bool) -> Fault {
        let fault = self.fault(kind.operation());
        match (always, kind) {
            (true, _) => fault,
            // The first page has no cursor that could be repeated.
            (false, CallKind::CheckpointListing) => fault.call(2),
            (false, _) => fault.times(1),
        }
    }
}

pub(super) fn hints() -> Vec<FaultCase> {
    use Hint::{None, Reset, RetryAfter, RetryAfterDate};
    vec![
        limited("429", None, 7, 0),
        limited("429, retry-after 0 s", RetryAfter, 0, 0),
        limited("429, retry-after 7 s", RetryAfter, 7, 0),
        limited("429, retry-after 20 s", RetryAfter, 20, 0),
        limited("429, retry-after 21 s", RetryAfter, 21, 0),
        limited("429, retry-after 1 h", RetryAfter, 3600, 0),
        limited("429, date in 7 s", RetryAfterDate, 7, 0),
        limited("429, date in 1 h", RetryAfterDate, 3600, 0),
        limited("429, reset now", Reset, 0, 0),
        limited("429, reset in 7 s", Reset, 7, 0),
        limited("429, reset in 1 h", Reset, 3600, 0),
        limited("429, date, clock +10 min", RetryAfterDate, 7, 600),
        limited("429, date, clock -10 min", RetryAfterDate, 7, -600),
        limited("429, reset, clock +10 min", Reset, 7, 600),
        limited("429, reset, clock -10 min", Reset, 7, -600),
        case(
            "429, invalid retry-after",
            Effect::Response(reply(429).header("retry-after", "soon")),
        ),
    ]
}

pub(super) fn responses() -> Vec<FaultCase> {
    let page = "<h1>Bad gateway</h1>";
    let mut cases = vec![
        case(
            "503, retry-after 7 s",
            Effect::Response(reply(503).header("retry-after", "7")),
        ),
        case(
            "503, retry-after 1 h",
            Effect::Response(reply(503).header("retry-after", "3600")),
        ),
        case("503 after acting", Effect::Response(reply(503).acted())),
        case("502 with HTML", Effect::Response(reply(502).html(page))),
        case(
            "502 with HTML after acting",
            Effect::Response(reply(502).html(page).acted()),
        ),
        case("200 with HTML", Effect::Response(reply(200).html(page))),
        case(
            "200 with HTML after acting",
            Effect::Response(reply(200).html(page).acted()),
        ),
        case("204 after acting", Effect::Response(reply(204).acted())),
        case(
            "307",
            Effect::Response(reply(307).header("location", "/api/elsewhere")),
        ),
    ];
    cases.extend(
        [
            ("400", 400),
            ("401", 401),
            ("403", 403),
            ("404", 404),
            ("408", 408),
            ("409", 409),
            ("500", 500),
            ("501", 501),
            ("503", 503),
            ("504", 504),
            ("520", 520),
            ("524", 524),
            ("529", 529),
            ("530", 530),
        ]
        .map(|(name, status)| case(name, Effect::status(status))),
    );
    cases
}

pub(super) fn broken_responses() -> Vec<FaultCase> {
    vec![
        case("reset", Effect::Reset { acted: false }),
        case("reset after acting", Effect::Reset { acted: true }),
        case("truncated response", Effect::Truncate),
        case("endless response", Effect::Endless),
        case("unknown enums", Effect::UnknownEnums),
        case("extra fields", Effect::ExtraFields),
        case("unexpected scalars", Effect::OddScalars),
        case("success without lists", Effect::MissingLists),
        case("repeated cursor", Effect::RepeatCursor),
        case("capped pages", Effect::CappedPages { items: 4 }),
    ]
}

pub(super) fn slow_cases() -> Vec<FaultCase> {
    vec![
        slow("silence", Effect::Silence { acted: false }),
        slow("silence after acting", Effect::Silence { acted: true }),
        late(),
        too_late(),
    ]
}
