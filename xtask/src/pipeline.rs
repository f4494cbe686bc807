//! Normalizes a document and generates its crate. Errors are reported with their location in the document.

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

/// A normalized document, the changes made to it, and warnings.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The document, with its sets sorted.
    pub document: Value,
    /// The changes made by the passes.
    pub changes: Vec<Change>,
    /// What is lost or ambiguous.
    pub warnings: Vec<Report>,
}

/// Applies overlays to a document, in order.
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

/// Runs the passes on a document. Problems are located in `source`, the text that the document was read from.
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

/// Generates the files of a crate. Problems are located in the normalized document, which errors call `name`.
pub fn generate(normalized: &Value, name: &str, target: &Target) -> Result<Files, Failure> {
    guarded(normalized, name, || emit::generate(normalized, target))
}

/// Generates the Rust files of a crate as syntax trees. Problems are located as in [`generate()`].
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
