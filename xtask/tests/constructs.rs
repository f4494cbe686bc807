//! Each construct of OpenAPI and JSON Schema has a fixture, and a snapshot of the messages and of the generated types and methods: the construct
//! is supported, or its loss is reported with its location.
//!
//! `cargo xtask conformance` also compiles the crates of the documents in `tests/documents`.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xtask::diagnostic::Report;
use xtask::emit::Target;
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::document::Document;

/// The passes that change every document.
const PASSES_OF_EVERY_DOCUMENT: [&str; 2] = ["operation-groups", "retry-safety"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constructs")
}

fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the fixtures can be listed");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The messages for a document, and the public items that are generated from it.
fn outcome(name: &str) -> String {
    let path = folder().join(format!("{name}.yaml"));
    let mut out = String::new();
    let document = match Document::read_as(&path, "x.yaml").and_then(Document::checked) {
        Ok(document) => document,
        Err(report) => {
            append_reports("rejected", &[*report], &mut out);
            return out;
        }
    };
    let options = Options::default();
    let normalized = match pipeline::normalize(document.value, &document.source, &options) {
        Ok(normalized) => normalized,
        Err(failure) => {
            append_reports("rejected", &failure.0, &mut out);
            return out;
        }
    };
    for change in &normalized.changes {
        if change.pointer != "/openapi" && !PASSES_OF_EVERY_DOCUMENT.contains(&change.pass) {
            let _ = writeln!(out, "changed: {}: {}", change.pointer, change.what);
        }
    }
    append_reports("warning", &normalized.warnings, &mut out);
    let target = Target {
        crate_name: "construct".to_owned(),
        version: "0.1.0".to_owned(),
        core_path: "../core".to_owned(),
        api: ApiData::of_document(&normalized.document),
        command: "cargo xtask emit".to_owned(),
        member: false,
    };
    match pipeline::generate(&normalized.document, "normalized.json", &target) {
        Ok(files) => {
            for (path, text) in files {
                let lines = public_lines(&text);
                if path.starts_with("src/types/") || path.starts_with("src/resources/") {
                    out.push_str(&lines);
                }
            }
        }
        Err(failure) => append_reports("not generated", &failure.0, &mut out),
    }
    out
}

/// Appends reports, each with a label.
fn append_reports(label: &str, reports: &[Report], out: &mut String) {
    for report in reports {
        let problem = report.problem();
        let _ = writeln!(out, "{label}: {}: {}", problem.pointer, problem.message);
        let details = [
            ("expected", &problem.expected),
            ("found", &problem.found),
            ("help", &problem.help),
        ];
        for (name, text) in details {
            if let Some(text) = text {
                let _ = writeln!(out, "  {name}: {text}");
            }
        }
    }
}

/// The lines of public types, without comments and attributes. Setters and methods are shown by the fields of their call types.
fn public_lines(text: &str) -> String {
    let mut lines = String::new();
    let mut is_within_item = false;
    for line in text.lines() {
        let starts = line.starts_with("pub struct") || line.starts_with("pub enum");
        is_within_item |= starts;
        let is_code = !line.trim_start().starts_with("//") && !line.trim_start().starts_with('#');
        let common_fields = [
            "client: crate::Client,",
            "options: auth0_core::codegen::CallOptions,",
        ];
        if is_within_item && is_code && !common_fields.iter().any(|field| line.ends_with(field)) {
            let _ = writeln!(lines, "  {line}");
        }
        if line == "}" || line.ends_with(';') && !line.starts_with(' ') {
            is_within_item = false;
        }
    }
    lines
}

#[test]
fn output_of_each_construct_matches_its_snapshot() {
    insta::with_settings!({
        snapshot_path => folder(),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for fixture in fixtures() {
            insta::assert_snapshot!(fixture.clone(), outcome(&fixture));
        }
    });
}
