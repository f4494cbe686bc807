//! Errors of logins and sessions.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use auth0_core::codegen::AttemptOutcome;

use super::{Error, Inner, Kind, Rejection};
use crate::store::StoreError;

/// The failure of a login or a session.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The authorization response is not valid for this login.
    Callback(Finding<CallbackErrorKind>),
    /// The authorization response is an error.
    Denied(Rejection),
    /// The ID token is not valid for this login.
    IdToken(Finding<IdTokenErrorKind>),
    /// The server rejected the refresh token. `was_lost`: the response to an earlier request with it was lost.
    RefreshRejected {
        rejection: Rejection,
        was_lost: bool,
    },
    /// The session has no usable token and no refresh token.
    Ended,
    /// The device code expired before the user confirmed it.
    DeviceCodeExpired,
    /// No authorization response arrived within the timeout.
    NoCallback,
    /// Opening the browser failed.
    Browser(std::io::Error),
    /// The loopback listener failed.
    Listener(std::io::Error),
    /// The token store failed.
    Store(StoreError),
}

/// A failed check, with the expected and the actual value if both are known and not secret.
#[derive(Debug)]
pub(crate) struct Finding<F> {
    pub(super) kind: F,
    detail: Option<String>,
}

impl<F> Finding<F> {
    /// Creates a finding with a message. `detail` must not contain secrets, nor server text that is not
    /// [sanitized](crate::token_response::text).
    pub(crate) fn new(kind: F, detail: String) -> Self {
        let detail = Some(detail);
        Self { kind, detail }
    }
}

impl<F> From<F> for Finding<F> {
    fn from(kind: F) -> Self {
        let detail = None;
        Self { kind, detail }
    }
}

impl<F: fmt::Display> fmt::Display for Finding<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => f.write_str(detail),
            None => self.kind.fmt(f),
        }
    }
}

/// What is wrong with an authorization response.
///
/// ```
/// # use auth0_auth::{CallbackErrorKind, Error};
/// # fn example(error: &Error) {
/// if error.callback_error_kind() == Some(CallbackErrorKind::State) {
///     println!("the response belongs to another login");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackErrorKind {
    /// `state` is missing or differs: the response belongs to another login or was forged.
    State,
    /// `iss` names another server, or is missing although the server metadata announces it (RFC 9207).
    Issuer,
    /// `code` and `error` are both missing.
    Code,
    /// A parameter occurs more than once.
    Repeated,
}

impl fmt::Display for CallbackErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state: expected the value of this login, found another or none",
            Self::Issuer => "iss: expected the server of this login, found another or none",
            Self::Code => "expected code or error, found neither",
            Self::Repeated => "expected each parameter once, found a repeated parameter",
        })
    }
}

/// What is wrong with an ID token.
///
/// ```
/// # use auth0_auth::{Error, IdTokenErrorKind};
/// # fn example(error: &Error) {
/// if error.id_token_error_kind() == Some(IdTokenErrorKind::NotYetValid) {
///     println!("check the clock of this machine");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenErrorKind {
    /// The response contains no ID token.
    Missing,
    /// It is not a signed JWT with the required claims, or it is too long.
    Malformed,
    /// `alg` is not an accepted algorithm; `none` and HMAC never are.
    Algorithm,
    /// The server publishes no key that matches the header.
    UnknownKey,
    /// The signature is invalid.
    Signature,
    /// `iss` names another server.
    Issuer,
    /// `aud` does not contain this client.
    Audience,
    /// The token has several audiences and `azp` is missing, or `azp` names another client.
    AuthorizedParty,
    /// `exp` is in the past.
    Expired,
    /// `iat` or `nbf` is in the future.
    NotYetValid,
    /// `nonce` differs: the token belongs to another login.
    Nonce,
    /// `org_id` or `org_name` is not the requested organization.
    Organization,
    /// The user logged in longer ago than `max_age`, or `auth_time` is missing.
    AuthenticationTime,
}

impl fmt::Display for IdTokenErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "expected an ID token, found none",
            Self::Malformed => {
                "expected a signed JWT with the claims of an ID token, found something else"
            }
            Self::Algorithm => "alg: expected an accepted algorithm, found another",
            Self::UnknownKey => "expected a key that the server publishes, found another",
            Self::Signature => "the signature is invalid",
            Self::Issuer => "iss: expected the server of this login, found another",
            Self::Audience => "aud: expected this client, found others",
            Self::AuthorizedParty => "azp: expected this client, found another or none",
            Self::Expired => "exp: expected a time in the future, found one in the past",
            Self::NotYetValid => "iat, nbf: expected a time in the past, found one in the future",
            Self::Nonce => "nonce: expected the value of this login, found another or none",
            Self::Organization => {
                "org_id, org_name: expected the requested organization, found another or none"
            }
            Self::AuthenticationTime => {
                "auth_time: expected a login within max_age, found an older one or none"
            }
        })
    }
}

impl Failure {
    pub(super) fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Denied(rejection) | Self::RefreshRejected { rejection, .. } => Some(rejection),
            _ => None,
        }
    }

    pub(super) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Browser(error) | Self::Listener(error) => Some(error),
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callback(finding) => {
                write!(f, "the authorization response is invalid: {finding}")
            }
            Self::Denied(rejection) => write!(f, "the login was denied: {rejection}"),
            Self::IdToken(finding) => write!(f, "the ID token is invalid: {finding}"),
            Self::RefreshRejected {
                rejection,
                was_lost: false,
            } => write!(f, "the refresh token was rejected: {rejection}"),
            Self::RefreshRejected { rejection, .. } => write!(
                f,
                "the refresh token was rejected, and the response to an earlier request with it was lost: {rejection}"
            ),
            Self::Ended => f.write_str("the session has ended, log in again"),
            Self::DeviceCodeExpired => {
                f.write_str("the device code expired before the user confirmed it")
            }
            Self::NoCallback => f.write_str("no authorization response arrived within the timeout"),
            Self::Browser(_) => f.write_str("opening the browser failed"),
            Self::Listener(_) => f.write_str("the loopback listener failed"),
            Self::Store(_) => f.write_str("the token store failed"),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::of(Kind::Login(failure))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Failure::Store(error).into()
    }
}

impl Error {
    fn failure(&self) -> Option<&Failure> {
        match &self.0.kind {
            Kind::Login(failure) => Some(failure),
            _ => None,
        }
    }

    /// Returns what is wrong with the authorization response, if that is why the login failed.
    pub fn callback_error_kind(&self) -> Option<CallbackErrorKind> {
        match self.failure()? {
            Failure::Callback(finding) => Some(finding.kind),
            _ => None,
        }
    }

    /// Returns what is wrong with the ID token, if that is why the login failed.
    pub fn id_token_error_kind(&self) -> Option<IdTokenErrorKind> {
        match self.failure()? {
            Failure::IdToken(finding) => Some(finding.kind),
            _ => None,
        }
    }

    /// Returns whether the user has to log in again: the refresh token was rejected, there is none and the access token has
    /// expired, or the session was signed out.
    pub fn is_session_ended(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::Ended | Failure::RefreshRejected { .. })
        )
    }

    /// Returns whether the server rejected the refresh token of the session: it expired, was revoked or was used before. Auth0
    /// does not distinguish these; see [`is_refresh_token_spent`](Self::is_refresh_token_spent).
    pub fn is_refresh_token_rejected(&self) -> bool {
        matches!(self.failure(), Some(Failure::RefreshRejected { .. }))
    }

    /// Returns whether the server rejected a refresh token after the response to an earlier request with it was lost. Most
    /// likely that request spent the token, and its replacement never arrived; this is no sign of theft.
    pub fn is_refresh_token_spent(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::RefreshRejected { was_lost: true, .. })
        )
    }

    /// Returns whether the user did not finish in time: the device code expired (`expired_token`), or the browser did not
    /// return.
    pub fn is_login_expired(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::DeviceCodeExpired | Failure::NoCallback)
        ) || self.error() == Some("expired_token")
    }

    /// Returns whether opening the browser failed.
    pub fn is_browser(&self) -> bool {
        matches!(self.failure(), Some(Failure::Browser(_)))
    }

    /// Returns whether the loopback listener failed.
    pub fn is_listener(&self) -> bool {
        matches!(self.failure(), Some(Failure::Listener(_)))
    }

    /// Returns whether the token store failed. No token is lost while the program runs.
    pub fn is_store(&self) -> bool {
        matches!(self.failure(), Some(Failure::Store(_)))
    }

    /// Returns whether the server may have consumed a single-use credential without confirming it.
    pub(crate) fn may_have_been_processed(&self) -> bool {
        match self.outcome() {
            AttemptOutcome::Lost | AttemptOutcome::Cut => true,
            AttemptOutcome::Status(status) => {
                // A 2xx response that cannot be parsed still means that the request was processed.
                (status.is_success() && self.rejection().is_none())
                    || (status.is_server_error() && status != 501)
                    || status == 408
            }
            _ => false,
        }
    }

    /// Returns whether the failure is transient: a network or server failure, or a rate limit.
    pub(crate) fn is_transient(&self) -> bool {
        match self.outcome() {
            AttemptOutcome::NotSent | AttemptOutcome::Lost | AttemptOutcome::Cut => true,
            AttemptOutcome::Status(status) => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 429)
            }
            _ => false,
        }
    }

    /// Converts an `invalid_grant` rejection to a rejected refresh token.
    pub(crate) fn into_refresh_rejection(self, was_lost: bool) -> Self {
        if !self.is_invalid_grant() {
            return self;
        }
        match Arc::try_unwrap(self.0) {
            Ok(Inner {
                kind: Kind::Rejected(rejection),
                place,
                response,
                outcome_unknown,
            }) => Self(Arc::new(Inner {
                kind: Kind::Login(Failure::RefreshRejected {
                    rejection,
                    was_lost,
                }),
                place,
                response,
                outcome_unknown,
            })),
            Ok(inner) => Self(Arc::new(inner)),
            Err(shared) => Self(shared),
        }
    }
}
