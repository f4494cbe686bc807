//! Token stores: in memory, or shared with other processes.

pub(crate) mod file;
mod memory;
mod shared_token;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use auth0_core::{BoxFuture, SecretString};
use serde::{Deserialize, Serialize};

pub use file::FileStore;
pub use memory::MemoryStore;
pub(crate) use shared_token::SharedToken;

/// The key of a token in a store. Tokens with the same key are interchangeable.
///
/// Sources and sessions build keys themselves. A custom [`TokenStore`] can serialize them:
///
/// ```
/// use auth0_auth::TokenKey;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut key = TokenKey::default();
/// key.issuer = "https://acme.us.auth0.com/".to_owned();
/// key.client_id = "client".to_owned();
/// assert_eq!(
///     serde_json::to_string(&key)?,
///     r#"{"issuer":"https://acme.us.auth0.com/","client_id":"client"}"#
/// );
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenKey {
    /// The URL of the issuer that granted the token.
    pub issuer: String,
    /// The client ID.
    pub client_id: String,
    /// The identifier of the API that the token is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The organization that the token is for: its ID, or its name in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The requested scopes, sorted and separated by spaces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The thumbprint (RFC 7638) of the DPoP key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_key: Option<String>,
    /// A digest of the extra parameters of the request, or `None` if there are none. It is keyed with the client secret. For
    /// clients without a secret, it is a PBKDF2 digest without a secret key, with 600,000 rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// The name of the session, as chosen by the program, or `None` for a token of the client itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// A token in a store. `Debug` shows no secrets; the serialized form contains them.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use auth0_auth::StoredToken;
///
/// let obtained_at = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let mut token = StoredToken::new("eyJhbGciOi…", obtained_at);
/// token.expires_at = Some(obtained_at + Duration::from_secs(3600));
/// assert_eq!(token.token_type, "Bearer");
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredToken {
    /// The access token.
    pub access_token: SecretString,
    /// The token type that the server sent: `Bearer` or `DPoP`.
    pub token_type: String,
    /// When the token was requested.
    pub obtained_at: SystemTime,
    /// When the token expires, if the server sent its lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<SystemTime>,
    /// The granted scopes, separated by spaces, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The refresh token, for tokens that belong to a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
}

impl StoredToken {
    /// Creates a bearer token that was requested at `obtained_at`.
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

/// A store of tokens.
///
/// A store returns what was saved; it does not decide whether a token is still valid. Its errors must not contain secrets.
///
/// Sources and sessions call their store on a tokio runtime of this crate, so that a caller does not depend on another caller's
/// runtime. If a store is bound to a runtime of its own, for example by a connection pool, that runtime must be running;
/// the [`runtime`](crate::runtime) module runs its connections on this crate's runtime instead.
///
/// ```
/// use auth0_auth::{BoxFuture, MemoryStore, StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
///
/// /// Counts the loads of another store.
/// struct Counted {
///     store: MemoryStore,
///     loads: std::sync::atomic::AtomicUsize,
/// }
///
/// impl TokenStore for Counted {
///     fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
///         self.loads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.store.load(key)
///     }
///
///     fn save<'a>(&'a self, key: &'a TokenKey, token: &'a StoredToken) -> BoxFuture<'a, Result<(), StoreError>> {
///         self.store.save(key, token)
///     }
///
///     fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
///         self.store.remove(key)
///     }
///
///     fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
///         self.store.lock(key)
///     }
/// }
/// ```
#[doc(alias = "cache")]
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the token under `key`, or `None` if there is none.
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>>;

    /// Saves a token under `key` and replaces the previous one. When the future completes, the token must be as durable as the
    /// store promises.
    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Removes the token under `key`, if there is one.
    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Locks `key` for a refresh of its token. Waits while another process holds the lock; dropping the guard releases it.
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

/// A lock on a key of a store. Dropping it releases the lock.
///
/// ```
/// use auth0_auth::StoreGuard;
///
/// struct Unlock;
///
/// impl Drop for Unlock {
///     fn drop(&mut self) {
///         // Release the lock.
///     }
/// }
///
/// let guard = StoreGuard::new(Unlock);
/// # let _ = guard;
/// ```
pub struct StoreGuard(
    #[allow(dead_code, reason = "it is only held to be dropped")] Box<dyn Any + Send>,
);

impl StoreGuard {
    /// Creates a guard that releases the lock by dropping `held`.
    pub fn new(held: impl Any + Send) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for StoreGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreGuard")
    }
}

/// An error of a token store.
///
/// ```
/// use auth0_auth::StoreError;
///
/// let source = std::io::Error::other("connection reset");
/// let error = StoreError::new("loading a token from the database failed").with_source(source);
/// assert_eq!(error.to_string(), "loading a token from the database failed");
/// ```
#[derive(Debug, Clone)]
pub struct StoreError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// The error was already logged by the store, once for all sources that use it.
    is_told: bool,
}

impl StoreError {
    /// Creates an error with a message: what was expected, what was found, what to do. It must not contain secrets.
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

    /// Sets the underlying error.
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
