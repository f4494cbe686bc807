//! `normalize`: runs the passes on one document and lists their changes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::cli::OutputFormat;
use crate::console::{CheckResult, Console, Failure};
use crate::files::write_file;
use crate::lower;
use crate::pipeline::{self, Normalized};
use crate::selection::Selector;
use crate::spec::canonical;
use crate::spec::document::Document;

/// The arguments of `normalize`.
#[derive(Debug, Clone)]
pub struct NormalizeOptions<'a> {
    /// The document.
    pub file: &'a Path,
    /// The file for the normalized document, `-` for standard output; not written if `None`.
    pub output: Option<&'a str>,
    /// Overlays to apply to the document first.
    pub overlays: &'a [PathBuf],
    /// The operations to keep; empty for all.
    pub include: &'a [Selector],
    /// Whether unknown keywords are errors instead of warnings.
    pub strict: bool,
    /// The format of the list of changes.
    pub format: OutputFormat,
}

/// Runs the passes, lists their changes, and writes the document if `output` is set.
pub fn run(
    options: &NormalizeOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let mut document = Document::load(options.file)?;
    pipeline::overlay(&mut document.value, options.overlays)?;
    let lowering = lower::Options {
        include: options.include,
        strict: options.strict,
        previous: None,
    };
    let normalized = pipeline::normalize(document.value, &document.source, &lowering)?;
    console.report(&normalized.warnings);
    let listing = match options.format {
        OutputFormat::Text => text(&normalized),
        OutputFormat::Json => canonical::json(&list(&normalized)),
    };
    match options.output {
        // Standard output holds the document, so the list goes to standard error.
        Some("-") => {
            console.note(&listing);
            console.result(&canonical::json(&normalized.document));
        }
        Some(file) => {
            write_file(Path::new(file), &canonical::json(&normalized.document))?;
            console.result(&listing);
        }
        None => console.result(&listing),
    }
    Ok(CheckResult::Passed)
}

fn text(normalized: &Normalized) -> String {
    let mut text = String::new();
    for pass in lower::PASSES {
        let changes: Vec<_> = normalized
            .changes
            .iter()
            .filter(|change| change.pass == pass.name)
            .collect();
        if !changes.is_empty() {
            text.push_str(&format!(
                "{} ({}): {}\n",
                pass.name,
                changes.len(),
                pass.defect
            ));
            for change in changes {
                let pointer = if change.pointer.is_empty() {
                    "/"
                } else {
                    &change.pointer
                };
                text.push_str(&format!("  {pointer}: {}\n", change.what));
            }
        }
    }
    text.push_str(&format!(
        "{} changes by {} passes\n",
        normalized.changes.len(),
        lower::PASSES.len()
    ));
    text
}

fn list(normalized: &Normalized) -> Value {
    let changes: Vec<Value> = normalized
        .changes
        .iter()
        .map(|change| json!({"pass": change.pass, "pointer": change.pointer, "what": change.what}))
        .collect();
    let warnings: Vec<Value> = normalized
        .warnings
        .iter()
        .map(|warning| json!({"pointer": warning.problem().pointer, "message": warning.problem().message}))
        .collect();
    json!({"changes": changes, "warnings": warnings})
}
