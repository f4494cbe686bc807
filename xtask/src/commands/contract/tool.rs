//! Installs, configures and runs schemathesis.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::FOLDER;
use super::documents::Contract;
use super::setup::ContractSetup;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// The file name of the document in the temporary folder.
const DOCUMENT: &str = "document.json";

/// The file name of the machine-readable report of schemathesis.
const REPORT: &str = "report.json";

/// The path of schemathesis in its own virtual environment.
pub(super) struct Tool(PathBuf);

/// The results of schemathesis.
pub(super) struct Findings {
    /// Whether every check passed.
    pub(super) passed: bool,
    /// The number of generated requests.
    pub(super) cases: u64,
    /// The number of operations without a test.
    pub(super) untested: u64,
    /// Everything that it printed.
    pub(super) output: String,
}

impl Tool {
    /// Returns the version in `requirements.txt`. Installs it under `target` if necessary, which needs python3 and access
    /// to the package index.
    pub(super) fn get(workspace: &Workspace, progress: &Progress) -> Result<Self, Failure> {
        let wanted = workspace.path(FOLDER).join("requirements.txt");
        let version = fs::read_to_string(&wanted).map_err(|error| {
            let problem = Problem::at("", "the version of schemathesis cannot be read")
                .found(error.to_string());
            Failure(vec![Report::of_file(
                &wanted.display().to_string(),
                problem,
            )])
        })?;
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace.path("target"), PathBuf::from);
        let home = target
            .join("contract")
            .join(version.trim().replace("==", "-"));
        let bin = home.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let tool = bin.join("schemathesis");
        // Written last: an interrupted installation has the program, but not this file.
        let installed = home.join("installed");
        if !installed.exists() {
            progress.at(&format!("installing {}", version.trim()));
            let python = if cfg!(windows) { "python" } else { "python3" };
            output(
                Command::new(python)
                    .args(["-m", "venv", "--clear"])
                    .arg(&home),
            )?;
            output(
                Command::new(bin.join("python"))
                    .args([
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                        "-r",
                    ])
                    .arg(&wanted),
            )?;
            write(&installed, version.trim())?;
        }
        Ok(Self(tool))
    }

    /// Writes document, settings and dictionaries to the temporary folder.
    pub(super) fn prepare(
        &self,
        workspace: &Workspace,
        contract: &Contract,
        scratch: &Path,
        setup: &ContractSetup,
    ) -> Result<(), Failure> {
        let read = |name: &str| {
            let path = workspace.path(FOLDER).join(name);
            fs::read_to_string(&path).map_err(|error| {
                let problem =
                    Problem::at("", "the settings cannot be read").found(error.to_string());
                Failure(vec![Report::of_file(&path.display().to_string(), problem)])
            })
        };
        let mut settings = read("schemathesis.toml")?;
        settings.push_str(&read(&format!("{}.toml", contract.api))?);
        if contract.is_published {
            settings.push_str(&read(&format!("{}.published.toml", contract.api))?);
        }
        write(&scratch.join("schemathesis.toml"), &settings)?;
        write(&scratch.join(DOCUMENT), &contract.text)?;
        for (name, values) in &setup.dictionaries {
            // The dictionary format of fuzzers: one quoted value per line.
            let lines = values.iter().map(|value| format!("{value:?}\n"));
            write(
                &scratch.join(format!("{name}.dict")),
                &lines.collect::<String>(),
            )?;
        }
        Ok(())
    }

    /// Tests the server of the setup.
    pub(super) fn run(&self, scratch: &Path, setup: &ContractSetup) -> Result<Findings, Failure> {
        let output = Command::new(&self.0)
            .args([
                "--no-color",
                "run",
                DOCUMENT,
                "--url",
                &setup.url,
                "--seed",
                "1",
            ])
            .args(["--report", "json", "--report-json-path", REPORT])
            .current_dir(scratch)
            .envs(&setup.tokens)
            // The sandbox listens on this machine only.
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .map_err(|error| not_run("schemathesis", &error))?;
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let report: Option<Value> = fs::read(scratch.join(REPORT))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(report) = report.filter(|report| report["complete"] == true) else {
            return Err(failed("schemathesis did not finish", &printed));
        };
        let count = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        Ok(Findings {
            passed: output.status.success(),
            cases: count("/test_cases/generated"),
            untested: count("/operations/total").saturating_sub(count("/operations/tested")),
            output: printed,
        })
    }
}

/// Runs a command. It is an error if the command fails.
fn output(command: &mut Command) -> Result<Output, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| not_run(&name, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(failed(
        &format!("{name} failed ({})", output.status),
        &printed,
    ))
}

fn not_run(name: &str, error: &std::io::Error) -> Failure {
    let problem = Problem::at("", format!("{name} cannot be run"))
        .found(error.to_string())
        .help("the contract test needs python3 with its venv module");
    Failure(vec![Report::plain(problem)])
}

fn failed(message: &str, output: &str) -> Failure {
    let problem = Problem::at("", message).found(output.trim().to_owned());
    Failure(vec![Report::plain(problem)])
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        let problem = Problem::at("", "the file cannot be written").found(error.to_string());
        Failure(vec![Report::of_file(&path.display().to_string(), problem)])
    })
}
