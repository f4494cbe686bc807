//! What an error prints: enough to act on, and nothing that a log may not hold.

use std::fmt;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use chrono::DateTime;
use http::StatusCode;

use super::message::Kinds;
use super::{Awaited, Error, Kind, ListingFailure, Unread};
use crate::problem::shortened;
use crate::proof::Refusal;
use crate::scopes::Alternatives;
use crate::{Operation, Paging, RetrySafety};

const NOT_THE_API: &str = ": a proxy or a login page may have responded instead of the API";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = self.client_method() {
            write!(f, "{method}: ")?;
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
                self.fmt_verify_with(f)
            }
            Kind::Status => {
                self.fmt_status(f)?;
                self.fmt_message(f)?;
                self.fmt_redirect(f)?;
                self.fmt_wrong_base_url(f)?;
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
                if self.0.history.may_have_acted {
                    f.write_str(", and the server may have acted")?;
                    self.fmt_verify_with(f)?;
                }
                Ok(())
            }
            Kind::Listing(failure) => self.fmt_listing(*failure, f),
            Kind::Undecodable(why) => {
                let (before, after) = if self.only_reads() {
                    (
                        "the server has answered (",
                        "), but its answer cannot be read: ",
                    )
                } else if self.has_acted() {
                    (
                        "the server has acted (",
                        "), but its answer cannot be read: ",
                    )
                } else {
                    ("outcome unknown (", "): ")
                };
                f.write_str(before)?;
                self.fmt_status(f)?;
                f.write_str(after)?;
                self.fmt_unread(why, f)?;
                match self.has_acted() {
                    true => Ok(()),
                    false => self.fmt_verify_with(f),
                }
            }
        }?;
        self.fmt_context(f)
    }
}

impl Error {
    pub(super) fn only_reads(&self) -> bool {
        self.0
            .operation
            .is_some_and(|operation| operation.retry_safety() == RetrySafety::Safe)
    }

    fn fmt_listing(&self, failure: ListingFailure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match failure {
            ListingFailure::RepeatedCursor => f.write_str(
                "the server names a page that was read before as the next one, the listing cannot go on",
            ),
            ListingFailure::PagingLimit(items) => {
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
            ListingFailure::Incomplete { total, returned } => write!(
                f,
                "the listing is incomplete: expected {total} items by the total of its last page, found {returned}; \
                 resume it from the cursor to read again from the first page that had too few"
            ),
            ListingFailure::Misplaced { wanted, start } => write!(
                f,
                "the listing cannot continue: expected a page with the item behind {wanted} others, found one that \
                 begins behind {start}"
            ),
            ListingFailure::EmptyPages(pages) => write!(
                f,
                "the listing does not continue: expected an item, found {pages} empty pages one after another; \
                 resume it from the cursor to read more of them"
            ),
        }
    }

    /// Method and URL template, request id, time to retry at, attempts: in parentheses, as far as they are known.
    fn fmt_context(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was not sent needs no URL.
        let sent = self.0.operation.filter(|_| self.was_sent());
        let request = sent.map(|operation| {
            let base = self.0.history.base_url.as_ref();
            let base = base.map(|base| base.displayed()).unwrap_or_default();
            format!("{} {base}{}", operation.method(), operation.path())
        });
        let request_id = self.request_id().map(|id| {
            format!(
                "request id {}",
                self.0.history.redaction.apply(&shortened(id))
            )
        });
        let retry_at = self.retry_at().and_then(|at| {
            let since_epoch = at.duration_since(UNIX_EPOCH).ok()?;
            let at = DateTime::from_timestamp(since_epoch.as_secs().try_into().ok()?, 0)?;
            Some(format!("retry at {}", at.format("%Y-%m-%dT%H:%M:%SZ")))
        });
        let parts = [request, request_id, retry_at, self.attempts_made()];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match parts[..] {
            [] => Ok(()),
            _ => write!(f, " ({})", parts.join("; ")),
        }
    }

    /// How often the request was sent, where there is more to say than that one attempt failed.
    fn attempts_made(&self) -> Option<String> {
        let attempts = self.attempts();
        let before_sending = matches!(
            self.0.kind,
            Kind::Token(_) | Kind::TooLate(_) | Kind::Paused { .. } | Kind::MissingScope
        );
        // What is said of the last attempt need not be said of an earlier one as well.
        let earlier = self.earlier_attempt_may_have_acted() && !self.0.history.may_have_acted;
        match (before_sending, earlier) {
            (true, true) => Some(format!(
                "after attempt {attempts}; the server may have acted"
            )),
            (false, true) => Some(format!(
                "attempt {attempts}; the server may have acted on an earlier one"
            )),
            (true, false) if attempts > 1 => Some(format!("after attempt {attempts}")),
            (false, false) if attempts > 1 => Some(format!("attempt {attempts}")),
            _ => None,
        }
    }

    /// How to find out whether the server acted.
    fn fmt_verify_with(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self
            .0
            .operation
            .map_or(&[][..], Operation::verifying_methods)
        {
            [] => Ok(()),
            methods => write!(
                f,
                "; before it is sent again, look at {}",
                methods.join(" or ")
            ),
        }
    }

    /// Whether it is a request that failed, and not what comes before it.
    fn was_sent(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Transport(_) | Kind::OutcomeUnknown(_) | Kind::Status | Kind::Undecodable(_)
        )
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

    /// The status.
    fn fmt_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status() {
            write!(f, "{}", status.as_u16())?;
            if let Some(reason) = status.canonical_reason() {
                write!(f, " {reason}")?;
            }
        }
        Ok(())
    }

    /// What the body is, where it is not JSON.
    fn body_found(&self) -> String {
        let Some(received) = &self.0.received else {
            return "no response".to_owned();
        };
        let length = received.body.len();
        match received.media_type() {
            _ if length == 0 => "an empty body".to_owned(),
            Some(media_type) => format!("{} of {length} bytes", self.shown(media_type)),
            None => format!("{length} bytes without a media type"),
        }
    }

    /// Why a success could not be read.
    fn fmt_unread(&self, why: &Unread, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documented = || {
            let success = self.0.operation.map_or(&[][..], Operation::success);
            let success: Vec<_> = success.iter().map(u16::to_string).collect();
            success.join(" or ")
        };
        match why {
            Unread::Body(_) if self.body().is_some_and(Bytes::is_empty) => {
                f.write_str("expected JSON, found an empty body")
            }
            // A body that begins like JSON is broken JSON; the text says where.
            Unread::Body(undecodable) if !undecodable.is_not_json() => {
                write!(f, "{undecodable}")
            }
            Unread::Body(_) => {
                write!(f, "expected JSON, found {}{NOT_THE_API}", self.body_found())
            }
            Unread::UndocumentedBody => write!(
                f,
                "expected {} without a body, found {}{NOT_THE_API}",
                documented(),
                self.body_found()
            ),
            Unread::UnknownStatus => {
                f.write_str("its status is not a documented success")?;
                match documented() {
                    statuses if statuses.is_empty() => Ok(()),
                    statuses => write!(f, ", expected {statuses}"),
                }
            }
            Unread::BrokeOff(cause) if cause.is_timeout() => f.write_str("it did not end in time"),
            Unread::BrokeOff(_) => f.write_str("it broke off"),
            Unread::TooLarge(limit) => {
                write!(f, "it is larger than the limit of {limit} bytes")
            }
            Unread::NoReport => f.write_str("it says that something failed, and has no report"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.operation())
            .field("kind", &self.0.kind)
            .field("status", &self.status())
            .field(
                "problem",
                &self.problem().map(|problem| Kinds(self, problem)),
            )
            .field("body_length", &self.body().map(Bytes::len))
            .field("attempts", &self.attempts())
            .field("may_have_acted", &self.may_have_acted())
            .field("retry_at", &self.retry_at())
            .finish_non_exhaustive()
    }
}
