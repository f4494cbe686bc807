//! Errors of the examples and their exit statuses.

use std::error::Error;
use std::process::{ExitCode, Termination};

/// The reason why an example stops, with its exit status.
pub(crate) struct Failure {
    error: Box<dyn Error>,
    status: u8,
}

impl Failure {
    /// An operation failed: exit status 1.
    pub(crate) fn failed(error: impl Into<Box<dyn Error>>) -> Self {
        let (error, status) = (error.into(), 1);
        Self { error, status }
    }

    /// Arguments or environment variables are invalid: exit status 2.
    pub(crate) fn usage(error: impl Into<Box<dyn Error>>) -> Self {
        let (error, status) = (error.into(), 2);
        Self { error, status }
    }

    /// The message with those of its causes.
    pub(crate) fn message(&self) -> String {
        error_chain(&*self.error)
    }
}

/// The clients of all APIs share this error type.
impl From<auth0_core::Error> for Failure {
    fn from(error: auth0_core::Error) -> Self {
        // The request was not sent: the caller has to correct the input.
        if error.is_configuration() || error.is_invalid_request() {
            Self::usage(error)
        } else {
            Self::failed(error)
        }
    }
}

impl From<auth0_auth::Error> for Failure {
    fn from(error: auth0_auth::Error) -> Self {
        if error.is_configuration() {
            Self::usage(error)
        } else {
            Self::failed(error)
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

/// Prints a failure and returns the exit status.
pub(crate) fn exit<T: Termination>(result: Result<T, Failure>) -> ExitCode {
    match result {
        Ok(value) => value.report(),
        Err(failure) => {
            eprintln!("error: {}", failure.message());
            ExitCode::from(failure.status)
        }
    }
}

/// The message of an error followed by those of its causes.
pub(crate) fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(&format!(": {message}"));
        }
        cause = error.source();
    }
    text
}
