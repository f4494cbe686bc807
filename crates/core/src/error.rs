//! Everything that can go wrong with a call.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

use std::time::{Duration, SystemTime};

use crate::call::{AttemptHistory, RawResponse, is_empty_or_json};
use crate::proof::Refusal;
use crate::undecodable::Undecodable;
use crate::{Cursor, Operation, Problem, Scopes, TokenError, Violation};

mod cause;
mod message;
mod printing;

pub(crate) use cause::Cause;

/// What went wrong, told apart by predicates.
///
/// | predicate | the server | holds |
/// | --- | --- | --- |
/// | [`is_configuration`](Error::is_configuration) | was not asked | |
/// | [`is_invalid_request`](Error::is_invalid_request) | was not asked | [`violations`](Error::violations) |
/// | [`is_missing_scope`](Error::is_missing_scope) | was not asked this time, or refused with 403 | [`needed_scopes`](Error::needed_scopes), [`granted_scopes`](Error::granted_scopes) |
/// | [`is_token`](Error::is_token) | was not asked this time, or refused the former token | [`token_error`](Error::token_error), the refusal |
/// | [`is_transport`](Error::is_transport) | did not process the request ([`is_connect`](Error::is_connect), or an HTTP/2 refusal), or was asked to read | |
/// | [`is_outcome_unknown`](Error::is_outcome_unknown) | **may have acted**: no response came, or one that leaves it open, such as 502 | [`verify_with`](Error::verify_with), what came |
/// | [`is_status`](Error::is_status) | refused, or failed | status, headers, body, [`problem`](Error::problem), [`retry_at`](Error::retry_at) |
/// | [`is_undecodable`](Error::is_undecodable) | **has acted**, unless the response looks like that of a proxy or a login page | status, headers, body, [`undecodable`](Error::undecodable) |
/// | [`is_repeated_cursor`](Error::is_repeated_cursor) | cannot page on | [`cursor`](Error::cursor) |
/// | [`is_paging_limit`](Error::is_paging_limit) | would give out no more | [`cursor`](Error::cursor) |
/// | [`is_incomplete_listing`](Error::is_incomplete_listing) | returned fewer items than it counts | [`cursor`](Error::cursor) |
/// | [`is_stalled_listing`](Error::is_stalled_listing) | returned only empty pages | [`cursor`](Error::cursor) |
///
/// Beside these, [`is_timeout`](Error::is_timeout) says that time ran out, wherever it did;
/// [`is_retryable`](Error::is_retryable), [`may_have_acted`](Error::may_have_acted) and
/// [`attempts`](Error::attempts) answer for every kind.
///
/// `Display` is one line: the method that was called, what happened with the server's message, and in parentheses
/// method and URL template, request id, time to retry at and attempts.
///
/// ```text
/// organizations().create: 400 Bad Request: invalid_body: name: too short (POST https://acme.us.auth0.com/api/v2/organizations; request id 5f3a)
/// ```
///
/// The message is that of the documented members of an error body (`type`, `errorCode`, `title`, `error`, `message`,
/// `detail`, `error_description`, `validation_errors`): shortened, on one line, and without the token, the headers and
/// the secrets that the call sent. Nothing else of a body is in `Display`, `Debug` or the chain of sources; nor is a
/// secret, a query, or a value from a path of the request. The target of a redirect is shown with its path, without its
/// query.
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
    TooLate(Awaited),
    /// The server pauses such calls for longer than this one may wait.
    Paused {
        wait: Duration,
        /// It is the time of the call that ends before, and not the longest wait of its policy.
        is_late: bool,
    },
    Transport(Cause),
    OutcomeUnknown(Cause),
    Status,
    Undecodable(Unread),
    Listing(ListingFailure),
}

/// Why a listing cannot continue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListingFailure {
    /// The server names a page that was read before.
    RepeatedCursor,
    /// The server returns no more counted items than this.
    PagingLimit(u64),
    /// Fewer items were returned than the total says.
    Incomplete { total: u64, returned: u64 },
    /// The page begins at another item than was asked for.
    Misplaced { wanted: u64, start: u64 },
    /// So many pages without an item came one after another.
    EmptyPages(u32),
}

/// What a call was waiting for when its time was over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Awaited {
    /// An access token.
    Token,
    /// The limiter.
    Limiter,
}

/// Why a success could not be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The body does not decode.
    Body(Undecodable),
    /// The body broke off.
    BrokeOff(reqwest::Error),
    /// The body is larger than this.
    TooLarge(usize),
    /// The document does not know the status, and the operation's outcome depends on it.
    UnknownStatus,
    /// The status says that something failed, and there is no report.
    NoReport,
    /// A body that is not JSON, where no body is documented.
    UndocumentedBody,
}

impl Error {
    /// A setting is missing or wrong. `message` names it and says what was expected; it may hold no secret.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(
            None,
            Kind::Configuration {
                message: message.into(),
                cause: None,
            },
        )
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

    /// The time of the whole call was over before a request could be sent.
    pub(crate) fn too_late(operation: &'static Operation, awaited: Awaited) -> Self {
        Self::new(Some(operation), Kind::TooLate(awaited))
    }

    /// The server pauses such calls for `wait`, and the request was not sent.
    pub(crate) fn paused(operation: &'static Operation, wait: Duration, is_late: bool) -> Self {
        Self::new(Some(operation), Kind::Paused { wait, is_late })
    }

    pub(crate) fn transport(operation: &'static Operation, cause: Cause) -> Self {
        Self::new(Some(operation), Kind::Transport(cause))
    }

    pub(crate) fn outcome_unknown(operation: &'static Operation, cause: Cause) -> Self {
        Self::new(Some(operation), Kind::OutcomeUnknown(cause))
    }

    pub(crate) fn status_of(received: RawResponse) -> Self {
        let problem = Problem::parse(&received.body);
        let mut error = Self::of_answer(received, Kind::Status);
        if let Some(problem) = &problem {
            error.0.history.redaction.add_members(problem.body());
        }
        error.0.problem = problem;
        error
    }

    pub(crate) fn unread(received: RawResponse, why: Unread) -> Self {
        Self::of_answer(received, Kind::Undecodable(why))
    }

    pub(crate) fn listing(operation: &'static Operation, failure: ListingFailure) -> Self {
        Self::new(Some(operation), Kind::Listing(failure))
    }

    fn of_answer(mut received: RawResponse, kind: Kind) -> Self {
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

    /// The error at the end of `history`. `answer` is that of the attempt before, where no other was made.
    pub(crate) fn on(mut self, history: AttemptHistory, answer: Option<RawResponse>) -> Self {
        self.0.history = history;
        self.0.received = self.0.received.or(answer);
        self
    }

    /// The same error, of the page at `cursor`.
    pub(crate) fn at_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.0.cursor = cursor;
        self
    }

    pub(crate) fn history(&self) -> &AttemptHistory {
        &self.0.history
    }

    /// A setting is missing or wrong.
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration { .. })
    }

    /// The request breaks the document's rules and was not sent.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidRequest { .. })
    }

    /// The rules that the request breaks.
    pub fn violations(&self) -> &[Violation] {
        match &self.0.kind {
            Kind::InvalidRequest { violations, .. } => violations,
            _ => &[],
        }
    }

    /// No token could be had, and no request was sent without one. Where a former token was refused with a 401,
    /// [`status`](Error::status) and [`body`](Error::body) are those of the refusal.
    pub fn is_token(&self) -> bool {
        self.token_error().is_some()
    }

    /// Why no token could be had.
    pub fn token_error(&self) -> Option<&TokenError> {
        match &self.0.kind {
            Kind::Token(error) => Some(error),
            _ => None,
        }
    }

    /// No response came, and the server cannot have changed anything: it did not process the request
    /// ([`is_connect`](Error::is_connect), or an HTTP/2 refusal that guarantees it), or the call only reads.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// Whether the server may have done what it was asked for, and did not say so: no response came, or a call that
    /// writes got 408, a status of 500 and above other than 501, or a 200 or undocumented success with a body that
    /// is not JSON. Attempts before the last one count as well. The call was not retried unless that is harmless. [`verify_with`](Error::verify_with) names the operations that
    /// tell what is now.
    ///
    /// The same as [`may_have_acted`](Error::may_have_acted) without [`has_acted`](Error::has_acted). With
    /// [`is_status`](Error::is_status) there is a response as well.
    pub fn is_outcome_unknown(&self) -> bool {
        self.may_have_acted() && !self.has_acted()
    }

    /// The ids of the operations that show what the failed one would have changed, as far as the API has any.
    pub fn verify_with(&self) -> &'static [&'static str] {
        self.0.operation.map_or(&[], Operation::verify_with)
    }

    /// The answer did not come, or did not end, in time; or the time of the whole call was over, or would be over before
    /// the server takes such calls again.
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::TooLate(_) | Kind::Paused { is_late: true, .. } => true,
            Kind::Transport(cause) | Kind::OutcomeUnknown(cause) => cause.is_timeout(),
            Kind::Undecodable(Unread::BrokeOff(cause)) => cause.is_timeout(),
            _ => false,
        }
    }

    /// No connection could be made, so the server was never asked.
    pub fn is_connect(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(cause) if cause.is_connect())
    }

    /// The TLS handshake failed because of a certificate: the HTTP client does not trust the server's, or the server
    /// rejected the client's. The request was not sent, and is not retried.
    pub fn is_certificate(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(cause) if cause.is_certificate())
    }

    /// The server answered with another status than a success.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, Kind::Status)
    }

    /// The server responded with a success that could not be read, or that the operation does not document. Status,
    /// headers and body, as far as it came, are kept. By its status the server [has acted](Error::has_acted); but where
    /// the body is not JSON at all, such as the HTML of a login page, and the status is 200 or not documented, a proxy may
    /// have responded instead of the API, and for a call that writes the [outcome is unknown](Error::is_outcome_unknown).
    pub fn is_undecodable(&self) -> bool {
        matches!(self.0.kind, Kind::Undecodable(_))
    }

    /// Whether the server is known to have done what it was asked for, though the call failed.
    pub fn has_acted(&self) -> bool {
        self.is_undecodable() && !self.may_be_of_a_proxy()
    }

    /// Whether a call that writes got a success that does not look like one of the API: a body that is not JSON, with the
    /// status that proxies and login pages use, or with one that the operation does not document.
    fn may_be_of_a_proxy(&self) -> bool {
        let Kind::Undecodable(why) = &self.0.kind else {
            return false;
        };
        let is_foreign = match why {
            Unread::UndocumentedBody => true,
            Unread::Body(why) => why.is_not_json() && self.may_be_of_a_proxy_by_status(),
            Unread::UnknownStatus => !self.body().is_none_or(|body| is_empty_or_json(body)),
            _ => false,
        };
        is_foreign && !self.only_reads()
    }

    /// Whether proxies and login pages use the status, or the operation does not document it.
    fn may_be_of_a_proxy_by_status(&self) -> bool {
        let documented = self.0.operation.map_or(&[][..], Operation::success);
        self.status().is_some_and(|status| {
            let is_undocumented = !documented.is_empty() && !documented.contains(&status.as_u16());
            status == StatusCode::OK || is_undocumented
        })
    }

    /// Whether the server has done, or may have done, what it was asked for:
    /// [`has_acted`](Error::has_acted) or [`is_outcome_unknown`](Error::is_outcome_unknown).
    pub fn may_have_acted(&self) -> bool {
        self.is_undecodable()
            || self.0.history.may_have_acted
            || self.earlier_attempt_may_have_acted()
    }

    /// Whether the server may have acted on an attempt before the last one, or before one that could not be sent. A
    /// 404 on a DELETE then means, as likely as not, that the first attempt deleted it.
    pub fn earlier_attempt_may_have_acted(&self) -> bool {
        self.0.history.earlier_may_have_acted
    }

    /// How many requests were sent; 0 where it did not come to that.
    pub fn attempts(&self) -> u32 {
        self.0.history.attempts
    }

    /// Whether the same call can be made again without harm and may succeed then: a passing failure, of a call that
    /// may be repeated or on which the server surely did not act. [`retry_at`](Error::retry_at) may say when.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, Kind::TooLate(_) | Kind::Paused { .. }) || self.0.history.retryable
    }

    /// When the server takes such calls again, by the clock here: where it answered with `Retry-After`, or with a 429
    /// and `x-ratelimit-reset`, to this call or to one before it under the same [`Limiter`](crate::Limiter).
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.history.retry_at
    }

    /// In a listing, the server named a page that was read before as the next one; going on would read it for ever.
    pub fn is_repeated_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::RepeatedCursor))
    }

    /// In a listing whose pages are counted, the server gives out no more items than this, and there are, or may be,
    /// more. What came before is good. Listings that can also be read by checkpoints have no such limit there; others can
    /// only be narrowed by their parameters.
    pub fn is_paging_limit(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::PagingLimit(_)))
    }

    /// In a listing whose pages are counted, the server did not return all items: fewer than the `total` of the last
    /// page, or a page that begins at another item than was asked for. The items before the error are good, and
    /// [`cursor`](Error::cursor) is at the first page that had too few.
    pub fn is_incomplete_listing(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Listing(ListingFailure::Incomplete { .. } | ListingFailure::Misplaced { .. })
        )
    }

    /// In a listing, the server returned [`MAX_EMPTY_PAGES`](crate::paging::MAX_EMPTY_PAGES) pages without an item one
    /// after another, and names a next page still. The listing can be resumed from [`cursor`](Error::cursor).
    pub fn is_stalled_listing(&self) -> bool {
        matches!(self.0.kind, Kind::Listing(ListingFailure::EmptyPages(_)))
    }

    /// Status 401.
    pub fn is_unauthorized(&self) -> bool {
        self.refused_with(StatusCode::UNAUTHORIZED)
    }

    /// Status 401, and it is not the token that was refused but the proof of the key that it is bound to
    /// (`invalid_dpop_proof`, RFC 9449 §7.1). The most likely reason is that the clock here is wrong; another is a proxy
    /// that changes the URL on the way.
    pub fn is_invalid_dpop_proof(&self) -> bool {
        self.refusal_of_proof() == Some(Refusal::Invalid)
    }

    /// Why the proof was refused, where it was the proof.
    fn refusal_of_proof(&self) -> Option<Refusal> {
        let headers = self.headers().filter(|_| self.is_unauthorized())?;
        Refusal::of(headers)
    }

    /// Status 403.
    pub fn is_forbidden(&self) -> bool {
        self.refused_with(StatusCode::FORBIDDEN)
    }

    /// The token does not carry the scopes that the operation needs: told before the call where the client checks
    /// scopes, or by a 403 that says so, or by a 403 to a token that is known to lack them.
    pub fn is_missing_scope(&self) -> bool {
        let lacks_them = || {
            self.0
                .operation
                .zip(self.granted_scopes())
                .is_some_and(|(operation, granted)| !granted.cover(operation))
        };
        matches!(self.0.kind, Kind::MissingScope)
            || self.is_forbidden() && (self.says_insufficient_scope() || lacks_them())
    }

    /// RFC 6750 §3.1 has a code for it, which stands in a header; Auth0's APIs put it in the body.
    fn says_insufficient_scope(&self) -> bool {
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

    /// The scopes that the operation needs: alternatives, each of which needs all of its scopes.
    pub fn needed_scopes(&self) -> &'static [&'static [&'static str]] {
        self.0.operation.map_or(&[], Operation::scopes)
    }

    /// The scopes that the token of the last attempt was granted, where that is known.
    pub fn granted_scopes(&self) -> Option<&Scopes> {
        self.0.history.granted.as_deref()
    }

    /// Status 404.
    pub fn is_not_found(&self) -> bool {
        self.refused_with(StatusCode::NOT_FOUND)
    }

    /// Status 409.
    pub fn is_conflict(&self) -> bool {
        self.refused_with(StatusCode::CONFLICT)
    }

    /// Status 429; or a [`Limiter`](crate::Limiter) did not send the request, because the server had said that it takes
    /// no such requests for longer than the call may wait. [`retry_at`](Error::retry_at) may say when it does.
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, Kind::Paused { .. })
            || self.refused_with(StatusCode::TOO_MANY_REQUESTS)
    }

    /// A status of 500 or above.
    pub fn is_server_error(&self) -> bool {
        self.is_status() && self.status().is_some_and(|status| status.is_server_error())
    }

    fn refused_with(&self, status: StatusCode) -> bool {
        self.is_status() && self.status() == Some(status)
    }

    /// The status of the answer, where one came. Where a call ended before it was sent again, it is that of the attempt
    /// before.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.received.as_ref().map(|received| received.status)
    }

    /// The headers of the answer, where one came.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.received.as_ref().map(|received| &received.headers)
    }

    /// The body of the answer as far as it came, where one came. It may hold secrets.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.received.as_ref().map(|received| &received.body)
    }

    /// Whether [`body`](Error::body) is all that the server sent: it may have broken off, or be longer than the limit.
    pub fn body_is_complete(&self) -> bool {
        self.0
            .received
            .as_ref()
            .is_some_and(|received| received.complete)
    }

    /// The body of an error answer as typed data, where it is a JSON object.
    pub fn problem(&self) -> Option<&Problem> {
        self.0.problem.as_ref()
    }

    /// In a listing read through [`Items`](crate::Items) or [`Pages`](crate::Pages), the cursor of the page that
    /// failed: the listing can go on from it.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.0.cursor.as_ref()
    }

    /// The method of the client that was called, such as `organizations().get_by_name`.
    pub fn client_method(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::client_method)
    }

    /// The id of the operation that was called, as the document has it.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::id)
    }

    /// The id that the server gave the request, where it gave one: what its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.received.as_ref()?.request_id()
    }

    /// Where in the body decoding failed, and why; nothing where the body broke off, is too large, or is not documented.
    pub fn undecodable(&self) -> Option<&Undecodable> {
        match &self.0.kind {
            Kind::Undecodable(Unread::Body(undecodable)) => Some(undecodable),
            _ => None,
        }
    }

    /// A word for the kind.
    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.0.kind {
            Kind::Configuration { .. } => "configuration",
            Kind::InvalidRequest { .. } => "invalid_request",
            Kind::MissingScope => "missing_scope",
            Kind::Token(_) => "token",
            Kind::TooLate(_) => "timeout",
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
    /// A word for the kind.
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
            Kind::Undecodable(Unread::BrokeOff(cause)) => Some(cause),
            Kind::Undecodable(_)
            | Kind::MissingScope
            | Kind::TooLate(_)
            | Kind::Paused { .. }
            | Kind::Status
            | Kind::Listing(_) => None,
        }
    }
}
