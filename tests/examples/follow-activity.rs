//! The activity log as it grows, like `tail -f`: every entry once, in the order of time.

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

/// Show the last entries of the activity log, and then each new one
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing in a live team. On a sandbox it invites people, so that there is something to see.",
    &[&operations::LIST_ACTIVITY_LOGS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// How many entries to begin with, 50 at most
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    last: i64,
    /// The time from one look to the next [default: 10, on a sandbox 1]
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
    /// Stop after so many looks [default: never, on a sandbox 3]
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<u64>,
    /// Stop after this time
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

    let (mut tail, entries) = Tail::begin(&team.client, arguments.last).await?;
    show(&entries)?;
    let mut pause = Duration::ZERO;
    for round in 1..=rounds {
        let left = end.map_or(Duration::MAX, |end| {
            end.saturating_sub(SystemTimer.monotonic())
        });
        if left.is_zero() {
            break;
        }
        if on_sandbox {
            invite_somebody(&team.client, round).await?;
        }
        SystemTimer.sleep(every.max(pause).min(left)).await;
        pause = match tail.next(&team.client).await {
            Ok(entries) => {
                show(&entries)?;
                Duration::ZERO
            }
            // Nothing is lost: the next look asks for what this one would have brought as well. The server may have
            // said how long it wants to be left alone.
            Err(error) if error.is_retryable() => {
                note(support::in_full(&error));
                let at = error.retry_at();
                at.and_then(|at| at.duration_since(SystemTimer.now()).ok())
                    .unwrap_or_default()
            }
            Err(error) => return Err(error.into()),
        };
    }
    Ok(())
}

/// Entries can turn up a little later than their time says. So far back each look asks again.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);

/// Where the end of the log was seen last.
struct Tail {
    /// Nothing before this is of interest.
    begin: Option<DateTime<Utc>>,
    /// The latest time of an entry. The server's times alone count: the clock here may be another.
    newest: Option<DateTime<Utc>>,
    /// The entries that the next look will bring again, with their times where these can be read.
    seen: HashMap<Open<Uuid>, Option<DateTime<Utc>>>,
}

impl Tail {
    /// The last entries of the log. The API gives the newest first.
    async fn begin(teams: &Client, last: i64) -> Result<(Self, Vec<ActivityLogEntry>), Error> {
        let page = teams.activity().list().take(last).await?;
        let begin = page.logs.iter().filter_map(time).max();
        let mut tail = Self {
            begin,
            newest: None,
            seen: HashMap::new(),
        };
        let entries = tail.new_ones(page.logs);
        Ok((tail, entries))
    }

    /// What came since.
    async fn next(&mut self, teams: &Client) -> Result<Vec<ActivityLogEntry>, Error> {
        let mut listing = teams.activity().list();
        if let Some(since) = self.since() {
            listing = listing.since(since);
        }
        // All pages, and only then is anything shown: the order of a page's entries is not that of time, and a look
        // that fails halfway must have shown nothing.
        let mut entries = Vec::new();
        let mut stream = listing.stream();
        while let Some(entry) = stream.try_next().await? {
            entries.push(entry);
        }
        Ok(self.new_ones(entries))
    }

    /// Where the next look begins: the bound counts itself in, so that entries of the same instant are not missed.
    fn since(&self) -> Option<DateTime<Utc>> {
        let with_overlap = self.newest?.checked_sub_signed(OVERLAP);
        with_overlap.max(self.begin)
    }

    /// Those of `entries` that were not seen yet, in the order of time.
    fn new_ones(&mut self, mut entries: Vec<ActivityLogEntry>) -> Vec<ActivityLogEntry> {
        entries.retain(|entry| self.seen.insert(entry.id.clone(), time(entry)).is_none());
        entries.sort_by_key(time);
        self.newest = self.newest.max(entries.iter().filter_map(time).max());
        // What is before the next look's beginning does not come again, and need not be remembered.
        let since = self.since();
        self.seen.retain(|_, time| time.is_none() || *time >= since);
        entries
    }
}

fn time(entry: &ActivityLogEntry) -> Option<DateTime<Utc>> {
    entry.created_at.known().copied()
}

/// One line for each entry.
fn show(entries: &[ActivityLogEntry]) -> Result<(), Failure> {
    let mut lines = String::new();
    for entry in entries {
        let time = match &entry.created_at {
            Open::Known(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
            Open::Other(text) => text.to_string(),
        };
        let words = [
            time,
            entry.id.to_string(),
            entry.status.to_string(),
            entry.current_event.to_string(),
            format!("by {}", entry.actor.name),
        ];
        lines.push_str(&words.join(" "));
        lines.push('\n');
    }
    support::write(lines)
}

/// Something that the log tells of.
async fn invite_somebody(teams: &Client, round: u64) -> Result<(), Error> {
    let email = format!("guest-{round}@example.com");
    let role = TeamMemberRoleEnum::TeamsReportViewer;
    let invitation =
        InviteMembersRequestContent::new(InviteMembersRequestContentRequired { email, role });
    teams.members().invite(invitation).await.map(drop)
}
