//! Every pass has a fixture: a document before it, and a snapshot of what it made of it and what it said.

#![forbid(unsafe_code)]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use xtask::{
    lower::{Options, Outcome, PASSES, run},
    problem::Problem,
};

const BEFORE: &str = ".before.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes")
}

/// The names of the fixtures: the name of the pass, and of the case after a dot.
fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the fixtures");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(BEFORE).map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn pass_of(fixture: &str) -> &str {
    fixture.split('.').next().unwrap_or(fixture)
}

/// Runs the one pass of the fixture. A member `x-fixture` holds the options.
fn apply(fixture: &str) -> Outcome {
    let text =
        std::fs::read_to_string(folder().join(format!("{fixture}{BEFORE}"))).expect("a fixture");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    let options = document
        .as_object_mut()
        .and_then(|members| members.remove("x-fixture"))
        .unwrap_or_default();
    let include: Vec<String> = options["include"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|prefix| prefix.as_str().map(str::to_owned))
        .collect();
    let options = Options {
        include: &include,
        strict: options["strict"] == true,
    };
    let index = PASSES
        .iter()
        .position(|pass| pass.name == pass_of(fixture))
        .unwrap_or_else(|| panic!("there is no pass for the fixture {fixture}"));
    run(&PASSES[index..=index], document, &options)
}

fn told(title: &str, problems: &[Problem], out: &mut String) {
    if problems.is_empty() {
        return;
    }
    writeln!(out, "{title}:").expect("a text");
    for problem in problems {
        writeln!(out, "  {}: {}", problem.pointer, problem.message).expect("a text");
        for (name, text) in [
            ("expected", &problem.expected),
            ("found", &problem.found),
            ("help", &problem.help),
        ] {
            if let Some(text) = text {
                writeln!(out, "    {name}: {text}").expect("a text");
            }
        }
    }
}

fn report(outcome: &Outcome) -> String {
    let mut out = String::new();
    if !outcome.changes.is_empty() {
        out.push_str("changes:\n");
        for change in &outcome.changes {
            writeln!(out, "  {}: {}", change.pointer, change.what).expect("a text");
        }
    }
    told("warnings", &outcome.warnings, &mut out);
    told("problems", &outcome.problems, &mut out);
    out.push_str("document:\n");
    out.push_str(&serde_json::to_string_pretty(&outcome.document).expect("JSON"));
    out
}

#[test]
fn document_through_one_pass_comes_out_as_recorded() {
    insta::with_settings!({
        snapshot_path => folder(),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for fixture in fixtures() {
            insta::assert_snapshot!(format!("{fixture}.after"), report(&apply(&fixture)));
        }
    });
}

#[test]
fn pass_without_fixture_is_found() {
    let fixtures = fixtures();
    let covered: BTreeSet<&str> = fixtures.iter().map(|name| pass_of(name)).collect();
    let missing: Vec<&str> = PASSES
        .iter()
        .map(|pass| pass.name)
        .filter(|name| !covered.contains(name))
        .collect();
    assert!(missing.is_empty(), "passes without a fixture: {missing:?}");
}

#[test]
fn fixture_is_changed_or_told_by_its_pass() {
    for fixture in fixtures() {
        let outcome = apply(&fixture);
        assert!(
            !outcome.changes.is_empty() || !outcome.problems.is_empty(),
            "{fixture} shows nothing"
        );
    }
}

#[test]
fn name_of_a_pass_is_used_once_and_says_what_it_answers() {
    let names: BTreeSet<&str> = PASSES.iter().map(|pass| pass.name).collect();
    assert_eq!(names.len(), PASSES.len());
    assert!(PASSES.iter().all(|pass| !pass.answers.is_empty()));
}
