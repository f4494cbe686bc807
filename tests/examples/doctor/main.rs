//! What keeps a program from calling the API, and what to do about it.

use std::process::ExitCode;

use auth0_sandbox::Sandbox;
use auth0_teams::operations;
use clap::{Parser, ValueEnum};

use support::teams::Settings;
use support::{Failure, teams};

mod advice;
mod examination;
mod report;
#[path = "../support/mod.rs"]
mod support;

/// Check the settings, get a token, try the calls that only read, and say what is wrong and what to do
///
/// Where a token is refused for its audience, the other audiences that Auth0 names in one place or another are tried:
/// that takes up to three more tokens, which Auth0 bills.
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
    /// Expect the scopes of the calls that read, and not those of the calls that change something
    #[arg(long)]
    read_only: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (settings, _sandbox) = Settings::open(Sandbox::builder()).await?;
    let report = examination::examine(&settings, arguments.read_only).await;
    let text = match arguments.format {
        Format::Text => report.to_string(),
        Format::Json => format!("{:#}\n", report.to_json()),
    };
    support::write(text)?;
    Ok(if report.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
