//! What the doctor found, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use auth0_teams::serde_json::{Value, json};
use serde::Serialize;

/// The steps, in the order in which they are taken.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Step {
    name: &'static str,
    result: Finding,
    /// What was found.
    told: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    /// Scopes that are missing, with the calls that need them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    missing_scopes: MissingScopes,
}

pub(crate) type MissingScopes = BTreeMap<String, Vec<String>>;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Finding {
    Ok,
    Failed,
    /// It was not looked at, because something before it failed.
    Skipped,
}

impl Report {
    /// Whether nothing is wrong.
    pub(crate) fn is_well(&self) -> bool {
        self.steps.iter().all(|step| step.result == Finding::Ok)
    }

    /// The report for programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({"well": self.is_well(), "steps": self.steps})
    }

    pub(crate) fn ok(&mut self, name: &'static str, told: impl Into<String>) {
        self.add(name, Finding::Ok, told.into(), None);
    }

    pub(crate) fn failed(&mut self, name: &'static str, told: String, advice: String) {
        self.add(name, Finding::Failed, told, Some(advice));
    }

    pub(crate) fn lacks(&mut self, name: &'static str, missing: MissingScopes, advice: String) {
        self.failed(name, "some are missing".to_owned(), advice);
        if let Some(step) = self.steps.last_mut() {
            step.missing_scopes = missing;
        }
    }

    /// Adds those of the steps that were not taken.
    pub(crate) fn skip_others(&mut self, names: &[&'static str]) {
        for name in names {
            if !self.steps.iter().any(|step| step.name == *name) {
                self.add(name, Finding::Skipped, "not looked at".to_owned(), None);
            }
        }
    }

    fn add(&mut self, name: &'static str, result: Finding, told: String, advice: Option<String>) {
        self.steps.push(Step {
            name,
            result,
            told,
            advice,
            missing_scopes: MissingScopes::new(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let result = match step.result {
                Finding::Ok => "ok",
                Finding::Failed => "FAILED",
                Finding::Skipped => "-",
            };
            writeln!(f, "{:<13}{result:<8}{}", step.name, step.told)?;
            for (scope, calls) in &step.missing_scopes {
                writeln!(f, "{:<21}{scope}: {}", "", calls.join(", "))?;
            }
            if let Some(advice) = &step.advice {
                writeln!(f, "{:<21}=> {advice}", "")?;
            }
        }
        Ok(())
    }
}
