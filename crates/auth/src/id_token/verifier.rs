//! Validation of the header and signature of an ID token.

use std::sync::Arc;
use std::time::Duration;

use auth0_core::SecretString;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::IdToken;
use super::claims::Expected;
use crate::application::Application;
use crate::crypto;
use crate::error::{Error, Failure, Finding, IdTokenErrorKind};
use crate::jwks::Jwks;
use crate::signing::SigningAlgorithm;
use crate::token_response;

/// The maximum length of an ID token. Real tokens are much shorter.
const MAX_LENGTH: usize = 32 * 1024;

/// Validates ID tokens with the keys of the server and the expected values of a login.
///
/// The JOSE crate only checks the signature: its time checks read the system clock, and its errors do not distinguish claims as
/// precisely as callers need.
pub(crate) struct Verifier {
    pub(crate) application: Arc<Application>,
    pub(crate) algorithms: Vec<SigningAlgorithm>,
    pub(crate) leeway: Duration,
    pub(crate) keys: Jwks,
}

/// The relevant members of the header.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl Verifier {
    /// Fetches the keys unless they are cached. Afterwards, validation sends no request unless the keys have changed.
    pub(crate) async fn prepare(&self) -> Result<(), Error> {
        self.keys.prepare(&self.application).await
    }

    /// Validates an ID token.
    pub(crate) async fn verify(
        &self,
        token: Option<SecretString>,
        expected: &Expected<'_>,
    ) -> Result<IdToken, Error> {
        let token = token.ok_or_else(|| invalid(IdTokenErrorKind::Missing))?;
        let parts = Parts::of(token.secret()).map_err(invalid)?;
        let header: Header = parts.header().map_err(invalid)?;
        if header.crit.is_some() {
            return Err(invalid(IdTokenErrorKind::Malformed));
        }
        // All accepted algorithms are asymmetric, so `none` and an HMAC keyed with a public key are rejected.
        let algorithm = SigningAlgorithm::of_name(&header.alg)
            .filter(|algorithm| self.algorithms.contains(algorithm))
            .ok_or_else(|| invalid(self.algorithm_mismatch(&header)))?;
        let key = self
            .keys
            .key(&self.application, header.kid.as_deref(), algorithm)
            .await?;
        let signature = URL_SAFE_NO_PAD.decode(parts.signature).ok();
        let signed = parts.signed.as_bytes();
        if !signature.is_some_and(|found| crypto::verify(found, signed, &key, algorithm.jose())) {
            return Err(invalid(IdTokenErrorKind::Signature));
        }
        // The claims are not parsed before the signature is checked.
        let claims: Map<String, Value> = parts.claims().map_err(invalid)?;
        let now = self.application.exchange.clock.now();
        expected.check(&claims, now, self.leeway).map_err(invalid)?;
        Ok(IdToken { token, claims })
    }

    fn algorithm_mismatch(&self, header: &Header) -> Finding<IdTokenErrorKind> {
        let expected: Vec<_> = self.algorithms.iter().map(|one| one.name()).collect();
        let found = token_response::text(&Value::from(&*header.alg), &[]);
        Finding::new(
            IdTokenErrorKind::Algorithm,
            format!(
                "alg: expected {}, found {}; set the signing algorithm of the application, or the accepted algorithms here",
                expected.join(" or "),
                found.as_deref().unwrap_or("an empty string")
            ),
        )
    }
}

fn invalid(finding: impl Into<Finding<IdTokenErrorKind>>) -> Error {
    Failure::IdToken(finding.into()).into()
}

/// The parts of a compact JWS (RFC 7515 §7.1).
struct Parts<'t> {
    signed: &'t str,
    header: &'t str,
    claims: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str) -> Result<Self, IdTokenErrorKind> {
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, claims) = signed.split_once('.')?;
            Some(Self {
                signed,
                header,
                claims,
                signature,
            })
        };
        Some(token)
            .filter(|token| token.len() <= MAX_LENGTH)
            .and_then(|_| parts())
            .filter(|parts| !parts.claims.contains('.'))
            .ok_or(IdTokenErrorKind::Malformed)
    }

    fn header(&self) -> Result<Header, IdTokenErrorKind> {
        decode(self.header)
    }

    fn claims(&self) -> Result<Map<String, Value>, IdTokenErrorKind> {
        decode(self.claims)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, IdTokenErrorKind> {
    URL_SAFE_NO_PAD
        .decode(part)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or(IdTokenErrorKind::Malformed)
}
