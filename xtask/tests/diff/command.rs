//! End-to-end tests of the `diff` command.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{get, response, thing, with};

/// Runs the command in a folder with the documents; returns its exit status and the output of both streams.
fn run(old: &Value, new: &Value, arguments: &str) -> (i32, String, String) {
    let folder = TempDir::new().expect("a folder");
    for (name, document) in [("old.json", old), ("new.json", new)] {
        fs::write(folder.path().join(name), document.to_string()).expect("written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["diff", "old.json", "new.json"])
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .output()
        .expect("run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().expect("an exit status"),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn removed() -> (Value, Value) {
    (
        response(&with(json!({"type": "string"}))),
        response(&thing()),
    )
}

#[test]
fn status_is_1_for_changes_of_the_given_level_and_2_for_errors() {
    let (old, new) = removed();
    for (old, new, arguments, expected) in [
        (&old, &new, "", 0),
        (&old, &new, "--fail-on breaking", 1),
        (&old, &new, "--fail-on any", 1),
        (&new, &old, "--fail-on breaking", 0),
        (&new, &old, "--fail-on any", 1),
        (&old, &old, "--fail-on any", 0),
        (&old, &new, "--facts", 1),
        (&old, &old, "--facts", 0),
        (&old, &new, "--version 1.2", 2),
        (&old, &new, "--include /nothing", 2),
        (&old, &new, "--facts --fail-on any", 2),
        (&json!({}), &new, "", 2),
    ] {
        let (status, out, err) = run(old, new, arguments);
        assert_eq!(status, expected, "{arguments}\n{out}{err}");
    }
}

#[test]
fn standard_output_contains_only_the_report() {
    let (old, new) = removed();
    let (_, out, err) = run(&old, &new, "--version 1.2.3");
    insta::assert_snapshot!(out, @r"
    major: 1 breaking, 0 additions, 0 other; 1.2.3 -> 2.0.0

    breaking (1)
      schema Thing
        .p: field removed: string (response: GET /things) [property-removed]

    public Rust items: 2 removed, 0 changed, 0 added
      - types::Thing.p: ::std::option::Option<::auth0_core::Open<::std::string::String>>
      - fn types::Thing::p(mut self, impl Into<::auth0_core::Open<::std::string::String>>) -> Self

    for CHANGELOG.md, under 2.0.0:

    ### Removed

    - **breaking:** `types::Thing::p`: field removed: `string`
    ");
    assert_eq!(err, "");
    let (_, out, _) = run(&old, &new, "--format json");
    let value: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value["level"], "major");
}

#[test]
fn facts_are_listed_one_per_line() {
    let (old, new) = removed();
    let (_, out, _) = run(&old, &new, "--facts");
    insta::assert_snapshot!(out, @r#"
    1 difference in the facts
      /components/schemas/Thing/properties/p: - {"type":"string"}
    "#);
    let (_, out, _) = run(&old, &new, "--facts --format json");
    let value: Value = serde_json::from_str(&out).expect("JSON");
    let schema =
        serde_json::from_str(include_str!("../../src/diff/diff.schema.json")).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &value), "{value}");
    let (_, out, _) = run(&old, &new, "--facts --format markdown");
    assert!(out.starts_with("<details>"), "{out}");
}

#[test]
fn only_included_paths_are_compared() {
    let (mut old, new) = removed();
    old["paths"]["/others"] = json!({"get": {"operationId": "a", "responses": {}}});
    old["components"]["schemas"]["Thing"] = thing();
    let (_, out, _) = run(&old, &new, "--include /things");
    assert_eq!(out, "no facts changed\n");
    let (_, out, _) = run(&old, &new, "--include /others");
    assert!(out.starts_with("major: 1 breaking"), "{out}");
}

#[test]
fn document_that_cannot_be_generated_is_compared_only_by_rules() {
    let (old, new) = (
        get(json!({})),
        get(json!({"responses": {"200": {"$ref": "#/components/responses/None"}}})),
    );
    let (status, out, _) = run(&old, &new, "");
    assert_eq!(status, 0, "{out}");
    assert!(
        out.contains("note: the new document cannot be generated"),
        "{out}"
    );
}
