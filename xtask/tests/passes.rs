//! Each pass has at least one fixture: an input document, and a snapshot of the resulting document with the changes, warnings and problems.

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
    selection::Selector,
};

const BEFORE: &str = ".before.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes")
}

/// The names of the fixtures: the name of the pass, followed by a dot and the name of the case if there are several.
fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the fixtures can be listed");
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

/// Runs the pass of a fixture. The member `x-fixture` of the input holds the options.
fn apply(fixture: &str) -> Outcome {
    let text = std::fs::read_to_string(folder().join(format!("{fixture}{BEFORE}")))
        .expect("the fixture can be read");
    let mut document: Value = serde_json::from_str(&text).expect("valid JSON");
    let options = document
        .as_object_mut()
        .and_then(|members| members.remove("x-fixture"))
        .unwrap_or_default();
    let include = options["include"].as_array().into_iter().flatten();
    let include: Vec<Selector> = include
        .filter_map(Value::as_str)
        .map(|text| text.parse().expect("a selector"))
        .collect();
    let options = Options {
        include: &include,
        strict: options["strict"] == true,
        previous: None,
    };
    let index = PASSES
        .iter()
        .position(|pass| pass.name == pass_of(fixture))
        .unwrap_or_else(|| panic!("no pass belongs to the fixture {fixture}"));
    run(&PASSES[index..=index], document, &options)
}

/// Appends problems under a title.
fn append_problems(title: &str, problems: &[Problem], out: &mut String) {
    if problems.is_empty() {
        return;
    }
    writeln!(out, "{title}:").expect("writing to a string cannot fail");
    for problem in problems {
        writeln!(out, "  {}: {}", problem.pointer, problem.message)
            .expect("writing to a string cannot fail");
        for (name, text) in [
            ("expected", &problem.expected),
            ("found", &problem.found),
            ("help", &problem.help),
        ] {
            if let Some(text) = text {
                writeln!(out, "    {name}: {text}").expect("writing to a string cannot fail");
            }
        }
    }
}

fn report(outcome: &Outcome) -> String {
    let mut out = String::new();
    if !outcome.changes.is_empty() {
        out.push_str("changes:\n");
        for change in &outcome.changes {
            writeln!(out, "  {}: {}", change.pointer, change.what)
                .expect("writing to a string cannot fail");
        }
    }
    append_problems("warnings", &outcome.warnings, &mut out);
    append_problems("problems", &outcome.problems, &mut out);
    out.push_str("document:\n");
    out.push_str(&serde_json::to_string_pretty(&outcome.document).expect("valid JSON"));
    out
}

#[test]
fn output_of_each_pass_matches_its_snapshot() {
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
fn every_pass_has_a_fixture() {
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
fn every_fixture_is_changed_or_rejected_by_its_pass() {
    for fixture in fixtures() {
        let outcome = apply(&fixture);
        assert!(
            !outcome.changes.is_empty() || !outcome.problems.is_empty(),
            "the pass neither changes nor rejects {fixture}"
        );
    }
}

#[test]
fn names_of_passes_are_unique_and_documented() {
    let names: BTreeSet<&str> = PASSES.iter().map(|pass| pass.name).collect();
    assert_eq!(names.len(), PASSES.len());
    assert!(PASSES.iter().all(|pass| !pass.defect.is_empty()));
}
