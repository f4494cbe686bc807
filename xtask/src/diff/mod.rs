//! `diff`: what changed between two documents, in facts and in meaning, and what that asks of the version of the
//! generated crate.
//!
//! Facts are compared first, leaf by leaf ([`compare_facts`]). Then both documents are walked operation by operation
//! ([`compare`]), and every difference of facts ends up in a change: by a rule of [`RULES`], or as one that no rule knows.

mod attribution;
mod bodies;
mod change;
mod changelog;
mod comparison;
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
mod untouched;
mod variants;

use std::path::Path;

use serde_json::Value;

use crate::commands::cli::{FailOn, ReportFormat};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::spec::canonical;
use crate::spec::document::Document;
pub use change::{DocumentChange, Guess, Subject};
pub use comparison::{CompareOptions, Diff, compare, compare_facts};
pub use fact_comparison::Fact;
pub use rules::{Direction, Level, Levels, RULES, Rule, table};
pub use surface::Surface;

/// What the command is asked for.
#[derive(Debug, Clone)]
pub struct DiffOptions<'a> {
    /// The old document.
    pub old: &'a Path,
    /// The new document.
    pub new: &'a Path,
    /// Compare facts alone.
    pub facts: bool,
    /// The beginnings of the paths to compare; all where there is none.
    pub include: &'a [String],
    /// The version of the crate that was made of the old document.
    pub version: &'a str,
    /// How the changes are written.
    pub format: ReportFormat,
    /// What counts as a failure.
    pub fail_on: Option<FailOn>,
}

/// Compares two files and writes what changed.
pub fn run(options: &DiffOptions<'_>, console: &mut Console<'_>) -> Result<CheckResult, Failure> {
    let old = Document::load(options.old)?;
    let new = Document::load(options.new)?;
    check_include(&old.value, &new.value, options.include)
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

/// Two versions of a crate.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The one that it has.
    pub current: String,
    /// The one that follows.
    pub next: String,
}

impl Diff {
    /// The changes as a report. `version` is the version of the crate that was made of the old document, `command` the
    /// command that gives the whole report where this one has to be cut.
    ///
    /// # Errors
    ///
    /// A version that is none.
    pub fn render(
        &self,
        format: ReportFormat,
        version: &str,
        command: &str,
    ) -> Result<String, Problem> {
        let versions = self.versions(version)?;
        Ok(match format {
            ReportFormat::Text => self.text(&versions),
            ReportFormat::Markdown => self.markdown(&versions, command, markdown_report::LIMIT),
            ReportFormat::Json => canonical::json(&self.json(&versions)),
        })
    }

    /// The version of the crate that was made of the old document, and the one that these changes ask for.
    ///
    /// # Errors
    ///
    /// A version that is none.
    pub fn versions(&self, current: &str) -> Result<Versions, Problem> {
        Ok(Versions {
            next: self.next_version(current)?,
            current: current.to_owned(),
        })
    }

    /// The changes for people at a terminal.
    pub fn text(&self, versions: &Versions) -> String {
        text_report::diff(self, versions)
    }

    /// The changes as Markdown, in at most about `limit` bytes. `command` gives the whole where it has to be cut.
    pub fn markdown(&self, versions: &Versions, command: &str, limit: usize) -> String {
        markdown_report::diff(self, versions, command, limit)
    }

    /// The changes as the JSON that `diff.schema.json` describes.
    pub fn json(&self, versions: &Versions) -> Value {
        json_report::diff(self, versions)
    }

    /// The entry that the changelog of the crate could have for these changes.
    pub fn changelog(&self) -> String {
        changelog::entry(self)
    }
}

/// The command that shows everything: with the names of the files, whatever folders they are in.
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
        .map(|prefix| format!(" --include {prefix}"))
        .collect();
    let facts = if options.facts { " --facts" } else { "" };
    format!(
        "cargo xtask diff {} {}{facts}{include}",
        name(options.old),
        name(options.new)
    )
}

/// A prefix that neither document has is a mistake.
fn check_include(old: &Value, new: &Value, include: &[String]) -> Result<(), Problem> {
    for prefix in include {
        let known = [old, new].into_iter().any(|document| {
            let paths = document["paths"].as_object().into_iter().flatten();
            paths
                .map(|(path, _)| path)
                .any(|path| crate::lower::is_under(path, prefix))
        });
        if !known {
            return Err(Problem::at(
                "",
                "no path of either document starts with what was asked for",
            )
            .expected(format!("a path under {prefix}"))
            .help("give the prefix as the paths of the documents are written"));
        }
    }
    Ok(())
}
