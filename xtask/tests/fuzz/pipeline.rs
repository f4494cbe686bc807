//! The property that holds for every document: it is generated or rejected with a reason, and nothing panics.

use serde_json::Value;
use xtask::diagnostic::Report;
use xtask::emit::{CoreSource, Target};
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::source::{Format, Source};

/// Normalizes a document and generates its crate. Returns whether it was accepted.
///
/// # Errors
///
/// A description of a bug of `xtask`: a panic, or generated code that is not valid Rust.
pub(crate) fn run(document: Value) -> Result<bool, String> {
    let source = Source {
        name: "mutated".to_owned(),
        text: document.to_string(),
        format: Format::Json,
    };
    let normalized = match pipeline::normalize(document, &source, &Options::default()) {
        Ok(normalized) => normalized.document,
        Err(failure) => return rejected(&failure.0),
    };
    let target = Target {
        crate_name: "mutated".to_owned(),
        version: "0.1.0".to_owned(),
        core: CoreSource::Path("../core".to_owned()),
        api: ApiData::of_document(&normalized),
        command: "cargo xtask emit".to_owned(),
        member: false,
    };
    match pipeline::generate(&normalized, "normalized.json", &target) {
        Ok(files) => Ok(!files.is_empty()),
        Err(failure) => rejected(&failure.0),
    }
}

fn rejected(reports: &[Report]) -> Result<bool, String> {
    for report in reports {
        let problem = report.problem();
        let found = problem.found.as_deref().unwrap_or_default();
        let panicked = problem.message.contains("failed inside a library");
        let is_invalid = problem.message.contains("defect") || problem.message.contains("not Rust");
        if panicked || is_invalid {
            return Err(format!(
                "{}: {} ({found})",
                problem.pointer, problem.message
            ));
        }
    }
    Ok(false)
}
