//! The common parts of the reports for people: grouping of similar changes, and the parts of a line.

use super::calls::ChangedCall;
use super::change::{DocumentChange, Subject};
use super::comparison::Diff;
use super::rules::{Direction, Level};

/// Similar changes of at least this many subjects are grouped.
const MIN_GROUP: usize = 3;

/// Maximum number of items in a list before the rest is only counted.
const MAX_NAMED: usize = 3;

/// A change, or several similar ones.
pub(super) struct ReportEntry<'d> {
    /// The first change.
    pub(super) change: &'d DocumentChange,
    /// The subjects of all of them.
    pub(super) subjects: Vec<&'d Subject>,
}

/// The entries of a level by heading: groups first, then the entries of each subject.
pub(super) fn sections(diff: &Diff, level: Level) -> Vec<(String, Vec<ReportEntry<'_>>)> {
    let mut entries: Vec<ReportEntry<'_>> = Vec::new();
    for change in diff.changes.iter().filter(|change| change.level == level) {
        match entries.iter_mut().find(|entry| alike(entry.change, change)) {
            Some(entry) => entry.subjects.push(&change.subject),
            None => entries.push(ReportEntry {
                change,
                subjects: vec![&change.subject],
            }),
        }
    }
    let mut sections: Vec<(String, Vec<ReportEntry<'_>>)> = Vec::new();
    let mut single: Vec<ReportEntry<'_>> = Vec::new();
    for mut entry in entries {
        entry.subjects.dedup();
        if entry.subjects.len() >= MIN_GROUP {
            match sections.first_mut() {
                Some((_, several)) => several.push(entry),
                None => sections.push(("several".to_owned(), vec![entry])),
            }
        } else {
            // Too few for a group: each is listed under its subject.
            let change = entry.change;
            single.extend(
                diff.changes
                    .iter()
                    .filter(|other| other.level == level && alike(change, other))
                    .map(|change| ReportEntry {
                        change,
                        subjects: vec![&change.subject],
                    }),
            );
        }
    }
    single.sort_by(|a, b| a.change.subject.cmp(&b.change.subject));
    for entry in single {
        let heading = entry.change.subject.text();
        match sections.last_mut() {
            Some((last, entries)) if *last == heading => entries.push(entry),
            _ => sections.push((heading, vec![entry])),
        }
    }
    sections
}

fn alike(a: &DocumentChange, b: &DocumentChange) -> bool {
    (a.rule.id, &a.place, &a.was, &a.is, &a.guess, &a.directions)
        == (b.rule.id, &b.place, &b.was, &b.is, &b.guess, &b.directions)
}

impl Subject {
    /// The subject for people.
    pub fn text(&self) -> String {
        match self {
            Self::Document => "the document".to_owned(),
            Self::Operation(label) => label.clone(),
            Self::Component(kind, name) => match kind.as_str() {
                "requestBodies" => format!("request body {name}"),
                "securitySchemes" => format!("security scheme {name}"),
                kind => format!("{} {name}", kind.trim_end_matches('s')),
            },
        }
    }
}

/// The first few items, and the number of the others.
fn some(all: &[String]) -> String {
    let more = all.len().saturating_sub(MAX_NAMED);
    let shown = all[..all.len() - more].join(", ");
    match more {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl ReportEntry<'_> {
    /// The subjects of a group, which are not in its heading, and the text that precedes them.
    pub(super) fn about(&self) -> Option<(&'static str, String)> {
        let texts: Vec<String> = self.subjects.iter().map(|subject| subject.text()).collect();
        // Lists are complete for changes that may require action.
        let all = self.change.level > Level::Patch;
        let list = if all { texts.join(", ") } else { some(&texts) };
        let lead = match (&self.change.was, &self.change.is) {
            (None, None) => ": ",
            _ => " in ",
        };
        (texts.len() >= MIN_GROUP).then_some((lead, list))
    }

    /// The directions and operations that use the subject, unless the subject is the operation itself.
    pub(super) fn seen(&self) -> Option<String> {
        let change = self.change;
        // "Unread" is omitted if another direction is listed.
        let read = change
            .directions
            .iter()
            .any(|direction| *direction != Direction::Unread);
        let directions: Vec<&str> = change
            .directions
            .iter()
            .filter(|direction| !read || **direction != Direction::Unread)
            .map(|direction| direction.text())
            .collect();
        let mut text = directions.join(" and ");
        let own = matches!(&change.subject, Subject::Operation(_)) && change.operations.len() == 1;
        if !own && self.subjects.len() < MIN_GROUP && !change.operations.is_empty() {
            let operations = match change.operations.len() {
                count if count > MAX_NAMED => format!("{count} operations"),
                _ => change.operations.join(", "),
            };
            text = match text.as_str() {
                "" => operations,
                text => format!("{text}: {operations}"),
            };
        }
        (!text.is_empty()).then_some(text)
    }

    /// The number of places, for changes without further details.
    pub(super) fn places(&self) -> Option<String> {
        (self.change.rule.id == "form-changed").then(|| counted(self.change.facts.len(), "place"))
    }
}

/// Formats a number with a noun.
pub(crate) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// The heading of a level.
pub(super) fn heading(level: Level) -> &'static str {
    match level {
        Level::Major => "breaking",
        Level::Minor => "additions",
        Level::Patch => "other",
    }
}

/// The number of changes by level, for the first line.
pub(super) fn counts(diff: &Diff) -> String {
    format!(
        "{} breaking, {}, {} other",
        diff.count(Level::Major),
        counted(diff.count(Level::Minor), "addition"),
        diff.count(Level::Patch),
    )
}

/// The number of public Rust items that differ, if any.
pub(super) fn items(diff: &Diff) -> Option<String> {
    let surface = diff.surface.as_ref()?;
    let counts = (
        surface.removed.len(),
        surface.changed.len(),
        surface.added.len(),
    );
    (counts != (0, 0, 0)).then(|| {
        format!(
            "public Rust items: {} removed, {} changed, {} added",
            counts.0, counts.1, counts.2
        )
    })
}

/// The public Rust items that differ, as the lines of a diff.
pub(super) fn item_lines(diff: &Diff) -> Vec<String> {
    let Some(surface) = &diff.surface else {
        return Vec::new();
    };
    let changed = surface.changed.iter();
    let changed = changed.flat_map(|(was, is)| [format!("- {was}"), format!("+ {is}")]);
    let removed = surface.removed.iter().map(|item| format!("- {item}"));
    let added = surface.added.iter().map(|item| format!("+ {item}"));
    removed.chain(changed).chain(added).collect()
}

/// The calls that users have to change.
pub(super) fn changed_calls(diff: &Diff) -> Vec<&ChangedCall> {
    let surface = diff.surface.iter();
    surface.flat_map(|surface| &surface.calls).collect()
}
