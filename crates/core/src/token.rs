//! How a call gets its token.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use http::HeaderValue;

use crate::proof::ProofOfPossession;
use crate::{BoxFuture, HttpClient, Scopes, SecretString};

/// An access token as a token source hands it out.
///
/// Two values with the same [`id`](AccessToken::id) are the same grant of the same source. Clones share the text, so
/// that a source can hand its token to every call at little cost.
#[derive(Clone)]
pub struct AccessToken {
    text: Arc<Text>,
    id: u64,
    expires_at: Option<SystemTime>,
    scopes: Option<Arc<Scopes>>,
}

struct Text {
    secret: SecretString,
    /// The value of `Authorization`, made for the first call that needs it.
    authorization: OnceLock<Result<HeaderValue, &'static str>>,
    /// The key that the token is bound to, where it is bound to one.
    key: Option<Arc<dyn ProofOfPossession>>,
}

impl AccessToken {
    /// A token with the number that its source tells it by.
    ///
    /// White space around it is removed, such as the line break at the end of a file, and so is the scheme `Bearer` in
    /// front of it. A token that holds other characters than a header takes is an error when it is sent.
    pub fn new(secret: impl Into<SecretString>, id: u64) -> Self {
        let secret = secret.into().trimmed();
        let secret = match secret.secret().split_once(char::is_whitespace) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim().into(),
            _ => secret,
        };
        Self {
            text: Arc::new(Text {
                secret,
                authorization: OnceLock::new(),
                key: None,
            }),
            id,
            expires_at: None,
            scopes: None,
        }
    }

    /// Says when the token ends.
    #[must_use]
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Says which scopes were granted with the token: those of the token answer or, where it names none, those that
    /// were asked for (RFC 6749 §5.1). Where a source does not know, it says nothing: the token itself is not read.
    #[must_use]
    pub fn granting(mut self, scopes: Scopes) -> Self {
        self.scopes = Some(Arc::new(scopes));
        self
    }

    /// Says that the token is bound to a key (`token_type` DPoP, RFC 9449). It is then sent as such, with a proof of the
    /// key that is made anew for every attempt.
    #[must_use]
    pub fn bound_to(mut self, key: Arc<dyn ProofOfPossession>) -> Self {
        self.text = Arc::new(Text {
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

    /// The token itself.
    pub fn secret(&self) -> &str {
        self.text.secret.secret()
    }

    /// The number that the token's source tells it by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// When the token ends, where that is known.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The scopes that were granted with the token, where that is known.
    pub fn scopes(&self) -> Option<&Scopes> {
        self.scopes.as_deref()
    }

    pub(crate) fn shared_scopes(&self) -> Option<Arc<Scopes>> {
        self.scopes.clone()
    }

    /// The header that carries the token: a token that no header can carry is as good as none.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, TokenError> {
        let made = self.text.authorization.get_or_init(|| {
            // An unset variable or an empty file is no token, and `Bearer ` would be a request without one.
            if self.secret().is_empty() || self.secret().eq_ignore_ascii_case("bearer") {
                return Err("the token is empty");
            }
            if self.secret().contains(char::is_whitespace) {
                return Err(
                    "the token holds white space: expected the token alone, without a scheme such as `DPoP` in front of it",
                );
            }
            let scheme = if self.is_bound() { "DPoP" } else { "Bearer" };
            let mut value = HeaderValue::from_str(&format!("{scheme} {}", self.secret()))
                .map_err(|_| "the token holds a character that a header cannot carry")?;
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

/// A way to get access tokens.
///
/// The transport asks for a token before every attempt of every call and tells the source what became of it:
/// [`accepted`](TokenSource::accepted) when the API took it, [`rejected`](TokenSource::rejected) when the API
/// answered 401. A source that caches decides by that whether a token is worth replacing.
///
/// A token may be [bound to a key](AccessToken::bound_to). What an API says of the proof of the key is not told to the
/// source: where it asks for a nonce (`use_dpop_nonce`), the attempt is made once more with the same token, and a proof
/// that it does not take (`invalid_dpop_proof`) says nothing against the token.
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

    /// Passes on the HTTP client that was set on an API client which uses this source, so that proxies and certificates
    /// are configured once. The API client's `build` calls it, and only if an HTTP client was set there.
    ///
    /// A source that sends requests uses this client unless it has one of its own; if several API clients pass one on,
    /// it uses the first. The default implementation ignores the client, for sources that send no requests. A source
    /// that wraps another one passes the client on to it.
    ///
    /// A kept connection belongs to the runtime that opened it. Where the source sends its requests on another runtime than
    /// the calls, as those of `auth0-auth` do, and the runtime of the calls idles, a token request can wait for such a
    /// connection until its timeout. Programs with runtimes that idle set a separate client on the source.
    fn inherit_http_client(&self, _client: &HttpClient) {}
}

/// Implements [`TokenSource`] for a pointer to a source: every method is that of the source.
macro_rules! through_a_pointer {
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

through_a_pointer!(Arc<T>, Box<T>, &'static T);

/// No token could be had. The source's own error, which holds no secret, is in [`std::error::Error::source`].
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

/// One token for as long as the program runs. A 401 is final: there is no other token to try.
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
    /// A source that hands out `token`, which is read as [`AccessToken::new`] does it: white space around it and
    /// `Bearer` in front of it are removed.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self(AccessToken::new(token, 0))
    }
}

impl TokenSource for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// A closure as a token source; see [`token_fn`].
#[derive(Clone)]
pub struct FnTokenSource<F>(F);

/// A token source that asks `f` before every attempt. After a 401 it is asked again, and the call is repeated once if
/// the token is another one then. Caching is its own business.
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
    fn authorization_is_made_once_and_is_marked_sensitive() {
        let token = AccessToken::new("t0ken", 0);
        let value = token.authorization().unwrap();
        assert!(value.is_sensitive());
        assert_eq!(value, "Bearer t0ken");
        let again = token.clone().authorization().unwrap();
        assert_eq!(again.as_bytes().as_ptr(), value.as_bytes().as_ptr());
    }

    #[test]
    fn source_behind_a_pointer_then_every_method_reaches_it() {
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
    fn token_comes_with_white_space_or_its_scheme_then_it_is_sent_once_and_clean() {
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
    fn token_is_empty_or_of_another_scheme_then_it_is_not_sent() {
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
    fn token_is_bound_after_it_was_sent_then_it_is_sent_as_bound() {
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
