//! DPoP (RFC 9449): proofs that whoever has a token also has its key.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::jws::{Once, Signed};
use crate::application::PRIVATE;

/// How many seconds the time of a proof may be off.
const WINDOW: i64 = 60;

/// How many seconds a nonce is the newest one. It counts as long again.
const NONCE_LIFETIME: i64 = 300;

/// What is looked at in proofs at one place: the token endpoint, or the APIs.
pub(crate) struct Proofs {
    /// What nonces are made of, where they are asked for.
    nonces: Option<hmac::Key>,
    spent: Once,
}

/// Why a proof does not count.
#[derive(Debug)]
pub(crate) enum Unproved {
    Wrong(&'static str),
    /// It has no nonce that counts now; this one does.
    Nonce,
}

/// The request that a proof has to be for.
pub(crate) struct Proved<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The access token that comes with it.
    pub(crate) token: Option<&'a str>,
    /// In seconds since 1970.
    pub(crate) now: i64,
}

impl Proofs {
    pub(crate) fn new(nonces: bool) -> Result<Self, crate::Error> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let key = || hmac::Key::generate(hmac::HMAC_SHA256, &random);
        let nonces = nonces.then(key).transpose();
        Ok(Self {
            nonces: nonces.map_err(|error| crate::Error::Broken(error.to_string()))?,
            spent: Once::default(),
        })
    }

    /// The nonce that proofs have to have from now on, if they need any.
    pub(crate) fn nonce(&self, now: i64) -> Option<String> {
        let key = self.nonces.as_ref()?;
        let window = now.div_euclid(NONCE_LIFETIME).to_be_bytes();
        Some(URL_SAFE_NO_PAD.encode(hmac::sign(key, &window)))
    }

    /// Checks the proof in the headers: the thumbprint of its key, or nothing where there is no proof.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        request: &Proved<'_>,
    ) -> Result<Option<String>, Unproved> {
        let mut values = headers.get_all("dpop").iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Unproved::Wrong("expected one DPoP header, found several"));
        }
        let text = value.to_str().unwrap_or_default();
        self.proof(text, request).map(Some)
    }

    fn proof(&self, text: &str, request: &Proved<'_>) -> Result<String, Unproved> {
        let ensure = |is_right: bool, why| is_right.then_some(()).ok_or(Unproved::Wrong(why));
        let signed = Signed::read(text).ok_or(Unproved::Wrong("expected a JWT"))?;
        let typ = signed.header_text("typ");
        ensure(typ == Some("dpop+jwt"), "typ: expected dpop+jwt")?;
        ensure(
            signed.header_text("alg") == Some("ES256"),
            "alg: expected ES256",
        )?;
        let expected = "jwk: expected a public key of P-256";
        let jwk = signed.header("jwk").ok_or(Unproved::Wrong(expected))?;
        let is_private = PRIVATE.iter().any(|name| jwk.get(name).is_some());
        ensure(
            !is_private,
            "jwk: expected a public key, found a private one",
        )?;
        let jwk: Jwk =
            serde_json::from_value(jwk.clone()).map_err(|_| Unproved::Wrong(expected))?;
        let is_of_curve = matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256);
        ensure(is_of_curve, expected)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| Unproved::Wrong(expected))?;
        let is_signed = signed.is_by(&key, Algorithm::ES256);
        ensure(is_signed, "the signature is not by its key")?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
        let thumbprint = thumbprint.map_err(|_| Unproved::Wrong(expected))?;

        let method = signed.text("htm");
        ensure(method == Some(request.method), "htm: expected the method")?;
        let url = signed.text("htu");
        let why = "htu: expected the URL without query and fragment";
        ensure(url == Some(request.url), why)?;
        let made = signed.number("iat");
        let made = made.ok_or(Unproved::Wrong("iat: expected a whole number of seconds"))?;
        let is_now = made.saturating_sub(request.now).saturating_abs() <= WINDOW;
        ensure(is_now, "iat: expected a time within a minute from now")?;
        let hash = request
            .token
            .map(|token| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())));
        if let Some(hash) = hash {
            let given = signed.text("ath");
            ensure(given == Some(&hash), "ath: expected the hash of the token")?;
        }
        if let Some(newest) = self.nonce(request.now) {
            let before = self.nonce(request.now.saturating_sub(NONCE_LIFETIME));
            let given = signed.text("nonce");
            if given != Some(&newest) && given != before.as_deref() {
                return Err(Unproved::Nonce);
            }
        }
        let id = signed.text("jti").filter(|id| !id.is_empty());
        let id = id.ok_or(Unproved::Wrong("jti is missing"))?;
        let until = made.saturating_add(WINDOW);
        let is_new = self
            .spent
            .take(format!("{thumbprint} {id}"), until, request.now);
        ensure(
            is_new,
            "jti: expected a new one, found one that was used before",
        )?;
        Ok(thumbprint)
    }
}
