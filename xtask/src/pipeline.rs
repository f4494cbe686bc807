//! From a document to the files of a crate, with every problem shown in the document that it is about.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::console::Failure;
use crate::diagnostic::Report;
use crate::emit::{self, Target};
use crate::files::Files;
use crate::guard::guard;
use crate::lower::{self, Change, Options};
use crate::problem::Problem;
use crate::spec::canonical;
use crate::spec::document::Document;
use crate::spec::overlay::{self, Purpose};
use crate::spec::source::{Format, Source};

/// A normalized document and what was done to it.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The document, with its sets sorted.
    pub document: Value,
    /// What the passes changed.
    pub changes: Vec<Change>,
    /// What is lost or doubtful.
    pub warnings: Vec<Report>,
}

/// Applies overlays to a document, one after the other.
pub fn overlay(document: &mut Value, files: &[PathBuf]) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for file in files {
        let overlay = Document::read(file)?;
        reports.extend(
            overlay::apply(document, &overlay, Purpose::Descriptions)
                .err()
                .into_iter()
                .flatten(),
        );
    }
    if reports.is_empty() {
        Ok(())
    } else {
        Err(Failure(reports))
    }
}

/// Puts a document through the passes. Problems are shown in `source`, the text that it was read from.
pub fn normalize(
    document: Value,
    source: &Source,
    options: &Options<'_>,
) -> Result<Normalized, Failure> {
    let done = guard("the normalizer", || lower::normalize(document, options))
        .map_err(|problem| Failure(vec![Report::new(problem, source)]))?
        .map_err(|problems| Failure(Report::all(problems, source)))?;
    let mut document = done.document;
    canonical::sort_sets(&mut document);
    Ok(Normalized {
        document,
        changes: done.changes,
        warnings: Report::all(done.warnings, source)
            .into_iter()
            .map(Report::as_warning)
            .collect(),
    })
}

/// Generates the files of a crate. Problems are shown in the normalized document, which is called `name`.
pub fn generate(normalized: &Value, name: &str, target: &Target) -> Result<Files, Failure> {
    guarded(normalized, name, || emit::generate(normalized, target))
}

/// The Rust files of a crate as syntax trees. Problems are shown as in [`generate()`].
pub fn syntax(
    normalized: &Value,
    name: &str,
    target: &Target,
) -> Result<BTreeMap<String, syn::File>, Failure> {
    guarded(normalized, name, || emit::syntax(normalized, target))
}

fn guarded<T>(
    normalized: &Value,
    name: &str,
    work: impl FnOnce() -> Result<T, Problem>,
) -> Result<T, Failure> {
    guard("the generator", work)
        .and_then(|done| done)
        .map_err(|problem| {
            let source = Source {
                name: name.to_owned(),
                text: canonical::json(normalized),
                format: Format::Json,
            };
            Failure(vec![Report::new(problem, &source)])
        })
}
