//! Checks whether a program can call the Teams API: settings, token, scopes, and one read-only call per resource. For
//! each failure it prints what to do.
//!
//! ```text
//! cargo run --example doctor            # against a local sandbox, without an account
//! cargo run --example doctor -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints one line per check, or JSON with `--format json`. Exit status: 0 all checks passed, 1 a check failed, 2
//! invalid arguments or environment variables.

use std::process::ExitCode;

use auth0_sandbox::Sandbox;
use auth0_teams::operations;
use clap::{Parser, ValueEnum};

use support::teams::TeamSettings;
use support::{Failure, teams};

mod advice;
mod checks;
mod report;
#[path = "../support/mod.rs"]
mod support;

/// Check settings, token, scopes and read-only calls, and print what to do about each failure
///
/// If the API rejects a token or the token request fails, the other audiences that Auth0 documents are tried as well.
/// That takes up to three additional tokens, which Auth0 bills.
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing.",
    &[
        &operations::LIST_MEMBERS,
        &operations::LIST_TENANTS,
        &operations::GET_ENVIRONMENTS,
        &operations::LIST_ACTIVITY_LOGS,
    ],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// Only expect the scopes of read-only calls
    #[arg(long)]
    read_only: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One line per check.
    Text,
    /// JSON, for programs.
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (settings, _sandbox) = TeamSettings::open(Sandbox::builder()).await?;
    let report = checks::run_checks(&settings, arguments.read_only).await;
    let text = match arguments.format {
        Format::Text => report.to_string(),
        Format::Json => format!("{:#}\n", report.to_json()),
    };
    support::write(text)?;
    Ok(if report.all_passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
