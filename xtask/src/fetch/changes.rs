//! What a fetch changed, in meaning and for the crate. This is the one place that says it, in each of the formats.

use serde_json::Value;

use crate::cli::ReportFormat;
use crate::diff::{self, Diff};
use crate::problem::Problem;
use crate::sources::Entry;

/// The version that is told of where there is no crate yet.
const FIRST: &str = "0.1.0";

/// The changes from the old facts to the new ones.
#[derive(Debug)]
pub(super) struct Changes {
    text: String,
    json: Value,
    diff: Option<Diff>,
    version: String,
    command: String,
}

impl Changes {
    /// Compares the facts of an API with the new ones.
    pub(super) fn between(
        api: &str,
        entry: &Entry,
        old: Option<&Value>,
        new: &Value,
    ) -> Result<Self, Problem> {
        let options = diff::Options {
            include: &[],
            surface: true,
        };
        let version = entry.version.clone().unwrap_or_else(|| FIRST.to_owned());
        let command = format!("cargo xtask fetch {api} --dry-run");
        let diff = old
            .filter(|old| *old != new)
            .map(|old| diff::compare(old, new, &options))
            .filter(|diff| diff.level().is_some());
        let (text, json) = match &diff {
            None => (String::new(), Value::Null),
            Some(diff) => (
                diff.render(ReportFormat::Text, &version, &command)?,
                diff.json(&version)?,
            ),
        };
        Ok(Self {
            text,
            json,
            diff,
            version,
            command,
        })
    }

    /// For people; empty where there are none.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// For a pull request, in at most about `room` bytes; empty where there are none.
    pub(super) fn markdown(&self, room: usize) -> String {
        let Some(diff) = &self.diff else {
            return String::new();
        };
        // The version was read for the text already.
        diff.markdown(&self.version, &self.command, room)
            .unwrap_or_default()
    }

    /// For programs, as `cargo xtask diff --format json` gives them; null where there are none.
    pub(super) fn json(&self) -> Value {
        self.json.clone()
    }
}
