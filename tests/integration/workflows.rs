//! What the workflows may do, and what they run.

use std::fs;

use serde_json::{Value, json};
use xtask::document::Document;

use crate::repository::repository;

/// The workflows by the names of their files: as text and as what they say.
fn workflows() -> Vec<(String, String, Value)> {
    let folder = repository().join(".github/workflows");
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, text, Document::read(&path).unwrap().value)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        found
            .iter()
            .map(|found| found.0.as_str())
            .collect::<Vec<_>>(),
        ["checks.yml", "dependencies.yml", "fetch.yml"]
    );
    found
}

fn steps(workflow: &Value) -> Vec<&Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_array().unwrap())
        .collect()
}

#[test]
fn actions_are_pinned_to_a_commit_with_their_version_beside_it() {
    for (name, text, _) in workflows() {
        let uses = text.lines().filter_map(|line| line.split_once("uses: "));
        let mut any = false;
        for (_, action) in uses {
            any = true;
            let (action, version) = action
                .split_once(" # v")
                .unwrap_or_else(|| panic!("{name}: {action} has no version beside it"));
            let (_, commit) = action.split_once('@').unwrap();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_commit, "{name}: {action}");
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{name}: {version}"
            );
        }
        assert!(any, "{name} uses no action");
    }
}

#[test]
fn only_the_job_that_proposes_changes_may_write() {
    for (name, text, workflow) in workflows() {
        assert_eq!(
            workflow["permissions"],
            json!({"contents": "read"}),
            "{name}"
        );
        assert!(!text.contains("pull_request_target"), "{name}");
        for (job, content) in workflow["jobs"].as_object().unwrap() {
            let expected = if (name.as_str(), job.as_str()) == ("fetch.yml", "fetch") {
                json!({"contents": "write", "pull-requests": "write"})
            } else {
                Value::Null
            };
            assert_eq!(content["permissions"], expected, "{name}: {job}");
            assert!(content["timeout-minutes"].is_u64(), "{name}: {job}");
        }
    }
}

#[test]
fn no_script_is_put_together_from_expressions() {
    for (name, _, workflow) in workflows() {
        for step in steps(&workflow) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

#[test]
fn pull_requests_run_what_everybody_runs() {
    let (_, _, checks) = workflows().swap_remove(0);
    assert!(
        checks["on"]
            .as_object()
            .unwrap()
            .contains_key("pull_request")
    );
    let runs: Vec<_> = steps(&checks)
        .iter()
        .filter_map(|step| step["run"].as_str())
        .collect();
    assert!(runs.contains(&".ci/run"), "{runs:?}");
}
