//! `interop`: tests the SDK against oidc-provider, an independent OpenID provider on Node, and `auth0-fleet` against a real
//! Redis or Valkey, or both if both are installed.
//!
//! This command installs the provider and runs the tests, which start the provider and the servers themselves.

use std::fs;
use std::io;
use std::process::{Command, Output};

use crate::console::{CheckResult, Failure};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// The folder of the provider's setup, in which it is also installed.
const FOLDER: &str = "tests/interop";

/// The servers that the fleet tests run with.
const SERVERS: [&str; 2] = ["redis-server", "valkey-server"];

/// The environment variable that selects the server of the fleet tests.
const SERVER_VARIABLE: &str = "AUTH0_TEST_REDIS_SERVER";

/// Runs the tests whose names contain one of `tests`, or all if it is empty. Returns [`CheckResult::Failed`] if a test failed.
pub fn run(workspace: &Workspace, tests: &[String]) -> Result<CheckResult, Failure> {
    let progress = Progress::start();
    progress.at("checking for node, npm, openssl and redis-server");
    check_tools()?;
    let servers = installed_servers()?;
    install_provider(workspace, &progress)?;
    progress.at("building the tests");
    // Built separately, because cargo has one exit status for tests that do not compile and tests that fail.
    output(all_tests(workspace).arg("--no-run"))?;
    drop(progress);
    for (number, server) in servers.iter().enumerate() {
        let mut command = match number {
            0 => all_tests(workspace),
            // The other tests do not use the server.
            _ => fleet_tests(workspace),
        };
        command
            .env(SERVER_VARIABLE, server)
            .args(["--", "--ignored"]);
        let status = command.args(tests).status();
        let status = status.map_err(|error| spawn_failure(&command, &error))?;
        if !status.success() {
            return Ok(CheckResult::Failed);
        }
    }
    Ok(CheckResult::Passed)
}

/// The command that runs both test binaries.
fn all_tests(workspace: &Workspace) -> Command {
    let mut command = fleet_tests(workspace);
    command.args(["--test", "interop"]);
    command
}

/// The command that runs the fleet tests. It builds the whole workspace, because a single package would have other features
/// and compile everything again.
fn fleet_tests(workspace: &Workspace) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--workspace", "--test", "fleet"])
        .current_dir(workspace.path("."));
    command
}

/// The installed servers. It is an error if there are none.
fn installed_servers() -> Result<Vec<&'static str>, Failure> {
    let is_installed = |server: &&str| Command::new(server).arg("--version").output().is_ok();
    let found: Vec<_> = SERVERS.into_iter().filter(is_installed).collect();
    if found.is_empty() {
        let problem = Problem::at("", "no server for the fleet tests is installed")
            .expected(SERVERS.join(" or "))
            .help("install the package of that name (Debian, Ubuntu)");
        return Err(Failure(vec![Report::plain(problem)]));
    }
    Ok(found)
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Checks the required tools before anything is built.
fn check_tools() -> Result<(), Failure> {
    // The provider calls `URL.parse`, which a later release of Node 20 added, so the version alone does not decide.
    let script = "process.version + ' ' + typeof URL.parse";
    let printed = output(Command::new("node").args(["--print", script]))?;
    let printed = String::from_utf8_lossy(&printed.stdout);
    let printed = printed.trim();
    let (version, kind) = printed.split_once(' ').unwrap_or((printed, ""));
    if kind != "function" {
        let problem = Problem::at("", "node is too old for oidc-provider")
            .expected("the latest release of Node 20, or a later version")
            .found(version);
        return Err(Failure(vec![Report::plain(problem)]));
    }
    output(npm().arg("--version"))?;
    output(Command::new("openssl").arg("version"))?;
    Ok(())
}

/// Installs the packages of the lock file, unless it has not changed since the last installation.
fn install_provider(workspace: &Workspace, progress: &Progress) -> Result<(), Failure> {
    let folder = workspace.path(FOLDER);
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|error| {
        let problem = Problem::at("", "the file cannot be read").found(error.to_string());
        Failure(vec![Report::of_file(&lock.display().to_string(), problem)])
    })?;
    // npm removes the folder first, so an incomplete installation does not have this file.
    let installed = folder.join("node_modules").join("installed");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    progress.at("installing oidc-provider");
    output(
        npm()
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&folder),
    )?;
    fs::write(&installed, wanted).map_err(|error| {
        let problem = Problem::at("", "the file cannot be written").found(error.to_string());
        Failure(vec![Report::of_file(
            &installed.display().to_string(),
            problem,
        )])
    })
}

/// Runs a command and returns its output. It is an error if the command fails.
fn output(command: &mut Command) -> Result<Output, Failure> {
    let output = command.output();
    let output = output.map_err(|error| spawn_failure(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let name = command.get_program().to_string_lossy();
    let problem = Problem::at("", format!("{name} failed ({})", output.status))
        .found(String::from_utf8_lossy(&output.stderr).trim());
    Err(Failure(vec![Report::plain(problem)]))
}

fn spawn_failure(command: &Command, error: &io::Error) -> Failure {
    let name = command.get_program().to_string_lossy();
    let problem = Problem::at("", format!("{name} cannot be run"))
        .found(error.to_string())
        .help("install Node 20 or newer, npm, openssl and redis-server");
    Failure(vec![Report::plain(problem)])
}
