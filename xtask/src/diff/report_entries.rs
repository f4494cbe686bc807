//! What the reports for people have in common: changes that are alike told as one, and each change as the parts of a line.

use super::change::{DocumentChange, Subject};
use super::comparison::Diff;
use super::rules::{Direction, Level};

/// From this many subjects on, changes that are alike are told once.
const ALIKE: usize = 3;

/// Subjects that are named before they are only counted.
const NAMED: usize = 3;

/// A change, or several that are alike.
pub(super) struct ReportEntry<'d> {
    /// One of them.
    pub(super) change: &'d DocumentChange,
    /// What they are about.
    pub(super) subjects: Vec<&'d Subject>,
}

/// The entries of a level under their headings: those about several things first, then each thing with what is about it.
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
        if entry.subjects.len() >= ALIKE {
            match sections.first_mut() {
                Some((_, several)) => several.push(entry),
                None => sections.push(("several".to_owned(), vec![entry])),
            }
        } else {
            // Too few to be told as one: each is told where it belongs.
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
    /// What it is, for people.
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

/// A list that is cut: the first few, and how many there are more.
fn some(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let shown = all[..all.len() - more].join(", ");
    match more {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl ReportEntry<'_> {
    /// What the entry is about, where that is not its heading, and the word that leads to it.
    pub(super) fn about(&self) -> Option<(&'static str, String)> {
        let texts: Vec<String> = self.subjects.iter().map(|subject| subject.text()).collect();
        // Nothing is cut off what anybody has to act on.
        let all = self.change.level > Level::Patch;
        let list = if all { texts.join(", ") } else { some(&texts) };
        let lead = match (&self.change.was, &self.change.is) {
            (None, None) => ": ",
            _ => " in ",
        };
        (texts.len() >= ALIKE).then_some((lead, list))
    }

    /// From where it is seen: the directions, and the operations where they are not what it is about.
    pub(super) fn seen(&self) -> Option<String> {
        let change = self.change;
        // What is read somewhere is not said to be unread elsewhere.
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
        if !own && self.subjects.len() < ALIKE && !change.operations.is_empty() {
            let operations = match change.operations.len() {
                count if count > NAMED => format!("{count} operations"),
                _ => change.operations.join(", "),
            };
            text = match text.as_str() {
                "" => operations,
                text => format!("{text}: {operations}"),
            };
        }
        (!text.is_empty()).then_some(text)
    }

    /// How many places it stands for, where only that is known.
    pub(super) fn places(&self) -> Option<String> {
        (self.change.rule.id == "form-changed").then(|| counted(self.change.facts.len(), "place"))
    }
}

/// A number of things.
pub(super) fn counted(count: usize, what: &str) -> String {
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

/// The first line: what the changes ask for and how many there are.
pub(super) fn counts(diff: &Diff) -> String {
    format!(
        "{} breaking, {}, {} other",
        diff.count(Level::Major),
        counted(diff.count(Level::Minor), "addition"),
        diff.count(Level::Patch),
    )
}

/// The line about the public items, if any differ.
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

/// The public items that differ, as the lines of a diff.
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
