//! Test keys in all formats, and the server's verification with the public key.

use std::sync::{LazyLock, OnceLock};

use auth0_auth::SigningAlgorithm;
use aws_lc_rs::encoding::{AsBigEndian as _, AsDer as _, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};

/// A private key and the public key of the server.
pub(crate) struct Key {
    pub(crate) pem: String,
    pub(crate) jwk: Value,
    pub(crate) public: DecodingKey,
}

pub(crate) const ALGORITHMS: [(SigningAlgorithm, Algorithm); 6] = [
    (SigningAlgorithm::Rs256, Algorithm::RS256),
    (SigningAlgorithm::Rs384, Algorithm::RS384),
    (SigningAlgorithm::Ps256, Algorithm::PS256),
    (SigningAlgorithm::Ps384, Algorithm::PS384),
    (SigningAlgorithm::Es256, Algorithm::ES256),
    (SigningAlgorithm::Es384, Algorithm::ES384),
];

/// The key of an algorithm; one for RSA and one for each curve.
pub(crate) fn key(algorithm: SigningAlgorithm) -> &'static Key {
    static RSA: LazyLock<Key> = LazyLock::new(rsa);
    static P256: OnceLock<Key> = OnceLock::new();
    static P384: OnceLock<Key> = OnceLock::new();
    match algorithm {
        SigningAlgorithm::Es256 => {
            P256.get_or_init(|| ec("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING))
        }
        SigningAlgorithm::Es384 => {
            P384.get_or_init(|| ec("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING))
        }
        _ => &RSA,
    }
}

/// Verifies an assertion like a server, except for the time, which tests control.
pub(crate) fn verified(assertion: &str, algorithm: Algorithm, public: &DecodingKey) -> Value {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.set_issuer(&["client"]);
    validation.sub = Some("client".into());
    validation.set_audience(&["https://acme.us.auth0.com/"]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    jsonwebtoken::decode(assertion, public, &validation)
        .unwrap()
        .claims
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn rsa() -> Key {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let numbers = rsa_numbers(rsa_body(der.as_ref()));
    let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let mut jwk: Map<String, Value> = names
        .iter()
        .zip(&numbers)
        .map(|(name, number)| ((*name).to_owned(), json!(URL_SAFE_NO_PAD.encode(number))))
        .collect();
    jwk.insert("kty".into(), json!("RSA"));
    Key {
        pem: pem("PRIVATE KEY", der.as_ref()),
        jwk: Value::Object(jwk),
        public: DecodingKey::from_rsa_raw_components(&numbers[0], &numbers[1]),
    }
}

/// The same RSA key as PKCS#1.
pub(crate) fn pkcs1() -> String {
    let text: String = key(SigningAlgorithm::Rs256)
        .pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    pem("RSA PRIVATE KEY", rsa_body(&STANDARD.decode(text).unwrap()))
}

fn ec(curve: &str, algorithm: &'static EcdsaSigningAlgorithm) -> Key {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let private: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
    let public = pair.public_key().as_ref();
    let (x, y) = public[1..].split_at((public.len() - 1) / 2);
    let [x, y, d] = [x, y, private.as_ref()].map(|number| URL_SAFE_NO_PAD.encode(number));
    Key {
        pem: pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()),
        jwk: json!({"kty": "EC", "crv": curve, "x": x, "y": y, "d": d}),
        public: DecodingKey::from_ec_components(&x, &y).unwrap(),
    }
}

/// Splits off the content of a DER value.
fn der(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match bytes[1] {
        short if short < 0x80 => (usize::from(short), 2),
        long => {
            let count = usize::from(long & 0x7f);
            let length = bytes[2..2 + count]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, 2 + count)
        }
    };
    bytes[start..].split_at(length)
}

/// The RSAPrivateKey (RFC 8017 A.1.2) in a PKCS#8 document.
fn rsa_body(pkcs8: &[u8]) -> &[u8] {
    let (document, _) = der(pkcs8);
    let (_version, rest) = der(document);
    let (_algorithm, rest) = der(rest);
    der(rest).0
}

fn rsa_numbers(body: &[u8]) -> Vec<Vec<u8>> {
    let (document, _) = der(body);
    let (_version, mut rest) = der(document);
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        let (number, next) = der(rest);
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        numbers.push(number[zeros..].to_vec());
        rest = next;
    }
    numbers
}
