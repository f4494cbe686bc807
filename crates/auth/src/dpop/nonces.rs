//! The nonces that servers gave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth0_core::proof::ServerRole;
use url::Url;

/// The last nonces of each origin. There are as many origins as a program talks to with one key: a token endpoint and
/// some APIs.
#[derive(Default)]
pub(super) struct Nonces(Mutex<HashMap<String, Known>>);

/// The last nonces of an origin.
#[derive(Default)]
struct Known {
    authorization_server: Option<Arc<str>>,
    resource_server: Option<Arc<str>>,
}

impl Known {
    /// The nonce of the server in this role, and that of the other.
    fn of(&mut self, role: ServerRole) -> [&mut Option<Arc<str>>; 2] {
        match role {
            ServerRole::AuthorizationServer => {
                [&mut self.authorization_server, &mut self.resource_server]
            }
            ServerRole::ResourceServer => {
                [&mut self.resource_server, &mut self.authorization_server]
            }
        }
    }
}

impl Nonces {
    /// The nonce for a request to `url`. Where the server in this role has given none yet, the one in the other role may
    /// be the same.
    pub(super) fn of(&self, role: ServerRole, url: &Url) -> Option<Arc<str>> {
        let mut known = self.known();
        // Most servers give none, and a text of the origin costs more than a look.
        if known.is_empty() {
            return None;
        }
        let [own, other] = known.get_mut(&origin(url))?.of(role);
        own.as_ref().or(other.as_ref()).cloned()
    }

    /// The server of `url` gave this nonce: it is used until the next one (RFC 9449 §8.2).
    pub(super) fn keep(&self, role: ServerRole, url: &Url, nonce: &str) {
        let mut known = self.known();
        let [own, _] = known.entry(origin(url)).or_default().of(role);
        // Many servers repeat theirs with each answer.
        if own.as_deref() != Some(nonce) {
            *own = Some(nonce.into());
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        // Nothing that can panic half-way through a change runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
