//! Proposes a changelog entry for the crate, with the headings of Keep a Changelog.

use std::collections::BTreeMap;

use super::comparison::Diff;
use super::display::printable;
use super::report_entries::{ReportEntry, sections};
use super::rules::Level;

/// The rules whose changes are irrelevant to users of the crate.
const SILENT: [&str; 4] = [
    "form-changed",
    "unused-changed",
    "other-fact",
    "rust-item-added",
];

/// Formats the entry: a bullet for each change, breaking ones first. Similar changes share a bullet.
pub(super) fn entry(diff: &Diff) -> String {
    let mut bullets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for level in [Level::Major, Level::Minor, Level::Patch] {
        for (_, entries) in sections(diff, level) {
            for entry in entries {
                if !SILENT.contains(&entry.change.rule.id) {
                    let heading = heading(entry.change.rule.id);
                    bullets.entry(heading).or_default().push(bullet(&entry));
                }
            }
        }
    }
    let parts: Vec<String> = bullets
        .into_iter()
        .map(|(heading, bullets)| format!("### {heading}\n\n{}\n", bullets.join("\n")))
        .collect();
    parts.join("\n")
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
    let breaking = match change.level {
        Level::Major => "**breaking:** ",
        _ => "",
    };
    let plain = |text: &str| printable(&text.replace('`', "'"));
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
