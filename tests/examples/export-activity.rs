//! The activity log as NDJSON, page by page, so that an export that was cut off goes on where it stopped.

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

/// Write the activity log to the standard output, one entry of JSON to a line
///
/// `--since` counts itself in and `--until` does not, so that windows laid end to end have every entry once. With
/// `--cursor-file` an export that was cut off goes on with the page that it stopped at when the same command is run
/// again: of that page entries may come twice, and their `id` tells. The file is deleted at the end.
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing; the cursor file is the only thing that is written.",
    &[&operations::LIST_ACTIVITY_LOGS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// The beginning of the time span, such as 2026-01-08T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = support::time)]
    since: Option<DateTime<Utc>>,
    /// The end of the time span
    #[arg(long, value_name = "TIME", value_parser = support::time)]
    until: Option<DateTime<Utc>>,
    /// Where to note how far the export has come
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    /// How many entries to ask for at once, 50 at most
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
        note("goes on where the last export stopped");
        // A cursor of another window, team or address is refused here.
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
                note(format!("{exported} entries were exported before it failed"));
                return Err(error.into());
            }
        }
        // Only now: what a cursor has passed must not get lost.
        store_cursor(arguments, pages.cursor())?;
    }
    note(format!("{exported} entries were exported"));
    Ok(())
}

/// One line for each entry.
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
    let unusable = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let cursor = serde_json::from_str(&text);
    cursor
        .map(Some)
        .map_err(|error| unusable(format!("expected a cursor of this program ({error})")))
}

/// Stores where to go on, or forgets it at the end.
fn store_cursor(arguments: &Arguments, cursor: Option<Cursor>) -> Result<(), Failure> {
    let Some(path) = &arguments.cursor_file else {
        return Ok(());
    };
    let stored = match cursor {
        Some(cursor) => {
            // Written whole or not at all: half a cursor would be none.
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
