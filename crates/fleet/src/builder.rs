//! The settings of a shared Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::SecretString;
use auth0_core::time::{SharedClock, SharedSleeper, SystemTimer};

use crate::connection::SharedConnection;
use crate::encryption::{EncryptionKey, KeyRing};
use crate::endpoint::Endpoint;
use crate::error::ConfigurationError;
use crate::handle::Redis;
use crate::tls::TlsSettings;

const DEFAULT_TIMEOUT: Duration = Duration::from_millis(250);

/// A builder of a [`Redis`], created by [`Redis::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use auth0_fleet::{ConfigurationError, EncryptionKey, Redis};
///
/// # fn example(url: String, key: String, authority: Vec<u8>) -> Result<(), ConfigurationError> {
/// let redis = Redis::builder(url)
///     .encryption_key(EncryptionKey::from_base64(&key)?)
///     .prefix("acme-auth0:")
///     .timeout(Duration::from_millis(100))
///     .root_certificates(authority)
///     .build()?;
/// # let _ = redis;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "valkey")]
#[must_use]
pub struct RedisBuilder {
    url: SecretString,
    encryption_keys: Vec<EncryptionKey>,
    prefix: String,
    timeout: Duration,
    tls: TlsSettings,
    clock: SharedClock,
    sleeper: SharedSleeper,
}

impl RedisBuilder {
    pub(crate) fn new(url: SecretString) -> Self {
        Self {
            url,
            encryption_keys: Vec::new(),
            prefix: "auth0:".to_owned(),
            timeout: DEFAULT_TIMEOUT,
            tls: TlsSettings::default(),
            clock: Arc::new(SystemTimer),
            sleeper: Arc::new(SystemTimer),
        }
    }

    /// Adds a key that encrypts tokens. At least one is required.
    ///
    /// The first key encrypts, and all keys decrypt. To replace a key, deploy each of these steps to all processes before
    /// the next: add the new key as the second; swap the two; remove the old key. Saving a token removes its copies that
    /// were encrypted with another key.
    #[doc(alias = "key rotation")]
    pub fn encryption_key(mut self, key: EncryptionKey) -> Self {
        self.encryption_keys.push(key);
        self
    }

    /// Sets the prefix of all keys in Redis. The default is `auth0:`, so that a user with restricted access needs the key
    /// pattern `~auth0:*`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long to wait for a response from Redis, including the time to connect. The default is 250 ms.
    ///
    /// After a failure no command is sent for 1 s. The pause doubles up to 15 s while commands keep failing.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the root certificates, in PEM, that the server's certificate is verified with, instead of those that the system
    /// trusts.
    #[doc(alias = "certificate authority")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.root_certificates = Some(pem.into());
        self
    }

    /// Sets the client certificate and its private key, both in one PEM text. Redis requires a client certificate unless it is
    /// configured with `tls-auth-clients no`.
    #[doc(alias = "client certificate")]
    #[doc(alias = "mTLS")]
    pub fn identity(mut self, pem: impl Into<SecretString>) -> Self {
        self.tls.identity = Some(pem.into());
        self
    }

    /// Injects the clock. The default is the clock of the system.
    #[doc(alias = "mock")]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Injects the sleeper. The default is tokio's timer.
    pub fn sleeper(mut self, sleeper: SharedSleeper) -> Self {
        self.sleeper = sleeper;
        self
    }

    /// Validates the settings and builds the [`Redis`]. Does not connect.
    ///
    /// # Errors
    ///
    /// Returns an error that names every setting that is missing or invalid. It does not contain the URL or a part of it.
    pub fn build(self) -> Result<Redis, ConfigurationError> {
        let mut problems = Vec::new();
        let mut report = |problem: String| problems.push(problem);
        let endpoint = Endpoint::parse(&self.url).map_err(&mut report).ok();
        let encryption_keys = KeyRing::new(self.encryption_keys);
        if encryption_keys.is_none() {
            report("encryption_key is missing".to_owned());
        }
        if self.timeout.is_zero() {
            report("timeout: expected more than 0 s, found 0 s".to_owned());
        }
        if self.prefix.contains(['{', '}']) {
            // A cluster would take the text within them for the hash tag.
            report("prefix: expected text without braces, found a brace".to_owned());
        }
        let mut tls = None;
        match &endpoint {
            Some(endpoint) if endpoint.is_tls() => {
                tls = self.tls.connector().map_err(&mut report).ok();
            }
            Some(_) if self.tls.is_set() => {
                report(
                    "root_certificates or identity: expected rediss:// or valkeys://, found a URL without TLS"
                        .to_owned(),
                );
            }
            _ => {}
        }
        match (endpoint, encryption_keys) {
            (Some(endpoint), Some(encryption_keys)) if problems.is_empty() => {
                let connection =
                    SharedConnection::new(endpoint, tls, self.timeout, self.clock, self.sleeper);
                Ok(Redis::new(connection, encryption_keys, self.prefix))
            }
            _ => Err(ConfigurationError::new(problems)),
        }
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
