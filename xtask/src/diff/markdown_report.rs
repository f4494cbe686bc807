//! The report for a pull request. What comes from a document is shown as code and nowhere else: there, it can mention
//! nobody, run nothing and break no table.

use super::Versions;
use super::comparison::Diff;
use super::display::printable;
use super::fact_comparison::Fact;
use super::report_entries::{ReportEntry, counted, counts, heading, item_lines, items, sections};
use super::rules::Level;
use super::text_report::fact_line;
use crate::markdown::{self, fence};

/// GitHub refuses texts of more than 65,536 characters; bytes are counted, which are never fewer.
pub(super) const LIMIT: usize = 65_536;

/// What is kept free for the end: closing what is open, and the line that says how much was left out.
const RESERVE: usize = 2_048;

/// A report that grows line by line up to the limit.
struct ReportPage {
    text: String,
    left_out: usize,
    limit: usize,
}

impl ReportPage {
    /// A line of the frame, which is always written.
    fn frame(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line of detail, which is left out where the report is full. What follows a line that is left out is left out too.
    fn detail(&mut self, line: &str) {
        if self.left_out > 0 || self.text.len() + line.len() + RESERVE > self.limit {
            self.left_out += 1;
        } else {
            self.frame(line);
        }
    }

    /// Details that are folded away. GitHub renders what is inside because of the empty lines.
    fn folded(&mut self, summary: &str, lines: &[String]) {
        if self.left_out > 0 {
            self.left_out += lines.len();
            return;
        }
        self.frame(&format!("<details>\n<summary>{summary}</summary>\n"));
        for line in lines {
            self.detail(line);
        }
        self.frame("\n</details>\n");
    }

    /// Code that is folded away. Its fence is closed whatever is left out between.
    fn folded_code(&mut self, summary: &str, language: &str, lines: &[String]) {
        if self.left_out > 0 {
            self.left_out += lines.len();
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
        if self.left_out > 0 {
            let command = code(&bounded(command, RESERVE / 2));
            let lines = counted(self.left_out, "line");
            self.frame(&format!("\nLeft out: {lines}. All of it: {command}"));
        }
        self.text
    }
}

/// The changes in at most `limit` bytes: what they ask for, the breaking ones, the rest folded away.
pub(super) fn diff(
    diff: &Diff,
    Versions { current, next }: &Versions,
    command: &str,
    limit: usize,
) -> String {
    let Some(level) = diff.level() else {
        return "No fact changed.\n".to_owned();
    };
    let mut page = ReportPage {
        text: String::new(),
        left_out: 0,
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
    if let Some(items) = items(diff) {
        let lines: Vec<String> = item_lines(diff)
            .iter()
            .map(|line| printable(line))
            .collect();
        page.folded_code(&capital(&items), "diff", &lines);
    }
    let entry: Vec<String> = diff.changelog().lines().map(str::to_owned).collect();
    if !entry.is_empty() {
        page.folded_code("For CHANGELOG.md", "markdown", &entry);
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
        text = format!("{text} ({} {})", guess.words(), code(&guess.name));
    }
    if let Some(seen) = entry.seen() {
        text = format!("{text} ({})", code(&seen));
    }
    format!("{text} — {}", change.rule.id)
}

/// A text as code, with what would not show written out.
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

/// Differences of facts, folded away.
pub(super) fn facts(facts: &[Fact], command: &str) -> String {
    if facts.is_empty() {
        return "No fact changed.\n".to_owned();
    }
    let mut page = ReportPage {
        text: String::new(),
        left_out: 0,
        limit: LIMIT,
    };
    let lines: Vec<String> = facts
        .iter()
        .map(|fact| format!("- {}", code(&fact_line(fact))))
        .collect();
    page.folded(
        &format!("{} of facts", counted(facts.len(), "difference")),
        &lines,
    );
    page.end(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_kind_stays_within_its_code() {
        assert_eq!(code("a | b"), "`a | b`");
        assert_eq!(code("`` @you"), "``` `` @you ```");
        assert_eq!(code("a\n# b"), "`a\\u{a}# b`");
        assert_eq!(code(""), "`  `");
        assert_eq!(bounded("äöü", 3), "ä...");
    }
}
