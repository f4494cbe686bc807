//! The reports: their contents, and that documents cannot inject formatting.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xtask::commands::cli::ReportFormat;
use xtask::diff::{CompareOptions, Diff, Level, RULES, compare};

use crate::support::{diff, get, operation, response, thing, with};

/// Two versions of a document with changes of every kind.
fn two_versions() -> (Value, Value) {
    let mut old = response(&with(json!({"type": "string", "enum": ["a", "b"]})));
    let mut new = response(&with(json!({"type": "string", "enum": ["b", "c"]})));
    old["components"]["schemas"]["Thing"]["properties"]["createdAt"] = json!({"type": "string"});
    new["components"]["schemas"]["Thing"]["properties"]["created_at"] = json!({"type": "string"});
    let other = |id: &str| operation(json!({"operationId": id, "x-operation-name": id}));
    old["paths"]["/things/whole"] = json!({"get": other("whole")});
    new["paths"]["/things/every"] = json!({"get": other("every")});
    new["paths"]["/things"]["get"]["x-release-lifecycle"] = json!("beta");
    (old, new)
}

fn render(diff: &Diff, format: ReportFormat) -> String {
    diff.render(format, "0.3.1", "cargo xtask diff old.json new.json")
        .expect("a version")
}

#[test]
fn text_lists_breaking_changes_first_and_marks_guesses() {
    let (old, new) = two_versions();
    insta::assert_snapshot!("text", render(&diff(&old, &new), ReportFormat::Text));
}

#[test]
fn markdown_begins_with_the_summary_and_collapses_the_rest() {
    let (old, new) = two_versions();
    insta::assert_snapshot!(
        "markdown",
        render(&diff(&old, &new), ReportFormat::Markdown)
    );
}

#[test]
fn changelog_names_rust_items_under_the_usual_headings() {
    let (old, new) = two_versions();
    insta::assert_snapshot!(diff(&old, &new).changelog(), @r#"
    ### Added

    - `things().every()`: operation added
    - `types::Thing::p`: value added: `"c"`

    ### Changed

    - **breaking:** `types::Thing::created_at`: `.createdAt` is now `.created_at`
    - `things().list()`: release stage changed: `"beta"`

    ### Removed

    - **breaking:** `things().whole()`: operation removed
    - **breaking:** `types::Thing::p`: value removed: `"a"`

    ### Migration

    - `things().whole()` is removed
    "#);
}

#[test]
fn unchanged_document_is_reported_in_every_format() {
    let diff = diff(&get(json!({})), &get(json!({})));
    assert_eq!(render(&diff, ReportFormat::Text), "no facts changed\n");
    assert_eq!(render(&diff, ReportFormat::Markdown), "No facts changed.\n");
    let value: Value = serde_json::from_str(&render(&diff, ReportFormat::Json)).expect("JSON");
    assert_eq!(
        (&value["level"], &value["version"]["next"]),
        (&Value::Null, &json!("0.3.1"))
    );
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../src/diff/diff.schema.json")).expect("JSON")
}

#[test]
fn json_matches_its_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let (old, new) = two_versions();
    for (old, new) in [(&old, &new), (&new, &old), (&old, &old)] {
        let value =
            serde_json::from_str(&render(&diff(old, new), ReportFormat::Json)).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let mut wrong: Value =
        serde_json::from_str(&render(&diff(&old, &new), ReportFormat::Json)).expect("JSON");
    wrong["changes"][0]["rule"] = json!("unheard-of");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn schema_lists_the_rules() {
    let schema = schema();
    let listed = schema["$defs"]["rule"]["enum"].as_array().expect("a list");
    let listed: BTreeSet<&str> = listed.iter().filter_map(Value::as_str).collect();
    assert_eq!(listed, RULES.iter().map(|rule| rule.id).collect());
}

#[test]
fn hostile_names_stay_within_code_spans() {
    let name = "x` | </summary><script>alert(1)</script> @octocat #1\n# Title\u{1b}[31m ``` ";
    let mut old = response(&with(json!({"type": "string"})));
    old["components"]["schemas"]["Thing"]["properties"][name] =
        json!({"type": "string", "enum": [name]});
    old["paths"][format!("/{name}")] = json!({"get": operation(json!({"operationId": "evil"}))});
    let new = response(&thing());
    let report = diff(&old, &new);
    let markdown = render(&report, ReportFormat::Markdown);
    assert!(markdown.contains("octocat"));
    assert!(!render(&report, ReportFormat::Text).contains('\u{1b}'));
    for line in markdown.lines() {
        let bare = without_code(line);
        for bad in ["<script", "@octocat", "</summary><", "#1", "\u{1b}"] {
            assert!(!bare.contains(bad), "{bad} in {line}");
        }
        assert!(!line.starts_with("# Title"), "{line}");
    }
}

/// A line of Markdown without its code spans. By CommonMark, a run of backticks is closed by one of the same length.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        let run = rest[start..].chars().take_while(|c| *c == '`').count();
        let after = &rest[start + run..];
        let mut at = 0;
        let close = loop {
            let Some(next) = after[at..].find('`') else {
                break None;
            };
            let begin = at + next;
            let length = after[begin..].chars().take_while(|c| *c == '`').count();
            if length == run {
                break Some(begin + run);
            }
            at = begin + length;
        };
        match close {
            Some(end) => rest = &after[end..],
            None => {
                out.push_str(&rest[start..start + run]);
                rest = after;
            }
        }
    }
    out + rest
}

#[test]
fn long_markdown_is_truncated_with_a_note() {
    let mut old = response(&thing());
    for number in 0..1500 {
        old["components"]["schemas"]["Thing"]["properties"][format!("field_number_{number}")] =
            json!({"type": "string"});
    }
    let options = CompareOptions {
        include: &[],
        surface: false,
    };
    let diff = compare(&old, &response(&thing()), &options);
    assert_eq!(diff.count(Level::Major), 1500);
    let markdown = render(&diff, ReportFormat::Markdown);
    assert!(markdown.len() < 65_536, "{}", markdown.len());
    let last = markdown.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("Omitted: ") && last.contains("`cargo xtask diff old.json new.json`"),
        "{last}"
    );
    assert!(
        markdown.starts_with("**major**: 1500 breaking"),
        "{markdown}"
    );
}

#[test]
fn next_version_follows_the_level() {
    let major = diff(&response(&with(json!({}))), &response(&thing()));
    let minor = diff(&response(&thing()), &response(&with(json!({}))));
    let patch = diff(
        &get(json!({})),
        &get(json!({"x-release-lifecycle": "beta"})),
    );
    for (diff, current, next) in [
        (&major, "0.3.1", "0.4.0"),
        (&minor, "0.3.1", "0.3.2"),
        (&patch, "0.3.1", "0.3.2"),
        (&major, "2.3.1", "3.0.0"),
        (&minor, "2.3.1", "2.4.0"),
        (&patch, "2.3.1", "2.3.2"),
        (&major, "2.0.0-beta.1", "2.0.0"),
    ] {
        assert_eq!(diff.next_version(current).expect("a version"), next);
    }
    let problem = major.next_version("1.2").expect_err("no version");
    assert_eq!(problem.message, "this is not a valid version");
}
