//! Where tokens are kept: in memory, or where other processes find them too.

pub(crate) mod file;
mod memory;
mod share;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use auth0_core::{BoxFuture, SecretString};
use serde::{Deserialize, Serialize};

pub use file::FileStore;
pub use memory::MemoryStore;
pub(crate) use share::Share;

/// What a token is for. Tokens with the same key may stand in for each other, others may not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenKey {
    /// Who granted it: the issuer's URL.
    pub issuer: String,
    /// The client that it was granted to.
    pub client_id: String,
    /// The API that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The organization that it is for: its id, or its name in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The scopes that were asked for, separated by spaces, in the order of their names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The key that it is bound to, by its thumbprint (RFC 7638).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_key: Option<String>,
    /// A digest of the extra parameters of the request; absent without extra parameters. It is keyed with the client secret.
    /// Where the client has none, it is a PBKDF2 digest without a secret key, with 600,000 rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// Whose session it is, by a name that the program chose; nothing for a token of the client itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// A token as it is kept. `Debug` shows no secret; it serializes with them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredToken {
    /// The access token.
    pub access_token: SecretString,
    /// `Bearer` or `DPoP`, as the server said.
    pub token_type: String,
    /// When it was asked for.
    pub obtained_at: SystemTime,
    /// When it ends, where the server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<SystemTime>,
    /// The scopes that were granted, separated by spaces, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What the next one is had with, where there is a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
}

impl StoredToken {
    /// A bearer token that was asked for at `obtained_at`.
    pub fn new(access_token: impl Into<SecretString>, obtained_at: SystemTime) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: "Bearer".to_owned(),
            obtained_at,
            expires_at: None,
            scope: None,
            refresh_token: None,
        }
    }
}

/// A place for tokens.
///
/// A store does not decide whether a token is still good; it gives back what was put in. Its errors hold no secret.
///
/// Sources and sessions call their store on a tokio runtime of this crate, so that no caller depends on the runtime of
/// another one. A store that is bound to a runtime of its own, as by a pool of connections, needs that to be running; the
/// [`runtime`](crate::runtime) module runs its connections here instead.
pub trait TokenStore: Send + Sync + 'static {
    /// The token under `key`.
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>>;

    /// Puts a token under `key`, in place of what is there. When this is done, the token survives whatever the store is
    /// meant to survive.
    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Removes the token under `key`, if there is one.
    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Waits until nobody else replaces the token under `key`. Others wait until the guard is dropped.
    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>>;
}

impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        (**self).load(key)
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).save(key, token)
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).remove(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        (**self).lock(key)
    }
}

/// The right to replace a token, given back when this is dropped.
pub struct StoreGuard(
    #[allow(dead_code, reason = "it is there to be dropped")] Box<dyn Any + Send>,
);

impl StoreGuard {
    /// A guard that gives the right back by dropping `held`.
    pub fn new(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for StoreGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreGuard")
    }
}

/// Why a store could not do what it was asked for.
#[derive(Debug, Clone)]
pub struct StoreError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// It was logged where it happened, once for all sources that hear of it.
    is_told: bool,
}

impl StoreError {
    /// An error that says `message`: what was expected, what was found, what to do. It may hold no secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
            is_told: false,
        }
    }

    /// Marks the error as logged by the store, so that token sources do not log it as well. For a store that reports an
    /// outage once for all sources that share it.
    #[must_use]
    pub fn already_logged(mut self) -> Self {
        self.is_told = true;
        self
    }

    /// Adds the error behind it.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_deref()?)
    }
}
