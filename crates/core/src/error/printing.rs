//! What an error prints: enough to act on, and nothing that a log may not hold.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use super::{Awaited, Error, Kind, ListingFault, Unread};
use crate::problem::shortened;
use crate::proof::Refusal;
use crate::scopes::Alternatives;
use crate::{Paging, RetrySafety};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
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
            Kind::Token(_) if self.status() == Some(StatusCode::UNAUTHORIZED) => {
                f.write_str("the access token was refused, and no other could be had")
            }
            Kind::Token(_) => write!(f, "no access token could be had, {}", self.not_sent()),
            Kind::MissingScope => {
                write!(f, "the token lacks a scope, {}", self.not_sent())?;
                self.fmt_scopes(f)
            }
            Kind::TooLate(awaited) => {
                let awaited = match awaited {
                    Awaited::Token => "an access token",
                    Awaited::Limiter => "the limiter",
                };
                write!(
                    f,
                    "the time for the call was over while it waited for {awaited}"
                )
            }
            Kind::Paused { wait, .. } => write!(
                f,
                "the rate limit of the server is used up for another {} s, which is longer than the call may wait, {}",
                wait.as_millis().div_ceil(1000),
                self.not_sent()
            ),
            Kind::Transport(cause) => cause.fmt(f),
            Kind::OutcomeUnknown(cause) => {
                write!(f, "outcome unknown: {cause}, and the server may have acted")?;
                match self.look_at() {
                    [] => Ok(()),
                    operations => write!(
                        f,
                        "; before it is sent again, look at {}",
                        operations.join(" or ")
                    ),
                }
            }
            Kind::Status => {
                self.fmt_status(f)?;
                if self.is_missing_scope() {
                    self.fmt_scopes(f)?;
                }
                match self.refusal_of_proof() {
                    Some(Refusal::Invalid) => f.write_str(
                        ", the DPoP proof was not taken (invalid_dpop_proof): is the clock right?",
                    )?,
                    Some(Refusal::Nonce { .. }) => {
                        f.write_str(", a nonce is asked for that the DPoP proof did not hold")?;
                    }
                    None => {}
                }
                if self.0.trail.may_have_acted {
                    f.write_str(", the server may have acted")?;
                }
                Ok(())
            }
            Kind::Listing(fault) => self.fmt_listing(*fault, f),
            Kind::Undecodable(why) => {
                f.write_str(if self.only_reads() {
                    "the server has answered ("
                } else {
                    "the server has acted ("
                })?;
                self.fmt_status(f)?;
                write!(f, "), but its answer cannot be read: {why}")
            }
        }?;
        self.fmt_attempts(f)
    }
}

impl Error {
    fn only_reads(&self) -> bool {
        self.0
            .operation
            .is_some_and(|operation| operation.retry_safety() == RetrySafety::Safe)
    }

    fn fmt_listing(&self, fault: ListingFault, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match fault {
            ListingFault::RepeatedCursor => f.write_str(
                "the server names a page that was read before as the next one, the listing cannot go on",
            ),
            ListingFault::PagingLimit(items) => {
                write!(
                    f,
                    "the server gives out {items} items of a listing whose pages are counted, and there may be more: "
                )?;
                let by_checkpoint = self
                    .0
                    .operation
                    .is_some_and(|operation| operation.paging() == Paging::CheckpointOrOffset);
                f.write_str(if by_checkpoint {
                    "read it by checkpoints, without any of the parameters that count pages"
                } else {
                    "narrow it by its other parameters, if it has any"
                })
            }
            ListingFault::Incomplete { total, returned } => write!(
                f,
                "the listing is incomplete: expected {total} items by the total of its last page, found {returned}; \
                 resume it from the cursor to read again from the first page that had too few"
            ),
            ListingFault::Misplaced { wanted, start } => write!(
                f,
                "the listing cannot continue: expected a page with the item behind {wanted} others, found one that \
                 begins behind {start}"
            ),
            ListingFault::EmptyPages(pages) => write!(
                f,
                "the listing does not continue: expected an item, found {pages} empty pages one after another; \
                 resume it from the cursor to read more of them"
            ),
        }
    }

    /// How often the request went out, where there is more to it than one attempt that failed.
    fn fmt_attempts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.attempts();
        let before_sending = matches!(
            self.0.kind,
            Kind::Token(_) | Kind::TooLate(_) | Kind::Paused { .. } | Kind::MissingScope
        );
        // What is said of the last attempt need not be said of an earlier one as well.
        let earlier = self.earlier_attempt_may_have_acted() && !self.0.trail.may_have_acted;
        match (before_sending, earlier) {
            (true, true) => write!(f, " (after attempt {attempts}; the server may have acted)"),
            (false, true) => write!(
                f,
                " (attempt {attempts}; the server may have acted on an earlier one)"
            ),
            (true, false) if attempts > 1 => write!(f, " (after attempt {attempts})"),
            (false, false) if attempts > 1 => write!(f, " (attempt {attempts})"),
            _ => Ok(()),
        }
    }

    fn not_sent(&self) -> &'static str {
        match self.attempts() {
            0 => "the request was not sent",
            _ => "the request was not sent again",
        }
    }

    /// What the operation needs, and what there is.
    fn fmt_scopes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.needed_scopes().is_empty() {
            write!(f, "; it needs {}", Alternatives(self.needed_scopes()))?;
        }
        match self.granted_scopes() {
            None => Ok(()),
            Some(granted) if granted.is_empty() => f.write_str("; the token was granted none"),
            Some(granted) => write!(
                f,
                "; the token was granted {}",
                shortened(&granted.to_string())
            ),
        }
    }

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
            .field("operation", &self.operation())
            .field("kind", &self.0.kind)
            .field("status", &self.status())
            .field("problem", &self.0.problem)
            .field("body_length", &self.body().map(Bytes::len))
            .field("attempts", &self.attempts())
            .field("may_have_acted", &self.may_have_acted())
            .field("retry_at", &self.retry_at())
            .finish_non_exhaustive()
    }
}
