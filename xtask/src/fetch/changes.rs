//! The semantic changes of a fetched document, in each output format.

use serde_json::Value;

use crate::diff::{self, Diff, Versions};
use crate::problem::Problem;
use crate::sources::{ApiSource, FIRST_VERSION};

/// The changes from the old facts to the new ones, if there are any.
#[derive(Debug)]
pub(crate) struct Changes(Option<(Diff, Versions)>);

impl Changes {
    /// Compares the old facts of an API with the new ones.
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
        let versions = diff.versions(entry.version.as_deref().unwrap_or(FIRST_VERSION))?;
        Ok(Self(Some((diff, versions))))
    }

    /// The comparison and the versions before and after, if anything changed in meaning.
    pub(crate) fn compared(&self) -> Option<&(Diff, Versions)> {
        self.0.as_ref()
    }

    /// Formats the changes for people; empty if there are none.
    pub(super) fn text(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(diff, versions)| diff.text(versions))
    }

    /// Formats the changes for a pull request, in about `room` bytes at most; empty if there are none. `command` is the
    /// command that shows all changes.
    pub(super) fn markdown(&self, command: &str, room: usize) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(diff, versions)| {
                diff.markdown(versions, command, room)
            })
    }

    /// Formats the changes for programs, like `cargo xtask diff --format json`; null if there are none.
    pub(super) fn json(&self) -> Value {
        self.0
            .as_ref()
            .map_or(Value::Null, |(diff, versions)| diff.json(versions))
    }
}
