//! The claims of a DPoP proof (RFC 9449 §4.2) and its signature.

use std::sync::Arc;

use auth0_core::SecretString;
use auth0_core::proof::ProofRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use url::{Position, Url};

use super::jwk::PublicJwk;
use crate::crypto::{P256Key, sha256};
use crate::random;
use crate::signing::SignError;

/// The claims of a proof.
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: String,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text")]
    nonce: Option<Arc<str>>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(
        request: ProofRequest<'a>,
        iat: u64,
        nonce: Option<Arc<str>>,
    ) -> Result<Self, SignError> {
        Ok(Self {
            jti: random::id()?,
            htm: request.method.as_str(),
            htu: target(request.url),
            iat,
            ath: request.access_token.map(|token| hash(token.secret())),
            nonce,
        })
    }
}

#[allow(clippy::ref_option, reason = "what serde calls it with")]
fn text<S: serde::Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

/// Returns `htu`: the URL as it is sent, percent-encoded, without query, fragment and user name.
fn target(url: &Url) -> String {
    [
        &url[..Position::BeforeUsername],
        &url[Position::BeforeHost..Position::AfterPath],
    ]
    .concat()
}

/// Returns `ath`: the SHA-256 hash of the access token.
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()))
}

/// Returns the encoded header of all proofs of a key, followed by a dot.
pub(super) fn header(jwk: &PublicJwk) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Header<'a> {
        typ: &'static str,
        alg: &'static str,
        jwk: &'a PublicJwk,
    }
    let header = Header {
        typ: "dpop+jwt",
        alg: "ES256",
        jwk,
    };
    let mut text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(unfit)?);
    text.push('.');
    Ok(text)
}

/// Signs a proof and returns it as a compact JWS.
pub(super) fn signed(
    key: &P256Key,
    header: &str,
    claims: &Claims<'_>,
) -> Result<SecretString, SignError> {
    let claims = serde_json::to_vec(claims).map_err(unfit)?;
    // Base64 takes 4 characters for 3 bytes of claims; 87 are a dot and a signature of 64 bytes.
    let mut text = String::with_capacity(header.len() + claims.len().div_ceil(3) * 4 + 87);
    text.push_str(header);
    URL_SAFE_NO_PAD.encode_string(claims, &mut text);
    let signature = key
        .sign(text.as_bytes())
        .map_err(|_| SignError::new("signing with the DPoP key failed"))?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(text.into())
}

fn unfit(_: serde_json::Error) -> SignError {
    SignError::new("serializing the DPoP proof to JSON failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_matches_rfc_9449() {
        // The token and the proof of RFC 9449 §7.1.
        assert_eq!(
            hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
        );
    }

    #[test]
    fn target_excludes_query_fragment_and_user() {
        for (url, expected) in [
            (
                "https://server.example.com/token",
                "https://server.example.com/token",
            ),
            ("https://a.test", "https://a.test/"),
            ("https://A.test:443/B/?c=d&e=/f#g", "https://a.test/B/"),
            (
                "https://a.test/b%2Fc%20d%7c?e",
                "https://a.test/b%2Fc%20d%7c",
            ),
            ("https://a.test/ä b", "https://a.test/%C3%A4%20b"),
            ("http://[::1]:8080/?", "http://[::1]:8080/"),
            ("https://user:pass@a.test/b#c", "https://a.test/b"),
            ("https://a.test/b?c=https://d.test/?e", "https://a.test/b"),
        ] {
            assert_eq!(target(&Url::parse(url).unwrap()), expected);
        }
    }
}
