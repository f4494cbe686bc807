//! An error in the words of a table.

use std::time::SystemTime;

use auth0_teams::Error;

// It is complete: a test beside it holds it against the source of `Error`.
#[path = "../../../crates/core/tests/runtime/support/predicates.rs"]
mod predicates;

use predicates::true_predicates;

/// Every predicate that holds, when to come back, and what the server may have done. `seconds_to` says how far away a
/// moment is.
pub(super) fn words(error: &Error, seconds_to: impl FnOnce(SystemTime) -> u64) -> String {
    let mut words: Vec<_> = true_predicates(error)
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(status) = error.status() {
        words.insert(0, status.as_u16().to_string());
    }
    if let Some(at) = error.retry_at() {
        words.push(format!("at+{}s", seconds_to(at)));
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
    words.extend(holding.map(|(word, _)| (*word).to_owned()));
    words.join(" ")
}
