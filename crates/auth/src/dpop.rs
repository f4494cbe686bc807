//! DPoP (RFC 9449): tokens that are bound to a key, so that a stolen one is of no use.
//!
//! # When to use it
//!
//! A bearer token is worth as much to whoever finds it in a log, a proxy or a memory dump as to its owner. A token that
//! is bound to a key is taken only together with a proof of that key, which is made anew for every request and holds
//! for it alone. Use it where the API takes it, and above all for public clients such as command-line programs, whose
//! refresh tokens it binds as well. Where the API knows bearer tokens only, leave it.
//!
//! It costs a signature per attempt, some tens of microseconds, and one more request where the server asks for a nonce.
//!
//! # What to set up in Auth0
//!
//! Under *Applications → APIs → the API → Settings → Token Sender-Constraining*, choose DPoP as the method, and whether
//! tokens without it are still granted. An application may be told to require it for itself, under *Settings →
//! Token Sender-Constraining*. Nothing has to be uploaded: the key goes along with each proof, and the token names its
//! [thumbprint](DpopKey::thumbprint) in `cnf.jkt`.
//!
//! # Example
//!
//! Any flow takes a key; the API client needs to be told nothing.
//!
//! ```
//! use auth0_auth::{ClientCredentials, DpopKey};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("the client's id")
//!     .client_secret("the client's secret")
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .dpop(DpopKey::generate()?)
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! # example().unwrap();
//! ```
//!
//! A token that outlives the program, in a store or as a refresh token, needs the key to outlive it too. It is given
//! out only where that is asked for, as a secret:
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
//! A token that comes from elsewhere is bound by hand:
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
//! # What happens by itself
//!
//! - Every attempt has a proof of its own, retries and the repetition after a 401 included.
//! - A nonce that a server gives with any answer is in the next proof for its origin. The token endpoint and the APIs of
//!   one host have nonces of their own; what the one has given is tried at the other as long as nothing better is known.
//!   Clones of a key share what they know, so a token source and the API clients that use it do too.
//! - A request that is refused for the want of a nonce is made once more, by the API client and at the token endpoint
//!   alike, and for calls that must not be repeated otherwise too: the server refused before it acted. If it asks again,
//!   that is the answer.
//! - `token_type` of the answer decides. Where the server grants a bearer token all the same, it is used as one; where
//!   that must not be, have the API require DPoP.
//! - The key stays the same as long as the source lives, and through all refreshes.
//!
//! # Errors
//!
//! | what | where | why |
//! | --- | --- | --- |
//! | [`SignError`] | making a key | the text is no private P-256 key in PKCS#8 or JWK |
//! | [`Error::error`](crate::Error::error) is `invalid_dpop_proof` | token endpoint | the clock here is wrong, or a proxy changes the URL |
//! | the same is `use_dpop_nonce` | token endpoint | the server asked for a nonce twice in a row |
//! | [`Error::is_invalid_response`](crate::Error::is_invalid_response) | token endpoint | a token of type DPoP came unasked for: nobody here has its key |
//! | [`auth0_core::Error::is_invalid_dpop_proof`] | API | as at the token endpoint; the token is not thrown away |
//! | [`auth0_core::Error::is_unauthorized`] | API | also: the token is bound to another key, such as that of a former run |

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use auth0_core::proof::{ProofOfPossession, ProofRequest, ServerRole};
use auth0_core::time::{SharedClock, SystemTimer};
use auth0_core::{SecretString, TokenError};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::signing::{PrivateKey, SignError, SigningAlgorithm};

mod claims;
mod jwk;
mod nonces;

use claims::Claims;
use nonces::Nonces;

/// The key that tokens are bound to (ES256). See [this module](self).
///
/// Cloning is cheap; clones share the key and the nonces that servers gave. It never prints.
#[derive(Clone)]
pub struct DpopKey {
    key: Arc<Key>,
    clock: SharedClock,
}

struct Key {
    pair: EcdsaKeyPair,
    /// The header of every proof, encoded, and the dot behind it.
    header: String,
    thumbprint: String,
    nonces: Nonces,
}

impl DpopKey {
    /// A new key. It is gone with the program, unless it is [kept](Self::to_pem).
    ///
    /// # Errors
    ///
    /// The system gives no random numbers.
    pub fn generate() -> Result<Self, SignError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| SignError::new("the system gives no random numbers"))?;
        Self::new(pair)
    }

    /// A key in PEM: a P-256 key in PKCS#8 (`PRIVATE KEY`), as [`to_pem`](Self::to_pem) writes it.
    ///
    /// # Errors
    ///
    /// The text is no such key. The error does not repeat it.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        Self::from_key(&PrivateKey::from_pem(pem, SigningAlgorithm::Es256)?)
    }

    /// A key as a private JWK (RFC 7517) of P-256.
    ///
    /// # Errors
    ///
    /// The text is no such key. The error does not repeat it.
    pub fn from_jwk(jwk: &str) -> Result<Self, SignError> {
        Self::from_key(&PrivateKey::from_jwk(jwk, SigningAlgorithm::Es256)?)
    }

    fn from_key(key: &PrivateKey) -> Result<Self, SignError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.pkcs8())
            .map_err(|_| SignError::new("expected a private key of P-256, found another"))?;
        Self::new(pair)
    }

    fn new(pair: EcdsaKeyPair) -> Result<Self, SignError> {
        let jwk = jwk::public(pair.public_key().as_ref())?;
        let key = Key {
            header: claims::header(&jwk)?,
            thumbprint: jwk::thumbprint(&jwk)?,
            nonces: Nonces::default(),
            pair,
        };
        Ok(Self {
            key: Arc::new(key),
            clock: Arc::new(SystemTimer),
        })
    }

    /// The same key by another clock than the system's. A flow that is given the key sets its own.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The thumbprint of the public key (RFC 7638), by which tokens name it (`cnf.jkt`) and authorization requests
    /// (`dpop_jkt`).
    pub fn thumbprint(&self) -> &str {
        &self.key.thumbprint
    }

    /// The private key in PKCS#8 as PEM, to be kept as safely as a refresh token.
    ///
    /// # Errors
    ///
    /// The key cannot be written, which does not happen to a key that signs.
    pub fn to_pem(&self) -> Result<SecretString, SignError> {
        const LINE: usize = 64;
        let document = self.key.pair.to_pkcs8v1();
        let document = document.map_err(|_| SignError::new("the key cannot be written"))?;
        let text = SecretString::from(STANDARD.encode(document.as_ref()));
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

    /// A proof for this request.
    pub(crate) fn prove(&self, request: ProofRequest<'_>) -> Result<SecretString, SignError> {
        let now = self.clock.now();
        let iat = now.duration_since(UNIX_EPOCH);
        let nonce = self.key.nonces.of(request.role(), request.url);
        let claims = Claims::new(request, iat.map_or(0, |passed| passed.as_secs()), nonce)?;
        claims::signed(&self.key.pair, &self.key.header, &claims)
    }
}

impl ProofOfPossession for DpopKey {
    fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError> {
        self.prove(request).map_err(|error| {
            TokenError::new("no proof of the DPoP key could be made").with_source(error)
        })
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
