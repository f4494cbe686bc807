//! Digests, random bytes and signatures. The features `aws-lc` and `rust-crypto` select the implementation; aws-lc is used if
//! both are enabled.
//!
//! JSON Web Signatures are made through the provider of this implementation, and never through the default provider of the
//! jsonwebtoken crate: it panics if another crate of the program enables the other implementation.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "aws-lc")]
use aws_lc as implementation;

#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
mod rust_crypto;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
use rust_crypto as implementation;

#[cfg(not(any(feature = "aws-lc", feature = "rust-crypto")))]
compile_error!(
    "auth0-auth needs one of its features `aws-lc` (the default) and `rust-crypto` for signatures and digests"
);

#[cfg(any(feature = "aws-lc", feature = "rust-crypto"))]
pub(crate) use implementation::{
    P256Key, are_equal, ec_pkcs8, fill_random, pbkdf2_hmac_sha256, rsa_pkcs8, sha256,
};

/// The operation failed. The cause is not reported, because it could describe a secret.
#[derive(Debug)]
pub(crate) struct CryptoError;

/// A curve of ECDSA.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    /// The name in a JWK (RFC 7518 §6.2.1.1).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }
}

/// The members of a private RSA key (RFC 7518 §6.3), big-endian.
pub(crate) struct RsaComponents {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) d: Vec<u8>,
    pub(crate) p: Vec<u8>,
    pub(crate) q: Vec<u8>,
    pub(crate) dp: Vec<u8>,
    pub(crate) dq: Vec<u8>,
    pub(crate) qi: Vec<u8>,
}

/// Signs a message. The signature has the format of RFC 7518.
pub(crate) fn sign(
    message: &[u8],
    key: &EncodingKey,
    algorithm: Algorithm,
) -> Result<Vec<u8>, CryptoError> {
    let signer = (implementation::PROVIDER.signer_factory)(&algorithm, key);
    let signer = signer.map_err(|_| CryptoError)?;
    signer.try_sign(message).map_err(|_| CryptoError)
}

/// Whether `signature`, in the format of RFC 7518, is valid for the message and the key.
pub(crate) fn verify(
    signature: Vec<u8>,
    message: &[u8],
    key: &DecodingKey,
    algorithm: Algorithm,
) -> bool {
    (implementation::PROVIDER.verifier_factory)(&algorithm, key)
        .is_ok_and(|verifier| verifier.verify(message, &signature).is_ok())
}
