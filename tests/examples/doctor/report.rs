//! The results of the checks, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use auth0_teams::serde_json::{Value, json};
use serde::Serialize;

/// The checks in the order in which they ran.
#[derive(Default)]
pub(crate) struct Report {
    checks: Vec<Check>,
}

/// One check.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    result: CheckResult,
    /// What the check found.
    detail: String,
    /// What to do about a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    /// Missing scopes with the calls that need them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    missing_scopes: MissingScopes,
}

pub(crate) type MissingScopes = BTreeMap<String, Vec<String>>;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum CheckResult {
    Ok,
    Failed,
    /// The check did not run because an earlier one failed.
    Skipped,
}

impl Report {
    /// Whether all checks ran and passed.
    pub(crate) fn all_passed(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.result == CheckResult::Ok)
    }

    /// The report as JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({"passed": self.all_passed(), "checks": self.checks})
    }

    pub(crate) fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, CheckResult::Ok, detail.into(), None);
    }

    pub(crate) fn failed(&mut self, name: &'static str, detail: String, advice: String) {
        self.add(name, CheckResult::Failed, detail, Some(advice));
    }

    pub(crate) fn lacks_scopes(
        &mut self,
        name: &'static str,
        missing: MissingScopes,
        advice: String,
    ) {
        self.failed(name, "some scopes are missing".to_owned(), advice);
        if let Some(check) = self.checks.last_mut() {
            check.missing_scopes = missing;
        }
    }

    /// Adds those of the checks that did not run as skipped.
    pub(crate) fn skip_remaining(&mut self, names: &[&'static str]) {
        for name in names {
            if !self.checks.iter().any(|check| check.name == *name) {
                self.add(name, CheckResult::Skipped, "not checked".to_owned(), None);
            }
        }
    }

    fn add(
        &mut self,
        name: &'static str,
        result: CheckResult,
        detail: String,
        advice: Option<String>,
    ) {
        self.checks.push(Check {
            name,
            result,
            detail,
            advice,
            missing_scopes: MissingScopes::new(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let result = match check.result {
                CheckResult::Ok => "ok",
                CheckResult::Failed => "FAILED",
                CheckResult::Skipped => "-",
            };
            writeln!(f, "{:<13}{result:<8}{}", check.name, check.detail)?;
            for (scope, calls) in &check.missing_scopes {
                writeln!(f, "{:<21}{scope}: {}", "", calls.join(", "))?;
            }
            if let Some(advice) = &check.advice {
                writeln!(f, "{:<21}=> {advice}", "")?;
            }
        }
        Ok(())
    }
}
