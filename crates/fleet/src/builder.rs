//! The settings of a shared Redis, and what can be wrong with them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::SecretString;
use auth0_core::time::{SharedClock, SharedSleeper, SystemTimer};

use super::address::Address;
use super::key::{EncryptionKey, Keys};
use super::link::Link;
use super::tls::Tls;
use super::{Inner, Redis, TIME_OUT};
use crate::error::Error;

/// The settings of a [`Redis`]; made by [`Redis::builder`].
#[derive(Clone)]
#[must_use]
pub struct RedisBuilder {
    url: SecretString,
    keys: Vec<EncryptionKey>,
    prefix: String,
    time_out: Duration,
    tls: Tls,
    clock: SharedClock,
    sleeper: SharedSleeper,
}

impl RedisBuilder {
    pub(super) fn new(url: SecretString) -> Self {
        Self {
            url,
            keys: Vec::new(),
            prefix: "auth0:".to_owned(),
            time_out: TIME_OUT,
            tls: Tls::default(),
            clock: Arc::new(SystemTimer),
            sleeper: Arc::new(SystemTimer),
        }
    }

    /// A key that tokens are encrypted with; required. The first that is given encrypts, and all decrypt, so a key is
    /// replaced in three steps, each of which reaches all processes before the next: the new one is given as the second;
    /// it is given as the first; the old one is left out. Saving a token removes what is there under the other keys.
    pub fn encryption_key(mut self, key: EncryptionKey) -> Self {
        self.keys.push(key);
        self
    }

    /// What all names in Redis begin with; `auth0:` unless said otherwise. A user of Redis who may not do everything needs
    /// `~auth0:*` of it.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to wait for an answer of Redis, connecting included, before going on without it; 250 ms unless said
    /// otherwise. After that it is not asked for a second, and up to 15 s as long as it fails.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// The certificates, in PEM, of the authorities that the server's certificate is trusted of, instead of those that the
    /// system trusts.
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.authorities = Some(pem.into());
        self
    }

    /// The certificate of this client with its private key, both in PEM and in one text. Redis asks for one unless it is
    /// told not to (`tls-auth-clients no`).
    pub fn identity(mut self, pem: impl Into<SecretString>) -> Self {
        self.tls.identity = Some(pem.into());
        self
    }

    /// Where the time comes from, instead of the system's clock.
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// What waits, instead of tokio's timer.
    pub fn sleeper(mut self, sleeper: SharedSleeper) -> Self {
        self.sleeper = sleeper;
        self
    }

    /// Checks the settings. Nothing is connected to.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) that names every setting that is missing or wrong. It does not
    /// repeat the URL, nor any part of it.
    pub fn build(self) -> Result<Redis, Error> {
        let mut faults = Vec::new();
        let mut note = |fault: String| faults.push(fault);
        let address = Address::parse(&self.url).map_err(&mut note).ok();
        let keys = Keys::new(self.keys);
        if keys.is_none() {
            note("encryption_key is missing".to_owned());
        }
        if self.time_out.is_zero() {
            note("time_out: expected more than 0 s, found 0 s".to_owned());
        }
        if self.prefix.contains(['{', '}']) {
            // Clusters would take what is in them for the name of the slot.
            note("prefix: expected a text without braces, found one".to_owned());
        }
        let mut tls = None;
        match &address {
            Some(address) if address.is_tls() => {
                tls = self.tls.connector().map_err(&mut note).ok();
            }
            Some(_) if self.tls.is_set() => {
                note("authorities or identity: expected rediss:// or valkeys://, found a URL without TLS".to_owned());
            }
            _ => {}
        }
        match (address, keys) {
            (Some(address), Some(keys)) if faults.is_empty() => Ok(Redis(Arc::new(Inner {
                link: Link::new(address, tls, self.time_out, self.clock, self.sleeper),
                keys,
                prefix: self.prefix,
            }))),
            _ => Err(Error::configuration(faults)),
        }
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("prefix", &self.prefix)
            .field("time_out", &self.time_out)
            .finish_non_exhaustive()
    }
}
