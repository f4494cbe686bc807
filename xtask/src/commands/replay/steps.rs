//! The steps of a replay as a table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::Outcome;
use crate::diagnostic::{Report, Style, render};
use crate::table::table;
use crate::workspace::{CHANGELOG, FACTS};

/// The most errors of a step in the text; JSON has all.
const MAX_SHOWN: usize = 5;

/// What one version of the document costs.
pub(super) struct Step {
    document: String,
    command: &'static str,
    pub(super) outcome: Outcome,
    files: usize,
    /// Added and removed lines in all files.
    lines: usize,
    /// Those of them that a person reviews: in the facts, the inventory and the changelog.
    reviewed: usize,
    pub(super) compile_errors: Option<Vec<String>>,
    pub(super) failed_tests: Option<Vec<String>>,
}

impl Step {
    pub(super) fn new(document: &str, is_added: bool, outcome: Outcome) -> Self {
        Self {
            document: document.to_owned(),
            command: if is_added { "bump" } else { "add" },
            outcome,
            files: 0,
            lines: 0,
            reviewed: 0,
            compile_errors: None,
            failed_tests: None,
        }
    }

    /// Counts the changed files and lines.
    pub(super) fn measure(
        &mut self,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let text = |files: &BTreeMap<String, String>| files.get(name).cloned();
            let (old, new) = (text(before), text(after));
            if old == new {
                continue;
            }
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            let diff = TextDiff::from_lines(&old, &new);
            let changes = diff.iter_all_changes();
            let count = changes
                .filter(|change| change.tag() != ChangeTag::Equal)
                .count();
            self.files += 1;
            self.lines += count;
            let is_reviewed = name.ends_with(FACTS)
                || name.ends_with(crate::emit::INVENTORY)
                || name == CHANGELOG;
            if is_reviewed {
                self.reviewed += count;
            }
        }
    }

    pub(super) fn passes(&self) -> bool {
        let is_empty = |errors: &Option<Vec<String>>| errors.as_ref().is_none_or(Vec::is_empty);
        self.outcome.is_ok() && is_empty(&self.compile_errors) && is_empty(&self.failed_tests)
    }

    /// Each problem needs at least one edit by hand.
    fn hand_edits(&self) -> usize {
        self.outcome.as_ref().err().map_or(0, Vec::len)
    }

    fn problems(&self) -> Vec<String> {
        let reports: &[Report] = self.outcome.as_ref().err().map_or(&[], Vec::as_slice);
        let reports = reports
            .iter()
            .map(|report| render(std::slice::from_ref(report), Style::Plain));
        let errors = |errors: &Option<Vec<String>>| errors.clone().unwrap_or_default();
        reports
            .chain(errors(&self.compile_errors))
            .chain(errors(&self.failed_tests))
            .collect()
    }
}

/// Formats the table for people, followed by the problems.
pub(super) fn text(steps: &[Step], with_tests: bool) -> String {
    let mut header = vec![
        "document",
        "command",
        "hand edits",
        "files",
        "lines to review",
        "lines",
        "level",
        "version",
        "compiles",
    ];
    if with_tests {
        header.push("tests");
    }
    let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let word = |errors: &Option<Vec<String>>| match errors {
        Some(errors) if errors.is_empty() => "ok".to_owned(),
        Some(_) => "fails".to_owned(),
        None => "-".to_owned(),
    };
    for step in steps {
        let (level, version) = match &step.outcome {
            Ok((level, version)) => (level.as_str(), version.as_str()),
            Err(_) => ("failed", "-"),
        };
        let mut row = vec![
            step.document.clone(),
            step.command.to_owned(),
            step.hand_edits().to_string(),
            step.files.to_string(),
            step.reviewed.to_string(),
            step.lines.to_string(),
            level.to_owned(),
            version.to_owned(),
            word(&step.compile_errors),
        ];
        if with_tests {
            row.push(word(&step.failed_tests));
        }
        rows.push(row);
    }
    let mut text = table(&rows);
    for step in steps.iter().filter(|step| !step.passes()) {
        text.push_str(&format!("\n{}:\n", step.document));
        let problems = step.problems();
        for problem in problems.iter().take(MAX_SHOWN) {
            text.push_str(&format!("  {}\n", problem.trim_end().replace('\n', "\n  ")));
        }
        if problems.len() > MAX_SHOWN {
            text.push_str(&format!("  and {} more\n", problems.len() - MAX_SHOWN));
        }
    }
    let edits: usize = steps.iter().map(Step::hand_edits).sum();
    let passing = steps.iter().filter(|step| step.passes()).count();
    text.push_str(&format!(
        "\n{} of {} steps pass; {} commands, {edits} hand edits\n",
        passing,
        steps.len(),
        steps.len()
    ));
    text
}

/// Formats the table for programs.
pub(super) fn json(steps: &[Step]) -> Value {
    let is_empty = |errors: &Option<Vec<String>>| errors.as_ref().map(Vec::is_empty);
    steps
        .iter()
        .map(|step| {
            let done = step.outcome.as_ref().ok();
            json!({
                "document": step.document, "command": step.command, "commands": 1, "hand_edits": step.hand_edits(),
                "files": step.files, "lines_to_review": step.reviewed, "lines": step.lines,
                "level": done.map(|(level, _)| level), "version": done.map(|(_, version)| version),
                "compiles": is_empty(&step.compile_errors), "tests_pass": is_empty(&step.failed_tests),
                "problems": step.problems(), "passes": step.passes(),
            })
        })
        .collect()
}
