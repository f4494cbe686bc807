//! `access review`.

use std::path::PathBuf;

use auth0_teams::chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::note;
use crate::review::{Earlier, Outputs, Settings, collect, write};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  auth0-teams access review --html review.html --json review.json\n  auth0-teams access review --html review.html --json new.json --since review.json\n  auth0-teams access review --rate 40 --csv review.csv"
)]
pub(crate) struct ReviewArguments {
    /// File for the review as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// File for the review in JSON, which a later --since compares with
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// File for the review in CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Earlier review in JSON: marks what was added, changed and removed
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Start of the part of the activity log that is searched for the last activity [default: the whole log]
    #[arg(long, value_name = "TIME")]
    activity_since: Option<DateTime<Utc>>,
    /// File for what was read so far, deleted at the end. An interrupted review of the same team continues from it for 24 hours
    #[arg(long, value_name = "FILE", default_value = "access-review.work")]
    work: PathBuf,
    /// Number of calls in flight
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
}

const COLUMNS: &[&str] = &[
    "email",
    "team_role",
    "last_activity",
    "tenant",
    "environment",
    "tag",
    "roles",
    "client_ids",
    "findings",
    "change",
];

pub(crate) async fn run(arguments: ReviewArguments, context: &Context) -> Result<Exit, Failure> {
    let settings = Settings {
        activity_since: arguments.activity_since,
        concurrency: arguments.concurrency.into(),
    };
    // Read before the first call: an error in it is reported at once.
    let earlier = arguments.since.as_deref().map(Earlier::load).transpose()?;
    let (work, header) = collect(context, &arguments.work, &settings).await?;
    let outputs = Outputs {
        csv: arguments.csv,
        json: arguments.json,
        html: arguments.html,
    };
    let has_files = outputs.csv.is_some() || outputs.json.is_some() || outputs.html.is_some();
    // Without a file, the rows go to standard output.
    let mut rows = match has_files {
        true => None,
        false => Some(context.console.rows(COLUMNS)?),
    };
    let count = write(&work, &header, &outputs, earlier, |row| match &mut rows {
        None => Ok(()),
        Some(rows) => rows.write([
            json!(row.email),
            json!(row.team_role),
            json!(row.last_activity),
            json!(row.tenant),
            json!(row.environment),
            json!(row.tag),
            json!(row.roles),
            json!(row.client_ids),
            json!(row.findings),
            json!(row.change),
        ]),
    })?;
    if let Some(rows) = rows {
        rows.finish()?;
    }
    work.remove()?;
    note(format!("reviewed {count} rows of the team {}", header.team));
    Ok(Exit::Success)
}
