//! The JSON format of a token file.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::disk;
use crate::crypto::sha256;
use crate::store::{StoreError, StoredToken, TokenKey};

/// The version of the format.
const VERSION: u64 = 1;

/// The content of a token file. Unknown members are kept: a later version of this crate may have written them. The last digit
/// of a number that is not an integer may change, so no version should write such numbers.
#[derive(Deserialize, Serialize)]
pub(super) struct Document {
    version: u64,
    #[serde(default)]
    tokens: Vec<Entry>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A token and its key. Keys are compared as JSON values: a key with an additional, unknown member is a different key.
#[derive(Deserialize, Serialize)]
struct Entry {
    key: Value,
    token: Value,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            tokens: Vec::new(),
            rest: Map::new(),
        }
    }
}

impl Document {
    /// Reads the file. Returns an empty document if the file is missing or empty.
    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        match disk::read(path)? {
            Some(bytes) => Self::parse(path, &bytes),
            None => Ok(Self::default()),
        }
    }

    /// Parses the content. Errors name the position and what to do, but never quote the content, which may be a token.
    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, StoreError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let document: Self = serde_json::from_slice(bytes).map_err(|error| {
            StoreError::new(format!(
                "{}: expected a token file, found other or damaged content (line {}, column {}); it is not overwritten: \
                 remove it with `rm {}` if it is not needed",
                path.display(),
                error.line(),
                error.column(),
                disk::quoted(path)
            ))
        })?;
        if document.version != VERSION {
            return Err(StoreError::new(format!(
                "{}: expected a token file of version {VERSION}, found version {}; use another path, or the program that \
                 wrote it",
                path.display(),
                document.version
            )));
        }
        Ok(document)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec_pretty(self).map_err(|_| unfit())
    }

    /// Returns the token under a key.
    pub(super) fn token(
        &self,
        path: &Path,
        key: &TokenKey,
    ) -> Result<Option<StoredToken>, StoreError> {
        let key = value(key)?;
        let Some(entry) = self.tokens.iter().find(|entry| entry.key == key) else {
            return Ok(None);
        };
        let token = StoredToken::deserialize(&entry.token).map_err(|_| {
            StoreError::new(format!(
                "{}: expected a token for {key}, found damaged content; the next token replaces it",
                path.display()
            ))
        });
        token.map(Some)
    }

    pub(super) fn put(&mut self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        let (key, token) = (value(key)?, value(token)?);
        match self.tokens.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.token = token,
            None => self.tokens.push(Entry {
                key,
                token,
                rest: Map::new(),
            }),
        }
        Ok(())
    }

    /// Removes a token. Returns whether there was one.
    pub(super) fn remove(&mut self, key: &TokenKey) -> Result<bool, StoreError> {
        let key = value(key)?;
        let before = self.tokens.len();
        self.tokens.retain(|entry| entry.key != key);
        Ok(self.tokens.len() != before)
    }
}

/// Returns a short digest of a key, for a file name.
pub(super) fn digest(key: &TokenKey) -> Result<String, StoreError> {
    let text = serde_json::to_vec(key).map_err(|_| unfit())?;
    // 96 bits are enough to distinguish the keys of one file.
    Ok(URL_SAFE_NO_PAD.encode(&sha256(&text)[..12]))
}

fn value(of: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(of).map_err(|_| unfit())
}

fn unfit() -> StoreError {
    StoreError::new("serializing the token to JSON failed")
}

/// Parses the bytes as a token file, changes it and parses the result.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(bytes: &[u8]) {
    let path = Path::new("tokens.json");
    let key = TokenKey::default();
    let Ok(mut document) = Document::parse(path, bytes) else {
        return;
    };
    let others = document.tokens.len();
    let found = document
        .token(path, &key)
        .is_ok_and(|token| token.is_some());
    let token = StoredToken::new("token", std::time::UNIX_EPOCH);
    let read_again = document
        .put(&key, &token)
        .and_then(|()| Document::parse(path, &document.to_bytes()?));
    let Ok(again) = read_again else {
        panic!("the written document cannot be parsed");
    };
    let stored = again.token(path, &key).ok().flatten();
    assert!(stored.is_some_and(|stored| stored.access_token.secret() == "token"));
    assert!(again.tokens.len() >= others && (found || again.tokens.len() <= others + 1));
    // Values may differ in the last digit: serde_json rounds numbers that are not integers.
    assert!(again.rest.keys().eq(document.rest.keys()));
}
