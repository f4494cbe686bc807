//! `interop`: the SDK tested against oidc-provider, an OpenID provider that shares no code with it and runs on Node; and
//! what processes share, against a real Redis, and a real Valkey where one is installed.
//!
//! The tests start the provider and the servers themselves. Here the provider is installed, and they are run.

use std::fs;
use std::io;
use std::process::{Command, Output};

use crate::console::{Failure, Verdict};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// Where the provider's set-up is, and where it is installed.
const FOLDER: &str = "tests/interop";

/// Servers that the tests of what processes share run with.
const SERVERS: [&str; 2] = ["redis-server", "valkey-server"];

/// The variable that tells them which.
const SERVER: &str = "AUTH0_TEST_REDIS_SERVER";

/// Runs the tests whose names contain one of `tests`, or all. Found something: one failed.
pub fn run(workspace: &Workspace, tests: &[String]) -> Result<Verdict, Failure> {
    let progress = Progress::start();
    progress.at("looking for node, npm, openssl and redis-server");
    check_tools()?;
    let servers = servers()?;
    install(workspace, &progress)?;
    progress.at("building the tests");
    // A test that does not compile is another matter than one that fails, and cargo has one status for both.
    output(cargo(workspace).arg("--no-run"))?;
    drop(progress);
    for (number, server) in servers.iter().enumerate() {
        let mut command = cargo(workspace);
        if number > 0 {
            // The other tests have nothing to do with it.
            command = fleet(workspace);
        }
        command.env(SERVER, server).args(["--", "--ignored"]);
        let status = command.args(tests).status();
        let status = status.map_err(|error| not_run(&command, &error))?;
        if !status.success() {
            return Ok(Verdict::Found);
        }
    }
    Ok(Verdict::Fine)
}

/// The test binaries, with the features of the whole workspace: a build of its own would compile everything once more.
fn cargo(workspace: &Workspace) -> Command {
    let mut command = fleet(workspace);
    command.args(["--test", "interop"]);
    command
}

/// The test binary of what processes share.
fn fleet(workspace: &Workspace) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--workspace", "--test", "fleet"])
        .current_dir(workspace.path("."));
    command
}

/// The servers that are installed: one at least.
fn servers() -> Result<Vec<&'static str>, Failure> {
    let is_there = |server: &&str| Command::new(server).arg("--version").output().is_ok();
    let found: Vec<_> = SERVERS.into_iter().filter(is_there).collect();
    if found.is_empty() {
        let problem = Problem::at("", "no server for what processes share is installed")
            .expected(SERVERS.join(" or "))
            .help("Debian and Ubuntu have packages of these names");
        return Err(Failure(vec![Report::plain(problem)]));
    }
    Ok(found)
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Says what is missing before anything is built.
fn check_tools() -> Result<(), Failure> {
    // Node 20 got `URL.parse`, which the provider calls, in one of its later versions, so the function is asked for.
    let script = "process.version + ' ' + typeof URL.parse";
    let told = output(Command::new("node").args(["--print", script]))?;
    let told = String::from_utf8_lossy(&told.stdout);
    let (version, kind) = told.trim().split_once(' ').unwrap_or((told.trim(), ""));
    if kind != "function" {
        let problem = Problem::at("", "node is too old for oidc-provider")
            .expected("the last version of Node 20, or a newer one")
            .found(version);
        return Err(Failure(vec![Report::plain(problem)]));
    }
    output(npm().arg("--version"))?;
    output(Command::new("openssl").arg("version"))?;
    Ok(())
}

/// Installs what the lock file names, where that is not what is there.
fn install(workspace: &Workspace, progress: &Progress) -> Result<(), Failure> {
    let folder = workspace.path(FOLDER);
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|error| {
        let problem = Problem::at("", "the file cannot be read").found(error.to_string());
        Failure(vec![Report::of_file(&lock.display().to_string(), problem)])
    })?;
    // npm begins by removing the folder, so an installation that broke off does not have this file.
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

/// Runs a command that has to succeed.
fn output(command: &mut Command) -> Result<Output, Failure> {
    let output = command.output();
    let output = output.map_err(|error| not_run(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let name = command.get_program().to_string_lossy();
    let problem = Problem::at("", format!("{name} failed ({})", output.status))
        .found(String::from_utf8_lossy(&output.stderr).trim());
    Err(Failure(vec![Report::plain(problem)]))
}

fn not_run(command: &Command, error: &io::Error) -> Failure {
    let name = command.get_program().to_string_lossy();
    let problem = Problem::at("", format!("{name} cannot be run"))
        .found(error.to_string())
        .help("the interoperability tests need Node 20 or newer, npm, openssl and redis-server");
    Failure(vec![Report::plain(problem)])
}
