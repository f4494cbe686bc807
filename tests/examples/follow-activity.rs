//! Follows the activity log like `tail -f`: prints every entry once, in chronological order.
//!
//! ```text
//! cargo run --example follow-activity            # against a local sandbox, without an account
//! cargo run --example follow-activity -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints one line per entry; notes go to standard error. Exit status: 0 stopped as requested, 1 an operation failed, 2
//! invalid arguments or environment variables.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use auth0_core::time::{Clock as _, Sleeper as _, SystemTimer};
use auth0_sandbox::Sandbox;
use auth0_teams::chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use auth0_teams::types::{
    ActivityLogEntry, InviteMembersRequestContent, InviteMembersRequestContentRequired,
    TeamMemberRoleEnum,
};
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, Open, operations};
use clap::Parser;

use support::{Failure, note, teams};

mod support;

/// Print the latest entries of the activity log, and then each new one
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing in a live team. In a sandbox it invites people to create new entries.",
    &[&operations::LIST_ACTIVITY_LOGS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// Number of entries to start with, at most 50
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    last: i64,
    /// Seconds between two polls [default: 10, with a sandbox 1]
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
    /// Stop after this number of polls [default: never, with a sandbox 3]
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<u64>,
    /// Stop after this number of seconds
    #[arg(long = "for", value_name = "SECONDS")]
    duration: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder()).await?;
    let on_sandbox = team.sandbox.is_some();
    let every = Duration::from_secs(arguments.every.unwrap_or(if on_sandbox { 1 } else { 10 }));
    let is_endless = !on_sandbox || arguments.duration.is_some();
    let rounds = arguments
        .rounds
        .unwrap_or(if is_endless { u64::MAX } else { 3 });
    let end = arguments
        .duration
        .map(|seconds| SystemTimer.monotonic() + Duration::from_secs(seconds));

    let (mut tail, entries) = LogTail::start(&team.client, arguments.last).await?;
    print_entries(&entries)?;
    let mut pause = Duration::ZERO;
    for round in 1..=rounds {
        let left = end.map_or(Duration::MAX, |end| {
            end.saturating_sub(SystemTimer.monotonic())
        });
        if left.is_zero() {
            break;
        }
        if on_sandbox {
            invite_guest(&team.client, round).await?;
        }
        SystemTimer.sleep(every.max(pause).min(left)).await;
        pause = match tail.next(&team.client).await {
            Ok(entries) => {
                print_entries(&entries)?;
                Duration::ZERO
            }
            // No entry is lost, because the next poll requests the same time window. Wait as long as the server asks
            // for.
            Err(error) if error.is_retryable() => {
                note(support::error_chain(&error));
                let at = error.retry_at();
                at.and_then(|at| at.duration_since(SystemTimer.now()).ok())
                    .unwrap_or_default()
            }
            Err(error) => return Err(error.into()),
        };
    }
    Ok(())
}

/// Entries can appear somewhat later than their timestamp. Each poll repeats this much of the previous window.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);

/// The position in the log.
struct LogTail {
    /// Start of the first window. Earlier entries are ignored.
    begin: Option<DateTime<Utc>>,
    /// The latest timestamp of an entry. Only timestamps of the server are compared, because the local clock may
    /// differ.
    newest: Option<DateTime<Utc>>,
    /// Entries that the next poll returns again, with their timestamps if these could be parsed.
    seen: HashMap<Open<Uuid>, Option<DateTime<Utc>>>,
}

impl LogTail {
    /// Starts with the latest entries. The API returns the newest first.
    async fn start(teams: &Client, last: i64) -> Result<(Self, Vec<ActivityLogEntry>), Error> {
        let page = teams.activity().list().take(last).await?;
        let begin = page.logs.iter().filter_map(time).max();
        let mut tail = Self {
            begin,
            newest: None,
            seen: HashMap::new(),
        };
        let entries = tail.take_new(page.logs);
        Ok((tail, entries))
    }

    /// The entries that are new since the last poll.
    async fn next(&mut self, teams: &Client) -> Result<Vec<ActivityLogEntry>, Error> {
        let mut listing = teams.activity().list();
        if let Some(since) = self.since() {
            listing = listing.since(since);
        }
        // Read all pages before printing: entries within a page are not in chronological order, and a poll that fails
        // must not have printed a part.
        let mut entries = Vec::new();
        let mut stream = listing.stream();
        while let Some(entry) = stream.try_next().await? {
            entries.push(entry);
        }
        Ok(self.take_new(entries))
    }

    /// Start of the next window. It is inclusive, so entries with the same timestamp are not missed.
    fn since(&self) -> Option<DateTime<Utc>> {
        let with_overlap = self.newest?.checked_sub_signed(OVERLAP);
        with_overlap.max(self.begin)
    }

    /// Returns the entries that are new, in chronological order.
    fn take_new(&mut self, mut entries: Vec<ActivityLogEntry>) -> Vec<ActivityLogEntry> {
        entries.retain(|entry| self.seen.insert(entry.id.clone(), time(entry)).is_none());
        entries.sort_by_key(time);
        self.newest = self.newest.max(entries.iter().filter_map(time).max());
        // The next poll does not return entries before its start.
        let since = self.since();
        self.seen.retain(|_, time| time.is_none() || *time >= since);
        entries
    }
}

fn time(entry: &ActivityLogEntry) -> Option<DateTime<Utc>> {
    entry.created_at.known().copied()
}

/// Prints one line per entry.
fn print_entries(entries: &[ActivityLogEntry]) -> Result<(), Failure> {
    let mut lines = String::new();
    for entry in entries {
        let time = match &entry.created_at {
            Open::Known(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
            Open::Other(text) => text.to_string(),
        };
        let columns = [
            time,
            entry.id.to_string(),
            entry.status.to_string(),
            entry.current_event.to_string(),
            format!("by {}", entry.actor.name),
        ];
        lines.push_str(&columns.join(" "));
        lines.push('\n');
    }
    support::write(lines)
}

/// Creates an entry in the log of the sandbox.
async fn invite_guest(teams: &Client, round: u64) -> Result<(), Error> {
    let email = format!("guest-{round}@example.com");
    let role = TeamMemberRoleEnum::TeamsReportViewer;
    let invitation =
        InviteMembersRequestContent::new(InviteMembersRequestContentRequired { email, role });
    teams.members().invite(invitation).await.map(drop)
}
