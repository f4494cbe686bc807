//! Why a user's login or session came to nothing.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use auth0_core::codegen::AttemptOutcome;

use super::{Error, Inner, Kind, Rejection};
use crate::store::StoreError;

/// What went wrong with a login or a session.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer that the browser brought is not one to this login.
    Callback(Finding<CallbackFault>),
    /// The authorization endpoint said no, by way of the browser.
    Denied(Rejection),
    /// The ID token is not one for this login.
    IdToken(Finding<IdTokenFault>),
    /// The server does not take the refresh token. `was_lost`: an earlier request with it had no answer.
    RefreshRefused {
        rejection: Rejection,
        was_lost: bool,
    },
    /// There is nothing to get another access token with.
    Ended,
    /// The device code ended before the user was done.
    DeviceCodeExpired,
    /// No browser came in time.
    NoCallback,
    /// The browser could not be opened.
    Browser(std::io::Error),
    /// The listener for the browser's answer failed.
    Listener(std::io::Error),
    /// The store of tokens failed.
    Store(StoreError),
}

/// What is wrong, with what was expected and found where the values are known and no secrets.
#[derive(Debug)]
pub(crate) struct Finding<F> {
    pub(super) fault: F,
    detail: Option<String>,
}

impl<F> Finding<F> {
    /// A fault whose message is `detail`, which may hold no secret and no text of the server that is not
    /// [printable](crate::answer::text).
    pub(crate) fn new(fault: F, detail: String) -> Self {
        let detail = Some(detail);
        Self { fault, detail }
    }
}

impl<F> From<F> for Finding<F> {
    fn from(fault: F) -> Self {
        let detail = None;
        Self { fault, detail }
    }
}

impl<F: fmt::Display> fmt::Display for Finding<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => f.write_str(detail),
            None => self.fault.fmt(f),
        }
    }
}

/// What is wrong with the answer that the browser brought from the authorization endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackFault {
    /// `state` is missing, or it is not that of this login: the answer belongs to another one, or was forged.
    State,
    /// `iss` is another server, or it is missing though the server's metadata promises it (RFC 9207).
    Issuer,
    /// Neither a `code` nor an `error` is there.
    Code,
    /// A parameter is there more than once.
    Repeated,
}

impl fmt::Display for CallbackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state: expected that of this login, found another or none",
            Self::Issuer => "iss: expected the server that was asked, found another or none",
            Self::Code => "expected a code or an error, found neither",
            Self::Repeated => "expected each parameter once, found one several times",
        })
    }
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenFault {
    /// There is none.
    Missing,
    /// It is no signed JWT with the claims that every ID token has, or too long for one.
    Malformed,
    /// `alg` is not one of those that were allowed; `none` and HMAC never are.
    Algorithm,
    /// The server publishes no key that fits its header.
    UnknownKey,
    /// The signature is not that of the key.
    Signature,
    /// `iss` is another server.
    Issuer,
    /// `aud` does not name this client.
    Audience,
    /// It is for several audiences, and `azp` does not name this client; or `azp` names another one.
    AuthorizedParty,
    /// `exp` has passed.
    Expired,
    /// `iat` or `nbf` is in the future.
    NotYetValid,
    /// `nonce` is not that of this login: the token belongs to another one.
    Nonce,
    /// `org_id` or `org_name` is not the organization that was asked for.
    Organization,
    /// The user logged in longer ago than `max_age` allows, or `auth_time` is missing.
    AuthenticationTime,
}

impl fmt::Display for IdTokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "expected one, found none",
            Self::Malformed => "expected a signed JWT with the claims of an ID token, found something else",
            Self::Algorithm => "alg: expected one of the allowed algorithms, found another",
            Self::UnknownKey => "expected a key that the server publishes, found another",
            Self::Signature => "the signature is not that of the key",
            Self::Issuer => "iss: expected the server that was asked, found another",
            Self::Audience => "aud: expected this client, found others",
            Self::AuthorizedParty => "azp: expected this client, found another or none",
            Self::Expired => "exp: expected a time to come, found one that has passed",
            Self::NotYetValid => "iat, nbf: expected a time that has passed, found one to come",
            Self::Nonce => "nonce: expected that of this login, found another or none",
            Self::Organization => {
                "org_id, org_name: expected the organization that was asked for, found another or none"
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
            Self::Denied(rejection) | Self::RefreshRefused { rejection, .. } => Some(rejection),
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
            Self::Callback(fault) => write!(f, "the answer to the login cannot be used: {fault}"),
            Self::Denied(rejection) => write!(f, "the login was refused: {rejection}"),
            Self::IdToken(fault) => write!(f, "the ID token was refused: {fault}"),
            Self::RefreshRefused {
                rejection,
                was_lost: false,
            } => write!(f, "the refresh token was refused: {rejection}"),
            Self::RefreshRefused { rejection, .. } => write!(
                f,
                "the refresh token was refused, and the answer to an earlier request with it was lost: {rejection}"
            ),
            Self::Ended => f.write_str("the session has ended, and only a login begins another"),
            Self::DeviceCodeExpired => {
                f.write_str("the device code expired before the user was done")
            }
            Self::NoCallback => f.write_str("no answer to the login came in time"),
            Self::Browser(_) => f.write_str("the browser could not be opened"),
            Self::Listener(_) => f.write_str("the listener for the answer to the login failed"),
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

    /// What is wrong with the answer that the browser brought, where that is why a login came to nothing.
    pub fn callback_fault(&self) -> Option<CallbackFault> {
        match self.failure()? {
            Failure::Callback(finding) => Some(finding.fault),
            _ => None,
        }
    }

    /// What is wrong with the ID token, where that is why a login came to nothing.
    pub fn id_token_fault(&self) -> Option<IdTokenFault> {
        match self.failure()? {
            Failure::IdToken(finding) => Some(finding.fault),
            _ => None,
        }
    }

    /// Whether only another login helps: the refresh token was refused, or there is none and the access token has ended,
    /// or somebody signed out.
    pub fn is_session_ended(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::Ended | Failure::RefreshRefused { .. })
        )
    }

    /// Whether the server does not take the session's refresh token: it expired, was revoked, or was used before. Auth0
    /// says the same in each case, see [`is_refresh_token_spent`](Self::is_refresh_token_spent).
    pub fn is_refresh_token_refused(&self) -> bool {
        matches!(self.failure(), Some(Failure::RefreshRefused { .. }))
    }

    /// Whether the server refused a refresh token with which a request was made before whose answer was lost: it was spent
    /// then, most likely, and the one that took its place never arrived. Nobody stole it, as far as that tells.
    pub fn is_refresh_token_spent(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::RefreshRefused { was_lost: true, .. })
        )
    }

    /// Whether the time ran out before the user was done: a device code that expired (`expired_token`), or a browser
    /// that did not come back.
    pub fn is_login_expired(&self) -> bool {
        matches!(
            self.failure(),
            Some(Failure::DeviceCodeExpired | Failure::NoCallback)
        ) || self.error() == Some("expired_token")
    }

    /// Whether the browser could not be opened.
    pub fn is_browser(&self) -> bool {
        matches!(self.failure(), Some(Failure::Browser(_)))
    }

    /// Whether this machine did not let a listener for the browser's answer be.
    pub fn is_listener(&self) -> bool {
        matches!(self.failure(), Some(Failure::Listener(_)))
    }

    /// Whether the store of tokens failed. Nothing is lost by it as long as the program runs.
    pub fn is_store(&self) -> bool {
        matches!(self.failure(), Some(Failure::Store(_)))
    }

    /// Whether the server may have taken what can be used once, though no success was told.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match self.outcome() {
            AttemptOutcome::Lost | AttemptOutcome::Cut => true,
            AttemptOutcome::Status(status) => {
                // A success that cannot be read is one all the same.
                (status.is_success() && self.rejection().is_none())
                    || (status.is_server_error() && status != 501)
                    || status == 408
            }
            _ => false,
        }
    }

    /// Whether the failure is one of the way or of the moment, and no answer to what was asked.
    pub(crate) fn is_passing(&self) -> bool {
        match self.outcome() {
            AttemptOutcome::NotSent | AttemptOutcome::Lost | AttemptOutcome::Cut => true,
            AttemptOutcome::Status(status) => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 429)
            }
            _ => false,
        }
    }

    /// The same refusal, if it is one of the grant, as that of a refresh token.
    pub(crate) fn of_refresh(self, was_lost: bool) -> Self {
        if !self.is_invalid_grant() {
            return self;
        }
        match Arc::try_unwrap(self.0) {
            Ok(Inner {
                kind: Kind::Rejected(rejection),
                place,
                answer,
                outcome_unknown,
            }) => Self(Arc::new(Inner {
                kind: Kind::Login(Failure::RefreshRefused {
                    rejection,
                    was_lost,
                }),
                place,
                answer,
                outcome_unknown,
            })),
            Ok(inner) => Self(Arc::new(inner)),
            Err(shared) => Self(shared),
        }
    }
}
