//! How an example ends before it is done.

use std::error::Error;
use std::process::{ExitCode, Termination};

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

/// The crates of all APIs have this one error.
impl From<auth0_core::Error> for Failure {
    fn from(error: auth0_core::Error) -> Self {
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

/// An error with its causes.
pub(crate) fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
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
