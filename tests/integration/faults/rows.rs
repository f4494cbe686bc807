//! The faults.

use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Hint, Reply};
use serde_json::json;

use super::calls::{CALLS, Class};

/// A fault and the sandbox that it happens in.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) effect: Option<Effect>,
    pub(super) delay: Duration,
    /// How long each attempt may take.
    pub(super) timeout: Duration,
    pub(super) clock_offset_seconds: i64,
}

pub(super) fn row(name: &'static str, effect: Effect) -> Row {
    Row {
        name,
        effect: Some(effect),
        delay: Duration::ZERO,
        timeout: Duration::from_secs(60),
        clock_offset_seconds: 0,
    }
}

/// A fault that ends by the time-out of the attempt alone. It is long enough for a busy machine to give a fine answer.
pub(super) fn slow(name: &'static str, effect: Effect) -> Row {
    Row {
        timeout: Duration::from_secs(1),
        ..row(name, effect)
    }
}

/// An answer that comes late, and not too late.
pub(super) fn late() -> Row {
    Row {
        effect: None,
        delay: Duration::from_millis(10),
        ..row("answer comes late", Effect::Truncate)
    }
}

/// An answer that comes when nobody waits for it any more.
pub(super) fn too_late() -> Row {
    Row {
        effect: None,
        delay: Duration::from_secs(600),
        ..slow("answer comes too late", Effect::Truncate)
    }
}

pub(super) fn answer(status: u16) -> Reply {
    Reply::new(status)
}

/// A 429 with a hint, from a sandbox whose clock is off.
pub(super) fn limited(
    name: &'static str,
    hint: Hint,
    seconds: u64,
    clock_offset_seconds: i64,
) -> Row {
    Row {
        clock_offset_seconds,
        ..row(name, Effect::RateLimit { hint, seconds })
    }
}

impl Row {
    /// How many seconds the server asks to wait.
    pub(super) fn asked(&self) -> Option<u64> {
        match &self.effect {
            Some(Effect::RateLimit { seconds, .. }) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether what the caller gets is the true answer, up to what is done to it.
    pub(super) fn tells_the_truth(&self) -> bool {
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

    /// Whether the server says that it did what it did not do. No client can know better.
    pub(super) fn makes_a_success_up(&self) -> bool {
        let told = json!(self.effect);
        let status = told["answer"]["status"].as_u64().unwrap_or_default();
        (200..300).contains(&status) && told["answer"]["acted"] == false
    }

    /// The calls that it befalls: each once, and then for ever.
    pub(super) fn calls(&self) -> impl Iterator<Item = (Class, bool)> {
        let classes = match self.effect {
            Some(
                Effect::UnknownEnums
                | Effect::ExtraFields
                | Effect::OddScalars
                | Effect::MissingLists,
            ) => [&CALLS[..], &[Class::Listing]].concat(),
            Some(Effect::RepeatCursor) => vec![Class::Listing],
            Some(Effect::CappedPages { .. }) => vec![Class::Listing, Class::Counted],
            _ => CALLS.to_vec(),
        };
        let twice = |class| [(class, false), (class, true)];
        classes.into_iter().flat_map(twice)
    }

    /// What is wrong with an operation.
    pub(super) fn fault(&self, operation: &str) -> Fault {
        let fault = Fault::of(operation).delay(self.delay);
        match &self.effect {
            Some(effect) => fault.then(effect.clone()),
            None => fault,
        }
    }

    /// The same, for one request of a call or for all.
    pub(super) fn fault_of(&self, class: Class, for_ever: bool) -> Fault {
        let fault = self.fault(class.operation());
        match (for_ever, class) {
            (true, _) => fault,
            // The first page has no cursor to repeat.
            (false, Class::Listing) => fault.call(2),
            (false, _) => fault.times(1),
        }
    }
}

pub(super) fn hints() -> Vec<Row> {
    use Hint::{None, Reset, RetryAfter, RetryAfterDate};
    vec![
        limited("429", None, 7, 0),
        limited("429, after 0 s", RetryAfter, 0, 0),
        limited("429, after 7 s", RetryAfter, 7, 0),
        limited("429, after 20 s", RetryAfter, 20, 0),
        limited("429, after 21 s", RetryAfter, 21, 0),
        limited("429, after an hour", RetryAfter, 3600, 0),
        limited("429, at a date in 7 s", RetryAfterDate, 7, 0),
        limited("429, at a date in an hour", RetryAfterDate, 3600, 0),
        limited("429, reset now", Reset, 0, 0),
        limited("429, reset in 7 s", Reset, 7, 0),
        limited("429, reset in an hour", Reset, 3600, 0),
        limited("429, date, 10 min ahead", RetryAfterDate, 7, 600),
        limited("429, date, 10 min behind", RetryAfterDate, 7, -600),
        limited("429, reset, 10 min ahead", Reset, 7, 600),
        limited("429, reset, 10 min behind", Reset, 7, -600),
        row(
            "429, after nonsense",
            Effect::Response(answer(429).header("retry-after", "soon")),
        ),
    ]
}

pub(super) fn answers() -> Vec<Row> {
    let page = "<h1>Bad gateway</h1>";
    let mut rows = vec![
        row(
            "503, after 7 s",
            Effect::Response(answer(503).header("retry-after", "7")),
        ),
        row(
            "503, after an hour",
            Effect::Response(answer(503).header("retry-after", "3600")),
        ),
        row("503 once done", Effect::Response(answer(503).acted())),
        row("502 with HTML", Effect::Response(answer(502).html(page))),
        row(
            "502 with HTML once done",
            Effect::Response(answer(502).html(page).acted()),
        ),
        row("200 with HTML", Effect::Response(answer(200).html(page))),
        row(
            "200 with HTML once done",
            Effect::Response(answer(200).html(page).acted()),
        ),
        row(
            "204 with nothing once done",
            Effect::Response(answer(204).acted()),
        ),
        row(
            "307",
            Effect::Response(answer(307).header("location", "/api/elsewhere")),
        ),
    ];
    rows.extend(
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
        .map(|(name, status)| row(name, Effect::status(status))),
    );
    rows
}

pub(super) fn broken_answers() -> Vec<Row> {
    vec![
        row("reset", Effect::Reset { acted: false }),
        row("reset once done", Effect::Reset { acted: true }),
        row("answer breaks off", Effect::Truncate),
        row("answer without an end", Effect::Endless),
        row("unknown enums", Effect::UnknownEnums),
        row("extra fields", Effect::ExtraFields),
        row("odd scalars", Effect::OddScalars),
        row("success without lists", Effect::MissingLists),
        row("repeated cursor", Effect::RepeatCursor),
        row("capped pages", Effect::CappedPages { items: 4 }),
    ]
}

pub(super) fn slow_rows() -> Vec<Row> {
    vec![
        slow("silence", Effect::Silence { acted: false }),
        slow("silence once done", Effect::Silence { acted: true }),
        late(),
        too_late(),
    ]
}
