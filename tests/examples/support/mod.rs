//! Shared by the examples: connecting to an API, output, and exit statuses.
//!
//! For a program of your own, `teams.rs`, `my_organization.rs` and `organizations.rs` show the essential part: how to
//! build a token source and a client.

#![allow(dead_code, unused_imports, reason = "each example uses a part of it")]
#![allow(
    clippy::print_stderr,
    reason = "notes and errors go to standard error, results to standard output"
)]

use std::io::Write as _;

use auth0_core::{Operation, Scopes};
use auth0_sandbox::Sandbox;

use environment::Environment;

pub(crate) use failure::{Failure, error_chain, exit};

pub(crate) mod application;
pub(crate) mod environment;
mod failure;
pub(crate) mod my_organization;
pub(crate) mod organizations;
pub(crate) mod teams;

/// A client and the API that it calls.
pub(crate) struct Target<C> {
    pub(crate) client: C,
    /// The sandbox, or `None` for a live API. It stops when this value is dropped.
    pub(crate) sandbox: Option<Sandbox>,
    environment: &'static Environment,
}

impl<C> Target<C> {
    /// Checks that a live API is only changed as the user asked: returns an error if one of `arguments`, given as name
    /// and presence, is missing. For a sandbox the example uses default values instead.
    pub(crate) fn require(&self, arguments: &[(&str, bool)]) -> Result<(), Failure> {
        let is_missing = |(_, given): &&(&str, bool)| !given && self.sandbox.is_none();
        let missing: Vec<_> = arguments.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
        Err(Failure::usage(format!(
            "a live {} requires explicit values: expected {}",
            self.environment.target,
            names.join(", ")
        )))
    }
}

/// Writes to standard output. Unlike `println!` it does not panic if the reader has closed the pipe.
pub(crate) fn write(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_ref()).and_then(|()| out.flush());
    written.map_err(|error| Failure::failed(format!("cannot write to standard output: {error}")))
}

/// Prints a message that is not a result.
pub(crate) fn note(text: impl AsRef<str>) {
    eprintln!("note: {}", text.as_ref());
}

/// The last part of `--help`: changes, scopes of the called operations, environment variables, exit statuses.
pub(crate) fn help(
    changes: &str,
    operations: &[&'static Operation],
    environment: &Environment,
) -> String {
    let scopes = Scopes::needed_by(operations.iter().copied());
    format!(
        "Changes: {changes}\nScopes: {scopes}\n\n{environment}\n\n\
         Exit status: 0 success, 1 an operation failed, 2 invalid arguments or environment variables."
    )
}
