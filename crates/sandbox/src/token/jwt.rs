//! Signed texts that others made: assertions and proofs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

/// A text of three parts, whose signature may be anything.
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

    /// A claim as a text. Until the signature is checked it is what anybody may say.
    pub(super) fn claim_text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim as a whole number.
    pub(super) fn claim_number(&self, name: &str) -> Option<i64> {
        self.claims.get(name)?.as_i64()
    }

    pub(super) fn has_claim(&self, name: &str) -> bool {
        self.claims.contains_key(name)
    }

    /// Whether this key made the signature by this algorithm.
    pub(super) fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        let mut validation = Validation::new(algorithm);
        // Claims are looked at by who knows the sandbox's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<Map<String, Value>>(self.text, key, &validation).is_ok()
    }
}

/// Ids that count once, each until a time (seconds since 1970).
#[derive(Default)]
pub(super) struct ReplayCache(Mutex<HashMap<String, i64>>);

impl ReplayCache {
    /// Whether this is the first time that the id is seen.
    pub(super) fn insert(&self, id: String, until: i64, now: i64) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, until| *until >= now);
        seen.insert(id, until).is_none()
    }
}
