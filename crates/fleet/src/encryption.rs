//! Encryption of tokens, and keyed hashes as their names.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::error::ConfigurationError;

/// The salt of the key derivation: the same key used for something else yields other subkeys. It is part of the stored
/// format and keeps the name of the crate that first had it.
const SALT: &[u8] = b"auth0-auth redis 1";

const KEY_LEN: usize = 32;
const ID_LEN: usize = 8;
const NONCE_LEN: usize = 12;

/// The version of the envelope format: version, key id, nonce, ciphertext with tag.
const VERSION: u8 = 1;

/// A key that encrypts tokens before they are sent to Redis: 32 random bytes, for example from `openssl rand -base64 32`.
/// All processes of a fleet use the same key.
///
/// It is never used directly. HKDF-SHA-256 derives an AES-256-GCM key for each token and the HMAC key of the names in
/// Redis. `Debug` shows no secret.
///
/// ```
/// use auth0_fleet::EncryptionKey;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let key = EncryptionKey::from_base64(&std::env::var("TOKEN_KEY")?)?;
/// # let _ = key;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EncryptionKey(Arc<Subkeys>);

struct Subkeys {
    /// The keys of tokens are expanded from it.
    root: Prk,
    names: hmac::Key,
    /// Identifies the key in an envelope.
    id: [u8; ID_LEN],
}

impl EncryptionKey {
    /// Creates a key from 32 bytes, which must be random.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        let root = Salt::new(HKDF_SHA256, SALT).extract(&bytes);
        let mut id = [0; ID_LEN];
        expand(&root, &[b"id"], &mut id);
        let mut names = [0; KEY_LEN];
        expand(&root, &[b"names"], &mut names);
        Self(Arc::new(Subkeys {
            names: hmac::Key::new(hmac::HMAC_SHA256, &names),
            root,
            id,
        }))
    }

    /// Creates a key from the base64 encoding of 32 random bytes, for example from an environment variable or a file.
    /// Surrounding white space is ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if `text` is not the base64 encoding of 32 bytes. The error does not contain `text`.
    pub fn from_base64(text: &str) -> Result<Self, ConfigurationError> {
        let invalid = |found: &str| {
            ConfigurationError::new(vec![format!(
                "encryption key: expected 32 bytes in base64, found {found}"
            )])
        };
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| invalid("text that is not base64"))?;
        let len = bytes.len();
        let bytes =
            <[u8; KEY_LEN]>::try_from(bytes).map_err(|_| invalid(&format!("{len} bytes")))?;
        Ok(Self::from_bytes(bytes))
    }

    /// The keyed hash of `parts`, as base64url. Without the key it cannot be reversed or tested against a guess.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0.names);
        for part in parts {
            // The length separates the parts, so that no two lists of parts are hashed as the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Encrypts `plaintext`. Decryption requires this key and the same `context`.
    pub(crate) fn encrypt(
        &self,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptionError> {
        let mut ciphertext = plaintext.to_vec();
        let nonce = self
            .cipher(context)?
            .seal_in_place_append_tag(Aad::from(self.associated_data(context)), &mut ciphertext)
            .map_err(|_| EncryptionError::Cipher)?;
        let mut envelope = Vec::with_capacity(1 + ID_LEN + NONCE_LEN + ciphertext.len());
        envelope.push(VERSION);
        envelope.extend(self.0.id);
        envelope.extend(nonce.as_ref());
        envelope.append(&mut ciphertext);
        Ok(envelope)
    }

    fn decrypt(
        &self,
        context: &[u8],
        nonce: [u8; NONCE_LEN],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, EncryptionError> {
        let mut plaintext = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let decrypted = self
            .cipher(context)?
            .open_in_place(
                nonce,
                Aad::from(self.associated_data(context)),
                &mut plaintext,
            )
            .map_err(|_| EncryptionError::Authentication)?;
        let len = decrypted.len();
        plaintext.truncate(len);
        Ok(plaintext)
    }

    /// The AES key of `context`. Each token has its own, which encrypts a message every few minutes. That stays far below the
    /// 2³² messages for which random nonces of 96 bits are safe (NIST SP 800-38D §8.3), whatever the size of the fleet and the
    /// age of the key.
    fn cipher(&self, context: &[u8]) -> Result<RandomizedNonceKey, EncryptionError> {
        let mut key = [0; KEY_LEN];
        expand(&self.0.root, &[b"seal", context], &mut key);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| EncryptionError::Cipher)
    }

    fn associated_data(&self, context: &[u8]) -> Vec<u8> {
        let mut data = vec![VERSION];
        data.extend(self.0.id);
        data.extend(context);
        data
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey([redacted])")
    }
}

/// Why a value cannot be encrypted, decrypted or decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncryptionError {
    /// The value is not an envelope of this version.
    Format,
    /// No key in the list has the id of the envelope.
    UnknownKey,
    /// The value was changed or has another context.
    Authentication,
    /// The decrypted value is not a token.
    Content,
    /// The cryptography library failed.
    Cipher,
}

impl EncryptionError {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Format => "it was not written by this version of the library",
            Self::UnknownKey => "it is encrypted with a key that is not in the list",
            Self::Authentication => {
                "decryption failed: it was changed, or belongs to another token"
            }
            Self::Content => "it does not contain a token",
            Self::Cipher => "the cryptography library failed",
        }
    }
}

/// The encryption keys of a fleet: the first encrypts, all decrypt.
#[derive(Clone)]
pub(crate) struct KeyRing(Arc<[EncryptionKey]>);

impl KeyRing {
    /// Returns `None` if `keys` is empty.
    pub(crate) fn new(keys: Vec<EncryptionKey>) -> Option<Self> {
        (!keys.is_empty()).then(|| Self(keys.into()))
    }

    pub(crate) fn first(&self) -> &EncryptionKey {
        &self.0[0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &EncryptionKey> {
        self.0.iter()
    }

    /// Decrypts an envelope that one of the keys encrypted with the same `context`.
    pub(crate) fn decrypt(
        &self,
        context: &[u8],
        envelope: &[u8],
    ) -> Result<Vec<u8>, EncryptionError> {
        let (&version, rest) = envelope.split_first().ok_or(EncryptionError::Format)?;
        if version != VERSION {
            return Err(EncryptionError::Format);
        }
        let (id, rest) = rest
            .split_first_chunk::<ID_LEN>()
            .ok_or(EncryptionError::Format)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(EncryptionError::Format)?;
        let key = self.0.iter().find(|key| key.0.id == *id);
        key.ok_or(EncryptionError::UnknownKey)?
            .decrypt(context, *nonce, ciphertext)
    }
}

/// Fills `out` with bytes derived from `root` for `purpose`.
fn expand(root: &Prk, purpose: &[&[u8]], out: &mut [u8]) {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let expanded = root.expand(purpose, Length(out.len()));
    // HKDF fails only beyond 255 blocks, and `out` has at most one.
    if expanded.and_then(|okm| okm.fill(out)).is_err() {
        unreachable!("HKDF yields at least one block");
    }
}

#[cfg(test)]
mod tests;
