//! What an error prints: enough to act on, and nothing that a log may not hold.

use std::fmt;

use bytes::Bytes;

use super::{Error, Kind, Unread};
use crate::problem::shortened;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        match &self.0.kind {
            Kind::Configuration { message, .. } => f.write_str(message),
            Kind::InvalidRequest { violations, .. } if violations.is_empty() => {
                f.write_str("the request cannot be built and was not sent")
            }
            Kind::InvalidRequest { violations, .. } => {
                f.write_str("the request breaks the rules and was not sent: ")?;
                for (index, violation) in violations.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{violation}")?;
                }
                Ok(())
            }
            Kind::Token(_) if self.0.received.is_some() => {
                f.write_str("the access token was refused, and no other could be had")
            }
            Kind::Token(_) => f.write_str("no access token could be had, the request was not sent"),
            Kind::Transport(cause) if cause.is_connect() => {
                f.write_str("no connection to the server")
            }
            Kind::Transport(cause) if cause.is_timeout() => {
                f.write_str("no answer in time, the server may have acted")
            }
            Kind::Transport(_) => f.write_str(
                "the connection failed before an answer came, the server may have acted",
            ),
            Kind::Status => self.fmt_status(f),
            Kind::RepeatedCursor => f.write_str(
                "the server names a page that was read before as the next one, the listing cannot go on",
            ),
            Kind::Decode(why) => {
                f.write_str("the server has acted (")?;
                self.fmt_status(f)?;
                write!(f, "), but its answer cannot be read: {why}")
            }
        }
    }
}

impl Error {
    /// The status and the server's own short words for it.
    fn fmt_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status() {
            write!(f, "{}", status.as_u16())?;
            if let Some(reason) = status.canonical_reason() {
                write!(f, " {reason}")?;
            }
        }
        let Some(problem) = self.problem() else {
            return Ok(());
        };
        let kind = problem.problem_type().or(problem.error_code());
        let title = problem.title().or(problem.error());
        for words in [kind, title].into_iter().flatten() {
            write!(f, ": {}", shortened(words))?;
        }
        Ok(())
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(undecodable) => undecodable.fmt(f),
            Self::BrokeOff(cause) if cause.is_timeout() => f.write_str("it did not end in time"),
            Self::BrokeOff(_) => f.write_str("it broke off"),
            Self::TooLarge(limit) => write!(f, "it is larger than the limit of {limit} bytes"),
            Self::UnknownStatus => f.write_str("its status is not a documented success"),
            Self::NoReport => f.write_str("it says that something failed, and has no report"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("kind", &self.0.kind)
            .field("status", &self.status())
            .field("problem", &self.0.problem)
            .field("body_length", &self.body().map(Bytes::len))
            .finish_non_exhaustive()
    }
}
