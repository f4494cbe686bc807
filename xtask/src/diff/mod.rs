//! `diff`: compares two documents in facts and in meaning, and determines the next version of the generated crate.
//!
//! First, facts are compared leaf by leaf ([`compare_facts`]). Then both documents are traversed operation by operation
//! ([`compare`]), and every difference in the facts is attributed to a change: by one of the [`RULES`], or by the rule
//! `other-fact`.

mod attribution;
mod bodies;
mod calls;
mod change;
mod changelog;
mod comparison;
mod discriminators;
mod display;
mod document_level;
mod equivalent_keywords;
mod fact_comparison;
mod json_report;
mod markdown_report;
mod objects;
mod operation_parameters;
mod operations;
mod rename;
mod report_entries;
mod rules;
mod schema_constraints;
mod schema_keywords;
mod schema_node;
mod schema_view;
mod schemas;
mod security;
mod side;
mod surface;
mod text_report;
mod traversal;
mod unchanged;
mod variants;

use std::path::Path;

use serde_json::Value;

use crate::commands::cli::{FailOn, ReportFormat};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::selection::{self, Selector};
use crate::spec::canonical;
use crate::spec::document::Document;
pub use calls::ChangedCall;
pub use change::{DocumentChange, Guess, Subject};
pub use comparison::{CompareOptions, Diff, compare, compare_facts};
pub use fact_comparison::Fact;
pub(crate) use report_entries::counted;
pub use rules::{Direction, Level, Levels, RULES, Rule, table};
pub use surface::Surface;

/// The arguments of `diff`.
#[derive(Debug, Clone)]
pub struct DiffOptions<'a> {
    /// The old document.
    pub old: &'a Path,
    /// The new document.
    pub new: &'a Path,
    /// Whether to compare only the facts.
    pub facts: bool,
    /// The operations to compare; empty for all.
    pub include: &'a [Selector],
    /// The version of the crate that was generated from the old document.
    pub version: &'a str,
    /// The format of the changes.
    pub format: ReportFormat,
    /// The changes that make the command fail.
    pub fail_on: Option<FailOn>,
}

/// Compares two files and writes the changes.
pub fn run(options: &DiffOptions<'_>, console: &mut Console<'_>) -> Result<CheckResult, Failure> {
    let old = Document::load(options.old)?;
    let new = Document::load(options.new)?;
    selection::check(options.include, &[&old.value, &new.value])
        .map_err(|problem| Box::new(Report::plain(problem)))?;
    if options.facts {
        let facts = compare_facts(&old.value, &new.value, options.include);
        console.result(&match options.format {
            ReportFormat::Text => text_report::facts(&facts),
            ReportFormat::Markdown => markdown_report::facts(&facts, &command(options)),
            ReportFormat::Json => canonical::json(&json_report::facts(&facts)),
        });
        return Ok(if facts.is_empty() {
            CheckResult::Passed
        } else {
            CheckResult::Failed
        });
    }
    let progress = Progress::start();
    progress.at("comparing the documents and their crates");
    let compared = CompareOptions {
        include: options.include,
        surface: true,
    };
    let diff = compare(&old.value, &new.value, &compared);
    drop(progress);
    let written = diff
        .render(options.format, options.version, &command(options))
        .map_err(|problem| Box::new(Report::plain(problem)))?;
    console.result(&written);
    let found = match options.fail_on {
        None => false,
        Some(FailOn::Breaking) => diff.level() == Some(Level::Major),
        Some(FailOn::Any) => diff.level().is_some(),
    };
    Ok(if found {
        CheckResult::Failed
    } else {
        CheckResult::Passed
    })
}

/// The current and the next version of a crate.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The current version.
    pub current: String,
    /// The next version.
    pub next: String,
}

impl Diff {
    /// Formats the changes as a report, with a proposal for the changelog. `version` is the version of the crate that was generated from the old document;
    /// `command` is the command that shows the complete report if this one is truncated.
    ///
    /// # Errors
    ///
    /// Returns an error if `version` is not a valid version.
    pub fn render(
        &self,
        format: ReportFormat,
        version: &str,
        command: &str,
    ) -> Result<String, Problem> {
        let versions = self.versions(version)?;
        Ok(match format {
            ReportFormat::Text => {
                let entry = self.changelog();
                let entry = match entry.is_empty() {
                    true => entry,
                    false => format!("\nfor CHANGELOG.md, under {}:\n\n{entry}", versions.next),
                };
                self.text(&versions) + &entry
            }
            ReportFormat::Markdown => {
                markdown_report::diff(self, &versions, command, markdown_report::LIMIT, true)
            }
            ReportFormat::Json => canonical::json(&self.json(&versions)),
        })
    }

    /// Returns the current version and the next one, which these changes require.
    ///
    /// # Errors
    ///
    /// Returns an error if `current` is not a valid version.
    pub fn versions(&self, current: &str) -> Result<Versions, Problem> {
        Ok(Versions {
            next: self.next_version(current)?,
            current: current.to_owned(),
        })
    }

    /// Formats the changes for a terminal.
    pub fn text(&self, versions: &Versions) -> String {
        text_report::diff(self, versions)
    }

    /// Formats the changes as Markdown, in about `limit` bytes at most. `command` is the command that shows the complete
    /// report if this one is truncated.
    pub fn markdown(&self, versions: &Versions, command: &str, limit: usize) -> String {
        markdown_report::diff(self, versions, command, limit, false)
    }

    /// Formats the changes as JSON; see `diff.schema.json`.
    pub fn json(&self, versions: &Versions) -> Value {
        json_report::diff(self, versions)
    }

    /// Proposes an entry for the changelog of the crate.
    pub fn changelog(&self) -> String {
        changelog::entry(self)
    }
}

/// The command that shows the complete report, with file names but without folders.
fn command(options: &DiffOptions<'_>) -> String {
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let include: String = options
        .include
        .iter()
        .map(|selector| format!(" --include {}", selection::argument(&selector.to_string())))
        .collect();
    let facts = if options.facts { " --facts" } else { "" };
    format!(
        "cargo xtask diff {} {}{facts}{include}",
        name(options.old),
        name(options.new)
    )
}
