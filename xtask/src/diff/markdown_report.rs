//! The report for a pull request. Text from documents appears only as code, where it cannot mention people or break the
//! layout.

use super::Versions;
use super::comparison::Diff;
use super::display::printable;
use super::fact_comparison::Fact;
use super::report_entries::{
    ReportEntry, changed_calls, counted, counts, heading, item_lines, items, sections,
};
use super::rules::Level;
use super::text_report::fact_line;
use crate::markdown::{self, fence};

/// Maximum size in bytes. GitHub rejects texts of more than 65,536 characters, of which there are never more than bytes.
pub(super) const LIMIT: usize = 65_536;

/// Space reserved for the end: closing open sections, and the line about omitted lines.
const RESERVE: usize = 2_048;

/// A report that is built line by line up to the limit.
struct ReportPage {
    text: String,
    omitted: usize,
    limit: usize,
}

impl ReportPage {
    /// Adds a line of the frame, which is never omitted.
    fn frame(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Adds a line of detail. Once the report is full, this and all following details are omitted.
    fn detail(&mut self, line: &str) {
        if self.omitted > 0 || self.text.len() + line.len() + RESERVE > self.limit {
            self.omitted += 1;
        } else {
            self.frame(line);
        }
    }

    /// Adds a collapsed section. GitHub renders the Markdown in it because of the empty lines.
    fn folded(&mut self, summary: &str, lines: &[String]) {
        if self.omitted > 0 {
            self.omitted += lines.len();
            return;
        }
        self.frame(&format!("<details>\n<summary>{summary}</summary>\n"));
        for line in lines {
            self.detail(line);
        }
        self.frame("\n</details>\n");
    }

    /// Adds a collapsed code block. Its fence is closed even if lines are omitted.
    fn folded_code(&mut self, summary: &str, language: &str, lines: &[String]) {
        if self.omitted > 0 {
            self.omitted += lines.len();
            return;
        }
        let fence = fence(&lines.join("\n"));
        self.frame(&format!(
            "<details>\n<summary>{summary}</summary>\n\n{fence}{language}"
        ));
        lines.iter().for_each(|line| self.detail(line));
        self.frame(&format!("{fence}\n\n</details>\n"));
    }

    fn end(mut self, command: &str) -> String {
        if self.omitted > 0 {
            let command = code(&bounded(command, RESERVE / 2));
            let lines = counted(self.omitted, "line");
            self.frame(&format!(
                "\nOmitted: {lines}. The complete report: {command}"
            ));
        }
        self.text
    }
}

/// Formats the changes in at most `limit` bytes: the required version, the breaking changes, and the rest in collapsed
/// sections. `with_entry` adds the entry for the changelog.
pub(super) fn diff(
    diff: &Diff,
    Versions { current, next }: &Versions,
    command: &str,
    limit: usize,
    with_entry: bool,
) -> String {
    let Some(level) = diff.level() else {
        return "No facts changed.\n".to_owned();
    };
    let mut page = ReportPage {
        text: String::new(),
        omitted: 0,
        limit,
    };
    page.frame(&format!(
        "**{}**: {}; {} → {}\n",
        level.name(),
        counts(diff),
        code(current),
        code(next)
    ));
    page.frame("| changes | level | number |\n| --- | --- | ---: |");
    for level in [Level::Major, Level::Minor, Level::Patch] {
        page.frame(&format!(
            "| {} | {} | {} |",
            heading(level),
            level.name(),
            diff.count(level)
        ));
    }
    page.frame("");
    for note in &diff.notes {
        page.detail(&format!("Note: {}\n", code(note)));
    }
    for level in [Level::Major, Level::Minor, Level::Patch] {
        let lines = lines(diff, level);
        if lines.is_empty() {
            continue;
        }
        let title = format!("{}: {}", capital(heading(level)), diff.count(level));
        if level == Level::Major {
            page.frame(&format!("### {title}\n"));
            lines.iter().for_each(|line| page.detail(line));
            page.frame("");
        } else {
            page.folded(&title, &lines);
        }
    }
    let calls = changed_calls(diff);
    if !calls.is_empty() {
        page.frame(&format!(
            "### Migration: {}\n",
            counted(calls.len(), "call")
        ));
    }
    for call in &calls {
        let is = call.is.as_deref();
        let is = is.map_or_else(|| "removed".to_owned(), code);
        page.detail(&format!("- {} → {is}", code(&call.was)));
    }
    if !calls.is_empty() {
        page.frame("");
    }
    if let Some(items) = items(diff) {
        let lines: Vec<String> = item_lines(diff)
            .iter()
            .map(|line| printable(line))
            .collect();
        page.folded_code(&capital(&items), "diff", &lines);
    }
    if with_entry {
        let entry: Vec<String> = diff.changelog().lines().map(str::to_owned).collect();
        if !entry.is_empty() {
            page.folded_code("For CHANGELOG.md", "markdown", &entry);
        }
    }
    page.end(command)
}

fn lines(diff: &Diff, level: Level) -> Vec<String> {
    let mut lines = Vec::new();
    for (subject, entries) in sections(diff, level) {
        lines.push(match subject.as_str() {
            "several" | "the document" => format!("- {subject}"),
            subject => format!("- {}", code(subject)),
        });
        for entry in entries {
            lines.push(format!("  - {}", line(&entry)));
        }
    }
    lines
}

fn line(entry: &ReportEntry<'_>) -> String {
    let change = entry.change;
    let mut text = String::new();
    if !change.place.is_empty() {
        text = format!("{}: ", code(&change.place));
    }
    text.push_str(change.rule.says);
    match (&change.was, &change.is) {
        (Some(was), Some(is)) => text = format!("{text}: {} → {}", code(was), code(is)),
        (Some(one), None) | (None, Some(one)) => text = format!("{text}: {}", code(one)),
        (None, None) => {}
    }
    if let Some(places) = entry.places() {
        text = format!("{text}: {places}");
    }
    if let Some((lead, about)) = entry.about() {
        text = format!("{text}{lead}{}", code(&about));
    }
    if let Some(guess) = &change.guess {
        text = format!("{text} ({} {})", guess.text(), code(&guess.name));
    }
    if let Some(seen) = entry.seen() {
        text = format!("{text} ({})", code(&seen));
    }
    format!("{text} — {}", change.rule.id)
}

/// Formats a text as code, with invisible characters escaped.
fn code(text: &str) -> String {
    markdown::code(&printable(text))
}

fn bounded(text: &str, width: usize) -> String {
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at < width)
        .last();
    match end {
        Some(end) if text.len() > width => format!("{}...", &text[..end]),
        _ => text.to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Formats differences in the facts as a collapsed list.
pub(super) fn facts(facts: &[Fact], command: &str) -> String {
    if facts.is_empty() {
        return "No facts changed.\n".to_owned();
    }
    let mut page = ReportPage {
        text: String::new(),
        omitted: 0,
        limit: LIMIT,
    };
    let lines: Vec<String> = facts
        .iter()
        .map(|fact| format!("- {}", code(&fact_line(fact))))
        .collect();
    page.folded(
        &format!("{} in the facts", counted(facts.len(), "difference")),
        &lines,
    );
    page.end(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_escaped() {
        assert_eq!(code("a | b"), "`a | b`");
        assert_eq!(code("`` @you"), "``` `` @you ```");
        assert_eq!(code("a\n# b"), "`a\\u{a}# b`");
        assert_eq!(code(""), "`  `");
        assert_eq!(bounded("äöü", 3), "ä...");
    }
}
