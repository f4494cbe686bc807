//! The report for programs; see `diff.schema.json`.

use serde_json::{Value, json};

use super::Versions;
use super::change::{DocumentChange, Subject};
use super::comparison::Diff;
use super::fact_comparison::Fact;
use super::rules::Level;

/// Formats the changes.
pub(super) fn diff(diff: &Diff, Versions { current, next }: &Versions) -> Value {
    let changes: Vec<Value> = diff.changes.iter().map(change).collect();
    let rust = diff.surface.as_ref().map(|surface| {
        let changed: Vec<Value> = surface
            .changed
            .iter()
            .map(|(was, is)| json!({"was": was, "is": is}))
            .collect();
        let calls = surface.calls.iter();
        let calls: Vec<Value> = calls
            .map(|call| json!({"was": call.was, "is": call.is}))
            .collect();
        json!({"removed": surface.removed, "added": surface.added, "changed": changed, "calls": calls})
    });
    json!({
        "level": diff.level().map(Level::name),
        "counts": {
            "major": diff.count(Level::Major),
            "minor": diff.count(Level::Minor),
            "patch": diff.count(Level::Patch),
        },
        "version": {"current": current, "next": next},
        "changes": changes,
        "rust": rust,
        "notes": diff.notes,
        "changelog": diff.changelog(),
    })
}

fn change(change: &DocumentChange) -> Value {
    let subject = match &change.subject {
        Subject::Document => json!({"kind": "document"}),
        Subject::Operation(label) => json!({"kind": "operation", "name": label}),
        Subject::Component(kind, name) => json!({"kind": kind, "name": name}),
    };
    let directions: Vec<&str> = change
        .directions
        .iter()
        .map(|direction| direction.name())
        .collect();
    let facts: Vec<Value> = change.facts.iter().map(fact).collect();
    json!({
        "rule": change.rule.id,
        "says": change.rule.says,
        "level": change.level.name(),
        "subject": subject,
        "place": change.place,
        "was": change.was,
        "is": change.is,
        "guess": change.guess.as_ref().map(ToString::to_string),
        "directions": directions,
        "operations": change.operations,
        "rust": change.rust,
        "old": change.old_at,
        "new": change.new_at,
        "facts": facts,
    })
}

/// Formats differences in the facts.
pub(super) fn facts(facts: &[Fact]) -> Value {
    json!({"facts": facts.iter().map(fact).collect::<Vec<_>>()})
}

fn fact(fact: &Fact) -> Value {
    json!({"old_at": fact.old_at, "new_at": fact.new_at, "old": fact.old, "new": fact.new})
}
