//! Everything that can go wrong with a call.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::call::Received;
use crate::undecodable::Undecodable;
use crate::{Cursor, Problem, TokenError, Violation};

mod printing;

/// What went wrong, told apart by predicates.
///
/// | predicate | the server | holds |
/// | --- | --- | --- |
/// | [`is_configuration`](Error::is_configuration) | was not asked | |
/// | [`is_invalid_request`](Error::is_invalid_request) | was not asked | [`violations`](Error::violations) |
/// | [`is_token`](Error::is_token) | was not asked, or refused the former token | [`token_error`](Error::token_error), the refusal |
/// | [`is_transport`](Error::is_transport) | may have acted, unless [`is_connect`](Error::is_connect) | |
/// | [`is_status`](Error::is_status) | refused | status, headers, body, [`problem`](Error::problem) |
/// | [`is_decode`](Error::is_decode) | **has acted** | status, headers, body |
/// | [`is_repeated_cursor`](Error::is_repeated_cursor) | cannot page on | |
///
/// Neither `Display` nor `Debug` nor the chain of sources holds a secret, a URL or text of a body beyond the
/// server's own short words for the kind of problem.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    operation: Option<&'static str>,
    received: Option<Received>,
    problem: Option<Problem>,
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
    Token(TokenError),
    Transport(reqwest::Error),
    Status,
    Decode(Unread),
    RepeatedCursor,
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

    pub(crate) fn invalid_request(operation: &'static str, violations: Vec<Violation>) -> Self {
        Self::new(
            Some(operation),
            Kind::InvalidRequest {
                violations,
                cause: None,
            },
        )
    }

    pub(crate) fn unbuildable_request(
        operation: &'static str,
        cause: Option<reqwest::Error>,
    ) -> Self {
        let cause = cause.map(reqwest::Error::without_url);
        Self::new(
            Some(operation),
            Kind::InvalidRequest {
                violations: Vec::new(),
                cause,
            },
        )
    }

    pub(crate) fn token(operation: &'static str, error: TokenError) -> Self {
        Self::new(Some(operation), Kind::Token(error))
    }

    /// The token was refused with `answer`, and no other could be had.
    pub(crate) fn no_other_token(self, answer: Received) -> Self {
        let mut error = self;
        error.0.received = Some(answer);
        error
    }

    pub(crate) fn transport(operation: &'static str, cause: reqwest::Error) -> Self {
        Self::new(Some(operation), Kind::Transport(cause.without_url()))
    }

    pub(crate) fn status_of(received: Received) -> Self {
        let mut error = Self::new(Some(received.operation.id()), Kind::Status);
        error.0.problem = Problem::parse(&received.body);
        error.0.received = Some(received);
        error
    }

    pub(crate) fn unread(received: Received, why: Unread) -> Self {
        let mut error = Self::new(Some(received.operation.id()), Kind::Decode(why));
        error.0.received = Some(received);
        error
    }

    pub(crate) fn repeated_cursor(operation: &'static str) -> Self {
        Self::new(Some(operation), Kind::RepeatedCursor)
    }

    /// The same error, of the page at `cursor`.
    pub(crate) fn at_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.0.cursor = cursor;
        self
    }

    fn new(operation: Option<&'static str>, kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            received: None,
            problem: None,
            cursor: None,
        }))
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

    /// The request or its answer was lost on the way. Unless [`is_connect`](Error::is_connect), the server may have
    /// acted.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// The answer did not come, or did not end, in time.
    pub fn is_timeout(&self) -> bool {
        self.network_error().is_some_and(reqwest::Error::is_timeout)
    }

    /// No connection could be made, so the server was never asked.
    pub fn is_connect(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(cause) if cause.is_connect())
    }

    /// The server answered with another status than a success.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, Kind::Status)
    }

    /// The server answered with a success that could not be read: it **has acted**. The whole answer, as far as it
    /// came, is in [`body`](Error::body).
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(_))
    }

    /// Whether the server is known to have done what it was asked for, though the call failed.
    pub fn has_acted(&self) -> bool {
        self.is_decode()
    }

    /// In a listing, the server named a page that was read before as the next one; going on would read it for ever.
    pub fn is_repeated_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::RepeatedCursor)
    }

    /// Status 401.
    pub fn is_unauthorized(&self) -> bool {
        self.refused_with(StatusCode::UNAUTHORIZED)
    }

    /// Status 403.
    pub fn is_forbidden(&self) -> bool {
        self.refused_with(StatusCode::FORBIDDEN)
    }

    /// Status 404.
    pub fn is_not_found(&self) -> bool {
        self.refused_with(StatusCode::NOT_FOUND)
    }

    /// Status 409.
    pub fn is_conflict(&self) -> bool {
        self.refused_with(StatusCode::CONFLICT)
    }

    /// Status 429.
    pub fn is_rate_limited(&self) -> bool {
        self.refused_with(StatusCode::TOO_MANY_REQUESTS)
    }

    /// A status of 500 or above.
    pub fn is_server_error(&self) -> bool {
        self.is_status() && self.status().is_some_and(|status| status.is_server_error())
    }

    fn refused_with(&self, status: StatusCode) -> bool {
        self.is_status() && self.status() == Some(status)
    }

    /// The status of the answer, where one came.
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

    /// The id of the operation that was called.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// Where in the body decoding failed, such as `members[3].role`; empty at the top.
    pub fn decode_path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(Unread::Body(undecodable)) => Some(undecodable.path()),
            _ => None,
        }
    }

    fn network_error(&self) -> Option<&reqwest::Error> {
        match &self.0.kind {
            Kind::Configuration { cause, .. } | Kind::InvalidRequest { cause, .. } => {
                cause.as_ref()
            }
            Kind::Transport(cause) | Kind::Decode(Unread::BrokeOff(cause)) => Some(cause),
            Kind::Token(_) | Kind::Status | Kind::Decode(_) | Kind::RepeatedCursor => None,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Token(error) => Some(error),
            _ => self.network_error().map(|cause| cause as _),
        }
    }
}
