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
    let done =
        lowered(document, options).map_err(|problems| Failure(Report::all(problems, source)))?;
    Ok(Normalized {
        document: done.document,
        changes: done.changes,
        warnings: warnings(done.warnings, source),
    })
}

/// Runs the passes on a document and sorts its sets. A panic is a problem without a location.
pub(crate) fn lowered(
    document: Value,
    options: &Options<'_>,
) -> Result<lower::Normalized, Vec<Problem>> {
    let mut done = guard("the normalizer", || lower::normalize(document, options))
        .map_err(|problem| vec![problem])??;
    canonical::sort_sets(&mut done.document);
    Ok(done)
}

/// Locates warnings in the text of a document.
pub(crate) fn warnings(problems: Vec<Problem>, source: &Source) -> Vec<Report> {
    Report::all(problems, source)
        .into_iter()
        .map(Report::as_warning)
        .collect()
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
    work: impl FnOnce() -> Result<T, Vec<Problem>>,
) -> Result<T, Failure> {
    guard("the generator", work)
        .map_err(Vec::from)
        .and_then(|done| done)
        .map_err(|problems| {
            let source = Source {
                name: name.to_owned(),
                text: canonical::json(normalized),
                format: Format::Json,
            };
            Failure(Report::all(problems, &source))
        })
}
