//! DPoP (RFC 9449): access tokens bound to a key, so that a stolen token cannot be used.
//!
//! # When to use it
//!
//! Whoever finds a bearer token in a log, a proxy or a memory dump can use it. A bound token is only accepted with a proof of
//! possession of its key, which is made for each request and valid only for it. Use DPoP if the API supports it, in
//! particular for public clients such as command-line programs, whose refresh tokens are bound as well. Do not use it if the
//! API only supports bearer tokens.
//!
//! DPoP costs one signature per attempt (some tens of microseconds), and one more request if the server asks for a nonce.
//!
//! # Setup in Auth0
//!
//! Under *Applications → APIs → the API → Settings → Token Sender-Constraining*, choose the method DPoP, and whether Auth0 still
//! grants tokens without it. An application can require it under *Settings → Token Sender-Constraining*. No key has
//! to be uploaded: each proof contains the public key, and the token contains its [thumbprint](DpopKey::thumbprint) in
//! `cnf.jkt`.
//!
//! # Example
//!
//! Every flow accepts a key. The API client needs no configuration.
//!
//! ```
//! use auth0_auth::{ClientCredentials, DpopKey};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("YOUR_CLIENT_ID")
//!     .client_secret("YOUR_CLIENT_SECRET")
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .dpop(DpopKey::generate()?)
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! # example().unwrap();
//! ```
//!
//! If a token outlives the program, in a store or as a refresh token, its key must outlive it too. Export the key and keep it
//! as a secret:
//!
//! ```
//! use auth0_auth::DpopKey;
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = DpopKey::generate()?;
//! let kept = key.to_pem()?;
//! let same = DpopKey::from_pem(kept.secret())?;
//! assert_eq!(same.thumbprint(), key.thumbprint());
//! # Ok(())
//! # }
//! # example().unwrap();
//! ```
//!
//! Bind a token from another source like this:
//!
//! ```
//! use std::sync::Arc;
//!
//! use auth0_auth::DpopKey;
//! use auth0_core::{AccessToken, token_fn};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = Arc::new(DpopKey::generate()?);
//! let source = token_fn(move || {
//!     let token = AccessToken::new("eyJhbGciOi…", 0).bound_to(key.clone());
//!     async move { Ok(token) }
//! });
//! # let _ = source;
//! # Ok(())
//! # }
//! # example().unwrap();
//! ```
//!
//! # Behavior
//!
//! - Every attempt has its own proof, including retries and the retry after a 401.
//! - A nonce that a server sends with any response is used in the next proof for its origin. The token endpoint and the APIs of
//!   one host have separate nonces; the nonce of one is tried at the other until that sends its own. Clones of a key share
//!   nonces, so a token source shares them with the API clients that use it.
//! - If the server rejects a request because a nonce is missing, the request is sent once more, to APIs and to the token endpoint
//!   alike, and also if it is not idempotent: the server rejected it before processing it. A second rejection is returned
//!   as the error.
//! - The `token_type` of the response decides. If the server grants a bearer token, it is used as one; to prevent that,
//!   configure the API to require DPoP.
//! - The key does not change during the lifetime of the source, including refreshes.
//!
//! # Errors
//!
//! | error | where | cause |
//! | --- | --- | --- |
//! | [`SignError`] | creating a key | the text is not a private P-256 key in PKCS#8 or JWK |
//! | [`Error::error`](crate::Error::error) is `invalid_dpop_proof` | token endpoint | the local clock is wrong, or a proxy changes the URL |
//! | [`Error::error`](crate::Error::error) is `use_dpop_nonce` | token endpoint | the server asked for a nonce twice in a row |
//! | [`Error::is_invalid_response`](crate::Error::is_invalid_response) | token endpoint | the server sent a token of type DPoP although no key was proven |
//! | [`auth0_core::Error::is_invalid_dpop_proof`] | API | as at the token endpoint; the token is kept |
//! | [`auth0_core::Error::is_unauthorized`] | API | possibly the token is bound to another key, such as that of an earlier run |

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use auth0_core::proof::{ProofOfPossession, ProofRequest, ServerRole};
use auth0_core::time::{SharedClock, SystemTimer};
use auth0_core::{SecretString, TokenError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::crypto::P256Key;
use crate::signing::{PrivateKey, SignError, SigningAlgorithm};

mod claims;
mod jwk;
mod nonces;

use claims::Claims;
use nonces::Nonces;

/// A DPoP key (ES256) that tokens are bound to. See the [module documentation](self).
///
/// Cloning is cheap; clones share the key and the nonces of servers. `Debug` does not show the private key.
///
/// ```
/// use auth0_auth::{DeviceFlow, DpopKey};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let flow = DeviceFlow::builder("acme.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .dpop(DpopKey::generate()?)
///     .build()?;
/// # let _ = flow;
/// # Ok(())
/// # }
/// ```
#[doc(alias = "DPoP")]
#[doc(alias = "proof of possession")]
#[derive(Clone)]
pub struct DpopKey {
    key: Arc<Key>,
    clock: SharedClock,
}

struct Key {
    signing_key: P256Key,
    /// The encoded header of every proof, followed by a dot.
    header: String,
    thumbprint: String,
    nonces: Nonces,
}

impl DpopKey {
    /// Generates a key. It ends with the program unless it is [exported](Self::to_pem).
    ///
    /// # Errors
    ///
    /// Returns an error if the system's random number generator fails.
    pub fn generate() -> Result<Self, SignError> {
        let key = P256Key::generate()
            .map_err(|_| SignError::new("the system's random number generator failed"))?;
        Self::new(key)
    }

    /// Reads a P-256 key in PEM (PKCS#8, `PRIVATE KEY`), as [`to_pem`](Self::to_pem) writes it.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a key. The error does not contain the text.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        Self::from_key(&PrivateKey::from_pem(pem, SigningAlgorithm::Es256)?)
    }

    /// Reads a P-256 key from a private JWK (RFC 7517).
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a key. The error does not contain the text.
    pub fn from_jwk(jwk: &str) -> Result<Self, SignError> {
        Self::from_key(&PrivateKey::from_jwk(jwk, SigningAlgorithm::Es256)?)
    }

    fn from_key(key: &PrivateKey) -> Result<Self, SignError> {
        let key = P256Key::from_pkcs8(key.pkcs8())
            .map_err(|_| SignError::new("expected a private key of P-256, found another key"))?;
        Self::new(key)
    }

    fn new(key: P256Key) -> Result<Self, SignError> {
        let jwk = jwk::public(&key.public_point())?;
        let key = Key {
            header: claims::header(&jwk)?,
            thumbprint: jwk::thumbprint(&jwk)?,
            nonces: Nonces::default(),
            signing_key: key,
        };
        Ok(Self {
            key: Arc::new(key),
            clock: Arc::new(SystemTimer),
        })
    }

    /// Sets the clock for the time in proofs. Default: the system clock. A flow sets its own clock on its key.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Returns the thumbprint of the public key (RFC 7638). Tokens contain it in `cnf.jkt`, authorization requests in
    /// `dpop_jkt`.
    pub fn thumbprint(&self) -> &str {
        &self.key.thumbprint
    }

    /// Exports the private key as PKCS#8 in PEM. Protect it like a refresh token.
    ///
    /// # Errors
    ///
    /// Returns an error if the key cannot be serialized, which does not happen with a key that can sign.
    pub fn to_pem(&self) -> Result<SecretString, SignError> {
        const LINE: usize = 64;
        let document = self.key.signing_key.to_pkcs8();
        let document = document.map_err(|_| SignError::new("serializing the key failed"))?;
        let text = SecretString::from(STANDARD.encode(document));
        let mut rest = text.secret();
        let mut pem = String::with_capacity(rest.len() + 64);
        pem.push_str("-----BEGIN PRIVATE KEY-----\n");
        while !rest.is_empty() {
            let (line, others) = rest.split_at(rest.len().min(LINE));
            pem.push_str(line);
            pem.push('\n');
            rest = others;
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(pem.into())
    }

    /// Creates a proof for a request.
    pub(crate) fn prove(&self, request: ProofRequest<'_>) -> Result<SecretString, SignError> {
        let now = self.clock.now();
        let iat = now.duration_since(UNIX_EPOCH);
        let nonce = self.key.nonces.of(request.role(), request.url);
        let claims = Claims::new(request, iat.map_or(0, |passed| passed.as_secs()), nonce)?;
        claims::signed(&self.key.signing_key, &self.key.header, &claims)
    }
}

impl ProofOfPossession for DpopKey {
    fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError> {
        self.prove(request)
            .map_err(|error| TokenError::new("creating a DPoP proof failed").with_source(error))
    }

    fn nonce(&self, role: ServerRole, url: &Url, nonce: &str) {
        self.key.nonces.keep(role, url, nonce);
    }
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopKey")
            .field("thumbprint", &self.key.thumbprint)
            .finish_non_exhaustive()
    }
}
