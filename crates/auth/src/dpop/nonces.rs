//! The DPoP nonces of servers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth0_core::proof::ServerRole;
use url::Url;

/// The last nonces of each origin. A program uses few origins with one key: a token endpoint and some APIs.
#[derive(Default)]
pub(super) struct Nonces(Mutex<HashMap<String, Known>>);

/// The last nonces of one origin.
#[derive(Default)]
struct Known {
    authorization_server: Option<Arc<str>>,
    resource_server: Option<Arc<str>>,
}

impl Known {
    /// Returns the nonce of the given role, followed by that of the other role.
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
    /// Returns the nonce for a request to `url`. Until the server sends one in this role, the nonce of the other role is
    /// tried.
    pub(super) fn of(&self, role: ServerRole, url: &Url) -> Option<Arc<str>> {
        let mut known = self.known();
        // Most servers send no nonce, and serializing the origin costs more than this check.
        if known.is_empty() {
            return None;
        }
        let [own, other] = known.get_mut(&origin(url))?.of(role);
        own.as_ref().or(other.as_ref()).cloned()
    }

    /// Stores the nonce of a response from `url`. It is used until the next one (RFC 9449 §8.2).
    pub(super) fn keep(&self, role: ServerRole, url: &Url, nonce: &str) {
        let mut known = self.known();
        let [own, _] = known.entry(origin(url)).or_default().of(role);
        // Many servers send the same nonce with each response.
        if own.as_deref() != Some(nonce) {
            *own = Some(nonce.into());
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        // No code that can panic in the middle of a change runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
