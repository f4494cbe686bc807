//! JWTs signed by clients: assertions and DPoP proofs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

/// A parsed JWT whose signature is not verified.
pub(super) struct UnverifiedJwt<'a> {
    text: &'a str,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> UnverifiedJwt<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = || {
            let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        let (header, claims) = (part()?, part()?);
        Some(Self {
            text,
            header,
            claims,
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    pub(super) fn header_text(&self, name: &str) -> Option<&str> {
        self.header(name)?.as_str()
    }

    /// A string claim. Untrusted until the signature is verified.
    pub(super) fn claim_text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// An integer claim.
    pub(super) fn claim_number(&self, name: &str) -> Option<i64> {
        self.claims.get(name)?.as_i64()
    }

    pub(super) fn has_claim(&self, name: &str) -> bool {
        self.claims.contains_key(name)
    }

    /// Verifies the signature with this key and algorithm.
    pub(super) fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        let mut validation = Validation::new(algorithm);
        // The caller checks the claims against the sandbox's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<Map<String, Value>>(self.text, key, &validation).is_ok()
    }
}

/// Identifiers that may be used once, each with its expiry (seconds since the Unix epoch).
#[derive(Default)]
pub(super) struct ReplayCache(Mutex<HashMap<String, i64>>);

impl ReplayCache {
    /// Records an identifier. Returns whether it is new.
    pub(super) fn insert(&self, id: String, until: i64, now: i64) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| *until >= now);
        seen.insert(id, until).is_none()
    }
}
