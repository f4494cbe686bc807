//! The entry of a changelog.

use super::comparison::Diff;

pub(super) fn entry(diff: &Diff) -> String {
    format!("{}", diff.changes.len())
}
