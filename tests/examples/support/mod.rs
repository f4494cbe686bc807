//! What the examples share: the team that they run against, and how they end.
//!
//! A program of your own needs no more of this than [`settings::Settings`] shows: a token source and a client.

#![allow(dead_code, reason = "each example uses a part of it")]
#![allow(
    clippy::print_stderr,
    reason = "notes and errors are for people, results go to the standard output"
)]

use std::error::Error;
use std::io::Write as _;
use std::process::{ExitCode, Termination};

use auth0_sandbox::{Sandbox, SandboxBuilder};
use auth0_teams::chrono::{DateTime, Utc};
use auth0_teams::{Client, Operation, Scopes};

use settings::Settings;

pub(crate) mod lookup;
pub(crate) mod settings;

/// The team that an example runs against.
pub(crate) struct Team {
    pub(crate) client: Client,
    /// The sandbox that the team is in; nothing for a live one. It stops when this is dropped.
    pub(crate) sandbox: Option<Sandbox>,
}

impl Team {
    /// The team that the environment names, or else one of `sandbox`, which is started on this machine.
    pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<Self, Failure> {
        let (settings, sandbox) = settings(sandbox).await?;
        let client = settings.client()?;
        Ok(Self { client, sandbox })
    }

    /// Against a live team nothing is written that nobody asked for: these arguments have to be there, by name and
    /// whether they are. A sandbox takes defaults in their place.
    pub(crate) fn needs(&self, arguments: &[(&str, bool)]) -> Result<(), Failure> {
        let is_missing = |(_, given): &&(&str, bool)| !given && self.sandbox.is_none();
        let missing: Vec<_> = arguments.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
        Err(Failure::usage(format!(
            "a live team is changed with no made-up values: expected {}",
            names.join(", ")
        )))
    }
}

/// The settings of the environment, or else those of a sandbox that is started for it.
pub(crate) async fn settings(
    sandbox: SandboxBuilder,
) -> Result<(Settings, Option<Sandbox>), Failure> {
    if let Some(settings) = Settings::from_env()? {
        note(format!("this is the live team {}", settings.team));
        return Ok((settings, None));
    }
    let sandbox = sandbox.start().await.map_err(Failure::failed)?;
    Ok((Settings::of_sandbox(&sandbox), Some(sandbox)))
}

/// Why an example ends before it is done.
pub(crate) struct Failure {
    error: Box<dyn Error>,
    status: u8,
}

impl Failure {
    /// Something was tried and did not work: exit status 1.
    pub(crate) fn failed(error: impl Into<Box<dyn Error>>) -> Self {
        let (error, status) = (error.into(), 1);
        Self { error, status }
    }

    /// Arguments or settings are wrong: exit status 2.
    pub(crate) fn usage(error: impl Into<Box<dyn Error>>) -> Self {
        let (error, status) = (error.into(), 2);
        Self { error, status }
    }

    pub(crate) fn in_full(&self) -> String {
        in_full(&*self.error)
    }
}

impl From<auth0_teams::Error> for Failure {
    fn from(error: auth0_teams::Error) -> Self {
        // What was not even sent is for the caller to mend.
        if error.is_configuration() || error.is_invalid_request() {
            Self::usage(error)
        } else {
            Self::failed(error)
        }
    }
}

impl From<auth0_auth::Error> for Failure {
    fn from(error: auth0_auth::Error) -> Self {
        Self::usage(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

/// Tells a failure, and gives the exit status.
pub(crate) fn exit<T: Termination>(result: Result<T, Failure>) -> ExitCode {
    match result {
        Ok(value) => value.report(),
        Err(failure) => {
            eprintln!("error: {}", failure.in_full());
            ExitCode::from(failure.status)
        }
    }
}

/// An error with its causes, and with what the server said in detail: errors of the SDK keep that to themselves, as it
/// may quote what was sent, which here is what was typed.
pub(crate) fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let detail = error
        .downcast_ref()
        .and_then(auth0_teams::Error::problem)
        .and_then(|problem| problem.detail());
    if let Some(detail) = detail {
        text.push_str(&format!(" ({detail})"));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(&format!(": {words}"));
        }
        cause = error.source();
    }
    text
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
pub(crate) fn help(changes: &str, operations: &[&'static Operation]) -> String {
    let scopes = Scopes::needed_by(operations.iter().copied());
    format!("Changes: {changes}\nScopes: {scopes}\n\n{ENVIRONMENT}")
}

const ENVIRONMENT: &str = "\
It runs against a sandbox on this machine, which needs no account, unless AUTH0_TEAM is set. Then it runs against that
team, with these variables of the environment:
  AUTH0_TEAM           the team's slug, as in https://SLUG.teams.auth0.com
  AUTH0_DOMAIN         the domain of the tenant that grants the tokens, such as acme-auth.us.auth0.com
  AUTH0_CLIENT_ID      the client id of an application of that tenant
  AUTH0_CLIENT_SECRET  its secret
  AUTH0_AUDIENCE       optional: the audience of the tokens, instead of https://SLUG.teams.auth0.com/api/
  AUTH0_BASE_URL       optional: the address of the API, as that of a sandbox that runs as a program
  AUTH0_TOKEN_URL      optional: the token endpoint, likewise

Exit status: 0 all was done, 1 something was not, 2 the arguments or the variables are wrong.";
