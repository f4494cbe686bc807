//! The program's keys: what they encrypt, and the names that they give.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::error::Error;

/// What all subkeys are derived with: another use of the same key has others.
const SALT: &[u8] = b"auth0-auth redis 1";

const KEY: usize = 32;
const ID: usize = 8;
const NONCE: usize = 12;

/// The format of what is sealed here.
const VERSION: u8 = 1;

/// A key that tokens are encrypted with before they go to Redis: 32 random bytes, such as `openssl rand -base64 32` makes.
/// All processes of a fleet have the same.
///
/// What is done with it is derived from it and tells nothing of it: an AES-256-GCM key for each token, and the key of the
/// HMAC that makes names. `Debug` shows nothing.
///
/// ```
/// use auth0_auth::redis::EncryptionKey;
///
/// # fn example(variable: String) -> Result<(), auth0_auth::Error> {
/// let key = EncryptionKey::from_base64(&variable)?;
/// # let _ = key;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EncryptionKey(Arc<Subkeys>);

struct Subkeys {
    /// What the keys of tokens are expanded from.
    root: Prk,
    names: hmac::Key,
    /// Stands in front of what was sealed with this key.
    id: [u8; ID],
}

impl EncryptionKey {
    /// A key of 32 bytes, which have to be random.
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        let root = Salt::new(HKDF_SHA256, SALT).extract(&bytes);
        let mut id = [0; ID];
        expand(&root, &[b"id"], &mut id);
        let mut names = [0; KEY];
        expand(&root, &[b"names"], &mut names);
        Self(Arc::new(Subkeys {
            names: hmac::Key::new(hmac::HMAC_SHA256, &names),
            root,
            id,
        }))
    }

    /// A key in base64, as it stands in a variable or a file; white space around it does not count.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) if it is not the base64 of 32 bytes. It does not repeat the text.
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        let wrong = |found: &str| {
            Error::configuration(vec![format!(
                "encryption key: expected the base64 of 32 bytes, found {found}"
            )])
        };
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| wrong("something else"))?;
        let found = bytes.len();
        let bytes = <[u8; KEY]>::try_from(bytes).map_err(|_| wrong(&format!("that of {found}")))?;
        Ok(Self::from_bytes(bytes))
    }

    /// The name of `what`, which tells nobody without the key what it is, and lets nobody try.
    pub(super) fn name(&self, what: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0.names);
        for part in what {
            // Lengths, so that no two lists of parts run together into one text.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Encrypts `text`, so that it can be read by who has this key and knows that it belongs to `owner`.
    pub(super) fn seal(&self, owner: &[u8], text: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut sealed = text.to_vec();
        let nonce = self
            .cipher(owner)?
            .seal_in_place_append_tag(Aad::from(self.context(owner)), &mut sealed)
            .map_err(|_| Fault::Sealing)?;
        let mut envelope = Vec::with_capacity(1 + ID + NONCE + sealed.len());
        envelope.push(VERSION);
        envelope.extend(self.0.id);
        envelope.extend(nonce.as_ref());
        envelope.append(&mut sealed);
        Ok(envelope)
    }

    /// Reverses [`seal`](Self::seal).
    fn open(&self, owner: &[u8], nonce: [u8; NONCE], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut text = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self
            .cipher(owner)?
            .open_in_place(nonce, Aad::from(self.context(owner)), &mut text)
            .map_err(|_| Fault::Damaged)?;
        let length = opened.len();
        text.truncate(length);
        Ok(text)
    }

    /// Each owner has a key of its own, which seals a token every few minutes. So the 2³² messages up to which random
    /// nonces of 96 bits are safe (NIST SP 800-38D §8.3) are never come near, however large the fleet and however
    /// long it keeps its key.
    fn cipher(&self, owner: &[u8]) -> Result<RandomizedNonceKey, Fault> {
        let mut key = [0; KEY];
        expand(&self.0.root, &[b"seal", owner], &mut key);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| Fault::Sealing)
    }

    /// What has to be the same when it is read.
    fn context(&self, owner: &[u8]) -> Vec<u8> {
        let mut context = vec![VERSION];
        context.extend(self.0.id);
        context.extend(owner);
        context
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey([redacted])")
    }
}

/// Why something cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no envelope, or one of another version.
    Format,
    /// None of the keys sealed it.
    Key,
    /// It was changed, or belongs to something else.
    Damaged,
    /// What is in it is no token.
    Content,
    /// The cryptography does not work.
    Sealing,
}

impl Fault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Format => "it is nothing that this version of the library wrote",
            Self::Key => "it is encrypted with a key that is not in the list",
            Self::Damaged => "it does not decrypt: it was changed, or belongs under another name",
            Self::Content => "it holds no token",
            Self::Sealing => "encryption does not work on this machine",
        }
    }
}

/// The keys of a fleet: the first encrypts, all decrypt.
#[derive(Clone)]
pub(super) struct Keys(Arc<[EncryptionKey]>);

impl Keys {
    /// There has to be one.
    pub(super) fn new(keys: Vec<EncryptionKey>) -> Option<Self> {
        (!keys.is_empty()).then(|| Self(keys.into()))
    }

    pub(super) fn first(&self) -> &EncryptionKey {
        &self.0[0]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &EncryptionKey> {
        self.0.iter()
    }

    /// Decrypts what any of the keys sealed for `owner`.
    pub(super) fn open(&self, owner: &[u8], envelope: &[u8]) -> Result<Vec<u8>, Fault> {
        let (&version, rest) = envelope.split_first().ok_or(Fault::Format)?;
        if version != VERSION {
            return Err(Fault::Format);
        }
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Fault::Format)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Fault::Format)?;
        let key = self.0.iter().find(|key| key.0.id == *id);
        key.ok_or(Fault::Key)?.open(owner, *nonce, sealed)
    }
}

/// Fills `out` with what is derived from `root` for `purpose`.
fn expand(root: &Prk, purpose: &[&[u8]], out: &mut [u8]) {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let expanded = root.expand(purpose, Length(out.len()));
    // HKDF fails for more than 255 blocks alone, and these are at most one.
    if expanded.and_then(|okm| okm.fill(out)).is_err() {
        unreachable!("a block of HKDF is always to be had");
    }
}

#[cfg(test)]
mod tests;
