//! The result of a bump: for a terminal, for a pull request and for programs.

use serde_json::{Value, json};

use crate::diagnostic::Report;
use crate::diff::{Diff, Level, Versions, counted};
use crate::fetch::{outcome, pull_request as fetch_text};
use crate::markdown::{code, details};
use crate::workspace::CHANGELOG;

/// The most bytes of a pull request's text. GitHub rejects more than 65,536 characters.
const LIMIT: usize = 60_000;

/// What a bump did for one API.
pub(crate) struct Summary {
    api: String,
    crate_name: String,
    version: String,
    change: Option<(Diff, Versions)>,
    /// How many descriptions were derived.
    pub(super) derived: usize,
    /// How many warnings the normalizer has.
    pub(super) warnings: usize,
    /// The overlays from which actions were removed, with the targets of these.
    pub(super) removed_actions: Vec<(String, Vec<String>)>,
    /// The files that changed.
    pub(super) files: Vec<String>,
}

impl Summary {
    pub(super) fn new(api: &str, crate_name: &str, version: &str) -> Self {
        Self {
            api: api.to_owned(),
            crate_name: crate_name.to_owned(),
            version: version.to_owned(),
            change: None,
            derived: 0,
            warnings: 0,
            removed_actions: Vec::new(),
            files: Vec::new(),
        }
    }

    pub(super) fn changed(&mut self, diff: &Diff, versions: &Versions) {
        self.change = Some((diff.clone(), versions.clone()));
    }

    /// The level of the changes, in the words of the title.
    pub(crate) fn level(&self) -> &'static str {
        match self.change.as_ref().map(|(diff, _)| diff.level()) {
            Some(Some(Level::Major)) => "breaking",
            Some(Some(Level::Minor)) => "additive",
            Some(_) => "documentation",
            None => "none",
        }
    }

    /// The version of the crate after the bump.
    pub(crate) fn next_version(&self) -> &str {
        let change = self.change.as_ref();
        change.map_or(&self.version, |(_, versions)| &versions.next)
    }

    /// One line: the crate, its new version, the level, and how many changes there are.
    fn title(&self) -> String {
        let Some((diff, _)) = &self.change else {
            return format!("{} {}: no change in meaning", self.crate_name, self.version);
        };
        let level = self.level();
        let count = |level, one: &str, many: &str| match diff.count(level) {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        };
        let counts: Vec<String> = [
            count(Level::Major, "breaking change", "breaking changes"),
            count(Level::Minor, "addition", "additions"),
            count(Level::Patch, "other change", "other changes"),
        ]
        .into_iter()
        .flatten()
        .collect();
        format!(
            "{} {} ({level}): {}",
            self.crate_name,
            self.next_version(),
            counts.join(", ")
        )
    }

    /// What a reviewer has to know beside the changes, a line each.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (file, targets) in &self.removed_actions {
            notes.push(format!(
                "{file}: removed {}",
                counted(targets.len(), "stale action")
            ));
        }
        if self.derived > 0 {
            notes.push(format!(
                "{} derived from the document; write them in openapi/{}/descriptions.overlay.yaml before a release (`cargo xtask coverage {}` lists them)",
                counted(self.derived, "description"),
                self.api,
                self.api
            ));
        }
        if self.warnings > 0 {
            notes.push(format!(
                "{}; `cargo xtask regen {}` lists them",
                counted(self.warnings, "warning"),
                self.api
            ));
        }
        notes
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.title());
        if let Some((diff, versions)) = &self.change {
            text.push_str(&diff.text(versions));
        }
        for note in self.notes() {
            text.push_str(&format!("{note}\n"));
        }
        match self.files.as_slice() {
            [] => text.push_str("no file changed\n"),
            files => {
                text.push_str(&format!("{}:\n", counted(files.len(), "changed file")));
                for file in files {
                    text.push_str(&format!("  {file}\n"));
                }
                text.push_str(&format!("next: review the diff, then cargo test --workspace; the changelog entry is in {}\n", CHANGELOG));
            }
        }
        text
    }

    fn markdown(&self, limit: usize) -> String {
        let mut text = format!("## {}\n\n", self.title());
        if let Some((diff, versions)) = &self.change {
            let command = format!("git diff -- openapi/{}/openapi.yaml", self.api);
            text.push_str(&diff.markdown(versions, &command, limit));
            text.push('\n');
        }
        for note in self.notes() {
            text.push_str(&format!("- {note}\n"));
        }
        if !self.removed_actions.is_empty() {
            let lines: String = self
                .removed_actions
                .iter()
                .flat_map(|(_, targets)| targets)
                .map(|target| format!("- {}\n", code(target)))
                .collect();
            text.push_str(&format!("\n{}", details("Removed overlay actions", &lines)));
        }
        text
    }

    fn json(&self) -> Value {
        let changes = self.change.as_ref();
        let changes = changes.map_or(Value::Null, |(diff, versions)| diff.json(versions));
        let removed: Value = self
            .removed_actions
            .iter()
            .map(|(file, targets)| json!({ "file": file, "targets": targets }))
            .collect();
        json!({
            "api": self.api, "crate": self.crate_name, "version": self.version, "next_version": self.next_version(),
            "title": self.title(), "changes": changes, "derived_descriptions": self.derived,
            "warnings": self.warnings, "removed_actions": removed, "files": self.files,
        })
    }
}

/// The result for each API: what a bump did, or why it failed.
pub(super) type Results = [(String, Result<Summary, Vec<Report>>)];

/// The text of a pull request: the first line is its title, the rest its body.
pub(super) fn pull_request(results: &Results) -> String {
    let done = results
        .iter()
        .filter_map(|(_, result)| result.as_ref().ok());
    let changed: Vec<&Summary> = done.filter(|summary| !summary.files.is_empty()).collect();
    let titles: Vec<String> = changed.iter().map(|summary| summary.title()).collect();
    let mut text = match titles.as_slice() {
        [] => "no document changed\n".to_owned(),
        titles => format!("{}\n", titles.join("; ")),
    };
    let room = LIMIT / results.len().max(1);
    for summary in &changed {
        text.push_str(&format!("\n{}", summary.markdown(room)));
    }
    for (api, result) in results {
        if let Err(reports) = result {
            let failed = fetch_text::failed(api, "not updated", reports, room);
            text.push_str(&format!("\n{failed}"));
        }
    }
    text
}

/// The results for programs.
pub(super) fn json(results: &Results) -> Value {
    results
        .iter()
        .map(|(api, result)| match result {
            Ok(summary) => summary.json(),
            Err(reports) => outcome::failed(api, reports),
        })
        .collect()
}
