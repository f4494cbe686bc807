//! `Display` and `Debug` of errors: enough to act on, without secrets.

use std::fmt;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use chrono::DateTime;
use http::StatusCode;

use super::message::ProblemSummary;
use super::{Error, Kind, ListingFailure, UndecodableReason, WaitingFor};
use crate::problem::shortened;
use crate::proof::ProofRejection;
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
                f.write_str("the request is invalid and was not sent: ")?;
                for (index, violation) in violations.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{violation}")?;
                }
                Ok(())
            }
            Kind::Token(_) if self.status() == Some(StatusCode::UNAUTHORIZED) => {
                f.write_str("the access token was rejected, and no other could be obtained")
            }
            Kind::Token(_) => write!(f, "no access token could be obtained, {}", self.not_sent()),
            Kind::MissingScope => {
                write!(f, "the token lacks a scope, {}", self.not_sent())?;
                self.fmt_scopes(f)
            }
            Kind::CallTimeout(waiting_for) => {
                let waiting_for = match waiting_for {
                    WaitingFor::Token => "an access token",
                    WaitingFor::Limiter => "the limiter",
                };
                write!(f, "the call timed out while it waited for {waiting_for}")
            }
            Kind::Paused { wait, .. } => write!(
                f,
                "the rate limit of the server is exceeded for another {} s, which is longer than the call may wait, {}",
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
                match self.proof_rejection() {
                    Some(ProofRejection::Invalid) => f.write_str(
                        ", the DPoP proof was rejected (invalid_dpop_proof): check the clock",
                    )?,
                    Some(ProofRejection::Nonce { .. }) => {
                        f.write_str(
                            ", the server requires a nonce that the DPoP proof did not contain",
                        )?;
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
            Kind::Undecodable(reason) => {
                let (before, after) = if self.only_reads() {
                    (
                        "the server has responded (",
                        "), but the response cannot be decoded: ",
                    )
                } else if self.has_acted() {
                    (
                        "the server has acted (",
                        "), but the response cannot be decoded: ",
                    )
                } else {
                    ("outcome unknown (", "): ")
                };
                f.write_str(before)?;
                self.fmt_status(f)?;
                f.write_str(after)?;
                self.fmt_undecodable(reason, f)?;
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
                "the server returned the cursor of a page that was already read, the listing cannot continue",
            ),
            ListingFailure::PagingLimit(items) => {
                write!(
                    f,
                    "the server returns at most {items} items with counted pagination, and there may be more: "
                )?;
                let by_checkpoint = self
                    .0
                    .operation
                    .is_some_and(|operation| operation.paging() == Paging::CheckpointOrOffset);
                f.write_str(if by_checkpoint {
                    "use checkpoint pagination, without any parameter that counts pages"
                } else {
                    "narrow the listing with its other parameters, if it has any"
                })
            }
            ListingFailure::Incomplete { total, returned } => write!(
                f,
                "the listing is incomplete: expected {total} items according to the total of the last page, found {returned}; \
                 resume from the cursor to read the first incomplete page again"
            ),
            ListingFailure::Misplaced { wanted, start } => write!(
                f,
                "the listing cannot continue: expected a page with the item at offset {wanted}, found one that \
                 starts at offset {start}"
            ),
            ListingFailure::EmptyPages(pages) => write!(
                f,
                "the listing is stalled: expected an item, found {pages} empty pages in succession; \
                 resume from the cursor to read more"
            ),
        }
    }

    /// Writes HTTP method and URL template, request id, time to retry at, and attempts in parentheses, if known.
    fn fmt_context(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Shown only if the request was sent.
        let sent = self.0.operation.filter(|_| self.was_sent());
        let request = sent.map(|operation| {
            let base = self.0.history.base_url.as_ref();
            let base = base.map(|base| base.display()).unwrap_or_default();
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

    /// Describes the attempts, unless there was only one.
    fn attempts_made(&self) -> Option<String> {
        let attempts = self.attempts();
        let before_sending = matches!(
            self.0.kind,
            Kind::Token(_) | Kind::CallTimeout(_) | Kind::Paused { .. } | Kind::MissingScope
        );
        // Not mentioned if the same is already said about the last attempt.
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

    /// Writes how to find out whether the server has acted.
    fn fmt_verify_with(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self
            .0
            .operation
            .map_or(&[][..], Operation::verifying_methods)
        {
            [] => Ok(()),
            methods => write!(f, "; before a retry, check {}", methods.join(" or ")),
        }
    }

    /// Whether the error is that of a request, not of a step before it.
    fn was_sent(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Transport(_) | Kind::OutcomeUnknown(_) | Kind::Status | Kind::Undecodable(_)
        )
    }

    fn not_sent(&self) -> &'static str {
        match self.attempts() {
            0 => "the request was not sent",
            _ => "the request was not retried",
        }
    }

    /// Writes the required and the granted scopes.
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

    /// Writes status code and reason.
    fn fmt_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status() {
            write!(f, "{}", status.as_u16())?;
            if let Some(reason) = status.canonical_reason() {
                write!(f, " {reason}")?;
            }
        }
        Ok(())
    }

    /// Describes a body that is not JSON.
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

    /// Writes why a success could not be decoded.
    fn fmt_undecodable(
        &self,
        reason: &UndecodableReason,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let documented = || {
            let success = self.0.operation.map_or(&[][..], Operation::success);
            let success: Vec<_> = success.iter().map(u16::to_string).collect();
            success.join(" or ")
        };
        match reason {
            UndecodableReason::Body(_) if self.body().is_some_and(Bytes::is_empty) => {
                f.write_str("expected JSON, found an empty body")
            }
            // A body that begins like JSON is malformed JSON, and the text says where.
            UndecodableReason::Body(undecodable) if !undecodable.is_not_json() => {
                write!(f, "{undecodable}")
            }
            UndecodableReason::Body(_) => {
                write!(f, "expected JSON, found {}{NOT_THE_API}", self.body_found())
            }
            UndecodableReason::UndocumentedBody => write!(
                f,
                "expected {} without a body, found {}{NOT_THE_API}",
                documented(),
                self.body_found()
            ),
            UndecodableReason::UnknownStatus => {
                f.write_str("the status is not a documented success")?;
                match documented() {
                    statuses if statuses.is_empty() => Ok(()),
                    statuses => write!(f, ", expected {statuses}"),
                }
            }
            UndecodableReason::IncompleteBody(cause) if cause.is_timeout() => {
                f.write_str("the body did not arrive within the timeout")
            }
            UndecodableReason::IncompleteBody(_) => f.write_str("the body is incomplete"),
            UndecodableReason::NotText => f.write_str("expected UTF-8 text, found other bytes"),
            UndecodableReason::UnknownMediaType => write!(
                f,
                "the media type is not documented, found {}{NOT_THE_API}",
                self.body_found()
            ),
            UndecodableReason::TooLarge(limit) => {
                write!(f, "the body exceeds the limit of {limit} bytes")
            }
            UndecodableReason::MissingReport => {
                f.write_str("the status means a partial failure, but the body has no report")
            }
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
                &self.problem().map(|problem| ProblemSummary(self, problem)),
            )
            .field("body_length", &self.body().map(Bytes::len))
            .field("attempts", &self.attempts())
            .field("may_have_acted", &self.may_have_acted())
            .field("retry_at", &self.retry_at())
            .finish_non_exhaustive()
    }
}
