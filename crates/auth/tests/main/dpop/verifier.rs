//! The server's verification of a proof (RFC 9449 §4.3), with a JOSE crate and without the tested code.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use wiremock::Request;

/// A proof with a valid signature.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) claims: BTreeMap<String, Value>,
    /// The thumbprint of the key in the proof.
    pub(crate) thumbprint: String,
}

impl Proof {
    #[track_caller]
    pub(crate) fn verified(proof: &str) -> Self {
        let parts: Vec<_> = proof.split('.').collect();
        assert_eq!(parts.len(), 3);
        let header: Map<String, Value> =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        assert_eq!(sorted(&header), ["alg", "jwk", "typ"]);
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&"dpop+jwt".into(), &"ES256".into())
        );
        // No private member, and no optional one.
        assert_eq!(
            sorted(header["jwk"].as_object().unwrap()),
            ["crv", "kty", "x", "y"]
        );
        let jwk: Jwk = serde_json::from_value(header["jwk"].clone()).unwrap();

        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        let claims = jsonwebtoken::decode::<BTreeMap<String, Value>>(proof, &key, &validation);
        let claims = claims
            .expect("the signature is not that of the key in the header")
            .claims;

        assert!(claims["iat"].is_u64(), "{claims:?}");
        assert!(claims["jti"].as_str().is_some_and(|id| id.len() >= 16));
        let url = claims["htu"].as_str().unwrap();
        assert!(!url.contains(['?', '#', '@']), "{url}");
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).unwrap();
        Self { claims, thumbprint }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).map(|value| value.as_str().unwrap())
    }

    pub(crate) fn method(&self) -> &str {
        self.text("htm").unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        self.text("htu").unwrap()
    }

    pub(crate) fn nonce(&self) -> Option<&str> {
        self.text("nonce")
    }

    /// Returns whether it is for this token.
    pub(crate) fn is_for(&self, token: &str) -> bool {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        self.text("ath") == Some(URL_SAFE_NO_PAD.encode(hash).as_str())
    }
}

fn sorted(map: &Map<String, Value>) -> Vec<&str> {
    let mut names: Vec<_> = map.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Returns the only value of a header.
#[track_caller]
pub(crate) fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    let values: Vec<_> = request.headers.get_all(name).iter().collect();
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values[0].to_str().unwrap()
}
