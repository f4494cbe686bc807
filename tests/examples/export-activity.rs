//! Exports the activity log as NDJSON. With a cursor file, an interrupted export continues where it stopped.
//!
//! ```text
//! cargo run --example export-activity            # against a local sandbox, without an account
//! cargo run --example export-activity -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints one JSON entry per line; notes go to standard error. Exit status: 0 success, 1 an operation failed, 2 invalid
//! arguments, environment variables or cursor file.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use auth0_sandbox::Sandbox;
use auth0_teams::chrono::{DateTime, Utc};
use auth0_teams::types::ActivityLogEntry;
use auth0_teams::{Cursor, operations, serde_json};
use clap::Parser;

use support::{Failure, note, teams};

mod support;

/// Write the activity log to standard output as one JSON entry per line
///
/// `--since` is inclusive and `--until` is exclusive, so consecutive time windows export every entry once. With
/// `--cursor-file`, running an interrupted command again continues with the page at which it stopped. Entries of that page
/// may be written twice; their `id` identifies them. The file is deleted at the end of the export.
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing, except for the local cursor file.",
    &[&operations::LIST_ACTIVITY_LOGS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// Start of the time window, inclusive, such as 2026-01-08T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = support::time)]
    since: Option<DateTime<Utc>>,
    /// End of the time window, exclusive
    #[arg(long, value_name = "TIME", value_parser = support::time)]
    until: Option<DateTime<Utc>>,
    /// File for the position of the export
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    /// Entries per page, at most 50
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    take: i64,
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder().activity(120)).await?;
    let mut listing = team.client.activity().list().page_size(arguments.take);
    if let Some(since) = arguments.since {
        listing = listing.since(since);
    }
    if let Some(until) = arguments.until {
        listing = listing.until(until);
    }
    if let Some(cursor) = stored_cursor(arguments)? {
        note("continuing where the last export stopped");
        // Fails if the cursor belongs to another time window, team or base URL.
        listing = listing.resume(cursor)?;
    }

    let mut pages = listing.pages();
    let mut exported = 0;
    loop {
        match pages.try_next().await {
            Ok(Some(page)) => {
                support::write(lines(&page.logs)?)?;
                exported += page.logs.len();
            }
            Ok(None) => break,
            Err(error) => {
                note(format!("exported {exported} entries before the failure"));
                return Err(error.into());
            }
        }
        // Store the cursor only after the entries before it were written.
        store_cursor(arguments, pages.cursor())?;
    }
    note(format!("exported {exported} entries"));
    Ok(())
}

/// Serializes the entries, one per line.
fn lines(entries: &[ActivityLogEntry]) -> Result<String, Failure> {
    let mut lines = String::new();
    for entry in entries {
        lines.push_str(&serde_json::to_string(entry).map_err(Failure::failed)?);
        lines.push('\n');
    }
    Ok(lines)
}

fn stored_cursor(arguments: &Arguments) -> Result<Option<Cursor>, Failure> {
    let Some(path) = &arguments.cursor_file else {
        return Ok(None);
    };
    let invalid = |reason: String| Failure::usage(format!("{}: {reason}", path.display()));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(invalid(error.to_string())),
    };
    let cursor = serde_json::from_str(&text);
    cursor.map(Some).map_err(|error| {
        invalid(format!(
            "expected a cursor that this program stored ({error})"
        ))
    })
}

/// Stores the cursor, or deletes the file at the end of the listing.
fn store_cursor(arguments: &Arguments, cursor: Option<Cursor>) -> Result<(), Failure> {
    let Some(path) = &arguments.cursor_file else {
        return Ok(());
    };
    let stored = match cursor {
        Some(cursor) => {
            // Replace the file atomically, because a truncated cursor would be useless.
            let mut new = path.as_os_str().to_owned();
            new.push(".new");
            let text = serde_json::to_string(&cursor).map_err(Failure::failed)?;
            fs::write(&new, text).and_then(|()| fs::rename(&new, path))
        }
        None => match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
    };
    stored.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}
