//! Applications that can request tokens.

use std::fmt;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::error::Error;

/// An application registered with the sandbox: machine-to-machine, web or native.
///
/// ```
/// use auth0_sandbox::Application;
///
/// let reader = Application::new("reader", "client-secret").scopes(["read:members"]);
/// let web = Application::new("web", "client-secret").redirect_uri("https://app.test/callback");
/// let native = Application::native("native").organizations(["org_1"]);
/// # let _ = (reader, web, native);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Application {
    pub(crate) client_id: String,
    pub(crate) authentication: Authentication,
    pub(crate) name: String,
    /// All scopes if `None`.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) organizations: Vec<String>,
    /// Whether the application may act for every organization of the tenant.
    pub(crate) any_organization: bool,
    pub(crate) redirect_uris: Vec<String>,
    /// Whether this is a native application, which may use any loopback port in redirect URIs.
    pub(crate) is_native: bool,
}

/// How an application authenticates at the token endpoint.
#[derive(Debug, Clone)]
pub(crate) enum Authentication {
    /// Not at all: the application cannot keep a secret.
    Public,
    Secret(SecretString),
    /// With an assertion signed by the private key of one of these.
    Keys(Vec<PublicKey>),
}

/// A key that verifies the assertions of an application.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) kid: Option<String>,
    /// The signature algorithms that the key supports.
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
    /// Creates an application with a client secret and all scopes of the APIs.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let secret = SecretString::from(client_secret.into());
        Self::with_authentication(client_id.into(), Authentication::Secret(secret), false)
    }

    /// Creates an application with a random client secret and all scopes of the APIs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Internal`] if the system provides no random numbers.
    pub fn with_random_secret(client_id: impl Into<String>) -> Result<Self, Error> {
        Ok(Self::new(client_id, random_token()?))
    }

    /// Creates a native application, which cannot keep a secret.
    ///
    /// It logs users in with PKCE, on any loopback port, or with the device flow. It cannot use the client credentials
    /// grant.
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

    /// Adds a public key in PEM format: RSA, or EC with P-256 or P-384.
    ///
    /// The application then authenticates with `private_key_jwt`, and its secret is no longer accepted.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the text is not such a key or contains a private key.
    pub fn public_key(self, pem: &str) -> Result<Self, Error> {
        if pem.contains("PRIVATE KEY") {
            return Err(invalid_key("expected a public key, found a private key"));
        }
        if let Ok(key) = DecodingKey::from_rsa_pem(pem.as_bytes()) {
            return Ok(self.key(None, RSA_ALGORITHMS, key));
        }
        let key = DecodingKey::from_ec_pem(pem.as_bytes())
            .map_err(|_| invalid_key("expected a public RSA or EC key in PEM format"))?;
        // An uncompressed point: one byte, followed by two coordinates of the curve's size.
        let algorithms: &[&str] = match key.try_get_as_bytes().map(<[u8]>::len) {
            Ok(65) => &["ES256"],
            Ok(97) => &["ES384"],
            _ => {
                return Err(invalid_key(
                    "expected an EC key on the curve P-256 or P-384",
                ));
            }
        };
        Ok(self.key(None, algorithms, key))
    }

    /// Adds a public key as a JWK with optional `kid` and `alg`. See [`public_key`](Self::public_key).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the value is not such a key or contains a private key.
    pub fn jwk(self, jwk: &Value) -> Result<Self, Error> {
        if PRIVATE_JWK_MEMBERS
            .iter()
            .any(|name| jwk.get(name).is_some())
        {
            return Err(invalid_key("expected a public key, found a private key"));
        }
        let expected =
            "expected a JWK with a public RSA key, or an EC key on the curve P-256 or P-384";
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
                    invalid_key("alg: expected an algorithm of the key type: RS256, RS384, PS256, PS384, ES256 or ES384")
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

    /// Name of the application in the activity log. Default: the client id.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Limits the scopes that the application can obtain. Default: all scopes.
    pub fn scopes<I: Into<String>>(mut self, scopes: impl IntoIterator<Item = I>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Organizations that the application may act for. Default: none.
    pub fn organizations<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.organizations = ids.into_iter().map(Into::into).collect();
        self
    }

    /// Allows the application to act for every organization of the tenant, including those created later.
    pub fn any_organization(mut self) -> Self {
        self.any_organization = true;
        self
    }

    /// Adds a redirect URI. It is compared exactly.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// The client secret, if there is one.
    pub(crate) fn secret(&self) -> Option<&str> {
        match &self.authentication {
            Authentication::Secret(secret) => Some(secret.expose_secret()),
            Authentication::Public | Authentication::Keys(_) => None,
        }
    }
}

/// The JWK members that contain private key material.
pub(crate) const PRIVATE_JWK_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn invalid_key(message: &str) -> Error {
    Error::Setting {
        setting: "public key",
        message: message.to_owned(),
    }
}

/// An unguessable string.
pub(crate) fn random_token() -> Result<String, Error> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
