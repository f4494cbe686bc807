//! The nonces that servers gave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

/// The last nonce of each origin. There are as many origins as a program talks to with one key: a token endpoint and
/// some APIs.
#[derive(Default)]
pub(super) struct Nonces(Mutex<HashMap<String, Arc<str>>>);

impl Nonces {
    /// The nonce for a request to `url`.
    pub(super) fn of(&self, url: &Url) -> Option<Arc<str>> {
        let known = self.known();
        // Most servers give none, and a text of the origin costs more than a look.
        if known.is_empty() {
            return None;
        }
        known.get(&origin(url)).cloned()
    }

    /// The server of `url` gave this nonce: it is used until the next one (RFC 9449 §8.2).
    pub(super) fn keep(&self, url: &Url, nonce: &str) {
        let mut known = self.known();
        let origin = origin(url);
        // Many servers repeat theirs with each answer.
        if known.get(&origin).is_none_or(|last| **last != *nonce) {
            known.insert(origin, nonce.into());
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<str>>> {
        // Nothing that can panic half-way through a change runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
