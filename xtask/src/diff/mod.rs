//! `diff`: what changed between two documents, in facts and in meaning, and what that asks of the version of the
//! generated crate.
//!
//! Facts are compared first, leaf by leaf ([`compare_facts`]). Then both documents are walked operation by operation
//! ([`compare`]), and every difference of facts ends up in a change: by a rule of [`RULES`], or as one that no rule knows.

mod bodies;
mod bounds;
mod change;
mod changelog;
mod comparison;
mod document;
mod facts;
mod forms;
mod json;
mod keywords;
mod leftover;
mod markdown;
mod node;
mod objects;
mod operations;
mod parameters;
mod rename;
mod report;
mod rules;
mod schemas;
mod security;
mod show;
mod side;
mod surface;
mod text;
mod untouched;
mod variants;
mod view;
mod walk;

use std::path::Path;

use serde_json::Value;

use crate::commands::cli::{FailOn, ReportFormat};
use crate::console::{Console, Failure, Verdict};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::spec::canonical;
use crate::spec::document::Document;
pub use change::{Change, Guess, Subject};
pub use comparison::{Diff, Options, compare, compare_facts};
pub use facts::Fact;
pub use rules::{Direction, Level, Levels, RULES, Rule, table};
pub use surface::Surface;

/// What the command is asked for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
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
pub fn run(request: &Request<'_>, console: &mut Console<'_>) -> Result<Verdict, Failure> {
    let old = Document::load(request.old)?;
    let new = Document::load(request.new)?;
    check_include(&old.value, &new.value, request.include)
        .map_err(|problem| Box::new(Report::plain(problem)))?;
    if request.facts {
        let facts = compare_facts(&old.value, &new.value, request.include);
        console.result(&match request.format {
            ReportFormat::Text => text::facts(&facts),
            ReportFormat::Markdown => markdown::facts(&facts, &command(request)),
            ReportFormat::Json => canonical::json(&json::facts(&facts)),
        });
        return Ok(if facts.is_empty() {
            Verdict::Fine
        } else {
            Verdict::Found
        });
    }
    let progress = Progress::start();
    progress.at("comparing the documents and their crates");
    let options = Options {
        include: request.include,
        surface: true,
    };
    let diff = compare(&old.value, &new.value, &options);
    drop(progress);
    let written = diff
        .render(request.format, request.version, &command(request))
        .map_err(|problem| Box::new(Report::plain(problem)))?;
    console.result(&written);
    let found = match request.fail_on {
        None => false,
        Some(FailOn::Breaking) => diff.level() == Some(Level::Major),
        Some(FailOn::Any) => diff.level().is_some(),
    };
    Ok(if found { Verdict::Found } else { Verdict::Fine })
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
            ReportFormat::Markdown => self.markdown(&versions, command, markdown::LIMIT),
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
        text::diff(self, versions)
    }

    /// The changes as Markdown, in at most about `limit` bytes. `command` gives the whole where it has to be cut.
    pub fn markdown(&self, versions: &Versions, command: &str, limit: usize) -> String {
        markdown::diff(self, versions, command, limit)
    }

    /// The changes as the JSON that `diff.schema.json` describes.
    pub fn json(&self, versions: &Versions) -> Value {
        json::diff(self, versions)
    }

    /// The entry that the changelog of the crate could have for these changes.
    pub fn changelog(&self) -> String {
        changelog::entry(self)
    }
}

/// The command that shows everything: with the names of the files, whatever folders they are in.
fn command(request: &Request<'_>) -> String {
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let include: String = request
        .include
        .iter()
        .map(|prefix| format!(" --include {prefix}"))
        .collect();
    let facts = if request.facts { " --facts" } else { "" };
    format!(
        "cargo xtask diff {} {}{facts}{include}",
        name(request.old),
        name(request.new)
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
