//! Export of the activity log: at least once, across restarts.

mod ocsf;
mod position;

use std::collections::BTreeMap;
use std::path::PathBuf;

use auth0_teams::Client;
use auth0_teams::chrono::{DateTime, TimeDelta, Utc};
use auth0_teams::types::ActivityLogEntry;
use clap::ValueEnum;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{is_closed, print};
use position::{Position, Window};

/// The format of exported entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFormat {
    /// The entries as the API returns them.
    Raw,
    /// OCSF events of the class Account Change (3001); see docs/activity-ocsf.md.
    Ocsf,
}

/// Entries can appear somewhat later than their timestamp. Each export repeats this much of the previous one and leaves
/// out what it already wrote.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// An export that continues where the last one stopped.
pub(crate) struct Export {
    path: Option<PathBuf>,
    position: Position,
    format: EventFormat,
    /// The end of the log, exclusive.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl Export {
    /// Reads the position. `since` applies only if there is none.
    pub(crate) fn open(
        path: Option<PathBuf>,
        since: Option<DateTime<Utc>>,
        format: EventFormat,
    ) -> Result<Self, Failure> {
        let stored = match &path {
            Some(path) => Position::load(path)?,
            None => None,
        };
        let position = stored.unwrap_or_else(|| Position::starting_at(since));
        Ok(Self {
            path,
            position,
            format,
            until: None,
        })
    }

    /// Writes the new entries to standard output. Returns how many.
    pub(crate) async fn run(&mut self, client: &Client) -> Result<u64, Failure> {
        let window = match self.position.window.take() {
            Some(window) => window,
            None => Window::starting_at(self.position.since),
        };
        let mut listing = client.activity().list().page_size(50);
        if let Some(since) = window.since {
            listing = listing.since(since);
        }
        if let Some(until) = self.until {
            listing = listing.until(until);
        }
        if let Some(cursor) = &window.cursor {
            listing = listing.resume(cursor.clone())?;
        }
        self.position.window = Some(window);
        let mut pages = listing.pages();
        let mut count = 0;
        while let Some(page) = pages.try_next().await? {
            let entries = self.position.take_new(&page.logs);
            self.write(&entries)?;
            if is_closed() {
                return Ok(count);
            }
            count += entries.len() as u64;
            // Only after its entries were written.
            self.position.page_done(pages.cursor());
            self.save()?;
        }
        self.position.window_done(OVERLAP);
        self.save()?;
        Ok(count)
    }

    fn write(&self, entries: &[&ActivityLogEntry]) -> Result<(), Failure> {
        let mut lines = String::new();
        for entry in entries {
            let line = match self.format {
                EventFormat::Raw => serde_json::to_string(entry),
                EventFormat::Ocsf => serde_json::to_string(&ocsf::event(entry)),
            };
            lines.push_str(&line.map_err(|error| Failure::failed(error.to_string()))?);
            lines.push('\n');
        }
        print(&lines)
    }

    fn save(&self) -> Result<(), Failure> {
        match &self.path {
            Some(path) => self.position.save(path),
            None => Ok(()),
        }
    }
}

/// The time of an entry, if it is valid.
fn time(entry: &ActivityLogEntry) -> Option<DateTime<Utc>> {
    entry.created_at.known().copied()
}

/// Fields of an object that are not null.
fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    let map: BTreeMap<String, Value> = present
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    serde_json::to_value(map).unwrap_or_default()
}
