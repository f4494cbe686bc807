//! The handle of a shared Redis or Valkey.

use std::fmt;
use std::sync::Arc;

use auth0_core::SecretString;
use redis::{Cmd, Value};

use crate::builder::RedisBuilder;
use crate::connection::SharedConnection;
use crate::encryption::KeyRing;
use crate::failure::Failure;

/// A Redis or Valkey server that many processes share, with the keys that encrypt their data in it.
///
/// A `Redis` is cheap to clone. Clones share one connection, which is opened by the first command.
///
/// ```
/// use auth0_auth::ClientCredentials;
/// use auth0_fleet::{EncryptionKey, Redis, RedisStore};
///
/// # fn example(url: String, key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Redis::builder(url)
///     .encryption_key(EncryptionKey::from_base64(&key)?)
///     .build()?;
/// let token_source = ClientCredentials::from_env()?
///     .store(RedisStore::new(&redis))
///     .build()?;
/// # let _ = token_source;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "valkey")]
pub struct Redis(Arc<Inner>);

struct Inner {
    connection: Arc<SharedConnection>,
    encryption_keys: KeyRing,
    prefix: String,
}

impl Redis {
    /// Creates a builder for the server at `url`, which is a secret: `rediss://user:password@host:port/database`.
    ///
    /// The schemes are `redis` and `valkey`, and with TLS `rediss` and `valkeys`.
    pub fn builder(url: impl Into<SecretString>) -> RedisBuilder {
        RedisBuilder::new(url.into())
    }

    pub(crate) fn new(
        connection: Arc<SharedConnection>,
        encryption_keys: KeyRing,
        prefix: String,
    ) -> Self {
        Self(Arc::new(Inner {
            connection,
            encryption_keys,
            prefix,
        }))
    }

    pub(crate) fn connection(&self) -> &Arc<SharedConnection> {
        &self.0.connection
    }

    pub(crate) fn encryption_keys(&self) -> &KeyRing {
        &self.0.encryption_keys
    }

    /// The Redis key of the part `part` of `name`. The braces are a hash tag: all parts of a name are in one slot of a
    /// cluster.
    pub(crate) fn key(&self, name: &str, part: &str) -> String {
        format!("{}{{{name}}}:{part}", self.0.prefix)
    }

    /// Runs a command. It may be sent twice.
    pub(crate) async fn run(&self, command: &Cmd) -> Result<Value, Failure> {
        self.0.connection.run(command).await
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

/// Starts a command that runs `script` with `key_count` Redis keys. The script is sent in full every time, so that it also
/// runs on a server that was restarted.
pub(crate) fn eval(script: &str, key_count: usize) -> Cmd {
    let mut command = Cmd::new();
    command.arg("EVAL").arg(script).arg(key_count);
    command
}
