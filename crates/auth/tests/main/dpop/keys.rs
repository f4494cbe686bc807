//! DPoP keys: generated, imported, exported and invalid.

use auth0_auth::SignError;
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// A new key, as PEM and as a private JWK.
fn written() -> (String, Value) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let private = pair.private_key().as_be_bytes().unwrap();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "k1",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
        "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        "d": URL_SAFE_NO_PAD.encode(private.as_ref()),
    });
    (pem(pair.to_pkcs8v1().unwrap().as_ref()), jwk)
}

fn pem(document: &[u8]) -> String {
    let text = STANDARD.encode(document);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

#[test]
fn generated_keys_are_unique() {
    let (one, other) = (DpopKey::generate().unwrap(), DpopKey::generate().unwrap());
    assert_ne!(one.thumbprint(), other.thumbprint());
    assert_eq!(one.clone().thumbprint(), one.thumbprint());
    assert_eq!(one.thumbprint().len(), 43);
}

#[test]
fn exported_key_is_the_same() {
    let key = DpopKey::generate().unwrap();
    let exported = key.to_pem().unwrap();
    assert!(exported.secret().lines().all(|line| line.len() <= 64));
    let same = DpopKey::from_pem(exported.secret()).unwrap();
    assert_eq!(same.thumbprint(), key.thumbprint());
    assert_eq!(same.to_pem().unwrap().secret(), exported.secret());
    // Other software can read it too.
    PrivateKey::from_pem(exported.secret(), SigningAlgorithm::Es256).unwrap();
}

#[test]
fn pem_and_jwk_yield_the_same_key() {
    let (pem, jwk) = written();
    let key = DpopKey::from_pem(&pem).unwrap();
    assert_eq!(
        DpopKey::from_jwk(&jwk.to_string()).unwrap().thumbprint(),
        key.thumbprint()
    );
    let request_url = "https://a.test/".parse().unwrap();
    let request =
        auth0_core::proof::ProofRequest::new(&auth0_core::http::Method::GET, &request_url);
    let proof = key.proof(request).unwrap();
    assert_eq!(Proof::verified(proof.secret()).thumbprint, key.thumbprint());
}

#[track_caller]
fn assert_rejected(result: Result<DpopKey, SignError>) {
    let error = result.unwrap_err();
    let text = chain(&error);
    assert!(text.contains("expected"), "{text}");
    assert!(!text.contains("pl4nted"), "{text}");
}

#[test]
fn invalid_key_is_rejected_without_its_text() {
    let larger = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let larger = pem(larger.to_pkcs8v1().unwrap().as_ref());
    let garbage = pem(b"pl4nted");
    for text in ["", "pl4nted", &larger, &garbage] {
        let result = DpopKey::from_pem(text);
        // Keys of another curve.
        assert!(result.is_err(), "{text}");
        assert!(!chain(&result.unwrap_err()).contains("pl4nted"));
    }

    let (_, jwk) = written();
    let (_, other) = written();
    let with = |name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk.to_string()
    };
    assert_rejected(DpopKey::from_jwk("pl4nted"));
    assert_rejected(DpopKey::from_jwk(&with("d", json!("pl4nted!"))));
    assert_rejected(DpopKey::from_jwk(&with("kty", json!("RSA"))));
    assert_rejected(DpopKey::from_jwk(&with("crv", json!("P-384"))));
    assert_rejected(DpopKey::from_jwk(&with("alg", json!("ES384"))));
    // The public key of another key pair.
    let mut mixed = other;
    mixed["d"] = jwk["d"].clone();
    assert_rejected(DpopKey::from_jwk(&mixed.to_string()));
    let mut public = jwk.clone();
    public.as_object_mut().unwrap().remove("d");
    assert!(DpopKey::from_jwk(&public.to_string()).is_err());
}
