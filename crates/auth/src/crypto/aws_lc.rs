//! The implementation with aws-lc-rs.

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
pub(super) use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;

use super::{CryptoError, Curve, RsaComponents};

pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), CryptoError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| CryptoError)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA256.
pub(crate) fn pbkdf2_hmac_sha256(iterations: NonZeroU32, salt: &[u8], password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, salt, password, &mut key);
    key
}

/// Compares in constant time.
pub(crate) fn are_equal(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// Returns the PKCS#8 document of a private key and its uncompressed public point.
pub(crate) fn ec_pkcs8(
    curve: Curve,
    private: &[u8],
    public: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let algorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
    };
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public);
    let document = pair.map_err(|_| CryptoError)?.to_pkcs8v1();
    Ok(document.map_err(|_| CryptoError)?.as_ref().to_vec())
}

/// Returns the PKCS#8 document of a private key.
pub(crate) fn rsa_pkcs8(components: &RsaComponents) -> Result<Vec<u8>, CryptoError> {
    let components = KeyPairComponents {
        public_key: PublicKeyComponents {
            n: &components.n,
            e: &components.e,
        },
        d: &components.d,
        p: &components.p,
        q: &components.q,
        dP: &components.dp,
        dQ: &components.dq,
        qInv: &components.qi,
    };
    let pair = KeyPair::from_components(&components).map_err(|_| CryptoError)?;
    let document = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| CryptoError)?;
    Ok(document.as_ref().to_vec())
}

/// A private key of P-256, parsed once: jsonwebtoken parses a key for each signature, which takes as long as signing.
pub(crate) struct P256Key(EcdsaKeyPair);

impl P256Key {
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map(Self)
            .map_err(|_| CryptoError)
    }

    pub(crate) fn from_pkcs8(document: &[u8]) -> Result<Self, CryptoError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document)
            .map(Self)
            .map_err(|_| CryptoError)
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Vec<u8>, CryptoError> {
        let document = self.0.to_pkcs8v1().map_err(|_| CryptoError)?;
        Ok(document.as_ref().to_vec())
    }

    /// Returns the uncompressed public point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Signs with ES256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| CryptoError)?.as_ref().to_vec())
    }
}
