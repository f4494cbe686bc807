//! `activity`.

use std::path::PathBuf;
use std::time::Duration;

use auth0_core::time::{Sleeper as _, SystemTimer};
use auth0_teams::Open;
use auth0_teams::chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::activity::{EventFormat, Export};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{is_closed, note};

#[derive(Subcommand)]
pub(crate) enum ActivityCommand {
    /// List the latest entries of the activity log
    List {
        /// Number of entries
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        last: usize,
        /// Only entries of this type, such as "Team Member"
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Only entries with this status: Success or Failure
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
    },
    /// Write the entries that are new since the last export, one JSON object per line
    ///
    /// Every entry is written at least once. An entry that is written again, after an interruption, has the same id
    /// (`id`, in OCSF `metadata.uid`).
    #[command(
        after_help = "Examples:\n  auth0-teams activity export --since 2026-01-01T00:00:00Z --cursor activity.cursor >> activity.ndjson\n  auth0-teams activity export --cursor activity.cursor --format ocsf >> activity.ndjson"
    )]
    Export {
        #[command(flatten)]
        export: ExportArguments,
        /// End of the export, exclusive: windows that share a time have no entry in common [default: now]
        #[arg(long, value_name = "TIME")]
        until: Option<DateTime<Utc>>,
    },
    /// Keep exporting new entries as they appear
    #[command(
        after_help = "Examples:\n  auth0-teams activity follow --cursor activity.cursor --format ocsf >> activity.ndjson"
    )]
    Follow {
        #[command(flatten)]
        export: ExportArguments,
        /// Seconds between two requests
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        every: u64,
        /// Stop after this number of requests for new entries
        #[arg(long, value_name = "NUMBER")]
        rounds: Option<u64>,
    },
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// Start of the first export, such as 2026-01-08T00:00:00Z [default: the beginning of the log]
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// File for the position, which later exports continue from
    #[arg(long, value_name = "FILE")]
    cursor: Option<PathBuf>,
    /// Format of the entries
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = EventFormat::Raw)]
    format: EventFormat,
}

pub(crate) async fn run(command: ActivityCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ActivityCommand::List { last, kind, status } => list(context, last, kind, status).await,
        ActivityCommand::Export { export, until } => {
            let mut export = Export::open(export.cursor, export.since, export.format)?;
            export.until = until;
            let count = export.run(&context.client).await?;
            note(format!("exported {count} entries"));
            Ok(Exit::Success)
        }
        ActivityCommand::Follow {
            export,
            every,
            rounds,
        } => {
            let mut export = Export::open(export.cursor, export.since, export.format)?;
            let rounds = rounds.unwrap_or(u64::MAX);
            for round in 1..=rounds {
                match export.run(&context.client).await {
                    Ok(_) if is_closed() => break,
                    Ok(_) => {}
                    // No entry is lost: the next request continues where this one stopped.
                    Err(failure) if failure.is_temporary() && round < rounds => {
                        note(failure.message())
                    }
                    Err(failure) => return Err(failure),
                }
                if round < rounds {
                    SystemTimer.sleep(Duration::from_secs(every)).await;
                }
            }
            Ok(Exit::Success)
        }
    }
}

const COLUMNS: &[&str] = &["created_at", "type", "event", "status", "actor", "ip", "id"];

async fn list(
    context: &Context,
    last: usize,
    kind: Option<String>,
    status: Option<String>,
) -> Result<Exit, Failure> {
    let mut listing = context.client.activity().list();
    listing = listing.page_size(i64::try_from(last.clamp(1, 50)).unwrap_or(50));
    if let Some(kind) = kind {
        listing = listing.type_(Open::parse(&kind).unwrap_or_else(|_| Open::other(kind.as_str())));
    }
    if let Some(status) = status {
        let status = Open::parse(&status).unwrap_or_else(|_| Open::other(status.as_str()));
        listing = listing.status(status);
    }
    let mut rows = context.console.rows(COLUMNS)?;
    let mut entries = listing.stream();
    for _ in 0..last {
        let Some(entry) = entries.try_next().await? else {
            break;
        };
        rows.write([
            json!(entry.created_at),
            json!(entry.type_),
            json!(entry.current_event),
            json!(entry.status),
            json!(entry.actor.name),
            json!(entry.ip),
            json!(entry.id),
        ])?;
    }
    rows.finish()?;
    Ok(Exit::Success)
}
