//! Why there is no token.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth0_core::TokenError;
use reqwest::StatusCode;

/// Why a token source could not be made or had no token to give.
///
/// The predicates say what kind of failure it is. The server's error code and its description are kept, shortened
/// and with the client secret blotted out; the body of the answer is not.
///
/// Cloning is cheap: all callers that waited for one request get the same error.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    answer: Option<Answer>,
}

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Kind {
    /// What is wrong with the settings, one text for each fault.
    Configuration(Vec<String>),
    /// No answer, or only a part of one.
    Transport(reqwest::Error),
    /// The server said no in the words of RFC 6749 §5.2.
    Rejected(Rejection),
    /// The server said 429, with or without an error of RFC 6749.
    RateLimited(Option<Rejection>),
    /// The answer is neither a token nor an error of RFC 6749; the text says what was found.
    InvalidResponse(String),
    /// The code that makes the request panicked.
    Panicked,
}

/// The error of RFC 6749 §5.2, every text shortened and without secrets.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) error: String,
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
}

/// What is known of an answer besides its body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) received_at: SystemTime,
}

impl Error {
    pub(crate) fn configuration(faults: Vec<String>) -> Self {
        Self::new(Kind::Configuration(faults), None)
    }

    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::new(Kind::Transport(error.without_url()), None)
    }

    pub(crate) fn panicked() -> Self {
        Self::new(Kind::Panicked, None)
    }

    pub(crate) fn answered(answer: Answer, kind: Kind) -> Self {
        Self::new(kind, Some(answer))
    }

    fn new(kind: Kind, answer: Option<Answer>) -> Self {
        Self(Arc::new(Inner { kind, answer }))
    }

    /// The first error of this type in `error` and its sources, such as the reason behind the failure of an API call.
    ///
    /// ```
    /// # use auth0_auth::{ClientCredentials, Error};
    /// # use auth0_core::TokenError;
    /// # fn example(call_failed: TokenError) {
    /// if let Some(error) = Error::find_in(&call_failed)
    ///     && error.is_rate_limited()
    /// {
    ///     println!("come back in {:?}", error.retry_after());
    /// }
    /// # }
    /// ```
    pub fn find_in<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// Whether the settings are at fault; no request was made.
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration(_))
    }

    /// Whether no answer came, or only a part of one.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// Whether the time ran out; such an error is a transport error too.
    pub fn is_timeout(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(error) if error.is_timeout())
    }

    /// Whether the server refused the request with an error code of RFC 6749, which is in [`error`](Self::error).
    pub fn is_rejected(&self) -> bool {
        self.rejection().is_some()
    }

    /// Whether the server did not accept the client's id and secret.
    ///
    /// RFC 6749 has the code `invalid_client` for this and keeps status 401 for it alone. Servers that answer
    /// 401 with another code mean the same.
    pub fn is_invalid_client(&self) -> bool {
        self.rejection().is_some_and(|rejection| {
            rejection.error == "invalid_client" || self.status() == Some(401)
        })
    }

    /// Whether a rate limit or a token quota is used up (status 429). [`retry_after`](Self::retry_after) says when
    /// to come back, which can be hours from now: nothing here waits for it.
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, Kind::RateLimited(_))
    }

    /// Whether the answer could not be understood; [`status`](Self::status) still tells what it was.
    pub fn is_invalid_response(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidResponse(_))
    }

    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.answer.as_ref().map(|answer| answer.status.as_u16())
    }

    /// The error code of RFC 6749, such as `invalid_client` or `access_denied`.
    pub fn error(&self) -> Option<&str> {
        self.rejection().map(|rejection| rejection.error.as_str())
    }

    /// The server's description of the error, in at most 200 characters.
    pub fn error_description(&self) -> Option<&str> {
        self.rejection()?.description.as_deref()
    }

    /// Where the server has more to say about the error.
    pub fn error_uri(&self) -> Option<&str> {
        self.rejection()?.uri.as_deref()
    }

    /// How long the server asked to wait, counted from its answer.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.answer.as_ref()?.retry_after
    }

    /// The time before which the server asked not to be asked again.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0
            .answer
            .as_ref()?
            .received_at
            .checked_add(self.retry_after()?)
    }

    fn rejection(&self) -> Option<&Rejection> {
        match &self.0.kind {
            Kind::Rejected(rejection) => Some(rejection),
            Kind::RateLimited(rejection) => rejection.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Configuration(faults) => {
                write!(f, "the settings cannot be used: {}", faults.join("; "))
            }
            Kind::Transport(error) if error.is_timeout() => {
                f.write_str("no complete answer came from the token endpoint in time")
            }
            Kind::Transport(_) if self.0.answer.is_some() => {
                f.write_str("the answer of the token endpoint broke off")?;
                self.write_status(f)
            }
            Kind::Transport(_) => f.write_str("no answer came from the token endpoint"),
            Kind::Rejected(rejection) => {
                f.write_str("the token endpoint refused the request")?;
                self.write_status(f)?;
                write!(f, ": {rejection}")
            }
            Kind::RateLimited(rejection) => {
                f.write_str("the token endpoint's limit is used up")?;
                self.write_status(f)?;
                if let Some(wait) = self.retry_after() {
                    write!(f, ", retry after {} s", wait.as_secs())?;
                }
                rejection
                    .iter()
                    .try_for_each(|rejection| write!(f, ": {rejection}"))
            }
            Kind::InvalidResponse(found) => {
                f.write_str("the answer of the token endpoint cannot be used")?;
                self.write_status(f)?;
                write!(f, ": {found}")
            }
            Kind::Panicked => f.write_str("the token request panicked"),
        }
    }
}

impl Error {
    fn write_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status()
            .iter()
            .try_for_each(|status| write!(f, " (status {status})"))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        self.description
            .iter()
            .try_for_each(|description| write!(f, ", {description}"))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("answer", &self.0.answer)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for TokenError {
    /// Keeps the typed error as the source.
    fn from(error: Error) -> Self {
        Self::new("no access token could be had").with_source(error)
    }
}
