//! The programs that may ask for tokens.

use std::fmt;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::error::Error;

/// An application that the sandbox knows: a machine, a web application or a program on somebody's computer.
///
/// ```
/// use auth0_sandbox::Application;
///
/// let reader = Application::new("reader", "its secret").scopes(["read:members"]);
/// let web = Application::new("web", "its secret").redirect_uri("https://app.test/callback");
/// let program = Application::native("program").organizations(["org_1"]);
/// # let _ = (reader, web, program);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Application {
    pub(crate) client_id: String,
    pub(crate) authentication: Authentication,
    pub(crate) name: String,
    /// All that there are, where it is not said.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) organizations: Vec<String>,
    /// Whether it may name every organization of the tenant.
    pub(crate) any_organization: bool,
    pub(crate) redirect_uris: Vec<String>,
    /// Whether it is a program on somebody's computer, which listens at a port that is free just then.
    pub(crate) is_native: bool,
}

/// How an application proves that it is the one.
#[derive(Debug, Clone)]
pub(crate) enum Authentication {
    /// Not at all: it cannot keep a secret.
    Public,
    Secret(SecretString),
    /// By what it signs with the private key of one of these.
    Keys(Vec<PublicKey>),
}

/// A key that an application's assertions verify by.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) kid: Option<String>,
    /// What it can be used for.
    pub(crate) algorithms: &'static [&'static str],
    pub(crate) key: DecodingKey,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

const RSA_ALGORITHMS: &[&str] = &["RS256", "RS384", "PS256", "PS384"];

impl Application {
    /// An application with a secret and every scope of the APIs.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let secret = SecretString::from(client_secret.into());
        Self::with_authentication(client_id.into(), Authentication::Secret(secret), false)
    }

    /// The same with a secret that nobody can guess.
    ///
    /// # Errors
    ///
    /// The system gives no random numbers.
    pub fn with_random_secret(client_id: impl Into<String>) -> Result<Self, Error> {
        Ok(Self::new(client_id, random_text()?))
    }

    /// A program on somebody's computer, which can keep no secret: it logs users in with PKCE, at any port of the
    /// loopback addresses, or with the device flow. It is granted nothing for itself.
    pub fn native(client_id: impl Into<String>) -> Self {
        Self::with_authentication(client_id.into(), Authentication::Public, true)
    }

    fn with_authentication(
        client_id: String,
        authentication: Authentication,
        is_native: bool,
    ) -> Self {
        Self {
            name: client_id.clone(),
            client_id,
            authentication,
            scopes: None,
            organizations: Vec::new(),
            any_organization: false,
            redirect_uris: Vec::new(),
            is_native,
        }
    }

    /// Adds a public key in PEM: RSA, or EC with P-256 or P-384. From now on the application proves with
    /// `private_key_jwt` that it is the one, and a secret no longer counts.
    ///
    /// # Errors
    ///
    /// The text is no such key, or holds a private one.
    pub fn public_key(self, pem: &str) -> Result<Self, Error> {
        if pem.contains("PRIVATE KEY") {
            return Err(invalid_key("expected a public key, found a private one"));
        }
        if let Ok(key) = DecodingKey::from_rsa_pem(pem.as_bytes()) {
            return Ok(self.key(None, RSA_ALGORITHMS, key));
        }
        let key = DecodingKey::from_ec_pem(pem.as_bytes())
            .map_err(|_| invalid_key("expected PEM of a public RSA or EC key"))?;
        // An uncompressed point: one byte, and two numbers as long as the curve's.
        let algorithms: &[&str] = match key.try_get_as_bytes().map(<[u8]>::len) {
            Ok(65) => &["ES256"],
            Ok(97) => &["ES384"],
            _ => return Err(invalid_key("expected a key of the curve P-256 or P-384")),
        };
        Ok(self.key(None, algorithms, key))
    }

    /// Adds a public key as a JWK, with its `kid` and `alg` if it has them; otherwise like
    /// [`public_key`](Self::public_key).
    ///
    /// # Errors
    ///
    /// The value is no such key, or holds a private one.
    pub fn jwk(self, jwk: &Value) -> Result<Self, Error> {
        if PRIVATE_JWK_MEMBERS
            .iter()
            .any(|name| jwk.get(name).is_some())
        {
            return Err(invalid_key("expected a public key, found a private one"));
        }
        let expected = "expected a JWK of a public RSA key, or EC key of P-256 or P-384";
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| invalid_key(expected))?;
        let algorithms: &[&str] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => RSA_ALGORITHMS,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &["ES256"]
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
                &["ES384"]
            }
            _ => return Err(invalid_key(expected)),
        };
        let algorithms = match jwk.common.key_algorithm {
            None => algorithms,
            Some(only) => {
                let only = only.to_string();
                let at = algorithms.iter().position(|name| *name == only);
                let at = at.ok_or_else(|| {
                    invalid_key("alg: expected RS256, RS384, PS256, PS384, ES256 or ES384, as the key has it")
                })?;
                &algorithms[at..=at]
            }
        };
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| invalid_key(expected))?;
        Ok(self.key(jwk.common.key_id, algorithms, key))
    }

    fn key(
        mut self,
        kid: Option<String>,
        algorithms: &'static [&'static str],
        key: DecodingKey,
    ) -> Self {
        let key = PublicKey {
            kid,
            algorithms,
            key,
        };
        match &mut self.authentication {
            Authentication::Keys(keys) => keys.push(key),
            other => *other = Authentication::Keys(vec![key]),
        }
        self
    }

    /// Its name, as the activity log shows it; the client id unless said otherwise.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The scopes that it may be granted, instead of all.
    pub fn scopes<I: Into<String>>(mut self, scopes: impl IntoIterator<Item = I>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The organizations that it may name when it asks for tokens; none unless said otherwise.
    pub fn organizations<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.organizations = ids.into_iter().map(Into::into).collect();
        self
    }

    /// It may name every organization of the tenant when it asks for tokens, those that are created later too.
    pub fn any_organization(mut self) -> Self {
        self.any_organization = true;
        self
    }

    /// Adds an address to which users are sent back after the login. It is taken letter by letter.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Its secret, if it has one.
    pub(crate) fn secret(&self) -> Option<&str> {
        match &self.authentication {
            Authentication::Secret(secret) => Some(secret.expose_secret()),
            Authentication::Public | Authentication::Keys(_) => None,
        }
    }
}

/// What only a private JWK has.
pub(crate) const PRIVATE_JWK_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn invalid_key(message: &str) -> Error {
    Error::Setting {
        setting: "public key",
        message: message.to_owned(),
    }
}

/// A text that nobody can guess.
pub(crate) fn random_text() -> Result<String, Error> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
