//! What came of a fetch, for people and for programs.

use serde_json::{Value, json};

use super::changes::Changes;
use super::follow_up::{FollowUp, StaleAction};
use crate::diagnostic::Report;

/// What came of the fetch of one API.
#[derive(Debug)]
pub(crate) struct FetchOutcome {
    pub(super) state: DocumentState,
    pub(super) operations: usize,
    pub(super) schemas: usize,
    pub(super) digest: String,
    pub(crate) changes: Changes,
    pub(crate) work: FollowUp,
}

/// How the facts stand to those of the last fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentState {
    /// There were none.
    New,
    /// They are others.
    Changed,
    /// The document was fetched, and they are the same.
    Unchanged,
    /// The server says that the document is the same.
    NotModified,
}

impl DocumentState {
    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "facts changed",
            Self::Unchanged => "no fact changed",
            Self::NotModified => "not modified",
        }
    }

    /// For programs.
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::NotModified => "not modified",
        }
    }
}

/// What came of each API: its outcome, or why there is none.
pub(super) type FetchOutcomes = [(String, Result<FetchOutcome, Vec<Report>>)];

/// An outcome for people.
pub(super) fn text(api: &str, outcome: &FetchOutcome) -> String {
    let mut text = format!(
        "{api}: operations {}, schemas {}, {}\n{}",
        outcome.operations,
        outcome.schemas,
        outcome.state.words(),
        outcome.changes.text()
    );
    let work = &outcome.work;
    for (what, stale) in [
        ("correction", &work.corrections),
        ("description", &work.descriptions),
    ] {
        if !stale.is_empty() {
            text.push_str(&format!("{api}: {}\n", no_longer(stale.len(), what)));
        }
        for stale in stale {
            text.push_str(&format!("  {}: {}\n", stale.place, told(stale)));
            if !stale.target.is_empty() {
                text.push_str(&format!("    target: {}\n", stale.target));
            }
            if !stale.reason.is_empty() {
                text.push_str(&format!("    its reason: {}\n", stale.reason));
            }
        }
    }
    let missing = work.missing.len();
    match (missing, work.begun) {
        (0, _) => {}
        (_, true) => text.push_str(&format!(
            "{api}: {} without words; fill these actions in and add them to {}:\n{}",
            places(missing),
            work.words,
            work.actions
        )),
        (_, false) => text.push_str(&format!(
            "{api}: {} without words, all of them: there is no {} yet\n",
            places(missing),
            work.words
        )),
    }
    text
}

/// The outcomes for programs.
pub(super) fn json(outcomes: &FetchOutcomes) -> Value {
    outcomes
        .iter()
        .map(|(api, outcome)| match outcome {
            Ok(outcome) => one(api, outcome),
            Err(reports) => {
                let problems: Vec<Value> = reports.iter().map(problem).collect();
                json!({"api": api, "state": "failed", "problems": problems})
            }
        })
        .collect()
}

fn one(api: &str, outcome: &FetchOutcome) -> Value {
    let work = &outcome.work;
    // Before the first word everything is missing; the number says it.
    let missing: Vec<Value> = work
        .missing
        .iter()
        .filter(|_| work.begun)
        .map(|place| json!({"pointer": place.pointer, "update": place.update}))
        .collect();
    let stale = |stale: &[StaleAction]| -> Value {
        stale
            .iter()
            .map(|stale| {
                json!({
                    "place": stale.place, "target": stale.target, "why": told(stale),
                    "reason": stale.reason,
                })
            })
            .collect()
    };
    json!({
        "api": api, "state": outcome.state.name(), "digest": outcome.digest,
        "operations": outcome.operations, "schemas": outcome.schemas,
        "changes": outcome.changes.json(),
        "descriptions": {"file": work.words, "begun": work.begun, "missing_count": work.missing.len(), "missing": missing},
        "stale_corrections": stale(&work.corrections),
        "stale_descriptions": stale(&work.descriptions),
    })
}

fn problem(report: &Report) -> Value {
    let problem = report.problem();
    json!({
        "message": problem.message, "pointer": problem.pointer, "expected": problem.expected,
        "found": problem.found, "help": problem.help,
    })
}

/// Why an action does not apply, in one line.
pub(super) fn told(stale: &StaleAction) -> String {
    if stale.found.is_empty() {
        stale.why.clone()
    } else {
        format!("{}, found {}", stale.why, stale.found)
    }
}

fn no_longer(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what} no longer applies")
    } else {
        format!("{number} {what}s no longer apply")
    }
}

fn places(number: usize) -> String {
    format!("{number} place{}", if number == 1 { "" } else { "s" })
}
