//! Access tokens and token sources.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use http::HeaderValue;

use crate::proof::ProofOfPossession;
use crate::{BoxFuture, HttpClient, Scopes, SecretString};

/// An access token, returned by a [`TokenSource`].
///
/// The [`id`](AccessToken::id) identifies the token within its source. Clones share the text, so they are cheap.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use auth0_core::{AccessToken, Scopes};
///
/// let expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000);
/// let token = AccessToken::new("eyJhbGciOi…", 1)
///     .expires_at(expires_at)
///     .with_scopes(Scopes::parse("read:organizations"));
/// assert_eq!(token.expiry(), Some(expires_at));
/// assert!(!format!("{token:?}").contains("eyJ"));
/// ```
#[derive(Clone)]
pub struct AccessToken {
    text: Arc<TokenText>,
    id: u64,
    expires_at: Option<SystemTime>,
    scopes: Option<Arc<Scopes>>,
}

struct TokenText {
    secret: SecretString,
    /// The value of `Authorization`, created when it is first needed.
    authorization: OnceLock<Result<HeaderValue, &'static str>>,
    /// The key that the token is bound to, if any.
    key: Option<Arc<dyn ProofOfPossession>>,
}

impl AccessToken {
    /// Creates a token. `id` identifies it within its source.
    ///
    /// Surrounding white space, such as the line break at the end of a file, and a leading `Bearer` are removed. If the
    /// token contains characters that are not valid in a header, the call fails.
    pub fn new(secret: impl Into<SecretString>, id: u64) -> Self {
        let secret = secret.into().trimmed();
        let secret = match secret.secret().split_once(char::is_whitespace) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim().into(),
            _ => secret,
        };
        Self {
            text: Arc::new(TokenText {
                secret,
                authorization: OnceLock::new(),
                key: None,
            }),
            id,
            expires_at: None,
            scopes: None,
        }
    }

    /// Sets when the token expires.
    #[must_use]
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Sets the granted scopes: those of the token response or, if it contains none, the requested ones (RFC 6749 §5.1).
    /// A source that does not know them leaves them unset; they are not read from the token itself.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Self {
        self.scopes = Some(Arc::new(scopes));
        self
    }

    /// Binds the token to a key (`token_type` DPoP, RFC 9449). It is sent with the DPoP scheme and a new proof for every
    /// attempt.
    #[doc(alias = "DPoP")]
    #[must_use]
    pub fn bound_to(mut self, key: Arc<dyn ProofOfPossession>) -> Self {
        self.text = Arc::new(TokenText {
            secret: self.text.secret.clone(),
            authorization: OnceLock::new(),
            key: Some(key),
        });
        self
    }

    /// Whether the token is bound to a key.
    pub fn is_bound(&self) -> bool {
        self.text.key.is_some()
    }

    pub(crate) fn key(&self) -> Option<&dyn ProofOfPossession> {
        self.text.key.as_deref()
    }

    pub(crate) fn text(&self) -> &SecretString {
        &self.text.secret
    }

    /// Returns the text of the token.
    pub fn secret(&self) -> &str {
        self.text.secret.secret()
    }

    /// Returns the id of the token within its source.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns when the token expires, if known.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Returns the granted scopes, if known.
    pub fn scopes(&self) -> Option<&Scopes> {
        self.scopes.as_deref()
    }

    pub(crate) fn shared_scopes(&self) -> Option<Arc<Scopes>> {
        self.scopes.clone()
    }

    /// Returns the `Authorization` header. A token that is not a valid header value is an error.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, TokenError> {
        let made = self.text.authorization.get_or_init(|| {
            // For example from an unset variable or an empty file. `Bearer ` would be a request without a token.
            if self.secret().is_empty() || self.secret().eq_ignore_ascii_case("bearer") {
                return Err("the token is empty");
            }
            if self.secret().contains(char::is_whitespace) {
                return Err(
                    "the token contains white space: expected only the token, without a scheme such as `DPoP`",
                );
            }
            let scheme = if self.is_bound() { "DPoP" } else { "Bearer" };
            let mut value = HeaderValue::from_str(&format!("{scheme} {}", self.secret()))
                .map_err(|_| "the token contains a character that is not valid in a header")?;
            value.set_sensitive(true);
            Ok(value)
        });
        made.clone().map_err(TokenError::new)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &self.text.secret)
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("is_bound", &self.is_bound())
            .finish()
    }
}

/// A source of access tokens.
///
/// The client requests a token before every attempt of every call and reports the result:
/// [`accepted`](TokenSource::accepted) if the API accepted the token, [`rejected`](TokenSource::rejected) if it returned
/// 401. A caching source uses this to decide whether to replace its token.
///
/// A token may be [bound to a key](AccessToken::bound_to). A rejected DPoP proof is not reported, because it does not mean
/// that the token is invalid: if the API requires a nonce (`use_dpop_nonce`), the attempt is repeated once with the same
/// token; if it rejects the proof (`invalid_dpop_proof`), the call fails.
///
/// [`StaticToken`] and [`token_fn`] are simple sources; `auth0-auth` implements the OAuth flows.
///
/// ```
/// use auth0_core::{AccessToken, BoxFuture, TokenError, TokenSource};
///
/// /// Reads the token from a file that another program keeps up to date.
/// struct TokenFile(std::path::PathBuf);
///
/// impl TokenSource for TokenFile {
///     fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
///         Box::pin(async move {
///             let text = std::fs::read_to_string(&self.0)
///                 .map_err(|error| TokenError::new("the token file cannot be read").with_source(error))?;
///             Ok(AccessToken::new(text, 0))
///         })
///     }
///
///     fn rejected(&self, _: &AccessToken) -> bool {
///         // The file may contain a new token by now.
///         true
///     }
/// }
/// ```
#[doc(alias = "authentication")]
#[doc(alias = "credentials")]
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a valid token.
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>>;

    /// Called when the API accepted `token`.
    fn accepted(&self, _token: &AccessToken) {}

    /// Called when the API rejected `token` with a 401. Returns whether [`token`](TokenSource::token) may return a
    /// different token now; if so, the call is sent again once.
    fn rejected(&self, _token: &AccessToken) -> bool {
        false
    }

    /// Passes on the HTTP client that was set on an API client which uses this source, so that proxies and certificates
    /// are configured once. The API client's `build` calls it, and only if an HTTP client was set there.
    ///
    /// A source that sends requests uses this client unless it has one of its own; if several API clients pass one on,
    /// it uses the first. The default implementation ignores the client, for sources that send no requests. A source
    /// that wraps another one passes the client on to it.
    ///
    /// A pooled connection belongs to the runtime that opened it. If the source sends its requests on another runtime than
    /// the calls, like those of `auth0-auth`, and the runtime of the calls is idle, a token request may wait for such a
    /// connection until its timeout. Programs with idle runtimes set a separate client on the source.
    fn inherit_http_client(&self, _client: &HttpClient) {}
}

/// Implements [`TokenSource`] for pointers to a source, by delegation.
macro_rules! impl_for_pointers {
    ($($pointer:ty),*) => {$(
        impl<T: TokenSource + ?Sized> TokenSource for $pointer {
            fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
                (**self).token()
            }

            fn accepted(&self, token: &AccessToken) {
                (**self).accepted(token);
            }

            fn rejected(&self, token: &AccessToken) -> bool {
                (**self).rejected(token)
            }

            fn inherit_http_client(&self, client: &HttpClient) {
                (**self).inherit_http_client(client);
            }
        }
    )*};
}

impl_for_pointers!(Arc<T>, Box<T>, &'static T);

/// An access token could not be obtained. The typed error of the token source is available through
/// [`std::error::Error::source`].
///
/// ```
/// use std::error::Error as _;
///
/// use auth0_core::TokenError;
///
/// let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
/// let error = TokenError::new("the token file cannot be read").with_source(cause);
/// assert!(error.source().is_some_and(|source| source.is::<std::io::Error>()));
/// ```
#[derive(Debug, Clone)]
pub struct TokenError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The error within the `Arc`. A derive would return the `Arc`, which cannot be downcast to the source's type.
        Some(self.source.as_deref()?)
    }
}

impl TokenError {
    /// Creates an error. The message must not contain a secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Adds the typed error of the source, which must not contain a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

/// A token source with a single, fixed token. A 401 response is final, because there is no other token.
///
/// ```
/// use auth0_core::{StaticToken, TokenSource};
///
/// fn takes_a_source(_: impl TokenSource) {}
/// takes_a_source(StaticToken::new("eyJhbGciOi…"));
/// ```
#[derive(Debug, Clone)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Creates a source of `token`. Surrounding white space and a leading `Bearer` are removed, see [`AccessToken::new`].
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(AccessToken::new(token, 0))
    }
}

impl TokenSource for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// A token source from a closure, created by [`token_fn`], where there is an example.
#[derive(Clone)]
pub struct FnTokenSource<F>(F);

/// Creates a token source that calls `f` before every attempt. After a 401 it calls `f` again, and the call is sent again
/// once if the token is different. It does not cache.
///
/// ```
/// use auth0_core::{AccessToken, TokenError, TokenSource, token_fn};
///
/// fn takes_a_source(_: impl TokenSource) {}
/// takes_a_source(token_fn(|| async {
///     let text = std::fs::read_to_string("/run/secrets/token").map_err(|error| {
///         TokenError::new("the token file cannot be read").with_source(error)
///     })?;
///     Ok(AccessToken::new(text.trim(), 0))
/// }));
/// ```
pub fn token_fn<F, Fut>(f: F) -> FnTokenSource<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    FnTokenSource(f)
}

impl<F> fmt::Debug for FnTokenSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnTokenSource")
    }
}

impl<F, Fut> TokenSource for FnTokenSource<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin((self.0)())
    }

    fn rejected(&self, _token: &AccessToken) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorization_header_is_created_once_and_marked_sensitive() {
        let token = AccessToken::new("t0ken", 0);
        let value = token.authorization().unwrap();
        assert!(value.is_sensitive());
        assert_eq!(value, "Bearer t0ken");
        let again = token.clone().authorization().unwrap();
        assert_eq!(again.as_bytes().as_ptr(), value.as_bytes().as_ptr());
    }

    #[test]
    fn pointer_to_a_source_forwards_every_method() {
        use std::sync::atomic::{AtomicUsize, Ordering};

        #[derive(Default)]
        struct Counting(AtomicUsize);
        impl TokenSource for Counting {
            fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
                self.0.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(Ok(AccessToken::new("t0ken", 0))))
            }
            fn accepted(&self, _: &AccessToken) {
                self.0.fetch_add(10, Ordering::Relaxed);
            }
            fn rejected(&self, _: &AccessToken) -> bool {
                self.0.fetch_add(100, Ordering::Relaxed);
                true
            }
            fn inherit_http_client(&self, _: &HttpClient) {
                self.0.fetch_add(1000, Ordering::Relaxed);
            }
        }
        fn use_all(source: impl TokenSource) {
            drop(source.token());
            source.accepted(&AccessToken::new("t0ken", 0));
            assert!(source.rejected(&AccessToken::new("t0ken", 0)));
            source.inherit_http_client(&HttpClient::direct().unwrap());
        }
        let count: &'static Counting = Box::leak(Box::default());
        use_all(count);
        use_all(Box::new(count) as Box<dyn TokenSource>);
        use_all(Arc::new(count) as Arc<dyn TokenSource>);
        use_all(Arc::new(Box::new(count) as Box<dyn TokenSource>));
        assert_eq!(count.0.load(Ordering::Relaxed), 4444);
    }

    #[test]
    fn white_space_and_bearer_scheme_are_removed() {
        for text in [
            "t0ken",
            "t0ken\n",
            " t0ken\r\n",
            "Bearer t0ken",
            "bearer  t0ken\n",
            "BEARER\tt0ken",
        ] {
            let token = AccessToken::new(text, 0);
            assert_eq!(token.secret(), "t0ken", "{text:?}");
            assert_eq!(token.authorization().unwrap(), "Bearer t0ken", "{text:?}");
        }
    }

    #[test]
    fn empty_token_or_another_scheme_is_rejected() {
        for (text, expected) in [
            ("", "the token is empty"),
            (" \n", "the token is empty"),
            ("Bearer ", "the token is empty"),
            ("bearer", "the token is empty"),
            ("DPoP pl4nted", "without a scheme such as `DPoP`"),
            ("Basic pl4nted", "without a scheme"),
            ("Bearer Bearer pl4nted", "without a scheme"),
            ("pl4nted\npl4nted", "white space"),
        ] {
            let error = AccessToken::new(text, 0).authorization().unwrap_err();
            assert!(error.to_string().contains(expected), "{text:?}: {error}");
            assert!(!error.to_string().contains("pl4nted"));
        }
    }

    #[test]
    fn token_bound_after_its_first_use_is_sent_with_the_dpop_scheme() {
        struct Key;
        impl ProofOfPossession for Key {
            fn proof(&self, _: crate::proof::ProofRequest<'_>) -> Result<SecretString, TokenError> {
                Ok("proof".into())
            }
            fn nonce(&self, _: crate::proof::ServerRole, _: &url::Url, _: &str) {}
        }
        let token = AccessToken::new("t0ken", 7);
        assert!(!token.is_bound());
        token.authorization().unwrap();
        let bound = token.clone().bound_to(Arc::new(Key));
        assert_eq!(bound.authorization().unwrap(), "DPoP t0ken");
        assert_eq!(token.authorization().unwrap(), "Bearer t0ken");
        assert_eq!((bound.id(), bound.is_bound()), (7, true));
    }
}
