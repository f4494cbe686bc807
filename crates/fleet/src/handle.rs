//! One token and one rate budget for a fleet of processes, on Redis or Valkey. It is here with the feature `redis`.
//!
//! [`docs::fleet`](crate::docs::fleet) says when that pays, how it is set up and what happens in each failure.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::Cmd;

mod address;
mod budget;
mod builder;
mod key;
mod link;
mod store;
mod tls;
mod trouble;

pub use budget::RedisBudget;
pub use builder::RedisBuilder;
pub use key::EncryptionKey;
use key::Keys;
use link::Link;
pub use store::RedisStore;

/// How long a process waits for Redis unless told otherwise.
const TIME_OUT: Duration = Duration::from_millis(250);

/// A script with the number of names that it is given. Its text goes along every time, so that a Redis that was restarted
/// knows it.
fn script(text: &str, names: usize) -> Cmd {
    let mut command = Cmd::new();
    command.arg("EVAL").arg(text).arg(names);
    command
}

/// A Redis or Valkey that the processes of a fleet share, and the keys of what is theirs in it. Cheap to clone: clones
/// share one connection, which is made when it is first needed.
///
/// ```
/// use auth0_auth::ClientCredentials;
/// use auth0_auth::redis::{EncryptionKey, Redis, RedisStore};
///
/// # fn example(url: String, key: String) -> Result<(), auth0_auth::Error> {
/// let redis = Redis::builder(url)
///     .encryption_key(EncryptionKey::from_base64(&key)?)
///     .build()?;
/// let source = ClientCredentials::from_env()?
///     .store(RedisStore::new(&redis))
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Arc<Link>,
    keys: Keys,
    prefix: String,
}

impl Redis {
    /// Starts with the URL, which is a secret: `rediss://user:password@host:port/database`. The schemes are `redis`, with
    /// TLS `rediss`, and the same for Valkey: `valkey` and `valkeys`.
    pub fn builder(url: impl Into<auth0_core::SecretString>) -> RedisBuilder {
        RedisBuilder::new(url.into())
    }

    /// The name of a value in Redis. Its braces keep all that belongs together in one slot of a cluster.
    fn key(&self, name: &str, part: &str) -> String {
        format!("{}{{{name}}}:{part}", self.0.prefix)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}
