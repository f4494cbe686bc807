//! The report for a terminal.

use std::fmt::Write as _;

use super::Versions;
use super::comparison::Diff;
use super::display::{printable, value};
use super::fact_comparison::{Fact, FactKind};
use super::report_entries::{
    ReportEntry, changed_calls, counted, counts, heading, item_lines, items, sections,
};
use super::rules::Level;

/// Maximum number of listed Rust items.
const MAX_ITEMS: usize = 60;

/// Formats the changes, grouped by level and subject, breaking ones first.
pub(super) fn diff(diff: &Diff, Versions { current, next }: &Versions) -> String {
    let Some(level) = diff.level() else {
        return "no facts changed\n".to_owned();
    };
    let mut out = format!("{}: {}; {current} -> {next}\n", level.name(), counts(diff));
    for level in [Level::Major, Level::Minor, Level::Patch] {
        let count = diff.count(level);
        if count > 0 {
            let _ = write!(out, "\n{} ({count})\n", heading(level));
        }
        for (subject, entries) in sections(diff, level) {
            let _ = writeln!(out, "  {}", printable(&subject));
            for entry in entries {
                let _ = writeln!(out, "    {}", printable(&line(&entry)));
            }
        }
    }
    if let Some(items) = items(diff) {
        let _ = write!(out, "\n{items}\n");
        let lines = item_lines(diff);
        for line in lines.iter().take(MAX_ITEMS) {
            let _ = writeln!(out, "  {}", printable(line));
        }
        if lines.len() > MAX_ITEMS {
            let more = lines.len() - MAX_ITEMS;
            let _ = writeln!(
                out,
                "  ... {more} more lines; --format json shows all of them"
            );
        }
    }
    let calls = changed_calls(diff);
    if !calls.is_empty() {
        let _ = write!(out, "\n{}\n", counted(calls.len(), "changed call"));
    }
    for call in calls {
        let is = call.is.as_deref().unwrap_or("removed");
        let _ = writeln!(out, "  {}\n    -> {}", printable(&call.was), printable(is));
    }
    for note in &diff.notes {
        let _ = write!(out, "\nnote: {}\n", printable(note));
    }
    out
}

fn line(entry: &ReportEntry<'_>) -> String {
    let change = entry.change;
    let mut text = String::new();
    if !change.place.is_empty() {
        let _ = write!(text, "{}: ", change.place);
    }
    text.push_str(change.rule.says);
    match (&change.was, &change.is) {
        (Some(was), Some(is)) => {
            let _ = write!(text, ": {was} -> {is}");
        }
        (Some(one), None) | (None, Some(one)) => {
            let _ = write!(text, ": {one}");
        }
        (None, None) => {}
    }
    if let Some(places) = entry.places() {
        let _ = write!(text, ": {places}");
    }
    if let Some((lead, about)) = entry.about() {
        let _ = write!(text, "{lead}{about}");
    }
    for aside in [change.guess.as_ref().map(ToString::to_string), entry.seen()]
        .into_iter()
        .flatten()
    {
        let _ = write!(text, " ({aside})");
    }
    let _ = write!(text, " [{}]", change.rule.id);
    text
}

/// Formats each difference in the facts on its own line.
pub(super) fn facts(facts: &[Fact]) -> String {
    let mut out = match facts.len() {
        0 => "no facts changed\n".to_owned(),
        count => format!("{} in the facts\n", counted(count, "difference")),
    };
    for fact in facts {
        let _ = writeln!(out, "  {}", printable(&fact_line(fact)));
    }
    out
}

/// Formats one difference in the facts.
pub(super) fn fact_line(fact: &Fact) -> String {
    let text = match (&fact.old, &fact.new) {
        (Some(old), Some(new)) => format!("{} -> {}", value(old), value(new)),
        (Some(old), None) => format!("- {}", value(old)),
        (None, Some(new)) => format!("+ {}", value(new)),
        (None, None) => String::new(),
    };
    let order = match fact.kind {
        FactKind::Order => " (order)",
        _ => "",
    };
    let pointer = match fact.pointer() {
        "" => "/",
        pointer => pointer,
    };
    format!("{pointer}{order}: {text}")
}
