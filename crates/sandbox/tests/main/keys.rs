//! Generation of client keys.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Value;

/// A private key and the forms of its public key.
pub(crate) struct Pair {
    pub(crate) key: EncodingKey,
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
    /// Without `alg` and `kid`.
    pub(crate) jwk: Value,
}

pub(crate) fn rsa() -> Pair {
    let pair = RsaPair::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let key = EncodingKey::from_rsa_pem(private_pem.as_bytes()).unwrap();
    let public = pem("PUBLIC KEY", public.as_ref());
    of(key, private_pem, public, Algorithm::RS256)
}

pub(crate) fn ec256() -> Pair {
    ec(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256)
}

pub(crate) fn ec384() -> Pair {
    ec(&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384)
}

fn ec(curve: &'static EcdsaSigningAlgorithm, algorithm: Algorithm) -> Pair {
    let pair = EcdsaKeyPair::generate(curve).unwrap();
    let private = pair.to_pkcs8v1().unwrap();
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let key = EncodingKey::from_ec_pem(private_pem.as_bytes()).unwrap();
    let public = pem("PUBLIC KEY", public.as_ref());
    of(key, private_pem, public, algorithm)
}

fn of(key: EncodingKey, private_pem: String, public_pem: String, algorithm: Algorithm) -> Pair {
    let jwk = Jwk::from_encoding_key(&key, algorithm).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    Pair {
        key,
        private_pem,
        public_pem,
        jwk,
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
