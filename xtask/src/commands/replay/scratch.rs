//! A copy of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::commands::staging;
use crate::commands::type_check;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::workspace::Workspace;

/// What is not copied: build results, the history, and packages of other ecosystems.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// The copy, removed on drop.
pub(super) struct Scratch {
    folder: TempDir,
    workspace: Workspace,
}

impl Scratch {
    pub(super) fn of(original: &Workspace) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| {
            let problem =
                Problem::at("", "no temporary folder can be created").found(error.to_string());
            Box::new(Report::of_file(
                &std::env::temp_dir().display().to_string(),
                problem,
            ))
        })?;
        let from = original.path("");
        copy(&from, folder.path()).map_err(|error| {
            let problem =
                Problem::at("", "the repository cannot be copied").found(error.to_string());
            Box::new(Report::of_file(&from.display().to_string(), problem))
        })?;
        Ok(Self {
            workspace: Workspace::at(Some(folder.path().to_owned())),
            folder,
        })
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The contents of the files that belong to an API.
    pub(super) fn files(&self, api: &str) -> Result<BTreeMap<String, String>, Failure> {
        let mut contents = BTreeMap::new();
        for path in staging::paths(api) {
            for file in staging::files(&self.workspace, &path)? {
                let bytes = staging::read(&self.workspace, &file)?.unwrap_or_default();
                contents.insert(file, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(contents)
    }

    /// Runs the tests of the workspace. Returns the names of the tests that fail, or the error that prevents them from running.
    pub(super) fn failed_tests(&self, original: &Workspace) -> Result<Vec<String>, Failure> {
        let target = type_check::target_folder(original);
        let arguments = ["test", "--workspace", "--no-fail-fast", "--quiet"];
        let output = type_check::cargo(self.folder.path(), &target, &arguments, "")?;
        if output.status.success() {
            return Ok(Vec::new());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut failed: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("---- ")?.split(' ').next())
            .map(str::to_owned)
            .collect();
        if failed.is_empty() {
            let errors = type_check::stderr(&output);
            failed.extend(errors.lines().map(str::to_owned));
        }
        Ok(failed)
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
