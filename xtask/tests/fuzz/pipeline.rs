//! What must hold for any document: it becomes a crate or is refused with a reason, and nothing of ours panics.

use serde_json::Value;
use xtask::diagnostic::Report;
use xtask::emit::Target;
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::source::{Format, Source};

/// Normalizes and generates.
///
/// # Errors
///
/// What is a defect of ours: a panic that came out of `xtask`, or code that is no Rust.
pub(crate) fn run(document: Value) -> Result<bool, String> {
    let source = Source {
        name: "mutated".to_owned(),
        text: document.to_string(),
        format: Format::Json,
    };
    let normalized = match pipeline::normalize(document, &source, &Options::default()) {
        Ok(normalized) => normalized.document,
        Err(failure) => return refused(&failure.0),
    };
    let target = Target {
        crate_name: "mutated".to_owned(),
        version: "0.1.0".to_owned(),
        core_path: "../core".to_owned(),
        api: ApiData::of_document(&normalized),
        command: "cargo xtask emit".to_owned(),
        member: false,
    };
    match pipeline::generate(&normalized, "normalized.json", &target) {
        Ok(files) => Ok(!files.is_empty()),
        Err(failure) => refused(&failure.0),
    }
}

fn refused(reports: &[Report]) -> Result<bool, String> {
    for report in reports {
        let problem = report.problem();
        let found = problem.found.as_deref().unwrap_or_default();
        let panicked = problem.message.contains("failed inside a library");
        let nonsense = problem.message.contains("defect") || problem.message.contains("not Rust");
        if panicked || nonsense {
            return Err(format!(
                "{}: {} ({found})",
                problem.pointer, problem.message
            ));
        }
    }
    Ok(false)
}
