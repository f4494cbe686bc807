//! `release`: checks that the crates can be published, and publishes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::{description_coverage, type_check};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::workspace::{CHANGELOG, Workspace};

/// The owner of a repository URL that nobody has set yet.
const PLACEHOLDER: &str = "//github.com/example/";

/// A crate that is published.
struct Package {
    version: String,
    repository: Option<String>,
}

/// Checks metadata, changelog and descriptions, packages every crate, and builds the packages outside of the repository,
/// doctests included. Without `dry_run`, the crates are then published.
///
/// # Errors
///
/// A command that cannot be run or fails.
pub fn run(
    workspace: &Workspace,
    dry_run: bool,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let progress = Progress::start();
    progress.at("checking metadata, changelog and descriptions");
    let packages = packages(workspace)?;
    let mut problems = incomplete(&packages);
    problems.extend(unrecorded(workspace));
    problems.extend(undescribed(workspace)?);

    progress.at("packaging");
    let root = workspace.path(".");
    cargo(
        workspace,
        &root,
        &["package", "--workspace", "--locked", "--no-verify"],
    )?;
    progress.at("building the packages and their doctests");
    let scratch = unpacked(workspace, &packages)?;
    cargo(
        workspace,
        scratch.path(),
        &["test", "--workspace", "--doc", "--quiet"],
    )?;
    drop(progress);

    for (name, package) in &packages {
        console.result(&format!(
            "{name} {}: packaged, built, doctests passed\n",
            package.version
        ));
    }
    if !problems.is_empty() {
        let reports: Vec<Report> = problems.into_iter().map(Report::plain).collect();
        console.report(&reports);
        return Ok(CheckResult::Failed);
    }
    if dry_run {
        console.note("dry run: nothing was published");
        return Ok(CheckResult::Passed);
    }
    cargo(workspace, &root, &["publish", "--workspace", "--locked"])?;
    console.note("published");
    Ok(CheckResult::Passed)
}

/// The published crates, by name.
fn packages(workspace: &Workspace) -> Result<BTreeMap<String, Package>, Failure> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let metadata = cargo(workspace, &workspace.path("."), &arguments)?;
    let metadata: Value = serde_json::from_slice(&metadata).map_err(|error| {
        plain(
            Problem::at("", "the output of `cargo metadata` cannot be read")
                .found(error.to_string()),
        )
    })?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    Ok(packages
        // An empty list means `publish = false`.
        .filter(|package| {
            package["publish"]
                .as_array()
                .is_none_or(|registries| !registries.is_empty())
        })
        .filter_map(|package| {
            let repository = text(package, "repository");
            let version = text(package, "version")?;
            Some((
                text(package, "name")?,
                Package {
                    version,
                    repository,
                },
            ))
        })
        .collect())
}

/// Crates without the address of the repository.
fn incomplete(packages: &BTreeMap<String, Package>) -> Vec<Problem> {
    let missing = packages.iter().filter(|(_, package)| {
        package
            .repository
            .as_ref()
            .is_none_or(|url| url.contains(PLACEHOLDER))
    });
    let names: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![
        Problem::at("", "the address of the repository is not set")
            .expected(
                "`repository` in `[workspace.package]` of Cargo.toml, inherited by each crate",
            )
            .found(format!("none, or the placeholder, in {}", names.join(", "))),
    ]
}

/// A changelog without entries.
fn unrecorded(workspace: &Workspace) -> Option<Problem> {
    let changelog = fs::read_to_string(workspace.path(CHANGELOG)).unwrap_or_default();
    let latest = changelog.split("\n## ").nth(1).unwrap_or_default();
    let is_recorded = latest.lines().any(|line| line.starts_with("- "));
    (!is_recorded).then(|| {
        Problem::at(
            "",
            format!("the latest section of {CHANGELOG} has no entries"),
        )
        .help("list the changes of this release")
    })
}

/// APIs whose descriptions are not complete.
fn undescribed(workspace: &Workspace) -> Result<Vec<Problem>, Failure> {
    let sources = workspace.sources()?;
    let mut problems = Vec::new();
    for (api, source) in sources.select(&[])? {
        if source.package().is_none() {
            continue;
        }
        let coverage = description_coverage::of(workspace, api, source)?;
        if !coverage.missing.is_empty() {
            problems.push(
                Problem::at(
                    "",
                    format!(
                        "{} descriptions of {api} are derived from the document",
                        coverage.missing.len()
                    ),
                )
                .help(format!("`cargo xtask coverage {api}` lists them")),
            );
        }
    }
    Ok(problems)
}

/// Unpacks the packages into a workspace of their own, in which they depend on each other and not on the repository.
fn unpacked(
    workspace: &Workspace,
    packages: &BTreeMap<String, Package>,
) -> Result<TempDir, Failure> {
    let scratch =
        TempDir::new().map_err(|error| io_failure(Path::new("the temporary folder"), &error))?;
    let mut manifest =
        "[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n\n[patch.crates-io]\n".to_owned();
    for (name, package) in packages {
        let folder = format!("{name}-{}", package.version);
        let archive = type_check::target_folder(workspace).join(format!("package/{folder}.crate"));
        unpack(&archive, scratch.path())?;
        manifest += &format!("{name} = {{ path = \"{folder}\" }}\n");
    }
    write(&scratch.path().join("Cargo.toml"), &manifest)?;
    // The versions of all other packages.
    let lock = workspace.path("Cargo.lock");
    fs::copy(&lock, scratch.path().join("Cargo.lock"))
        .map_err(|error| io_failure(&lock, &error))?;
    Ok(scratch)
}

fn unpack(archive: &Path, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new("tar");
    let output = command
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(folder)
        .output();
    let output = output
        .map_err(|error| plain(Problem::at("", "tar cannot be run").found(error.to_string())))?;
    if output.status.success() {
        return Ok(());
    }
    let problem = Problem::at("", format!("{} cannot be unpacked", archive.display()));
    Err(plain(problem.found(type_check::stderr(&output).trim())))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| io_failure(path, &error))
}

/// Runs cargo in a folder and returns what it prints to standard output. Packages are built in a target folder of their own.
fn cargo(workspace: &Workspace, folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let target = type_check::target_folder(workspace);
    let target = match folder == workspace.path(".") {
        true => target,
        false => target.join("packages"),
    };
    let output = type_check::cargo(folder, &target, arguments, "")?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let found = format!("{printed}{}", type_check::stderr(&output));
    let command = format!("`cargo {}` failed ({})", arguments.join(" "), output.status);
    Err(plain(Problem::at("", command).found(found.trim())))
}

fn io_failure(path: &Path, error: &std::io::Error) -> Failure {
    plain(
        Problem::at("", format!("{} cannot be accessed", path.display())).found(error.to_string()),
    )
}

fn plain(problem: Problem) -> Failure {
    Failure(vec![Report::plain(problem)])
}
