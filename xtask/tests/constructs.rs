//! Every construct that a document may have: it goes through, or what is lost of it is told with its place. Each has a
//! fixture of its own, and a snapshot of what was said and of what was made of it.
//!
//! What is generated of them is compiled by `cargo xtask conformance` where it stands in `tests/documents` too.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xtask::diagnostic::Report;
use xtask::emit::Target;
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::document::Document;

/// The passes that have something to do in every document; so has the one that lowers the version.
const OF_EVERY_DOCUMENT: [&str; 2] = ["operation-groups", "retry-safety"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constructs")
}

fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the fixtures");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What comes of a document: what was said, and the types and methods that were made.
fn outcome(name: &str) -> String {
    let path = folder().join(format!("{name}.yaml"));
    let mut out = String::new();
    let document = match Document::read_as(&path, "x.yaml").and_then(Document::checked) {
        Ok(document) => document,
        Err(report) => {
            told("refused", &[*report], &mut out);
            return out;
        }
    };
    let options = Options::default();
    let normalized = match pipeline::normalize(document.value, &document.source, &options) {
        Ok(normalized) => normalized,
        Err(failure) => {
            told("refused", &failure.0, &mut out);
            return out;
        }
    };
    for change in &normalized.changes {
        if change.pointer != "/openapi" && !OF_EVERY_DOCUMENT.contains(&change.pass) {
            let _ = writeln!(out, "changed: {}: {}", change.pointer, change.what);
        }
    }
    told("warned", &normalized.warnings, &mut out);
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
        Err(failure) => told("not generated", &failure.0, &mut out),
    }
    out
}

fn told(how: &str, reports: &[Report], out: &mut String) {
    for report in reports {
        let problem = report.problem();
        let _ = writeln!(out, "{how}: {}: {}", problem.pointer, problem.message);
        let at = [
            ("expected", &problem.expected),
            ("found", &problem.found),
            ("help", &problem.help),
        ];
        for (what, text) in at {
            if let Some(text) = text {
                let _ = writeln!(out, "  {what}: {text}");
            }
        }
    }
}

/// The types with their fields and variants, and the setters and methods of resources with their parameters.
fn public_lines(text: &str) -> String {
    let mut lines = String::new();
    let mut within = false;
    for line in text.lines() {
        let starts = line.starts_with("pub struct") || line.starts_with("pub enum");
        within |= starts;
        let plain = !line.trim_start().starts_with("//") && !line.trim_start().starts_with('#');
        let same = [
            "client: crate::Client,",
            "options: auth0_core::codegen::CallOptions,",
        ];
        if within && plain && !same.iter().any(|same| line.ends_with(same)) {
            let _ = writeln!(lines, "  {line}");
        }
        if line == "}" || line.ends_with(';') && !line.starts_with(' ') {
            within = false;
        }
    }
    lines
}

#[test]
fn document_with_a_construct_comes_out_as_recorded() {
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
