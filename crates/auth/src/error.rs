//! The error type of token sources.

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

pub use login::{CallbackErrorKind, IdTokenErrorKind};
pub(crate) use login::{Failure, Finding};

/// The longest time that a rate limit takes to recover.
const LONG: Duration = Duration::from_secs(5 * 60);

/// An error of a token source or a login.
///
/// The predicates report the kind of failure. The server's error code and description are kept, truncated and with secrets
/// redacted; the response body is not.
///
/// Cloning is cheap: all callers that waited for one request get the same error.
///
/// ```
/// use auth0_auth::{ClientCredentials, Error};
///
/// let error: Error = ClientCredentials::builder("acme-auth.us.auth0.com").build().unwrap_err();
/// assert!(error.is_configuration());
/// assert_eq!(
///     error.to_string(),
///     "invalid settings: client_id is missing; client_secret is missing; audience is missing"
/// );
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    /// The endpoint that the request was sent to.
    place: Option<Place>,
    response: Option<ResponseMetadata>,
    /// The server may have processed the request, but did not confirm it.
    outcome_unknown: bool,
}

/// The kind of an error.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The problems of the settings.
    Configuration(Vec<String>),
    /// No response, or an incomplete one.
    Transport(reqwest::Error),
    /// An error response (RFC 6749 §5.2).
    Rejected(Rejection),
    /// Status 429, with or without an error code of RFC 6749.
    RateLimited(Option<Rejection>),
    /// The response is neither a token nor an error of RFC 6749; the text says what was expected and found.
    InvalidResponse(String),
    /// The discovery document is invalid or incomplete; the text says why.
    Discovery(String),
    /// Signing an assertion or a proof failed.
    Signing(SignError),
    /// A task panicked, by the name of the task.
    Panicked(&'static str),
    /// The [background](crate::background) runtime could not start, or lost the task.
    Runtime(io::Error),
    /// A login or a session failed.
    Login(Failure),
}

/// An error response (RFC 6749 §5.2). All texts are truncated and without secrets.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) error: String,
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
    /// The token for the MFA API, if the server requires a second factor.
    pub(crate) mfa_token: Option<SecretString>,
}

/// The endpoint of a request, and where its response redirects to.
#[derive(Debug)]
pub(crate) struct Place {
    /// The name of the endpoint.
    endpoint: &'static str,
    /// The URL without its query, which may contain secrets.
    url: String,
    /// The target of a redirect, sanitized.
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

/// The metadata of a response.
#[derive(Debug, Clone)]
pub(crate) struct ResponseMetadata {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) received_at: SystemTime,
    pub(crate) quotas: Option<TokenQuotas>,
}

impl ResponseMetadata {
    /// Returns whether a token quota is exceeded.
    pub(crate) fn is_quota_used_up(&self) -> bool {
        let quotas = self.quotas.as_ref();
        self.status == StatusCode::TOO_MANY_REQUESTS
            && (quotas.is_some_and(|quotas| quotas.used_up_until().is_some())
                || self.retry_after.is_some_and(|wait| wait >= LONG))
    }
}

impl Error {
    pub(crate) fn configuration(problems: Vec<String>) -> Self {
        Self::new(Kind::Configuration(problems), None)
    }

    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::new(Kind::Transport(error.without_url()), None)
    }

    pub(crate) fn panicked() -> Self {
        Self::of(Kind::Panicked("token request"))
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self::new(kind, None)
    }

    /// Sets the endpoint of the request.
    pub(crate) fn at(mut self, place: Place) -> Self {
        // The error is not shared yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.place = Some(place);
        }
        self
    }

    /// Marks the outcome as unknown: the server may have processed the request.
    pub(crate) fn with_unknown_outcome(mut self) -> Self {
        // The error is not shared yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.outcome_unknown = true;
        }
        self
    }

    /// Returns the outcome of the attempt, for the retry policy.
    pub(crate) fn outcome(&self) -> AttemptOutcome {
        match (&self.0.kind, &self.0.response) {
            (Kind::Transport(error), None) if error.is_builder() || is_certificate_error(error) => {
                AttemptOutcome::Unsendable
            }
            (Kind::Transport(error), None) if is_unprocessed(error) => AttemptOutcome::NotSent,
            (Kind::Transport(_), None) => AttemptOutcome::Lost,
            (Kind::Transport(_), Some(response)) if response.status.is_success() => {
                AttemptOutcome::Cut
            }
            (_, Some(response)) => AttemptOutcome::Status(response.status),
            // Nothing was sent.
            (_, None) => AttemptOutcome::Unsendable,
        }
    }

    /// Returns whether retrying soon would fail in the same way: a rejection, and not a server failure.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self.0.kind, Kind::Rejected(_))
            && self
                .0
                .response
                .as_ref()
                .is_some_and(|response| response.status.is_client_error())
    }

    pub(crate) fn with_response(response: ResponseMetadata, kind: Kind) -> Self {
        Self::new(kind, Some(response))
    }

    fn new(kind: Kind, response: Option<ResponseMetadata>) -> Self {
        Self(Arc::new(Inner {
            kind,
            place: None,
            response,
            outcome_unknown: false,
        }))
    }

    /// Finds the first error of this type in `error` and its sources, for example in the error of an API call.
    ///
    /// ```
    /// # use auth0_auth::{ClientCredentials, Error};
    /// # use auth0_core::TokenError;
    /// # fn example(call_failed: TokenError) {
    /// if let Some(error) = Error::find_in(&call_failed)
    ///     && error.is_rate_limited()
    /// {
    ///     println!("retry in {:?}", error.retry_after());
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

    /// Returns whether settings are missing or invalid; no request was sent.
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration(_))
    }

    /// Returns whether there was no response, or only an incomplete one.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// Returns whether the request timed out. Such an error is a transport error too.
    pub fn is_timeout(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(error) if error.is_timeout())
    }

    /// Returns whether the TLS handshake failed because of a certificate: the HTTP client does not trust the server's, or the
    /// server rejected the client's. Such an error is a transport error too; nothing was sent, and nothing is retried.
    pub fn is_certificate(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(error) if is_certificate_error(error))
    }

    /// Returns whether the server rejected the request with an error code (RFC 6749 §5.2), see [`error`](Self::error).
    pub fn is_rejected(&self) -> bool {
        self.rejection().is_some()
    }

    /// Returns whether client authentication failed (`invalid_client`).
    ///
    /// RFC 6749 reserves status 401 for this, so a 401 with another error code counts as well.
    pub fn is_invalid_client(&self) -> bool {
        self.rejection().is_some_and(|rejection| {
            rejection.error == "invalid_client" || self.status() == Some(401)
        })
    }

    /// Returns whether the server rejected the grant: a code, refresh token or device code that is wrong, spent, expired
    /// or belongs to another client (`invalid_grant`).
    pub fn is_invalid_grant(&self) -> bool {
        self.error() == Some("invalid_grant")
    }

    /// Returns whether access was denied: the client is not authorized for the audience or a scope, or the user denied
    /// the request (`access_denied`).
    pub fn is_access_denied(&self) -> bool {
        self.error() == Some("access_denied")
    }

    /// Returns whether the client may not use this grant type (`unauthorized_client`).
    pub fn is_unauthorized_client(&self) -> bool {
        self.error() == Some("unauthorized_client")
    }

    /// Returns whether the user has to interact: log in, consent, or use a second factor. For the last, see
    /// [`mfa_token`](Self::mfa_token).
    #[doc(alias = "MFA")]
    pub fn is_interaction_required(&self) -> bool {
        matches!(
            self.error(),
            Some("mfa_required" | "interaction_required" | "login_required" | "consent_required")
        )
    }

    /// Returns the token for the MFA API, if the server requires a second factor (`mfa_required`).
    pub fn mfa_token(&self) -> Option<&SecretString> {
        self.rejection()?.mfa_token.as_ref()
    }

    /// Returns whether the outcome is unknown: there was no response to a request that the server may have processed. A code
    /// or refresh token of the request may be spent.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns whether a token quota is exceeded: the status is 429, and the quota headers say so or `Retry-After` is longer
    /// than that of a rate limit (at least 5 minutes). Such requests are not retried; see [`retry_at`](Self::retry_at).
    pub fn is_quota_used_up(&self) -> bool {
        self.0
            .response
            .as_ref()
            .is_some_and(ResponseMetadata::is_quota_used_up)
    }

    /// Returns the token quotas that the response reported.
    pub fn quotas(&self) -> Option<&TokenQuotas> {
        self.0.response.as_ref()?.quotas.as_ref()
    }

    /// Returns whether the discovery document is incomplete or belongs to another server.
    pub fn is_discovery(&self) -> bool {
        matches!(self.0.kind, Kind::Discovery(_))
    }

    /// Returns whether signing an assertion or a proof failed.
    pub fn is_signing(&self) -> bool {
        matches!(self.0.kind, Kind::Signing(_))
    }

    /// Returns whether a rate limit or a token quota is exceeded (status 429). [`retry_after`](Self::retry_after) returns the
    /// time to wait, which can be hours for a quota.
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, Kind::RateLimited(_))
    }

    /// Returns whether the response is invalid; see [`status`](Self::status).
    pub fn is_invalid_response(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidResponse(_))
    }

    /// Returns the status code of the response, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0
            .response
            .as_ref()
            .map(|response| response.status.as_u16())
    }

    /// Returns the error code (RFC 6749 §5.2), such as `invalid_client` or `access_denied`.
    pub fn error(&self) -> Option<&str> {
        self.rejection().map(|rejection| rejection.error.as_str())
    }

    /// Returns the server's description of the error, truncated to 200 characters.
    pub fn error_description(&self) -> Option<&str> {
        self.rejection()?.description.as_deref()
    }

    /// Returns the URI of the server's documentation of the error.
    pub fn error_uri(&self) -> Option<&str> {
        self.rejection()?.uri.as_deref()
    }

    /// Returns how long the server asked to wait, counted from its response.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.response.as_ref()?.retry_after
    }

    /// Returns the time at which the server allows the next request.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0
            .response
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
            Kind::Configuration(problems) => {
                write!(f, "invalid settings: {}", problems.join("; "))
            }
            Kind::Transport(error) if is_certificate_error(error) => {
                f.write_str("the TLS handshake with ")?;
                self.write_place(f)?;
                f.write_str(
                    " failed: a certificate was rejected, expected one that is valid for this host; check the domain, the \
                     clock of this machine, and the certificates of the HttpClient, which must trust a proxy or a private \
                     certificate authority",
                )
            }
            Kind::Transport(error) if error.is_connect() => {
                f.write_str("failed to connect to ")?;
                self.write_place(f)?;
                f.write_str(
                    ": check the host and the network; set a proxy or a private certificate authority with `http_client` on \
                     this builder too",
                )
            }
            Kind::Transport(error) if error.is_timeout() => {
                f.write_str("the request to ")?;
                self.write_place(f)?;
                f.write_str(" timed out")
            }
            Kind::Transport(_) if self.0.response.is_some() => {
                f.write_str("the response of ")?;
                self.write_place(f)?;
                f.write_str(" is incomplete")?;
                self.write_status(f)
            }
            Kind::Transport(_) => {
                f.write_str("no response from ")?;
                self.write_place(f)
            }
            Kind::Rejected(rejection) => {
                self.write_place(f)?;
                f.write_str(" rejected the request")?;
                self.write_status(f)?;
                write!(f, ": {rejection}")
            }
            Kind::RateLimited(rejection) => {
                f.write_str("the rate limit or quota of ")?;
                self.write_place(f)?;
                f.write_str(" is exceeded")?;
                self.write_status(f)?;
                if let Some(wait) = self.retry_after() {
                    write!(f, ", retry after {} s", wait.as_secs())?;
                }
                rejection
                    .iter()
                    .try_for_each(|rejection| write!(f, ": {rejection}"))
            }
            Kind::InvalidResponse(found) => {
                f.write_str("the response of ")?;
                self.write_place(f)?;
                f.write_str(" is invalid")?;
                self.write_status(f)?;
                let place = self.0.place.as_ref();
                if let Some(location) = place.and_then(|place| place.location.as_ref()) {
                    write!(f, ": redirected to {location}, expected no redirect")?;
                }
                write!(f, ": {found}")
            }
            Kind::Discovery(fault) => {
                write!(f, "the discovery document is invalid: {fault}")
            }
            Kind::Signing(_) => f.write_str("signing the request failed"),
            Kind::Panicked(task) => write!(f, "the {task} panicked"),
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
            .field("response", &self.0.response)
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
        Self::new("obtaining an access token failed").with_source(error)
    }
}
