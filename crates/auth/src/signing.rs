//! Signing keys for `private_key_jwt` assertions, in memory or in an HSM.

use std::fmt;
use std::sync::Arc;

use auth0_core::{BoxFuture, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::{Deserialize, Serialize};

use crate::crypto::{self, Curve, RsaComponents};

/// A signature algorithm (RFC 7518) that Auth0 supports for assertions.
///
/// ```
/// use auth0_auth::SigningAlgorithm;
///
/// assert_eq!(SigningAlgorithm::Es256.name(), "ES256");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
}

impl SigningAlgorithm {
    const ALL: [Self; 6] = [
        Self::Rs256,
        Self::Rs384,
        Self::Ps256,
        Self::Ps384,
        Self::Es256,
        Self::Es384,
    ];

    /// Returns the name in a JWS header, such as `RS256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn jose(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Rs384 => Algorithm::RS384,
            Self::Ps256 => Algorithm::PS256,
            Self::Ps384 => Algorithm::PS384,
            Self::Es256 => Algorithm::ES256,
            Self::Es384 => Algorithm::ES384,
        }
    }

    /// Returns the curve of an ECDSA algorithm.
    fn curve(self) -> Option<Curve> {
        match self {
            Self::Es256 => Some(Curve::P256),
            Self::Es384 => Some(Curve::P384),
            _ => None,
        }
    }
}

/// A signer of assertions: a [`PrivateKey`], or a key in an HSM or a KMS.
///
/// ```
/// use auth0_auth::{BoxFuture, SignError, Signer, SigningAlgorithm};
///
/// struct KmsKey;
///
/// impl Signer for KmsKey {
///     fn algorithm(&self) -> SigningAlgorithm {
///         SigningAlgorithm::Ps256
///     }
///
///     fn key_id(&self) -> Option<&str> {
///         Some("2026-11")
///     }
///
///     fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
///         Box::pin(async move {
///             // Request an RSASSA-PSS signature of `message` from the KMS.
///             # let _ = message;
///             Err(SignError::new("the KMS is unreachable"))
///         })
///     }
/// }
/// ```
#[doc(alias = "HSM")]
#[doc(alias = "KMS")]
pub trait Signer: Send + Sync + 'static {
    /// Returns the algorithm of the signatures.
    fn algorithm(&self) -> SigningAlgorithm;

    /// Returns the `kid` of the key, by which the server finds the public key. Required if the application has several keys.
    fn key_id(&self) -> Option<&str> {
        None
    }

    /// Signs `message`, which is not hashed yet. The signature has the format of RFC 7518: for ECDSA, the concatenation of `r`
    /// and `s` (64 or 96 bytes), not DER.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>>;
}

/// An error of a signer. Neither the message nor the source may contain a secret.
///
/// ```
/// use auth0_auth::SignError;
///
/// let source = std::io::Error::other("connection reset");
/// let error = SignError::new("signing with the KMS failed").with_source(source);
/// assert_eq!(error.to_string(), "signing with the KMS failed");
/// ```
#[derive(Debug, Clone)]
pub struct SignError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl SignError {
    /// Creates an error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SignError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_deref()?)
    }
}

/// A private key in memory. `Debug` does not show it.
///
/// ```no_run
/// use auth0_auth::{PrivateKey, SigningAlgorithm};
///
/// let pem = std::fs::read_to_string("application.pem")?;
/// let key = PrivateKey::from_pem(&pem, SigningAlgorithm::Rs256)?.with_key_id("2026-11");
/// # let _ = key;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PrivateKey {
    key: EncodingKey,
    algorithm: SigningAlgorithm,
    key_id: Option<String>,
}

/// The relevant members of a private JWK (RFC 7518 §6).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<SecretString>,
    p: Option<SecretString>,
    q: Option<SecretString>,
    dp: Option<SecretString>,
    dq: Option<SecretString>,
    qi: Option<SecretString>,
}

impl PrivateKey {
    /// Reads a key in PEM: PKCS#8 (`PRIVATE KEY`), or PKCS#1 for RSA (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such a key, or if the algorithm needs another kind. The error does not contain the
    /// text.
    pub fn from_pem(pem: &str, algorithm: SigningAlgorithm) -> Result<Self, SignError> {
        let read = match algorithm.curve() {
            None => EncodingKey::from_rsa_pem(pem.as_bytes()),
            Some(_) => EncodingKey::from_ec_pem(pem.as_bytes()),
        };
        let key = read.map_err(|_| {
            let kind = match algorithm.curve() {
                Some(_) => "EC",
                None => "RSA",
            };
            let found = if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") {
                "an encrypted key; decrypt it with `openssl pkcs8 -in KEY.pem`"
            } else if pem.contains("BEGIN EC PRIVATE KEY") {
                "a SEC1 key; convert it with `openssl pkcs8 -topk8 -nocrypt -in KEY.pem`"
            } else {
                "something else"
            };
            SignError::new(format!(
                "expected a private {kind} key in PEM for {}, found {found}",
                algorithm.name()
            ))
        })?;
        let key = Self {
            key,
            algorithm,
            key_id: None,
        };
        // Reports a key of another curve or a damaged one here, and not with the first token.
        key.signature(b"probe").map(|_| key)
    }

    /// Reads a private JWK (RFC 7517), including its `kid`. `algorithm` is required if the JWK has no `alg`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a complete private JWK, or if the algorithm needs another kind. The error does not
    /// contain the text.
    pub fn from_jwk(
        jwk: &str,
        algorithm: impl Into<Option<SigningAlgorithm>>,
    ) -> Result<Self, SignError> {
        // JSON does not allow a byte order mark, but some editors add one.
        let jwk = jwk.trim_start_matches('\u{feff}');
        let jwk: Jwk = serde_json::from_str(jwk).map_err(|error| {
            SignError::new(format!(
                "expected a JWK, found none (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        let named = jwk.alg.as_deref().map(|name| {
            SigningAlgorithm::of_name(name).ok_or_else(|| {
                SignError::new("alg: expected RS256, RS384, PS256, PS384, ES256 or ES384")
            })
        });
        let algorithm = match (algorithm.into(), named.transpose()?) {
            (Some(expected), Some(named)) if expected != named => {
                return Err(SignError::new(format!(
                    "alg: expected {}, found {}",
                    expected.name(),
                    named.name()
                )));
            }
            (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
            (None, None) => {
                return Err(SignError::new("alg is missing, and no algorithm was given"));
            }
        };
        let der = jwk.der(algorithm)?;
        let pem = SecretString::from(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_slice())
        ));
        let key = Self::from_pem(pem.secret(), algorithm)?;
        Ok(match jwk.kid {
            Some(id) => key.with_key_id(id),
            None => key,
        })
    }

    /// Sets the `kid` by which the server knows the key. Surrounding white space is removed.
    #[must_use]
    pub fn with_key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into().trim().to_owned());
        self
    }

    /// Returns the key in PKCS#8.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        self.key.as_bytes()
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        crypto::sign(message, &self.key, self.algorithm.jose())
            .map_err(|_| SignError::new("signing failed: the key is damaged or of another kind"))
    }
}

impl Jwk {
    /// Returns the key in PKCS#8.
    fn der(&self, algorithm: SigningAlgorithm) -> Result<Vec<u8>, SignError> {
        let wrong =
            |_| SignError::new("expected a private JWK, found one with inconsistent members");
        if let Some(curve) = algorithm.curve() {
            if self.kty != "EC" || self.crv.as_deref() != Some(curve.name()) {
                let (curve, name) = (curve.name(), algorithm.name());
                return Err(SignError::new(format!(
                    "expected a key of {curve} for {name}"
                )));
            }
            let mut public = vec![4];
            public.extend(bytes("x", self.x.as_deref())?);
            public.extend(bytes("y", self.y.as_deref())?);
            let private = bytes("d", secret(&self.d))?;
            return crypto::ec_pkcs8(curve, &private, &public).map_err(wrong);
        }
        if self.kty != "RSA" {
            let name = algorithm.name();
            return Err(SignError::new(format!("kty: expected RSA for {name}")));
        }
        let components = RsaComponents {
            n: bytes("n", self.n.as_deref())?,
            e: bytes("e", self.e.as_deref())?,
            d: bytes("d", secret(&self.d))?,
            p: bytes("p", secret(&self.p))?,
            q: bytes("q", secret(&self.q))?,
            dp: bytes("dp", secret(&self.dp))?,
            dq: bytes("dq", secret(&self.dq))?,
            qi: bytes("qi", secret(&self.qi))?,
        };
        crypto::rsa_pkcs8(&components).map_err(wrong)
    }
}

fn secret(value: &Option<SecretString>) -> Option<&str> {
    value.as_ref().map(SecretString::secret)
}

fn bytes(name: &str, value: Option<&str>) -> Result<Vec<u8>, SignError> {
    let value = value.ok_or_else(|| SignError::new(format!("{name} is missing")))?;
    URL_SAFE_NO_PAD
        .decode(value)
        .map_err(|_| SignError::new(format!("{name}: expected base64url without padding")))
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(std::future::ready(self.signature(message)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Signs `claims` and returns a compact JWS (RFC 7515) whose header has this `typ`.
pub(crate) async fn signed(
    signer: &dyn Signer,
    typ: &str,
    claims: &impl Serialize,
) -> Result<SecretString, SignError> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'static str,
        typ: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    }
    let header = Header {
        alg: signer.algorithm().name(),
        typ,
        kid: signer.key_id(),
    };
    let unfit = |_| SignError::new("serializing the claims to JSON failed");
    let mut text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(unfit)?);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(unfit)?, &mut text);
    let signature = signer.sign(text.as_bytes()).await?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(text.into())
}
