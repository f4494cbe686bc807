//! The signing key of access tokens.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One key per process, because generating a key is slow. The issuer distinguishes the tokens of sandboxes.
static KEY: LazyLock<Result<SigningKey, String>> = LazyLock::new(SigningKey::generate);

pub(crate) struct SigningKey {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: JwkSet,
}

impl SigningKey {
    pub(crate) fn for_process() -> Result<&'static Self, &'static str> {
        KEY.as_ref().map_err(String::as_str)
    }

    fn generate() -> Result<Self, String> {
        // The jsonwebtoken crate panics without a default if another crate of the program enables its other implementation.
        // An error means that the program has installed one, which serves as well.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|error| error.to_string())?;
        let pem = pem(der.as_ref());
        let to_message = |error: jsonwebtoken::errors::Error| error.to_string();
        let signing = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(to_message)?;
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256).map_err(to_message)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(to_message)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(kid);
        Ok(Self {
            header,
            verifying: DecodingKey::from_jwk(&jwk).map_err(to_message)?,
            signing,
            public: JwkSet { keys: vec![jwk] },
        })
    }

    /// The content of `/.well-known/jwks.json`.
    pub(crate) fn public(&self) -> &JwkSet {
        &self.public
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, String> {
        jsonwebtoken::encode(&self.header, claims, &self.signing).map_err(|error| error.to_string())
    }

    /// Returns the claims of a token signed by this key. Only the signature is verified.
    pub(crate) fn claims<T: DeserializeOwned + Clone>(&self, token: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::RS256);
        // The caller checks these against the sandbox's clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let token = jsonwebtoken::decode(token, &self.verifying, &validation).ok()?;
        Some(token.claims)
    }
}

/// Encodes a private key as PEM, the format that jsonwebtoken reads.
fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
