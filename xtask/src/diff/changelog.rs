//! Proposes a changelog entry for the crate, with the headings of Keep a Changelog.

use std::collections::BTreeMap;

use super::change::{DocumentChange, Subject};
use super::comparison::Diff;
use super::display::printable;
use super::report_entries::{ReportEntry, changed_calls, sections};
use super::rules::Level;

/// The rules whose changes are irrelevant to users of the crate.
const SILENT: [&str; 4] = [
    "form-changed",
    "unused-changed",
    "other-fact",
    "rust-item-added",
];

/// Formats the entry: a bullet for each change, breaking ones first. Similar changes share a bullet, and so do the removal and the addition
/// that are a rename.
pub(super) fn entry(diff: &Diff) -> String {
    let mut bullets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut rest = diff.clone();
    for (removed, added) in renames(diff) {
        bullets
            .entry("Changed")
            .or_default()
            .push(rename(removed, added));
        rest.changes
            .retain(|change| change != removed && change != added);
    }
    for level in [Level::Major, Level::Minor, Level::Patch] {
        for (_, entries) in sections(&rest, level) {
            for entry in entries {
                if !SILENT.contains(&entry.change.rule.id) {
                    let heading = heading(entry.change.rule.id);
                    bullets.entry(heading).or_default().push(bullet(&entry));
                }
            }
        }
    }
    let mut parts: Vec<String> = bullets
        .into_iter()
        .map(|(heading, bullets)| format!("### {heading}\n\n{}\n", bullets.join("\n")))
        .collect();
    let calls: Vec<String> = changed_calls(diff)
        .into_iter()
        .map(|call| match &call.is {
            Some(is) => format!("- `{}` is now `{}`", plain(&call.was), plain(is)),
            None => format!("- `{}` is removed", plain(&call.was)),
        })
        .collect();
    if !calls.is_empty() {
        parts.push(format!("### Migration\n\n{}\n", calls.join("\n")));
    }
    parts.join("\n")
}

fn plain(text: &str) -> String {
    printable(&text.replace('`', "'"))
}

/// The removals and additions that are probably renames.
fn renames(diff: &Diff) -> Vec<(&DocumentChange, &DocumentChange)> {
    let removals = diff.changes.iter().filter_map(|change| {
        let guess = change.guess.as_ref().filter(|guess| guess.is_old)?;
        Some((change, guess.name.as_str()))
    });
    removals
        .filter_map(|(removed, name)| {
            let added = diff.changes.iter().find(|added| {
                let is_guessed = added.guess.as_ref().is_some_and(|guess| !guess.is_old);
                is_guessed
                    && match (&removed.subject, &added.subject) {
                        (Subject::Operation(_), Subject::Operation(label)) => label == name,
                        (old, new) => old == new && is_named(added, name),
                    }
            })?;
            Some((removed, added))
        })
        .collect()
}

/// Whether a change adds the field or the value of this name.
fn is_named(added: &DocumentChange, name: &str) -> bool {
    let value = added.is.as_deref().map(|value| value.trim_matches('"'));
    match added.rule.id {
        "enum-value-added" => value == Some(name),
        _ => added.place.rsplit('.').next() == Some(name),
    }
}

fn rename(removed: &DocumentChange, added: &DocumentChange) -> String {
    let name = |change: &DocumentChange| {
        let item = change.rust.clone();
        let item = item.unwrap_or_else(|| format!("{}{}", change.subject.text(), change.place));
        let value = change.was.as_ref().or(change.is.as_ref());
        match (change.rule.id.starts_with("enum-value"), value) {
            (true, Some(value)) => plain(&format!("{item} {value}")),
            _ => plain(&item),
        }
    };
    let (was, is) = (name(removed), name(added));
    let breaking = breaking(removed.level.max(added.level));
    match was == is {
        false => format!("- {breaking}`{was}` is now `{is}` (probably renamed)"),
        // Only the spelling in the document differs.
        true => format!(
            "- {breaking}`{is}`: `{}` is now `{}`",
            plain(&removed.place),
            plain(&added.place)
        ),
    }
}

fn breaking(level: Level) -> &'static str {
    match level {
        Level::Major => "**breaking:** ",
        _ => "",
    }
}

fn heading(rule: &str) -> &'static str {
    match rule {
        "operation-deprecated" => "Deprecated",
        "operation-shown" => "Added",
        "operation-hidden" => "Removed",
        // Changed items are more than removed ones.
        "rust-item-removed" | "mapping-added" => "Changed",
        rule if rule.contains("-added") => "Added",
        rule if rule.ends_with("-removed") => "Removed",
        _ => "Changed",
    }
}

fn bullet(entry: &ReportEntry<'_>) -> String {
    let change = entry.change;
    let breaking = breaking(change.level);
    let about = match (entry.about(), &change.rust) {
        (Some((_, several)), _) => plain(&several),
        (None, Some(rust)) => plain(rust),
        (None, None) => plain(&change.subject.text()),
    };
    let place = match (change.place.as_str(), &change.rust) {
        // The Rust name of the field contains the place.
        ("", _) => String::new(),
        (place, Some(rust))
            if rust.contains("::")
                && place.starts_with('.')
                && !place[1..].contains(['.', '[', '<', '{', ' ']) =>
        {
            String::new()
        }
        (place, _) => format!(" `{}`", plain(place)),
    };
    let values = match (&change.was, &change.is) {
        (Some(was), Some(is)) => format!(": `{}` is now `{}`", plain(was), plain(is)),
        (Some(one), None) | (None, Some(one)) => format!(": `{}`", plain(one)),
        (None, None) => String::new(),
    };
    let guess = change.guess.as_ref().map_or_else(String::new, |guess| {
        format!(" ({} `{}`)", guess.text(), plain(&guess.name))
    });
    format!(
        "- {breaking}`{about}`{place}: {}{values}{guess}",
        change.rule.says
    )
}
