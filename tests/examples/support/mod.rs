//! What the examples share: how they find the API that they run against, and how they end.
//!
//! A program of your own needs no more of this than `teams.rs`, `my_organization.rs` and `organizations.rs` show: a token
//! source and a client.

#![allow(dead_code, unused_imports, reason = "each example uses a part of it")]
#![allow(
    clippy::print_stderr,
    reason = "notes and errors are for people, results go to the standard output"
)]

use std::io::Write as _;

use auth0_core::{Operation, Scopes};
use auth0_sandbox::Sandbox;
use auth0_teams::chrono::{DateTime, Utc};

use environment::Environment;

pub(crate) use failure::{Failure, exit, in_full};

pub(crate) mod environment;
mod failure;
pub(crate) mod machine;
pub(crate) mod my_organization;
pub(crate) mod organizations;
pub(crate) mod teams;

/// The API that an example runs against.
pub(crate) struct Place<C> {
    pub(crate) client: C,
    /// The sandbox that it is in; nothing for a live one. It stops when this is dropped.
    pub(crate) sandbox: Option<Sandbox>,
    environment: &'static Environment,
}

impl<C> Place<C> {
    /// Of a live one nothing is changed that nobody asked for: these arguments have to be there, by name and whether
    /// they are. A sandbox takes defaults in their place.
    pub(crate) fn needs(&self, arguments: &[(&str, bool)]) -> Result<(), Failure> {
        let is_missing = |(_, given): &&(&str, bool)| !given && self.sandbox.is_none();
        let missing: Vec<_> = arguments.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
        Err(Failure::usage(format!(
            "a live {} is changed with no made-up values: expected {}",
            self.environment.what,
            names.join(", ")
        )))
    }
}

/// A time of the command line.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "expected a time such as 2026-01-08T00:00:00Z".to_owned())?;
    Ok(time.with_timezone(&Utc))
}

/// Writes results, for a reader who may have gone away: `println!` would panic then.
pub(crate) fn write(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_ref()).and_then(|()| out.flush());
    written.map_err(|error| {
        Failure::failed(format!("the standard output cannot be written to: {error}"))
    })
}

/// Says something that is no result.
pub(crate) fn note(text: impl AsRef<str>) {
    eprintln!("note: {}", text.as_ref());
}

/// The end of `--help`: what the example changes, the scopes of the operations that it calls, and where it runs.
pub(crate) fn help(
    changes: &str,
    operations: &[&'static Operation],
    environment: &Environment,
) -> String {
    let scopes = Scopes::needed_by(operations.iter().copied());
    format!(
        "Changes: {changes}\nScopes: {scopes}\n\n{environment}\n\n\
         Exit status: 0 all was done, 1 something was not, 2 the arguments or the variables are wrong."
    )
}
