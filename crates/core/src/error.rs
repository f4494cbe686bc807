//! The error of a call.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

use std::time::{Duration, SystemTime};

use crate::call::{AttemptHistory, RawResponse, is_empty_or_json};
use crate::proof::ProofRejection;
use crate::undecodable::Undecodable;
use crate::{Cursor, Operation, Problem, Scopes, TokenError, Violation};

mod cause;
mod message;
mod printing;

pub(crate) use cause::{Cause, Late};

/// The error of a call. Predicates report what happened.
///
/// | predicate | the server | details |
/// | --- | --- | --- |
/// | [`is_configuration`](Error::is_configuration) | received no request | |
/// | [`is_invalid_request`](Error::is_invalid_request) | received no request | [`violations`](Error::violations) |
/// | [`is_missing_scope`](Error::is_missing_scope) | received no request, or returned 403 | [`needed_scopes`](Error::needed_scopes), [`granted_scopes`](Error::granted_scopes) |
/// | [`is_token`](Error::is_token) | received no request, or rejected the previous token | [`token_error`](Error::token_error), the 401 response |
/// | [`is_transport`](Error::is_transport) | did not process the request ([`is_connect`](Error::is_connect), or a refused HTTP/2 stream), or the operation only reads | |
/// | [`is_outcome_unknown`](Error::is_outcome_unknown) | **may have acted**: there was no response, or an inconclusive one such as 502 | [`verify_with`](Error::verify_with), the response |
/// | [`is_status`](Error::is_status) | returned an error status | status, headers, body, [`problem`](Error::problem), [`retry_at`](Error::retry_at) |
/// | [`is_undecodable`](Error::is_undecodable) | **has acted**, unless the response seems to come from a proxy or a login page | status, headers, body, [`undecodable`](Error::undecodable) |
/// | [`is_repeated_cursor`](Error::is_repeated_cursor) | returned the cursor of a page that was already read | [`cursor`](Error::cursor) |
/// | [`is_paging_limit`](Error::is_paging_limit) | returns no more items | [`cursor`](Error::cursor) |
/// | [`is_incomplete_listing`](Error::is_incomplete_listing) | returned fewer items than its total | [`cursor`](Error::cursor) |
/// | [`is_stalled_listing`](Error::is_stalled_listing) | returned only empty pages | [`cursor`](Error::cursor) |
///
/// In addition, [`is_timeout`](Error::is_timeout) is true for every kind of timeout.
/// [`is_retryable`](Error::is_retryable), [`may_have_acted`](Error::may_have_acted) and [`attempts`](Error::attempts)
/// apply to all kinds.
///
/// ```
/// use auth0_core::Error;
///
/// fn report(error: &Error) {
///     if error.is_not_found() {
///         println!("it does not exist");
///     } else if error.is_outcome_unknown() {
///         println!("check with {:?} whether the server has acted", error.verify_with());
///     } else if let Some(at) = error.retry_at() {
///         println!("try again at {at:?}");
///     } else {
///         // One line with the server's message and the request id.
///         println!("{error}");
///     }
/// }
/// # report(&Error::configuration("token_source: not set"));
/// ```
///
/// `Display` is one line: the client method, what happened, the message of the server, and in parentheses HTTP method and
/// URL template, request id, time to retry at, and attempts.
///
/// ```text
/// organizations().create: 400 Bad Request: invalid_body: name: too short (POST https://acme.us.auth0.com/api/v2/organizations; request id 5f3a)
/// ```
///
/// The message consists of the documented members of an error body (`type`, `errorCode`, `title`, `error`, `message`,
/// `detail`, `error_description`, `validation_errors`), truncated, on one line, and without the token, headers and secrets
/// of the call. `Display`, `Debug` and the chain of sources contain nothing else of a body, and no secret, query or path
/// value of the request. The target of a redirect is shown with its path but without its query.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    operation: Option<&'static Operation>,
    received: Option<RawResponse>,
    problem: Option<Problem>,
    history: AttemptHistory,
    cursor: Option<Cursor>,
}

#[derive(Debug)]
enum Kind {
    Configuration {
        message: String,
        cause: Option<reqwest::Error>,
    },
    InvalidRequest {
        violations: Vec<Violation>,
        cause: Option<reqwest::Error>,
    },
    MissingScope,
    Token(TokenError),
    CallTimeout(WaitingFor),
    /// A pause of the limiter is longer than the call may wait.
    Paused {
        wait: Duration,
        /// The pause exceeds the timeout of the call, not the maximum wait of its policy.
        is_late: bool,
    },
    Transport(Cause),
    OutcomeUnknown(Cause),
    Status,
    Undecodable(UndecodableReason),
    Listing(ListingFailure),
}

/// Why a listing cannot continue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListingFailure {
    /// The server returned the cursor of a page that was already read.
    RepeatedCursor,
    /// The server returns at most this number of items with counted pagination.
    PagingLimit(u64),
    /// Fewer items were returned than the total.
    Incomplete { total: u64, returned: u64 },
    /// The page does not contain the requested item.
    Misplaced { wanted: u64, start: u64 },
    /// This number of empty pages was returned in succession.
    EmptyPages(u32),
}

/// What a call waited for when it timed out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WaitingFor {
    /// An access token.
    Token,
    /// The limiter.
    Limiter,
}

/// Why the response to a successful request could not be decoded.
#[derive(Debug)]
pub(crate) enum UndecodableReason {
    /// The body does not decode.
    Body(Undecodable),
    /// The body is incomplete.
    IncompleteBody(reqwest::Error),
    /// The body exceeds this limit in bytes.
    TooLarge(usize),
    /// The status is not documented, and the outcome of the operation depends on it.
    UnknownStatus,
    /// The status means a partial failure, but the body has no report.
    MissingReport,
    /// The body is not text.
    NotText,
    /// The media type is none of those that the operation documents.
    UnknownMediaType,
    /// The body is not JSON, and the operation documents no body.
    UndocumentedBody,
}

impl Error {
    /// Creates a configuration error. `message` names the setting and what was expected; it must not contain a secret.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(
            None,
            Kind::Configuration {
                message: message.into(),
                cause: None,
            },
        )
    }

    /// The credentials that the operation requires are not set or not valid. The request was not sent.
    pub(crate) fn missing_credentials(operation: &'static Operation, message: String) -> Self {
        let cause = None;
        Self::new(Some(operation), Kind::Configuration { message, cause })
    }

    pub(crate) fn http_client(cause: reqwest::Error) -> Self {
        let message = "the HTTP client cannot be built".to_owned();
        Self::new(
            None,
            Kind::Configuration {
                message,
                cause: Some(cause.without_url()),
            },
        )
    }

    pub(crate) fn invalid_request(
        operation: &'static Operation,
        violations: Vec<Violation>,
    ) -> Self {
        let cause = None;
        Self::new(Some(operation), Kind::InvalidRequest { violations, cause })
    }

    pub(crate) fn unbuildable_request(
        operation: &'static Operation,
        cause: Option<reqwest::Error>,
    ) -> Self {
        let cause = cause.map(reqwest::Error::without_url);
        let violations = Vec::new();
        Self::new(Some(operation), Kind::InvalidRequest { violations, cause })
    }

    pub(crate) fn missing_scope(operation: &'static Operation) -> Self {
        Self::new(Some(operation), Kind::MissingScope)
    }

    pub(crate) fn token(operation: &'static Operation, error: TokenError) -> Self {
        Self::new(Some(operation), Kind::Token(error))
    }

    /// The call timed out before a request could be sent.
    pub(crate) fn call_timed_out(operation: &'static Operation, awaited: WaitingFor) -> Self {
        Self::new(Some(operation), Kind::CallTimeout(awaited))
    }

    /// The limiter pauses such calls for `wait`, and the request was not sent.
    pub(crate) fn paused(operation: &'static Operation, wait: Duration, is_late: bool) -> Self {
        Self::new(Some(operation), Kind::Paused { wait, is_late })
    }

    pub(crate) fn transport(operation: &'static Operation, cause: Cause) -> Self {
        Self::new(Some(operation), Kind::Transport(cause))
    }

    pub(crate) fn outcome_unknown(operation: &'static Operation, cause: Cause) -> Self {
        Self::new(Some(operation), Kind::OutcomeUnknown(cause))
    }

    pub(crate) fn from_status(received: RawResponse) -> Self {
        let problem = Problem::parse(&received.body);
        let mut error = Self::from_response(received, Kind::Status);
        if let Some(problem) = &problem {
            error.0.history.redaction.add_members(problem.body());
        }
        error.0.problem = problem;
        error
    }

    pub(crate) fn undecodable_response(received: RawResponse, why: UndecodableReason) -> Self {
        Self::from_response(received, Kind::Undecodable(why))
    }

    pub(crate) fn listing(operation: &'static Operation, failure: ListingFailure) -> Self {
        Self::new(Some(operation), Kind::Listing(failure))
    }

    fn from_response(mut received: RawResponse, kind: Kind) -> Self {
        let mut error = Self::new(Some(received.operation), kind);
        error.0.history = std::mem::take(&mut received.history);
        error.0.received = Some(received);
        error
    }

    fn new(operation: Option<&'static Operation>, kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            received: None,
            problem: None,
            history: AttemptHistory::default(),
            cursor: None,
        }))
    }

    /// Adds the history of the call, and the response to the previous attempt if the last one was not sent.
    pub(crate) fn with_history(
        mut self,
        history: AttemptHistory,
        response: Option<RawResponse>,
    ) -> Self {
        self.0.history = history;
        self.0.received = self.0.received.or(response);
        self
    }

    /// Adds the cursor of the page that failed.
    pub(crate) fn at_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.0.cursor = cursor;
        self
    }

    pub(crate) fn history(&self) -> &AttemptHistory {
        &self.0.history
    }

    /// Whether a setting is missing or invalid.
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration { .. })
    }

    /// Whether the request violates the constraints of the document. It was not sent.
    #[doc(alias = "validation")]
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidRequest { .. })
    }

    /// Returns the constraints that the request violates.
    pub fn violations(&self) -> &[Violation] {
        match &self.0.kind {
            Kind::InvalidRequest { violations, .. } => violations,
            _ => &[],
        }
    }

    /// Whether no access token could be obtained. The request was not sent. If the server rejected a previous token,
    /// [`status`](Error::status) and [`body`](Error::body) are those of its 401 response.
    pub fn is_token(&self) -> bool {
        self.token_error().is_some()
    }

    /// Returns why no access token could be obtained.
    pub fn token_error(&self) -> Option<&TokenError> {
        match &self.0.kind {
            Kind::Token(error) => Some(error),
            _ => None,
        }
    }

    /// Whether there was no response and the server cannot have changed anything: it did not process the request
    /// ([`is_connect`](Error::is_connect), or a refused HTTP/2 stream), or the operation only reads.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// Whether it is unknown if the server has acted: there was no response, or the response to an operation that writes is
    /// 408, a status of 500 and above other than 501, or a 200 or undocumented success whose body is not JSON. Earlier
    /// attempts count as well. The call was retried only if a retry is harmless. [`verify_with`](Error::verify_with)
    /// returns the operations that show the current state.
    ///
    /// Equivalent to [`may_have_acted`](Error::may_have_acted) and not [`has_acted`](Error::has_acted). If
    /// [`is_status`](Error::is_status) is true too, there is a response.
    pub fn is_outcome_unknown(&self) -> bool {
        self.may_have_acted() && !self.has_acted()
    }

    /// Returns the ids of the read operations that show whether the failed write happened, if the API has any.
    pub fn verify_with(&self) -> &'static [&'static str] {
        self.0.operation.map_or(&[], Operation::verify_with)
    }

    /// Whether a timeout expired: the response was late or incomplete, or the whole call timed out, or would time out
    /// before the server accepts such calls again.
    #[doc(alias = "deadline")]
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::CallTimeout(_) | Kind::Paused { is_late: true, .. } => true,
            Kind::Transport(cause) | Kind::OutcomeUnknown(cause) => cause.is_timeout(),
            Kind::Undecodable(UndecodableReason::IncompleteBody(cause)) => cause.is_timeout(),
            _ => false,
        }
    }

    /// Whether no connection could be established, so the server received no request.
    pub fn is_connect(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(cause) if cause.is_connect())
    }

    /// Whether the TLS handshake failed because of a certificate: the HTTP client does not trust that of the server, or
    /// the server rejected that of the client. The request was not sent and is not retried.
    #[doc(alias = "TLS")]
    pub fn is_certificate(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(cause) if cause.is_certificate())
    }

    /// Whether the server returned an error status.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, Kind::Status)
    }

    /// Whether the server returned a success that cannot be decoded or that the operation does not document. Status,
    /// headers and the received part of the body are kept.
    ///
    /// According to its status, the server [has acted](Error::has_acted). But if the body is not JSON, such as the HTML of
    /// a login page, and the status is 200 or not documented, a proxy may have responded instead of the API: the
    /// [outcome](Error::is_outcome_unknown) of an operation that writes is then unknown.
    pub fn is_undecodable(&self) -> bool {
        matches!(self.0.kind, Kind::Undecodable(_))
    }

    /// Whether the server has certainly acted, although the call failed.
    pub fn has_acted(&self) -> bool {
        self.is_undecodable() && !self.may_be_from_a_proxy()
    }

    /// Whether the success of an operation that writes may not come from the API: its body is not JSON, and its status is
    /// one that proxies and login pages use, or one that the operation does not document.
    fn may_be_from_a_proxy(&self) -> bool {
        let Kind::Undecodable(why) = &self.0.kind else {
            return false;
        };
        let is_unexpected_body = match why {
            UndecodableReason::UndocumentedBody => true,
            UndecodableReason::Body(why) => why.is_not_json() && self.has_status_of_a_proxy(),
            UndecodableReason::UnknownStatus => {
                !self.body().is_none_or(|body| is_empty_or_json(body))
            }
            _ => false,
        };
        is_unexpected_body && !self.only_reads()
    }

    /// Whether the status is one that proxies and login pages use, or that the operation does not document.
    fn has_status_of_a_proxy(&self) -> bool {
        let documented = self.0.operation.map_or(&[][..], Operation::success);
        self.status().is_some_and(|status| {
            let is_undocumented = !documented.is_empty() && !documented.contains(&status.as_u16());
            status == StatusCode::OK || is_undocumented
        })
    }

    /// Whether the server has acted or may have: [`has_acted`](Error::has_acted) or
    /// [`is_outcome_unknown`](Error::is_outcome_unknown).
    #[doc(alias = "idempotent")]
    pub fn may_have_acted(&self) -> bool {
        self.is_undecodable()
            || self.0.history.may_have_acted
            || self.earlier_attempt_may_have_acted()
    }

    /// Whether the server may have acted on an attempt before the last one, or before one that could not be sent. A 404
    /// for a DELETE then probably means that an earlier attempt deleted the resource.
    pub fn earlier_attempt_may_have_acted(&self) -> bool {
        self.0.history.earlier_may_have_acted
    }

    /// Returns the number of requests that were sent; 0 if none was.
    pub fn attempts(&self) -> u32 {
        self.0.history.attempts
    }

    /// Whether repeating the call is harmless and may succeed: the failure is temporary, and the operation is safe to
    /// retry or the server has certainly not acted. [`retry_at`](Error::retry_at) may return when.
    #[doc(alias = "retry")]
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, Kind::CallTimeout(_) | Kind::Paused { .. })
            || self.0.history.retryable
    }

    /// Returns when the server accepts such calls again, by the local clock. Known after a response with `Retry-After`, or
    /// a 429 with `x-ratelimit-reset`, to this call or to an earlier one with the same [`Limiter`](crate::Limiter).
    #[doc(alias = "Retry-After")]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.history.retry_at
    }

    /// Whether the server returned the cursor of a page that was already read. Continuing the listing would never end.
    pub fn is_repeated_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::RepeatedCursor))
    }

    /// Whether a listing with counted pagination reached the maximum number of items that the server returns, and there
    /// are, or may be, more. The items before the error are valid. Use checkpoint pagination if the operation supports it,
    /// which has no such limit; otherwise narrow the listing with its parameters.
    pub fn is_paging_limit(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::PagingLimit(_)))
    }

    /// Whether a listing with counted pagination did not return all items: fewer than the `total` of the last page, or a
    /// page without the requested item. The items before the error are valid, and [`cursor`](Error::cursor) is the first
    /// incomplete page.
    pub fn is_incomplete_listing(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Listing(ListingFailure::Incomplete { .. } | ListingFailure::Misplaced { .. })
        )
    }

    /// Whether a listing ended because the server returned [`MAX_EMPTY_PAGES`](crate::paging::MAX_EMPTY_PAGES) empty pages
    /// in succession and still names a next one. The listing can be resumed from [`cursor`](Error::cursor).
    pub fn is_stalled_listing(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::EmptyPages(_)))
    }

    /// Whether the status is 401.
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(StatusCode::UNAUTHORIZED)
    }

    /// Whether the status is 401 because the DPoP proof was rejected, not the token (`invalid_dpop_proof`, RFC 9449 §7.1).
    /// The most likely cause is a wrong local clock; another one is a proxy that changes the URL.
    #[doc(alias = "DPoP")]
    pub fn is_invalid_dpop_proof(&self) -> bool {
        self.proof_rejection() == Some(ProofRejection::Invalid)
    }

    /// Why the DPoP proof was rejected, if it was.
    fn proof_rejection(&self) -> Option<ProofRejection> {
        let headers = self.headers().filter(|_| self.is_unauthorized())?;
        ProofRejection::of(headers)
    }

    /// Whether the status is 403.
    pub fn is_forbidden(&self) -> bool {
        self.has_status(StatusCode::FORBIDDEN)
    }

    /// Whether the token lacks scopes that the operation requires: found before the call if the client checks scopes, or
    /// because of a 403 that reports it, or of a 403 for a token that is known to lack them.
    #[doc(alias = "insufficient_scope")]
    pub fn is_missing_scope(&self) -> bool {
        let lacks_them = || {
            self.0
                .operation
                .zip(self.granted_scopes())
                .is_some_and(|(operation, granted)| !granted.cover(operation))
        };
        matches!(self.0.kind, Kind::MissingScope)
            || self.is_forbidden() && (self.reports_insufficient_scope() || lacks_them())
    }

    /// RFC 6750 §3.1 defines an error code in a header; Auth0's APIs return it in the body.
    fn reports_insufficient_scope(&self) -> bool {
        const CODE: &str = "insufficient_scope";
        let in_header = self
            .headers()
            .into_iter()
            .flat_map(|headers| headers.get_all(WWW_AUTHENTICATE))
            .any(|value| value.to_str().is_ok_and(|value| value.contains(CODE)));
        let in_body = self.problem().is_some_and(|problem| {
            [
                problem.error_code(),
                problem.error(),
                problem.problem_type(),
            ]
            .contains(&Some(CODE))
        });
        in_header || in_body
    }

    /// Returns the scopes that the operation requires: all scopes of one of the alternatives.
    pub fn needed_scopes(&self) -> &'static [&'static [&'static str]] {
        self.0.operation.map_or(&[], Operation::scopes)
    }

    /// Returns the scopes that were granted to the token of the last attempt, if known.
    pub fn granted_scopes(&self) -> Option<&Scopes> {
        self.0.history.granted.as_deref()
    }

    /// Whether the status is 404.
    pub fn is_not_found(&self) -> bool {
        self.has_status(StatusCode::NOT_FOUND)
    }

    /// Whether the status is 409.
    pub fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// Whether the status is 429, or a [`Limiter`](crate::Limiter) did not send the request because an earlier response
    /// paused such requests for longer than the call may wait. [`retry_at`](Error::retry_at) may return when the server
    /// accepts them again.
    #[doc(alias = "429")]
    #[doc(alias = "rate limit")]
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, Kind::Paused { .. }) || self.has_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Whether the status is 500 or above.
    pub fn is_server_error(&self) -> bool {
        self.is_status() && self.status().is_some_and(|status| status.is_server_error())
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.is_status() && self.status() == Some(status)
    }

    /// Returns the status of the response, if there is one. If the last attempt was not sent, it is that of the previous
    /// one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.received.as_ref().map(|received| received.status)
    }

    /// Returns the headers of the response, if there is one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.received.as_ref().map(|received| &received.headers)
    }

    /// Returns the received part of the body, if there is a response. It may contain secrets.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.received.as_ref().map(|received| &received.body)
    }

    /// Whether [`body`](Error::body) is complete. It is not if the connection broke, or if it exceeds the limit.
    pub fn body_is_complete(&self) -> bool {
        self.0
            .received
            .as_ref()
            .is_some_and(|received| received.complete)
    }

    /// Returns the body of an error response as typed data, if it is a JSON object.
    pub fn problem(&self) -> Option<&Problem> {
        self.0.problem.as_ref()
    }

    /// Returns the cursor of the page that failed, for listings read through [`Items`](crate::Items) or
    /// [`Pages`](crate::Pages). The listing can be resumed from it.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.0.cursor.as_ref()
    }

    /// Returns the client method that was called, such as `organizations().get_by_name`.
    pub fn client_method(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::client_method)
    }

    /// Returns the id of the operation in the document.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::id)
    }

    /// Returns the request id that the server assigned, if any. Auth0's support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.received.as_ref()?.request_id()
    }

    /// Returns where and why decoding failed; `None` if the body is incomplete, too large or not documented.
    pub fn undecodable(&self) -> Option<&Undecodable> {
        match &self.0.kind {
            Kind::Undecodable(UndecodableReason::Body(undecodable)) => Some(undecodable),
            _ => None,
        }
    }

    /// A short name of the kind, for logs.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.0.kind {
            Kind::Configuration { .. } => "configuration",
            Kind::InvalidRequest { .. } => "invalid_request",
            Kind::MissingScope => "missing_scope",
            Kind::Token(_) => "token",
            Kind::CallTimeout(_) => "timeout",
            Kind::Paused { .. } => "rate_limited",
            Kind::Transport(cause) => cause.name(),
            Kind::OutcomeUnknown(_) => "outcome_unknown",
            Kind::Status => "status",
            Kind::Undecodable(_) => "undecodable",
            Kind::Listing(failure) => failure.name(),
        }
    }
}

impl ListingFailure {
    /// A short name of the kind, for logs.
    fn name(self) -> &'static str {
        match self {
            Self::RepeatedCursor => "repeated_cursor",
            Self::PagingLimit(_) => "paging_limit",
            Self::Incomplete { .. } | Self::Misplaced { .. } => "incomplete_listing",
            Self::EmptyPages(_) => "stalled_listing",
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Configuration { cause, .. } | Kind::InvalidRequest { cause, .. } => {
                cause.as_ref().map(|cause| cause as _)
            }
            Kind::Token(error) => Some(error),
            Kind::Transport(cause) | Kind::OutcomeUnknown(cause) => Some(cause.source()),
            Kind::Undecodable(UndecodableReason::IncompleteBody(cause)) => Some(cause),
            Kind::Undecodable(_)
            | Kind::MissingScope
            | Kind::CallTimeout(_)
            | Kind::Paused { .. }
            | Kind::Status
            | Kind::Listing(_) => None,
        }
    }
}
