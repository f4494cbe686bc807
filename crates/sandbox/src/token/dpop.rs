//! DPoP proofs (RFC 9449), which show that the client of a token has its key.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::jwt::{ReplayCache, UnverifiedJwt};
use crate::application::PRIVATE_JWK_MEMBERS;

/// Maximum deviation of the time of a proof, in seconds.
const MAX_CLOCK_SKEW: i64 = 60;

/// How long a nonce is the current one, in seconds. It stays valid for the same time afterwards.
const NONCE_LIFETIME: i64 = 300;

/// Verifies proofs at the token endpoint or at the APIs.
pub(crate) struct DpopVerifier {
    /// Key from which nonces are derived, if they are required.
    nonces: Option<hmac::Key>,
    replay_cache: ReplayCache,
}

/// Why a proof is invalid.
#[derive(Debug)]
pub(crate) enum ProofError {
    Invalid(&'static str),
    /// The proof has no valid nonce.
    NonceRequired,
}

/// The request that a proof must be for.
pub(crate) struct ProofTarget<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The access token of the request.
    pub(crate) token: Option<&'a str>,
    /// Seconds since the Unix epoch.
    pub(crate) now: i64,
}

impl DpopVerifier {
    pub(crate) fn new(nonces: bool) -> Result<Self, crate::Error> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let key = || hmac::Key::generate(hmac::HMAC_SHA256, &random);
        let nonces = nonces.then(key).transpose();
        Ok(Self {
            nonces: nonces.map_err(|error| crate::Error::Internal(error.to_string()))?,
            replay_cache: ReplayCache::default(),
        })
    }

    /// The current nonce, if nonces are required.
    pub(crate) fn nonce(&self, now: i64) -> Option<String> {
        let key = self.nonces.as_ref()?;
        let window = now.div_euclid(NONCE_LIFETIME).to_be_bytes();
        Some(URL_SAFE_NO_PAD.encode(hmac::sign(key, &window)))
    }

    /// Verifies the proof in the headers. Returns the thumbprint of its key, or `None` if there is no proof.
    pub(crate) fn verify_headers(
        &self,
        headers: &HeaderMap,
        request: &ProofTarget<'_>,
    ) -> Result<Option<String>, ProofError> {
        let mut values = headers.get_all("dpop").iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(ProofError::Invalid(
                "expected one DPoP header, found several",
            ));
        }
        let text = value.to_str().unwrap_or_default();
        self.verify(text, request).map(Some)
    }

    fn verify(&self, text: &str, request: &ProofTarget<'_>) -> Result<String, ProofError> {
        let ensure =
            |condition: bool, reason| condition.then_some(()).ok_or(ProofError::Invalid(reason));
        let signed = UnverifiedJwt::parse(text).ok_or(ProofError::Invalid("expected a JWT"))?;
        let typ = signed.header_text("typ");
        ensure(typ == Some("dpop+jwt"), "typ: expected dpop+jwt")?;
        ensure(
            signed.header_text("alg") == Some("ES256"),
            "alg: expected ES256",
        )?;
        let expected = "jwk: expected a public key on the curve P-256";
        let jwk = signed.header("jwk").ok_or(ProofError::Invalid(expected))?;
        let is_private = PRIVATE_JWK_MEMBERS
            .iter()
            .any(|name| jwk.get(name).is_some());
        ensure(
            !is_private,
            "jwk: expected a public key, found a private key",
        )?;
        let jwk: Jwk =
            serde_json::from_value(jwk.clone()).map_err(|_| ProofError::Invalid(expected))?;
        let is_of_curve = matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256);
        ensure(is_of_curve, expected)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| ProofError::Invalid(expected))?;
        let is_signed = signed.is_signed_by(&key, Algorithm::ES256);
        ensure(
            is_signed,
            "the signature does not match the key of the proof",
        )?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
        let thumbprint = thumbprint.map_err(|_| ProofError::Invalid(expected))?;

        let method = signed.claim_text("htm");
        ensure(
            method == Some(request.method),
            "htm: expected the method of the request",
        )?;
        let url = signed.claim_text("htu");
        let reason = "htu: expected the URL of the request without query and fragment";
        ensure(url == Some(request.url), reason)?;
        let issued_at = signed.claim_number("iat");
        let issued_at = issued_at.ok_or(ProofError::Invalid(
            "iat: expected an integer number of seconds",
        ))?;
        let is_recent = issued_at.saturating_sub(request.now).saturating_abs() <= MAX_CLOCK_SKEW;
        ensure(
            is_recent,
            "iat: expected a time within one minute of the current time",
        )?;
        let hash = request
            .token
            .map(|token| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())));
        if let Some(hash) = hash {
            let given = signed.claim_text("ath");
            ensure(
                given == Some(&hash),
                "ath: expected the hash of the access token",
            )?;
        }
        if let Some(newest) = self.nonce(request.now) {
            let before = self.nonce(request.now.saturating_sub(NONCE_LIFETIME));
            let given = signed.claim_text("nonce");
            if given != Some(&newest) && given != before.as_deref() {
                return Err(ProofError::NonceRequired);
            }
        }
        let id = signed.claim_text("jti").filter(|id| !id.is_empty());
        let id = id.ok_or(ProofError::Invalid("jti: missing"))?;
        let until = issued_at.saturating_add(MAX_CLOCK_SKEW);
        let is_new = self
            .replay_cache
            .insert(format!("{thumbprint} {id}"), until, request.now);
        ensure(is_new, "jti: expected a new value, found a used one")?;
        Ok(thumbprint)
    }
}
