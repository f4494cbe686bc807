//! Each construct of OpenAPI and JSON Schema has a fixture, and a snapshot of the messages and of the generated types and methods: the construct
//! is supported, or a warning names its location and what it costs.
//!
//! `cargo xtask conformance` also compiles the crates of the documents in `tests/documents`.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::diagnostic::Report;
use xtask::emit::{self, CoreSource, Target};
use xtask::lower::Options;
use xtask::recovery;
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
    let document = match Document::load_as(&path, "x.yaml") {
        Ok(document) => document,
        Err(report) => {
            append_reports("rejected", &[*report], &mut out);
            return out;
        }
    };
    append_reports("unread", &document.unread, &mut out);
    let generate = |normalized: &Value| {
        let target = Target {
            crate_name: "construct".to_owned(),
            version: "0.1.0".to_owned(),
            core: CoreSource::Path("../core".to_owned()),
            api: ApiData::of_document(normalized),
            command: "cargo xtask emit".to_owned(),
            member: false,
        };
        emit::generate(normalized, &target)
    };
    let options = Options::default();
    let done = match recovery::generate(document.value, &document.source, &options, generate) {
        Ok(done) => done,
        Err(failure) => {
            append_reports("rejected", &failure.0, &mut out);
            return out;
        }
    };
    for change in &done.normalized.changes {
        if change.pointer != "/openapi" && !PASSES_OF_EVERY_DOCUMENT.contains(&change.pass) {
            let _ = writeln!(out, "changed: {}: {}", change.pointer, change.what);
        }
    }
    append_reports("warning", &done.warnings, &mut out);
    if done.omitted + done.loosened > 0 {
        out.push_str(&done.summary());
    }
    for (path, text) in done.output {
        let lines = public_lines(&text);
        if path.starts_with("src/types/") || path.starts_with("src/resources/") {
            out.push_str(&lines);
        }
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
