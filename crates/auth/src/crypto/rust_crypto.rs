//! The implementation with the crates of RustCrypto, which need no C compiler.

use std::num::NonZeroU32;

pub(super) use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::rand_core::{OsRng, RngCore as _};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey};
use rsa::{BigUint, RsaPrivateKey};
use sha2_0_10::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{CryptoError, Curve, RsaComponents};

pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), CryptoError> {
    OsRng.try_fill_bytes(bytes).map_err(|_| CryptoError)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA256.
pub(crate) fn pbkdf2_hmac_sha256(iterations: NonZeroU32, salt: &[u8], password: &[u8]) -> [u8; 32] {
    pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations.get())
}

/// Compares in constant time.
pub(crate) fn are_equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Returns the PKCS#8 document of a private key and its uncompressed public point.
pub(crate) fn ec_pkcs8(
    curve: Curve,
    private: &[u8],
    public: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    match curve {
        Curve::P256 => {
            let key = p256::SecretKey::from_slice(private).map_err(|_| CryptoError)?;
            let given = p256::PublicKey::from_sec1_bytes(public).map_err(|_| CryptoError)?;
            document(&key, key.public_key() == given)
        }
        Curve::P384 => {
            let key = p384::SecretKey::from_slice(private).map_err(|_| CryptoError)?;
            let given = p384::PublicKey::from_sec1_bytes(public).map_err(|_| CryptoError)?;
            document(&key, key.public_key() == given)
        }
    }
}

fn document(key: &impl EncodePrivateKey, is_consistent: bool) -> Result<Vec<u8>, CryptoError> {
    if !is_consistent {
        return Err(CryptoError);
    }
    let document = key.to_pkcs8_der().map_err(|_| CryptoError)?;
    Ok(document.as_bytes().to_vec())
}

/// Returns the PKCS#8 document of a private key.
pub(crate) fn rsa_pkcs8(components: &RsaComponents) -> Result<Vec<u8>, CryptoError> {
    let [n, e, d, p, q] = [
        &components.n,
        &components.e,
        &components.d,
        &components.p,
        &components.q,
    ]
    .map(|bytes| BigUint::from_bytes_be(bytes));
    let one = BigUint::from(1_u8);
    // The crate computes these three itself and would accept a key with others.
    let is_consistent = p > one
        && q > one
        && BigUint::from_bytes_be(&components.dp) == &d % (&p - &one)
        && BigUint::from_bytes_be(&components.dq) == &d % (&q - &one)
        && (BigUint::from_bytes_be(&components.qi) * &q) % &p == one;
    let key = RsaPrivateKey::from_components(n, e, d, vec![p, q]).map_err(|_| CryptoError)?;
    document(&key, is_consistent)
}

/// A private key of P-256, parsed once: jsonwebtoken parses a key for each signature.
pub(crate) struct P256Key(SigningKey);

impl P256Key {
    pub(crate) fn generate() -> Result<Self, CryptoError> {
        loop {
            let mut bytes = [0; 32];
            fill_random(&mut bytes)?;
            // Of 2^32 numbers, about one is not a private key.
            if let Ok(key) = SigningKey::from_slice(&bytes) {
                return Ok(Self(key));
            }
        }
    }

    pub(crate) fn from_pkcs8(document: &[u8]) -> Result<Self, CryptoError> {
        SigningKey::from_pkcs8_der(document)
            .map(Self)
            .map_err(|_| CryptoError)
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Vec<u8>, CryptoError> {
        document(&p256::SecretKey::from(&self.0), true)
    }

    /// Returns the uncompressed public point.
    pub(crate) fn public_point(&self) -> Vec<u8> {
        let point = self.0.verifying_key().to_encoded_point(false);
        point.as_bytes().to_vec()
    }

    /// Signs with ES256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature: Signature = self.0.try_sign(message).map_err(|_| CryptoError)?;
        Ok(signature.to_bytes().to_vec())
    }
}
