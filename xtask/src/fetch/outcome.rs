//! The outcome of a fetch, formatted for people and for programs.

use serde_json::{Value, json};

use super::changes::Changes;
use super::follow_up::{FollowUp, StaleAction};
use crate::commands::regen::lacking;
use crate::diagnostic::Report;

/// The outcome of the fetch of one API.
#[derive(Debug)]
pub(crate) struct FetchOutcome {
    pub(super) state: DocumentState,
    pub(super) operations: usize,
    pub(super) schemas: usize,
    pub(super) digest: String,
    pub(crate) changes: Changes,
    /// Whether nothing was written, because the crate has to change too.
    pub(super) is_left_to_bump: bool,
    pub(crate) follow_up: FollowUp,
}

/// How the facts compare to those of the last fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentState {
    /// There were no facts yet.
    New,
    /// The facts changed.
    Changed,
    /// The document was fetched, and the facts are the same.
    Unchanged,
    /// The server reported an unmodified document.
    NotModified,
}

impl DocumentState {
    /// The state for people.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "facts changed",
            Self::Unchanged => "no facts changed",
            Self::NotModified => "not modified",
        }
    }

    /// The state for programs.
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::NotModified => "not modified",
        }
    }
}

/// For each API, the outcome or the errors.
pub(super) type FetchOutcomes = [(String, Result<FetchOutcome, Vec<Report>>)];

/// Formats an outcome for people.
pub(super) fn text(api: &str, outcome: &FetchOutcome) -> String {
    let mut text = format!(
        "{api}: operations {}, schemas {}, {}\n{}",
        outcome.operations,
        outcome.schemas,
        outcome.state.text(),
        outcome.changes.text()
    );
    if outcome.is_left_to_bump {
        text.push_str(&format!(
            "{api}: nothing written; to update the facts and the crate: cargo xtask bump {api}\n"
        ));
    }
    let follow_up = &outcome.follow_up;
    for (what, stale) in [
        ("correction", &follow_up.corrections),
        ("addition", &follow_up.additions),
        ("description", &follow_up.descriptions),
    ] {
        if !stale.is_empty() {
            text.push_str(&format!("{api}: {}\n", no_longer(stale.len(), what)));
        }
        for stale in stale {
            text.push_str(&format!("  {}: {}\n", stale.place, explanation(stale)));
            if !stale.target.is_empty() {
                text.push_str(&format!("    target: {}\n", stale.target));
            }
            if !stale.reason.is_empty() {
                text.push_str(&format!("    reason: {}\n", stale.reason));
            }
        }
    }
    let missing = follow_up.missing.len();
    match (missing, follow_up.overlay_exists) {
        (0, _) => {}
        (_, true) => text.push_str(&format!(
            "{api}: {} a description; fill in these actions and add them to {}:\n{}",
            lacking(missing),
            follow_up.overlay,
            follow_up.actions
        )),
        (_, false) => text.push_str(&format!(
            "{api}: {} a description, because {} does not exist yet\n",
            lacking(missing),
            follow_up.overlay
        )),
    }
    text
}

/// Formats the outcomes for programs.
pub(super) fn json(outcomes: &FetchOutcomes) -> Value {
    outcomes
        .iter()
        .map(|(api, outcome)| match outcome {
            Ok(outcome) => one(api, outcome),
            Err(reports) => failed(api, reports),
        })
        .collect()
}

/// The failure of one API, for programs.
pub(crate) fn failed(api: &str, reports: &[Report]) -> Value {
    let problems: Vec<Value> = reports.iter().map(problem).collect();
    json!({"api": api, "state": "failed", "problems": problems})
}

fn one(api: &str, outcome: &FetchOutcome) -> Value {
    let follow_up = &outcome.follow_up;
    // Without an overlay all descriptions are missing, so the number is enough.
    let missing: Vec<Value> = follow_up
        .missing
        .iter()
        .filter(|_| follow_up.overlay_exists)
        .map(|place| json!({"pointer": place.pointer, "update": place.update}))
        .collect();
    let stale = |stale: &[StaleAction]| -> Value {
        stale
            .iter()
            .map(|stale| {
                json!({
                    "place": stale.place, "target": stale.target, "why": explanation(stale),
                    "reason": stale.reason,
                })
            })
            .collect()
    };
    json!({
        "api": api, "state": outcome.state.name(), "digest": outcome.digest,
        "operations": outcome.operations, "schemas": outcome.schemas,
        "changes": outcome.changes.json(), "left_to_bump": outcome.is_left_to_bump,
        "descriptions": {"file": follow_up.overlay, "begun": follow_up.overlay_exists, "missing_count": follow_up.missing.len(), "missing": missing},
        "stale_corrections": stale(&follow_up.corrections),
        "stale_additions": stale(&follow_up.additions),
        "stale_descriptions": stale(&follow_up.descriptions),
    })
}

fn problem(report: &Report) -> Value {
    let problem = report.problem();
    json!({
        "message": problem.message, "pointer": problem.pointer, "expected": problem.expected,
        "found": problem.found, "help": problem.help,
    })
}

/// Explains in one line why an action does not apply.
pub(super) fn explanation(stale: &StaleAction) -> String {
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
