//! The report for a pull request.

use super::comparison::Diff;
use super::facts::Fact;

pub(super) fn diff(diff: &Diff, versions: (&str, &str), command: &str) -> String {
    let _ = (diff, command);
    format!("{versions:?}")
}

pub(super) fn facts(facts: &[Fact]) -> String {
    format!("{}", facts.len())
}
