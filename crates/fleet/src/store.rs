//! Encrypted tokens in Redis, replaced by one process at a time.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth0_auth::runtime;
use auth0_auth::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
use auth0_core::BoxFuture;
use redis::{Cmd, FromRedisValue as _, Value, from_redis_value};

use crate::encryption::EncryptionError;
use crate::failure::Failure;
use crate::handle::{Redis, eval};
use lease::Lease;
use token_state::{TokenState, TokenStates};

mod lease;
#[cfg(test)]
mod tests;
mod token_state;

const LOAD: &str = include_str!("scripts/load.lua");
const SAVE: &str = include_str!("scripts/save.lua");

/// How long a token without an expiry is kept. Token sources use such a token for minutes.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a removal is remembered, so that a process that fetched the token before does not store it again.
const REMOVAL_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Auth0 issues no access token with a longer lifetime.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const DEFAULT_LOCK_EXPIRY: Duration = Duration::from_secs(5);
const MIN_LOCK_EXPIRY: Duration = Duration::from_millis(100);
const MAX_LOCK_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);

/// A store of tokens that many processes share through Redis or Valkey. Clones are the same store.
///
/// - **Tokens are encrypted.** Without the [key](crate::EncryptionKey), the content of Redis reveals nothing. Each token is
///   encrypted with AES-256-GCM for its [`TokenKey`], so a value that is moved to another token does not decrypt. Names are
///   keyed hashes.
/// - **One process replaces a token**, and the others wait for it. This includes processes with different lists of
///   encryption keys that have one key in common. The lock is a lease that its holder renews; if the holder dies, another
///   process takes over when the lease expires. A holder that was suspended does not overwrite a newer token: each holder
///   has a fencing token, which is greater than all before and checked when it writes.
/// - **No call fails because Redis fails.** A client credentials source whose store fails fetches the token itself. Redis is
///   used again as soon as it recovers. Beginning and end of an outage are logged once each.
/// - **A value that cannot be read is treated as missing**, and logged.
///
/// A [`Session`](auth0_auth::Session) can be stored too. Its refresh token is in the store only, so an unavailable Redis is an
/// error there, and lost data is a lost login: configure Redis to write to disk.
///
/// ```
/// use std::time::Duration;
///
/// use auth0_auth::ClientCredentials;
/// use auth0_fleet::{Redis, RedisStore};
///
/// # fn example(redis: Redis) -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::new(&redis).lock_expiry(Duration::from_secs(10));
/// let token_source = ClientCredentials::from_env()?.store(store).build()?;
/// # let _ = token_source;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "valkey")]
#[doc(alias = "token cache")]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    redis: Redis,
    lock_expiry: Duration,
    states: Mutex<TokenStates>,
}

impl RedisStore {
    /// Creates a store in `redis`. Does not connect.
    pub fn new(redis: &Redis) -> Self {
        Self::with_lock_expiry(redis.clone(), DEFAULT_LOCK_EXPIRY)
    }

    /// Sets for how long the lock of a process that died blocks the others. The default is 5 s, the minimum 100 ms, the
    /// maximum one day. A running process renews its lock in time, however long it takes to fetch a token.
    #[must_use]
    pub fn lock_expiry(self, expiry: Duration) -> Self {
        Self::with_lock_expiry(
            self.0.redis.clone(),
            expiry.clamp(MIN_LOCK_EXPIRY, MAX_LOCK_EXPIRY),
        )
    }

    fn with_lock_expiry(redis: Redis, lock_expiry: Duration) -> Self {
        Self(Arc::new(Inner {
            redis,
            lock_expiry,
            states: Mutex::default(),
        }))
    }

    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let context = encryption_context(key)?;
        // While encryption keys are replaced, other processes may write under the name of another key.
        let names = self.names(&context);
        let mut command = eval(LOAD, names.len());
        for name in &names {
            command.arg(self.0.redis.key(name, "token"));
        }
        let Value::Array(values) = self.run(&command).await? else {
            return Err(unavailable(&Failure::unexpected_response()));
        };
        let mut newest: Option<(f64, StoredToken)> = None;
        for (name, value) in names.iter().zip(values) {
            if let Some((fencing_token, token)) = self.read_or_warn(name, &context, value)
                && newest
                    .as_ref()
                    .is_none_or(|(known, _)| *known < fencing_token)
            {
                newest = Some((fencing_token, token));
            }
        }
        Ok(newest.map(|(_, token)| token))
    }

    /// Reads the value stored under `name`. Warns once of a value that cannot be read, and treats it as missing.
    fn read_or_warn(&self, name: &str, context: &[u8], value: Value) -> Option<(f64, StoredToken)> {
        let state = self.state(name);
        match self.read(context, value) {
            Ok(found) => {
                state.is_unreadable_logged.store(false, Ordering::Relaxed);
                found
            }
            Err(error) => {
                if !state.is_unreadable_logged.swap(true, Ordering::Relaxed) {
                    let reason = error.message();
                    tracing::warn!(
                        name,
                        reason,
                        "a value in redis cannot be read, it is treated as missing"
                    );
                }
                None
            }
        }
    }

    /// Decodes a response of the load script: a token and the fencing token that it was written with.
    fn read(
        &self,
        context: &[u8],
        response: Value,
    ) -> Result<Option<(f64, StoredToken)>, EncryptionError> {
        if response == Value::Nil {
            return Ok(None);
        }
        let (fencing_token, envelope): (Vec<u8>, Vec<u8>) =
            from_redis_value(response).map_err(|_| EncryptionError::Format)?;
        let json = self.0.redis.encryption_keys().decrypt(context, &envelope)?;
        let token = serde_json::from_slice(&json).map_err(|_| EncryptionError::Content)?;
        let fencing_token = std::str::from_utf8(&fencing_token).ok();
        let fencing_token = fencing_token.and_then(|text| text.parse().ok());
        Ok(Some((fencing_token.unwrap_or(0.0), token)))
    }

    async fn save(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        let context = encryption_context(key)?;
        let json = serde_json::to_vec(token).map_err(|_| not_serializable())?;
        let encryption_key = self.0.redis.encryption_keys().first();
        let envelope = encryption_key
            .encrypt(&context, &json)
            .map_err(|error| StoreError::new(error.message()))?;
        let now = self.0.redis.connection().clock().now();
        let lifetime = match (&token.refresh_token, token.expires_at) {
            // A refresh token outlives the access token by an unknown time.
            (Some(_), _) => None,
            (None, None) => Some(DEFAULT_LIFETIME),
            (None, Some(at)) => Some(at.duration_since(now).unwrap_or_default()),
        };
        self.write(&context, &envelope, lifetime).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.write(&encryption_context(key)?, &[], None).await
    }

    /// Writes a value under the name of the first encryption key, or removes it if `value` is empty. Values under the names
    /// of the other keys are removed: a key that was replaced, perhaps because it leaked, must not decrypt anything.
    async fn write(
        &self,
        context: &[u8],
        value: &[u8],
        lifetime: Option<Duration>,
    ) -> Result<(), StoreError> {
        let names = self.names(context);
        let name = &*names[0];
        let fencing_token = self.state(name).fencing_token().clone();
        let mut command = eval(SAVE, 2 * names.len());
        for name in &names {
            command
                .arg(self.0.redis.key(name, "token"))
                .arg(self.0.redis.key(name, "fence"));
        }
        command
            .arg(fencing_token.unwrap_or_default())
            .arg(value)
            .arg(lifetime.map_or(0, |time| millis(time.min(MAX_LIFETIME))))
            .arg(millis(REMOVAL_LIFETIME));
        let response = self.run(&command).await?;
        if !bool::from_redis_value(response).unwrap_or(false) {
            // This process was suspended while it held the lock, and another one took over.
            tracing::debug!(
                name,
                "the stored token is newer and was kept, another process has replaced it"
            );
        }
        Ok(())
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreGuard, StoreError> {
        let names = self.names(&encryption_context(key)?);
        let state = self.state(&names[0]);
        let turn = state.turn.clone().lock_owned().await;
        // Under all names, so that processes with only one encryption key in common exclude each other.
        let keys = names.iter().map(|name| {
            let key = |part| self.0.redis.key(name, part);
            (key("lock"), key("fence"))
        });
        let connection = self.0.redis.connection();
        let lease = Lease::acquire(connection, keys.collect(), self.0.lock_expiry);
        let lease = lease.await?;
        *state.fencing_token() = Some(lease.fencing_token().to_owned());
        Ok(StoreGuard::new(HeldLock {
            state,
            lease: Some((lease, turn)),
        }))
    }

    async fn run(&self, command: &Cmd) -> Result<Value, StoreError> {
        self.0.redis.run(command).await.map_err(store_error)
    }

    /// The names of a token, one per encryption key: its keyed hashes. The first is that of the key that encrypts.
    fn names(&self, context: &[u8]) -> Vec<String> {
        let keys = self.0.redis.encryption_keys().iter();
        keys.map(|key| key.hash(&[b"token", context])).collect()
    }

    fn state(&self, name: &str) -> Arc<TokenState> {
        self.0
            .states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
    }
}

impl TokenStore for RedisStore {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        Box::pin(self.load(key))
    }

    /// Stores the token under `key`, unless a later holder of the lock has stored one.
    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.save(key, token))
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.remove(key))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        Box::pin(self.lock(key))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("redis", &self.0.redis)
            .field("lock_expiry", &self.0.lock_expiry)
            .finish_non_exhaustive()
    }
}

/// The lock of a token, within this process and in Redis.
struct HeldLock {
    state: Arc<TokenState>,
    lease: Option<(Lease, tokio::sync::OwnedMutexGuard<()>)>,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        *self.state.fencing_token() = None;
        if let Some((lease, turn)) = self.lease.take() {
            let release = runtime::spawn(async move {
                lease.release().await;
                // Only now can the next task of this process take the lock.
                drop(turn);
            });
            if let Ok(task) = release {
                task.detach();
            }
        }
    }
}

/// What a token is encrypted for: its whole key, in one canonical form.
fn encryption_context(key: &TokenKey) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(key).map_err(|_| not_serializable())
}

/// Whole milliseconds, at least 1: Redis rejects an expiry of 0.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn not_serializable() -> StoreError {
    StoreError::new("the token cannot be serialized as JSON")
}

/// The connection has logged the failure, once for all callers.
fn store_error(failure: Failure) -> StoreError {
    unavailable(&failure).already_logged()
}

fn unavailable(failure: &Failure) -> StoreError {
    StoreError::new(format!("redis is unavailable: {failure}"))
}
