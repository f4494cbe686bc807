//! Errors of commands and exit codes.

use std::error::Error;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::output::printable;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Failure,
    Usage,
    ChangesPending,
    Partial,
    /// Stopped at once by Ctrl-C: 128 + SIGINT, as shells report it. The first Ctrl-C waits for a change in flight.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::ChangesPending => 3,
            Exit::Partial => 4,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command stops.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    exit: Exit,
    is_temporary: bool,
}

impl Failure {
    /// An operation failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            message,
            exit: Exit::Failure,
            is_temporary: false,
        }
    }

    /// Arguments, settings or an input file are invalid.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        let exit = Exit::Usage;
        Self {
            exit,
            ..Self::failed(message)
        }
    }

    /// A part of the changes was made.
    pub(crate) fn partial(message: impl Into<String>) -> Self {
        let exit = Exit::Partial;
        Self {
            exit,
            ..Self::failed(message)
        }
    }

    /// A file could not be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::failed(format!("{}: {error}", path.display()))
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether the same call may succeed later.
    pub(crate) fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn print(&self) {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        // The message may contain text of the server, and has a line per item.
        let lines: Vec<String> = self.message.split('\n').map(printable).collect();
        anstream::eprintln!("{red}error:{red:#} {}", lines.join("\n"));
    }
}

impl From<auth0_core::Error> for Failure {
    fn from(error: auth0_core::Error) -> Self {
        // The request was not sent: the input has to be corrected.
        if error.is_configuration() || error.is_invalid_request() {
            Self::usage(chain(&error))
        } else {
            Self {
                is_temporary: error.is_retryable(),
                ..Self::failed(chain(&error))
            }
        }
    }
}

impl From<auth0_auth::Error> for Failure {
    fn from(error: auth0_auth::Error) -> Self {
        if error.is_configuration() {
            Self::usage(chain(&error))
        } else {
            Self::failed(chain(&error))
        }
    }
}

/// The message of an error followed by those of its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}
