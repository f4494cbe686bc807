//! Keys that sign: the assertions of `private_key_jwt`, here or in an HSM.

use std::fmt;
use std::sync::Arc;

use auth0_core::{BoxFuture, SecretString};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeyPairComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::{Deserialize, Serialize};

/// An algorithm of RFC 7518 that Auth0 takes for assertions.
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

    /// Its name in a JWS header, such as `RS256`.
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

    /// The curve, of an algorithm that has one.
    fn curve(self) -> Option<(&'static str, &'static EcdsaSigningAlgorithm)> {
        match self {
            Self::Es256 => Some(("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)),
            Self::Es384 => Some(("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING)),
            _ => None,
        }
    }
}

/// Something that signs. A [`PrivateKey`] does; so can a key in an HSM or a KMS that never leaves it.
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
///             // Ask the KMS for an RSASSA-PSS signature of `message`.
///             # let _ = message;
///             Err(SignError::new("the KMS does not answer"))
///         })
///     }
/// }
/// ```
pub trait Signer: Send + Sync + 'static {
    /// What it signs with.
    fn algorithm(&self) -> SigningAlgorithm;

    /// The `kid` of the key, by which the server finds the public one. Needed where the application has several.
    fn key_id(&self) -> Option<&str> {
        None
    }

    /// Signs `message`, of which the hash is not taken yet. The signature is in the form of RFC 7518: for ECDSA the two
    /// numbers one after the other, 64 or 96 bytes, and no DER.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>>;
}

/// Why nothing could be signed. Neither the text nor the source may hold a secret.
#[derive(Debug, Clone)]
pub struct SignError {
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl SignError {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Adds the error behind it.
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

/// A private key in memory. It never prints.
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

/// The members of a private JWK that are read (RFC 7518 §6).
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
    /// A key in PEM: PKCS#8 (`PRIVATE KEY`), or for RSA PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// The text is no such key, or one of another kind than the algorithm needs. The error does not repeat the text.
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
                "an encrypted one; `openssl pkcs8 -in KEY.pem` decrypts it"
            } else if pem.contains("BEGIN EC PRIVATE KEY") {
                "one in SEC1; `openssl pkcs8 -topk8 -nocrypt -in KEY.pem` makes it PKCS#8"
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
        // A key of another curve or a broken one shows here, and not with the first token.
        key.signature(b"probe").map(|_| key)
    }

    /// A key as a private JWK (RFC 7517). Its `kid` is taken over. `algorithm` is needed where it names none.
    ///
    /// # Errors
    ///
    /// The text is no private JWK with all its members, or one of another kind than the algorithm needs. The error does
    /// not repeat the text.
    pub fn from_jwk(
        jwk: &str,
        algorithm: impl Into<Option<SigningAlgorithm>>,
    ) -> Result<Self, SignError> {
        // JSON has no byte order mark, but editors do.
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
            (Some(asked), Some(named)) if asked != named => {
                return Err(SignError::new(format!(
                    "alg: expected {}, found {}",
                    asked.name(),
                    named.name()
                )));
            }
            (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
            (None, None) => {
                return Err(SignError::new("alg is missing, and no algorithm is given"));
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

    /// The same key with the `kid` by which the server knows it. White space around it is removed.
    #[must_use]
    pub fn with_key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into().trim().to_owned());
        self
    }

    /// The key in PKCS#8.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        self.key.as_bytes()
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let wrong = || SignError::new("the key does not sign: it is broken or of another kind");
        let text = jsonwebtoken::crypto::sign(message, &self.key, self.algorithm.jose())
            .map_err(|_| wrong())?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())
    }
}

impl Jwk {
    /// The key in PKCS#8.
    fn der(&self, algorithm: SigningAlgorithm) -> Result<Vec<u8>, SignError> {
        let wrong =
            |_| SignError::new("expected a private JWK, found one whose members do not fit");
        if let Some((curve, signing)) = algorithm.curve() {
            if self.kty != "EC" || self.crv.as_deref() != Some(curve) {
                let name = algorithm.name();
                return Err(SignError::new(format!(
                    "expected a key of {curve} for {name}"
                )));
            }
            let mut public = vec![4];
            public.extend(bytes("x", self.x.as_deref())?);
            public.extend(bytes("y", self.y.as_deref())?);
            let private = bytes("d", secret(&self.d))?;
            let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &private, &public)
                .map_err(|_| wrong(()))?;
            let document = pair.to_pkcs8v1().map_err(|_| wrong(()))?;
            return Ok(document.as_ref().to_vec());
        }
        if self.kty != "RSA" {
            let name = algorithm.name();
            return Err(SignError::new(format!("kty: expected RSA for {name}")));
        }
        let components = KeyPairComponents {
            public_key: aws_lc_rs::rsa::PublicKeyComponents {
                n: bytes("n", self.n.as_deref())?,
                e: bytes("e", self.e.as_deref())?,
            },
            d: bytes("d", secret(&self.d))?,
            p: bytes("p", secret(&self.p))?,
            q: bytes("q", secret(&self.q))?,
            dP: bytes("dp", secret(&self.dp))?,
            dQ: bytes("dq", secret(&self.dq))?,
            qInv: bytes("qi", secret(&self.qi))?,
        };
        let pair = KeyPair::from_components(&components).map_err(|_| wrong(()))?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| wrong(()))?;
        Ok(der.as_ref().to_vec())
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

/// A JWS in its compact form (RFC 7515): `claims` signed by `signer`, with a header of this `typ`.
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
    let unfit = |_| SignError::new("the claims do not fit into JSON");
    let mut text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(unfit)?);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(unfit)?, &mut text);
    let signature = signer.sign(text.as_bytes()).await?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(text.into())
}
