//! Why there is no token.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth0_core::codegen::is_certificate_error;
use auth0_core::codegen::{AttemptOutcome, is_unprocessed};
use auth0_core::{SecretString, TokenError};
use reqwest::StatusCode;
use url::{Position, Url};

use crate::quota::TokenQuotas;
use crate::signing::SignError;

mod login;

pub use login::{CallbackFault, IdTokenFault};
pub(crate) use login::{Failure, Finding};

/// No rate limit takes longer than this to recover.
const LONG: Duration = Duration::from_secs(5 * 60);

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
    /// Where the request went.
    place: Option<Place>,
    answer: Option<Answer>,
    /// The server may have done what it was asked for, though no success was told.
    outcome_unknown: bool,
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
    /// The discovery document does not say what is needed; the text says what was expected.
    Discovery(String),
    /// An assertion could not be made.
    Signing(SignError),
    /// The code that makes the request panicked.
    Panicked,
    /// The runtime of [`background`](crate::background) cannot start or lost the task.
    Runtime(io::Error),
    /// A user's login or session came to nothing.
    Login(Failure),
}

/// The error of RFC 6749 §5.2, every text shortened and without secrets.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) error: String,
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
    /// What a second factor is proved with, where one is asked for.
    pub(crate) mfa_token: Option<SecretString>,
}

/// Where a request went, and where its response redirects to.
#[derive(Debug)]
pub(crate) struct Place {
    /// What the endpoint is called.
    endpoint: &'static str,
    /// Its URL without the query, which may hold anything.
    url: String,
    /// Where it redirects to, fit to be shown.
    pub(crate) location: Option<String>,
}

impl Place {
    pub(crate) fn new(endpoint: &'static str, url: &Url) -> Self {
        Self {
            endpoint,
            url: url[..Position::AfterPath].to_owned(),
            location: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", self.endpoint, self.url)
    }
}

/// What is known of an answer besides its body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) received_at: SystemTime,
    pub(crate) quotas: Option<TokenQuotas>,
}

impl Answer {
    /// Whether it says that a quota of tokens is used up.
    pub(crate) fn is_quota_used_up(&self) -> bool {
        let quotas = self.quotas.as_ref();
        self.status == StatusCode::TOO_MANY_REQUESTS
            && (quotas.is_some_and(|quotas| quotas.used_up_until().is_some())
                || self.retry_after.is_some_and(|wait| wait >= LONG))
    }
}

impl Error {
    pub(crate) fn configuration(faults: Vec<String>) -> Self {
        Self::new(Kind::Configuration(faults), None)
    }

    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::new(Kind::Transport(error.without_url()), None)
    }

    pub(crate) fn panicked() -> Self {
        Self::of(Kind::Panicked)
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self::new(kind, None)
    }

    /// The same, of a request that went to `place`.
    pub(crate) fn at(mut self, place: Place) -> Self {
        // Nobody else has the error yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.place = Some(place);
        }
        self
    }

    /// The same, where the server may have acted.
    pub(crate) fn with_unknown_outcome(mut self) -> Self {
        // Nobody else has the error yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.outcome_unknown = true;
        }
        self
    }

    /// How the attempt ended that this is the error of, as far as repeating it goes.
    pub(crate) fn outcome(&self) -> AttemptOutcome {
        match (&self.0.kind, &self.0.answer) {
            (Kind::Transport(error), None) if error.is_builder() || is_certificate_error(error) => {
                AttemptOutcome::Unsendable
            }
            (Kind::Transport(error), None) if is_unprocessed(error) => AttemptOutcome::NotSent,
            (Kind::Transport(_), None) => AttemptOutcome::Lost,
            (Kind::Transport(_), Some(answer)) if answer.status.is_success() => AttemptOutcome::Cut,
            (_, Some(answer)) => AttemptOutcome::Status(answer.status),
            // Nothing was sent.
            (_, None) => AttemptOutcome::Unsendable,
        }
    }

    /// Whether asking again soon would only be refused again: a refusal, and no failure of the server.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.0.kind, Kind::Rejected(_))
            && self
                .0
                .answer
                .as_ref()
                .is_some_and(|answer| answer.status.is_client_error())
    }

    pub(crate) fn answered(answer: Answer, kind: Kind) -> Self {
        Self::new(kind, Some(answer))
    }

    fn new(kind: Kind, answer: Option<Answer>) -> Self {
        Self(Arc::new(Inner {
            kind,
            place: None,
            answer,
            outcome_unknown: false,
        }))
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

    /// Whether the TLS handshake failed because of a certificate: the HTTP client does not trust the server's, or the
    /// server rejected the client's. Such an error is a transport error too; nothing was sent, and nothing is retried.
    pub fn is_certificate(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(error) if is_certificate_error(error))
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

    /// Whether the server does not take the grant: a code, a refresh token or a device code that is wrong, spent,
    /// expired or somebody else's (`invalid_grant`).
    pub fn is_invalid_grant(&self) -> bool {
        self.error() == Some("invalid_grant")
    }

    /// Whether the server denies what was asked for: an audience or a scope that the client has not been granted, or a
    /// user who said no (`access_denied`).
    pub fn is_access_denied(&self) -> bool {
        self.error() == Some("access_denied")
    }

    /// Whether the client may not use this grant type (`unauthorized_client`).
    pub fn is_unauthorized_client(&self) -> bool {
        self.error() == Some("unauthorized_client")
    }

    /// Whether the user has to do something first: log in, agree, or prove a second factor. For the last there is a
    /// [`mfa_token`](Self::mfa_token).
    pub fn is_interaction_required(&self) -> bool {
        matches!(
            self.error(),
            Some("mfa_required" | "interaction_required" | "login_required" | "consent_required")
        )
    }

    /// What the API for multi-factor authentication wants, where the server asks for a second factor
    /// (`mfa_required`).
    pub fn mfa_token(&self) -> Option<&SecretString> {
        self.rejection()?.mfa_token.as_ref()
    }

    /// Whether no answer came to a request that may have been carried out: a code or a refresh token that was sent
    /// with it may be spent.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Whether a quota of tokens is used up: status 429, and the quota headers of the answer say so, or it asks to wait
    /// longer than a rate limit does. Nothing waits for it; [`retry_at`](Self::retry_at) says when to come back.
    pub fn is_quota_used_up(&self) -> bool {
        self.0.answer.as_ref().is_some_and(Answer::is_quota_used_up)
    }

    /// What the answer said of the quotas of tokens.
    pub fn quotas(&self) -> Option<&TokenQuotas> {
        self.0.answer.as_ref()?.quotas.as_ref()
    }

    /// Whether the server's discovery document does not say what is needed, or says that it is of another server.
    pub fn is_discovery(&self) -> bool {
        matches!(self.0.kind, Kind::Discovery(_))
    }

    /// Whether an assertion could not be signed.
    pub fn is_signing(&self) -> bool {
        matches!(self.0.kind, Kind::Signing(_))
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
            Kind::Login(failure) => failure.rejection(),
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
            Kind::Transport(error) if is_certificate_error(error) => {
                f.write_str("the TLS handshake with ")?;
                self.write_place(f)?;
                f.write_str(
                    " failed because a certificate was rejected, expected one that is valid here for this host: check the \
                     domain, the clock, and the certificates of the HttpClient, which has to trust a proxy or a private \
                     authority",
                )
            }
            Kind::Transport(error) if error.is_connect() => {
                f.write_str("no connection to ")?;
                self.write_place(f)?;
                f.write_str(
                    ": check the host and the network; a proxy or a private certificate authority has to be set with \
                     `http_client` on this builder too",
                )
            }
            Kind::Transport(error) if error.is_timeout() => {
                f.write_str("no complete answer came from ")?;
                self.write_place(f)?;
                f.write_str(" in time")
            }
            Kind::Transport(_) if self.0.answer.is_some() => {
                f.write_str("the answer of ")?;
                self.write_place(f)?;
                f.write_str(" broke off")?;
                self.write_status(f)
            }
            Kind::Transport(_) => {
                f.write_str("no answer came from ")?;
                self.write_place(f)
            }
            Kind::Rejected(rejection) => {
                self.write_place(f)?;
                f.write_str(" refused the request")?;
                self.write_status(f)?;
                write!(f, ": {rejection}")
            }
            Kind::RateLimited(rejection) => {
                f.write_str("the limit of ")?;
                self.write_place(f)?;
                f.write_str(" is used up")?;
                self.write_status(f)?;
                if let Some(wait) = self.retry_after() {
                    write!(f, ", retry after {} s", wait.as_secs())?;
                }
                rejection
                    .iter()
                    .try_for_each(|rejection| write!(f, ": {rejection}"))
            }
            Kind::InvalidResponse(found) => {
                f.write_str("the answer of ")?;
                self.write_place(f)?;
                f.write_str(" cannot be used")?;
                self.write_status(f)?;
                let place = self.0.place.as_ref();
                if let Some(location) = place.and_then(|place| place.location.as_ref()) {
                    write!(f, ": redirected to {location}, expected no redirect")?;
                }
                write!(f, ": {found}")
            }
            Kind::Discovery(fault) => {
                write!(f, "the discovery document cannot be used: {fault}")
            }
            Kind::Signing(_) => f.write_str("the request could not be signed"),
            Kind::Panicked => f.write_str("the token request panicked"),
            Kind::Runtime(_) => f.write_str("the task of the token request did not finish"),
            Kind::Login(failure) => write!(f, "{failure}"),
        }
    }
}

impl Error {
    fn write_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.place {
            Some(place) => write!(f, "{place}"),
            None => f.write_str("the authorization server"),
        }
    }

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
            .field("place", &self.0.place)
            .field("answer", &self.0.answer)
            .field("outcome_unknown", &self.0.outcome_unknown)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            Kind::Signing(error) => Some(error),
            Kind::Runtime(error) => Some(error),
            Kind::Login(failure) => failure.source(),
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
