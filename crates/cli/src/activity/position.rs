//! The position of an export, in memory and in its cursor file.

use std::collections::BTreeMap;
use std::path::Path;

use auth0_teams::Cursor;
use auth0_teams::chrono::{DateTime, TimeDelta, Utc};
use auth0_teams::types::ActivityLogEntry;
use serde::{Deserialize, Serialize};

use super::time;
use crate::failure::Failure;
use crate::files;

/// What was exported so far.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Start of the next window.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Ids of written entries that the next window returns again, with their times.
    seen: BTreeMap<String, Option<DateTime<Utc>>>,
    /// The window that was interrupted.
    pub(crate) window: Option<Window>,
}

/// A window of the log that is being read, newest entries first.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    pub(crate) since: Option<DateTime<Utc>>,
    /// The next page; `None` for the first one.
    pub(crate) cursor: Option<Cursor>,
    newest: Option<DateTime<Utc>>,
}

impl Window {
    pub(crate) fn starting_at(since: Option<DateTime<Utc>>) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }
}

impl Position {
    pub(crate) fn starting_at(since: Option<DateTime<Utc>>) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    pub(crate) fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let Some(text) = files::read_optional(path)? else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Failure::usage(format!(
                "{}: expected a position that this program stored ({error})",
                path.display()
            ))
        })
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec(self).map_err(|error| Failure::failed(error.to_string()))?;
        files::replace(path, &text)
    }

    /// The entries of a page that were not written yet.
    pub(crate) fn take_new<'e>(
        &mut self,
        page: &'e [ActivityLogEntry],
    ) -> Vec<&'e ActivityLogEntry> {
        if let Some(window) = &mut self.window {
            window.newest = window.newest.max(page.iter().filter_map(time).max());
        }
        let is_new = |entry: &&ActivityLogEntry| {
            self.seen
                .insert(entry.id.to_string(), time(entry))
                .is_none()
        };
        page.iter().filter(is_new).collect()
    }

    /// A page was written. Entries older than the overlap need not be remembered, because the next window starts later.
    pub(crate) fn page_done(&mut self, next: Option<Cursor>) {
        if let Some(window) = &mut self.window {
            window.cursor = next;
            let newest = window.newest;
            self.forget_before(newest, super::OVERLAP * 2);
        }
    }

    /// The window was read completely.
    pub(crate) fn window_done(&mut self, overlap: TimeDelta) {
        let newest = self.window.take().and_then(|window| window.newest);
        let next = newest.and_then(|newest| newest.checked_sub_signed(overlap));
        // Never back beyond the start that the user asked for.
        self.since = self.since.max(next);
        let since = self.since;
        self.seen.retain(|_, time| time.is_none() || *time >= since);
    }

    fn forget_before(&mut self, newest: Option<DateTime<Utc>>, span: TimeDelta) {
        let Some(limit) = newest.and_then(|newest| newest.checked_sub_signed(span)) else {
            return;
        };
        self.seen
            .retain(|_, time| time.is_none_or(|time| time >= limit));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(id: u32, minute: u32) -> ActivityLogEntry {
        serde_json::from_value(json!({
            "id": format!("00000000-0000-4000-8000-{id:012}"),
            "created_at": format!("2026-01-01T00:{minute:02}:00Z"),
            "current_event": "tenant_created", "status": "Success",
            "actor": {"id": "a", "name": "A", "type": "machine"},
        }))
        .unwrap()
    }

    #[test]
    fn entries_of_the_overlap_are_written_once_and_late_ones_too() {
        let mut position = Position::starting_at(None);
        position.window = Some(Window::default());
        let first = [entry(3, 30), entry(2, 28), entry(1, 1)];
        assert_eq!(position.take_new(&first).len(), 3);
        position.page_done(None);
        position.window_done(TimeDelta::minutes(5));
        assert_eq!(
            position.since.unwrap().to_rfc3339(),
            "2026-01-01T00:25:00+00:00"
        );
        assert_eq!(position.seen.len(), 2);

        position.window = Some(Window::starting_at(position.since));
        let second = [entry(4, 29), entry(3, 30), entry(2, 28)];
        let new: Vec<String> = position
            .take_new(&second)
            .iter()
            .map(|e| e.id.to_string())
            .collect();
        assert_eq!(new, ["00000000-0000-4000-8000-000000000004"]);
    }

    #[test]
    fn empty_window_keeps_the_start() {
        let since = "2026-01-01T00:00:00Z".parse().ok();
        let mut position = Position::starting_at(since);
        position.window = Some(Window::starting_at(since));
        position.window_done(TimeDelta::minutes(5));
        assert_eq!(position.since, since);
    }
}
