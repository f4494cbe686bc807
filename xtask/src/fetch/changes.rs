//! What a fetch changed, in meaning and for the crate. This is the one place that says it, in each of the formats.

use serde_json::Value;

use crate::diff::{self, Diff, Versions};
use crate::problem::Problem;
use crate::sources::ApiSource;

/// The version that is told of where there is no crate yet.
const FIRST: &str = "0.1.0";

/// The changes from the old facts to the new ones, where there are any.
#[derive(Debug)]
pub(crate) struct Changes(Option<(Diff, Versions)>);

impl Changes {
    /// Compares the facts of an API with the new ones.
    pub(super) fn between(
        entry: &ApiSource,
        old: Option<&Value>,
        new: &Value,
    ) -> Result<Self, Problem> {
        let options = diff::CompareOptions {
            include: &[],
            surface: true,
        };
        let Some(diff) = old
            .map(|old| diff::compare(old, new, &options))
            .filter(|diff| diff.level().is_some())
        else {
            return Ok(Self(None));
        };
        let versions = diff.versions(entry.version.as_deref().unwrap_or(FIRST))?;
        Ok(Self(Some((diff, versions))))
    }

    /// The comparison and the versions before and after, if anything changed in meaning.
    pub(crate) fn compared(&self) -> Option<&(Diff, Versions)> {
        self.0.as_ref()
    }

    /// For people; empty where there are none.
    pub(super) fn text(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(diff, versions)| diff.text(versions))
    }

    /// For a pull request, in at most about `room` bytes; empty where there are none. `command` shows them whole.
    pub(super) fn markdown(&self, command: &str, room: usize) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(diff, versions)| {
                diff.markdown(versions, command, room)
            })
    }

    /// For programs, as `cargo xtask diff --format json` gives them; null where there are none.
    pub(super) fn json(&self) -> Value {
        self.0
            .as_ref()
            .map_or(Value::Null, |(diff, versions)| diff.json(versions))
    }
}
