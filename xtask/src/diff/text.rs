//! The report for people at a terminal.

use std::fmt::Write as _;

use super::change::{Change, Subject};
use super::comparison::Diff;
use super::facts::{Fact, Sort};
use super::rules::Level;
use super::show::{printable, value};

/// Operations that are named before they are only counted.
const NAMED: usize = 3;

/// Items of the Rust crates that are listed.
const ITEMS: usize = 40;

/// The changes, grouped by what they are about, the breaking ones first.
pub(super) fn diff(diff: &Diff, versions: (&str, &str)) -> String {
    let mut out = summary(diff, versions);
    out.push('\n');
    for level in [Level::Major, Level::Minor, Level::Patch] {
        let changes: Vec<&Change> = diff
            .changes
            .iter()
            .filter(|change| change.level == level)
            .collect();
        if changes.is_empty() {
            continue;
        }
        let _ = write!(out, "\n{} ({})\n", heading(level), changes.len());
        let mut subject = None;
        for change in changes {
            if subject != Some(&change.subject) {
                let _ = writeln!(out, "  {}", printable(&subject_text(&change.subject)));
                subject = Some(&change.subject);
            }
            let _ = writeln!(out, "    {}", printable(&line(change)));
        }
    }
    if let Some(surface) = &diff.surface {
        let lines = surface
            .removed
            .iter()
            .map(|item| format!("- {item}"))
            .chain(
                surface
                    .changed
                    .iter()
                    .flat_map(|(was, is)| [format!("- {was}"), format!("+ {is}")]),
            )
            .chain(surface.added.iter().map(|item| format!("+ {item}")));
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            let _ = write!(out, "\n{}\n", items(diff));
        }
        for line in lines.iter().take(ITEMS) {
            let _ = writeln!(out, "  {}", printable(line));
        }
        if lines.len() > ITEMS {
            let _ = writeln!(
                out,
                "  ... {} more lines, all of them with --format json",
                lines.len() - ITEMS
            );
        }
    }
    for note in &diff.notes {
        let _ = write!(out, "\nnote: {}\n", printable(note));
    }
    out
}

/// The first line: what the changes ask for and how many there are.
pub(super) fn summary(diff: &Diff, (current, next): (&str, &str)) -> String {
    let Some(level) = diff.level() else {
        return "no fact changed".to_owned();
    };
    format!(
        "{}: {} breaking, {}, {} other; {current} -> {next}",
        level.name(),
        diff.count(Level::Major),
        counted(diff.count(Level::Minor), "addition"),
        diff.count(Level::Patch),
    )
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// The line about the public items.
pub(super) fn items(diff: &Diff) -> String {
    let surface = diff.surface.clone().unwrap_or_default();
    format!(
        "public Rust items: {} removed, {} changed, {} added",
        surface.removed.len(),
        surface.changed.len(),
        surface.added.len()
    )
}

pub(super) fn heading(level: Level) -> &'static str {
    match level {
        Level::Major => "breaking",
        Level::Minor => "additions",
        Level::Patch => "other",
    }
}

pub(super) fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Document => "the document".to_owned(),
        Subject::Operation(label) => label.clone(),
        Subject::Component(kind, name) => match kind.as_str() {
            "schemas" => format!("schema {name}"),
            "requestBodies" => format!("request body {name}"),
            "securitySchemes" => format!("security scheme {name}"),
            kind => format!("{} {name}", kind.trim_end_matches('s')),
        },
    }
}

/// What was and what is, with an arrow where there are both.
pub(super) fn transition(change: &Change) -> Option<String> {
    match (&change.was, &change.is) {
        (Some(was), Some(is)) => Some(format!("{was} -> {is}")),
        (Some(was), None) => Some(format!("was {was}")),
        (None, Some(is)) => Some(is.clone()),
        (None, None) => None,
    }
}

fn line(change: &Change) -> String {
    let mut text = String::new();
    if !change.place.is_empty() {
        let _ = write!(text, "{}: ", change.place);
    }
    text.push_str(change.rule.says);
    if let Some(transition) = transition(change) {
        let _ = write!(text, ": {transition}");
    }
    if let Some(guess) = &change.guess {
        let _ = write!(text, " ({guess})");
    }
    let count = change.facts.len();
    if change.rule.id == "form-changed" {
        let _ = write!(text, ": {}", counted(count, "place"));
    }
    let seen = seen(change);
    if !seen.is_empty() {
        let _ = write!(text, " ({seen})");
    }
    let _ = write!(text, " [{}]", change.rule.id);
    text
}

/// From where it is seen: the directions, and the operations where they are not what it is about.
pub(super) fn seen(change: &Change) -> String {
    let directions: Vec<&str> = change
        .directions
        .iter()
        .map(|direction| direction.name())
        .collect();
    let mut text = directions.join(" and ");
    let own = matches!(&change.subject, Subject::Operation(label) if change.operations == [label.clone()]);
    if !own && !change.operations.is_empty() {
        if !text.is_empty() {
            text.push_str(" of ");
        }
        if change.operations.len() > NAMED {
            let _ = write!(text, "{} operations", change.operations.len());
        } else {
            text.push_str(&change.operations.join(", "));
        }
    }
    text
}

/// Every difference of facts on a line of its own.
pub(super) fn facts(facts: &[Fact]) -> String {
    let mut out = match facts.len() {
        0 => "no fact changed\n".to_owned(),
        count => format!("{} of facts\n", counted(count, "difference")),
    };
    for fact in facts {
        let _ = writeln!(out, "  {}", printable(&fact_line(fact)));
    }
    out
}

/// One difference of facts.
pub(super) fn fact_line(fact: &Fact) -> String {
    let text = match (&fact.old, &fact.new) {
        (Some(old), Some(new)) => format!("{} -> {}", value(old), value(new)),
        (Some(old), None) => format!("- {}", value(old)),
        (None, Some(new)) => format!("+ {}", value(new)),
        (None, None) => String::new(),
    };
    let order = if fact.sort == Sort::Order {
        " (order)"
    } else {
        ""
    };
    let pointer = match fact.pointer() {
        "" => "/",
        pointer => pointer,
    };
    format!("{pointer}{order}: {text}")
}
