//! Type-checks generated crates with cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::workspace::Workspace;

/// The folder for build results that is shared with the workspace.
pub(super) fn target_folder(workspace: &Workspace) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.path("target"), PathBuf::from)
}

/// Runs cargo in a folder. The dependencies of the workspace are already downloaded; the network is needed only if one is missing.
pub(super) fn cargo(
    folder: &Path,
    target: &Path,
    arguments: &[&str],
    flags: &str,
) -> Result<Output, Box<Report>> {
    let own = std::env::var("RUSTFLAGS").unwrap_or_default();
    let flags = format!("{own} {flags}").trim().to_owned();
    let run = |more: &[&str]| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(arguments)
            .args(more)
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", target);
        if !flags.is_empty() {
            command.env("RUSTFLAGS", &flags);
        }
        command.output().map_err(|error| {
            let problem = Problem::at("", "cargo cannot be run").found(error.to_string());
            Box::new(Report::plain(problem))
        })
    };
    let output = run(&["--offline"])?;
    match !output.status.success() && stderr(&output).contains("--offline") {
        true => run(&[]),
        false => Ok(output),
    }
}

/// What cargo wrote to standard error.
pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Type-checks the crate in a folder with warnings as errors, and returns the errors. All crates share one target folder, so that
/// dependencies are built once.
pub(super) fn errors(workspace: &Workspace, folder: &Path) -> Result<Vec<String>, Box<Report>> {
    let target = target_folder(workspace).join("conformance");
    let arguments = ["check", "--quiet", "--message-format=short"];
    let output = cargo(folder, &target, &arguments, "-Dwarnings")?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let text = stderr(&output);
    let errors: Vec<String> = text
        .lines()
        .filter(|line| line.contains(": error"))
        .map(str::to_owned)
        .collect();
    Ok(match errors.is_empty() {
        true => text.lines().map(str::to_owned).collect(),
        false => errors,
    })
}
