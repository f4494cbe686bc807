//! Errors as short texts for the tables.

use std::time::SystemTime;

use auth0_teams::Error;

// The list is complete: a test in `auth0-core` compares it with the source of `Error`.
#[path = "../../../crates/core/tests/runtime/support/predicates.rs"]
mod predicates;

use predicates::true_predicates;

/// Every predicate that holds, when to retry, and whether the server may have acted. `seconds_until` converts the time
/// of the retry.
pub(super) fn summarize(error: &Error, seconds_until: impl FnOnce(SystemTime) -> u64) -> String {
    let mut parts: Vec<_> = true_predicates(error)
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(status) = error.status() {
        parts.insert(0, status.as_u16().to_string());
    }
    if let Some(at) = error.retry_at() {
        parts.push(format!("at+{}s", seconds_until(at)));
    }
    let acted = [
        ("HAS ACTED", error.has_acted()),
        (
            "MAY HAVE ACTED",
            error.may_have_acted() && !error.has_acted(),
        ),
        ("(earlier)", error.earlier_attempt_may_have_acted()),
    ];
    let holding = acted.iter().filter(|(_, holds)| *holds);
    parts.extend(holding.map(|(part, _)| (*part).to_owned()));
    parts.join(" ")
}
