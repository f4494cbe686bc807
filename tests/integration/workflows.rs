//! Permissions and commands of the GitHub workflows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use xtask::spec::document::Document;

use crate::repository::repository;

/// The workflows by file name: as text and parsed.
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
fn only_the_proposing_job_has_write_permission() {
    for (name, text, workflow) in workflows() {
        assert_eq!(
            workflow["permissions"],
            json!({"contents": "read"}),
            "{name}"
        );
        assert!(!text.contains("pull_request_target"), "{name}");
        for (job, content) in workflow["jobs"].as_object().unwrap() {
            let expected = if (name.as_str(), job.as_str()) == ("fetch.yml", "propose") {
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
fn scripts_contain_no_expressions() {
    for (name, _, workflow) in workflows() {
        for step in steps(&workflow) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

#[test]
fn pull_requests_run_the_local_checks() {
    let (_, _, constraints) = workflows().swap_remove(0);
    assert!(
        constraints["on"]
            .as_object()
            .unwrap()
            .contains_key("pull_request")
    );
    let runs: Vec<_> = steps(&constraints)
        .iter()
        .filter_map(|step| step["run"].as_str())
        .collect();
    assert!(runs.contains(&".ci/run"), "{runs:?}");
}

#[test]
fn checkouts_do_not_persist_the_token() {
    for (name, _, workflow) in workflows() {
        for step in steps(&workflow) {
            let action = step["uses"].as_str().unwrap_or_default();
            if action.starts_with("actions/checkout@") {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}");
            }
        }
    }
}

#[test]
fn job_with_write_permission_builds_nothing() {
    let (_, _, fetch) = workflows().swap_remove(2);
    let steps = fetch["jobs"]["propose"]["steps"].as_array().unwrap();
    for step in steps {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(
            !script.contains("cargo") && !script.contains("rustup"),
            "{script}"
        );
    }
}

/// A copy of a small repository with a remote, and a `gh` that keeps pull requests in a file.
struct TestRepository {
    folder: tempfile::TempDir,
    clones: u32,
}

impl TestRepository {
    fn new() -> Self {
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
            clones: 0,
        };
        fs::create_dir_all(stage.path("bin")).unwrap();
        let gh = stage.path("bin/gh");
        let text = r#"#!/bin/bash
set -e
echo "$*" >> "$STAGE/calls"
case "$1 $2" in
  "auth setup-git") ;;
  "pr list") test ! -e "$STAGE/no-list"; cat "$STAGE/proposals" 2>/dev/null | wc -l | tr -d ' ' ;;
  "pr create") test ! -e "$STAGE/no-create"; echo "$4" >> "$STAGE/proposals" ;;
  *) exit 9 ;;
esac
"#;
        fs::write(&gh, text).unwrap();
        stage.run_successfully(
            "chmod +x bin/gh && git init --quiet --bare origin",
            Path::new(""),
        );
        stage.run_successfully(
            "git clone --quiet origin first 2>/dev/null && cd first && mkdir -p openapi/teams .github && \
             echo old > openapi/teams/openapi.yaml && echo old > openapi/sources.toml && echo old > .github/x && \
             git add . && git commit --quiet --message first && git push --quiet origin HEAD",
            Path::new(""),
        );
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, script: &str, folder: &Path) -> Output {
        let path = std::env::var("PATH").unwrap();
        Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(self.folder.path().join(folder))
            .env("STAGE", self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "test")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "test@acme.test")))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_OUTPUT", self.path("output"))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn run_successfully(&self, script: &str, folder: &Path) -> String {
        let output = self.run(script, folder);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn clone(&mut self) -> PathBuf {
        self.clones += 1;
        let name = format!("clone-{}", self.clones);
        self.run_successfully(&format!("git clone --quiet origin {name}"), Path::new(""));
        name.into()
    }

    /// Runs the two jobs after `change` was made to the files.
    fn run_jobs(&mut self, change: &str) -> Output {
        let (_, _, fetch) = workflows().swap_remove(2);
        let script = |name: &str| {
            let steps = steps(&fetch);
            let step = steps.iter().find(|step| step["name"] == name).unwrap();
            step["run"].as_str().unwrap().to_owned()
        };
        let _ = fs::remove_dir_all(self.path("temp"));
        let _ = fs::remove_file(self.path("output"));
        fs::create_dir_all(self.path("temp/proposal")).unwrap();
        let first = self.clone();
        self.run_successfully(change, &first);
        self.run_successfully(&script("Keep what changed"), &first);
        let output = fs::read_to_string(self.path("output")).unwrap_or_default();
        assert_eq!(output.trim(), "changed=true");
        // The files that the artifact carries from the first job to the second.
        let patch = self.path("temp/update.patch");
        fs::rename(patch, self.path("temp/proposal/update.patch")).unwrap();
        fs::write(
            self.path("temp/proposal/report.md"),
            "a title\n\na report\n",
        )
        .unwrap();
        let second = self.clone();
        self.run(&script("Propose what changed"), &second)
    }

    fn proposals(&self) -> usize {
        let text = fs::read_to_string(self.path("proposals")).unwrap_or_default();
        text.lines().count()
    }

    fn branches(&self) -> usize {
        let all = self.run_successfully(
            "git ls-remote --heads origin 'published-documents-*'",
            Path::new(""),
        );
        all.lines().count()
    }
}

const CHANGE: &str = "echo new > openapi/teams/openapi.yaml; echo new > openapi/sources.toml";

#[test]
fn pull_request_cannot_be_opened_then_only_the_next_run_opens_it() {
    let mut stage = TestRepository::new();
    for failure in ["no-create", "no-list"] {
        fs::write(stage.path(failure), "").unwrap();
        assert!(!stage.run_jobs(CHANGE).status.success(), "{failure}");
        fs::remove_file(stage.path(failure)).unwrap();
        assert_eq!((stage.branches(), stage.proposals()), (1, 0), "{failure}");
    }
    let opened = stage.run_jobs(CHANGE);
    assert!(opened.status.success(), "{opened:?}");
    assert_eq!((stage.branches(), stage.proposals()), (1, 1));
    for _ in 0..2 {
        let again = stage.run_jobs(CHANGE);
        assert!(again.status.success(), "{again:?}");
        assert!(String::from_utf8_lossy(&again.stdout).contains("proposed already"));
    }
    assert_eq!((stage.branches(), stage.proposals()), (1, 1));
    let calls = fs::read_to_string(stage.path("calls")).unwrap();
    let queries = calls.lines().filter(|call| call.starts_with("pr list"));
    assert!(
        queries.clone().all(|call| call.contains("--state all")),
        "{calls}"
    );
}

#[test]
fn remote_is_unreachable_then_the_job_fails_and_proposes_nothing() {
    let mut stage = TestRepository::new();
    stage.run_jobs(CHANGE);
    fs::remove_file(stage.path("calls")).unwrap();
    // The remote fails between the checkout and the query for its branches.
    let gone = "if [ \"$1\" = auth ]; then rm -rf \"$STAGE/origin\"; fi\n";
    let gh = fs::read_to_string(stage.path("bin/gh")).unwrap();
    fs::write(
        stage.path("bin/gh"),
        gh.replacen("set -e\n", &format!("set -e\n{gone}"), 1),
    )
    .unwrap();
    assert!(!stage.run_jobs(CHANGE).status.success());
    let calls = fs::read_to_string(stage.path("calls")).unwrap();
    assert_eq!(calls.trim(), "auth setup-git");
}

#[test]
fn other_files_are_changed_too_then_only_files_of_bump_are_proposed() {
    let mut stage = TestRepository::new();
    let output = stage.run_jobs(&format!(
        "{CHANGE}; echo evil > .github/x; echo evil > other; mkdir -p generated/teams/src; \
         echo new > generated/teams/src/lib.rs; echo new > CHANGELOG.md"
    ));
    assert!(output.status.success(), "{output:?}");
    let changed = stage.run_successfully(
        "git diff --name-only $(git rev-parse HEAD) $(git for-each-ref --format='%(objectname)' 'refs/heads/published-*')",
        Path::new("origin"),
    );
    let changed: Vec<_> = changed.lines().collect();
    assert_eq!(
        changed,
        [
            "CHANGELOG.md",
            "generated/teams/src/lib.rs",
            "openapi/sources.toml",
            "openapi/teams/openapi.yaml"
        ]
    );
}
