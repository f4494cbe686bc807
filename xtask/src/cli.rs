//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::console::{Console, Failure, Verdict};
use crate::fetch;
use crate::workspace::Workspace;

/// From published OpenAPI documents to client crates.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    after_help = "Exit status: 0 all is well, 1 a check found something, 2 the input or the arguments are wrong."
)]
pub struct Cli {
    /// The repository to work in; the one that this program was built in where it is left out
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take the facts of a published document into openapi/<api>/openapi.yaml
    ///
    /// Facts are everything but prose: descriptions, summaries, examples, code samples. What changed in them is shown.
    /// The digest of the document, and the day on which it was new, go to openapi/sources.toml.
    #[command(
        after_help = "Example:\n  cargo xtask fetch teams --from ~/Downloads/teams-api-oas.json --dry-run"
    )]
    Fetch {
        /// The APIs, as openapi/sources.toml calls them; all where none is named
        #[arg(value_name = "API")]
        apis: Vec<String>,
        /// The file that holds the published document, in JSON or YAML
        #[arg(long, value_name = "FILE")]
        from: Option<String>,
        /// Show what would change and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Keep upstream's words instead of leaving them out
        #[arg(long)]
        keep_prose: bool,
    },
}

/// Runs the command. Returns the exit status.
pub fn run(cli: &Cli, console: &mut Console<'_>) -> u8 {
    let workspace = Workspace::at(cli.root.clone());
    let result = match &cli.command {
        Command::Fetch {
            apis,
            from,
            dry_run,
            keep_prose,
        } => fetch::run(
            &workspace,
            &fetch::Options {
                apis,
                from: from.as_deref(),
                dry_run: *dry_run,
                keep_prose: *keep_prose,
                today: &chrono::Utc::now().format("%Y-%m-%d").to_string(),
            },
            console,
        ),
    };
    match result {
        Ok(Verdict::Fine) => 0,
        Ok(Verdict::Found) => 1,
        Err(Failure(reports)) => {
            console.report(&reports);
            2
        }
    }
}
