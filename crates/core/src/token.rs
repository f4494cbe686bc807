//! How a call gets its token.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{BoxFuture, SecretString};

/// An access token as a token source hands it out.
///
/// Two values with the same [`id`](AccessToken::id) are the same grant of the same source.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    id: u64,
    expires_at: Option<SystemTime>,
}

impl AccessToken {
    /// A token with the number that its source tells it by.
    pub fn new(secret: impl Into<SecretString>, id: u64) -> Self {
        Self {
            secret: secret.into(),
            id,
            expires_at: None,
        }
    }

    /// Says when the token ends.
    #[must_use]
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// The token itself.
    pub fn secret(&self) -> &str {
        self.secret.secret()
    }

    /// The number that the token's source tells it by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// When the token ends, where that is known.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expires_at
    }
}

/// A way to get access tokens.
///
/// The transport asks for a token before every attempt of every call and tells the source what became of it:
/// [`accepted`](TokenSource::accepted) when the API took it, [`rejected`](TokenSource::rejected) when the API
/// answered 401. A source that caches decides by that whether a token is worth replacing.
pub trait TokenSource: Send + Sync + 'static {
    /// A token that is valid now.
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>>;

    /// The API accepted `token`.
    fn accepted(&self, _token: &AccessToken) {}

    /// The API refused `token` with a 401. `true`: another call of [`token`](TokenSource::token) will give a
    /// different one, so the call is worth repeating once.
    fn rejected(&self, _token: &AccessToken) -> bool {
        false
    }
}

impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        (**self).token()
    }

    fn accepted(&self, token: &AccessToken) {
        (**self).accepted(token);
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        (**self).rejected(token)
    }
}

/// No token could be had. The source's own error, which holds no secret, is in [`std::error::Error::source`].
#[derive(Debug, Clone)]
pub struct TokenError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl std::fmt::Display for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The error in the `Arc`, not the `Arc`, which is an error too and what a derive would hand out: nobody
        // could downcast that to the source's own type.
        Some(self.source.as_deref()?)
    }
}

impl TokenError {
    /// An error that says `message`. Neither it nor `source` may hold a secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Adds the source's own, typed error.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}
