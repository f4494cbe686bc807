//! Tokens in Redis, encrypted, and replaced by one process at a time.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::{Cmd, FromRedisValue as _, Value, from_redis_value};
use auth0_core::BoxFuture;

use super::key::Fault;
use super::trouble::Trouble;
use super::{Redis, script};
use crate::background;
use crate::store::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
use entries::{Entries, Entry};
use lock::Lease;

mod entries;
mod lock;
#[cfg(test)]
mod tests;

const LOAD: &str = include_str!("scripts/load.lua");
const SAVE: &str = include_str!("scripts/save.lua");

/// How long a token is kept that does not say when it ends. Sources use such a token for minutes.
const UNSAID_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long it is known that a token was removed, so that nobody who began before puts it back.
const REMOVAL: Duration = Duration::from_secs(60 * 60);

/// Auth0 grants no access token for longer.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const LOCK_EXPIRY: Duration = Duration::from_secs(5);
const MIN_LOCK_EXPIRY: Duration = Duration::from_millis(100);
const MAX_LOCK_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);

/// Tokens that the processes of a fleet share through Redis or Valkey. Clones are the same store.
///
/// - **It is encrypted.** What is in Redis tells nobody without the [key](super::EncryptionKey) anything: tokens are sealed
///   with AES-256-GCM, each under the whole of its [`TokenKey`], so one that is moved to another place does not open there;
///   names are keyed hashes.
/// - **One process replaces a token**, the others wait for what it brings. That includes processes whose lists of
///   encryption keys differ, as long as they have one key in common. The lock is renewed as long as its holder lives.
///   If it dies, another takes over when the lock expires. One that was stopped and wakes up late does not overwrite
///   what was written after it: each holder has a number larger than all before, which is checked when it writes.
/// - **No call fails for Redis.** A client-credentials source whose store fails fetches its token itself. Redis is asked
///   again by itself; that it went away and that it came back is logged once each.
/// - **What cannot be read is as good as absent**, and is logged.
///
/// A [`Session`](crate::Session) can be kept here as well; its refresh token is in the store alone, so there a Redis that
/// fails is an error, and one that forgets is a login that is lost. For sessions it should write to its disk.
#[derive(Clone)]
pub struct RedisStore(Arc<Shared>);

struct Shared {
    redis: Redis,
    lock_expiry: Duration,
    entries: Mutex<Entries>,
}

impl RedisStore {
    /// A store in `redis`. Nothing is connected to.
    pub fn new(redis: &Redis) -> Self {
        Self::of(redis.clone(), LOCK_EXPIRY)
    }

    /// How long the lock of a process that died is in the way of the others; 5 s unless said otherwise, and no less than
    /// 100 ms and no more than a day. One that lives renews its lock in time, however long it takes to get a token.
    #[must_use]
    pub fn lock_expiry(self, expiry: Duration) -> Self {
        Self::of(
            self.0.redis.clone(),
            expiry.clamp(MIN_LOCK_EXPIRY, MAX_LOCK_EXPIRY),
        )
    }

    fn of(redis: Redis, lock_expiry: Duration) -> Self {
        Self(Arc::new(Shared {
            redis,
            lock_expiry,
            entries: Mutex::default(),
        }))
    }

    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let owner = owner(key)?;
        // While keys are being replaced, others of the fleet may write under the names that another key gives.
        let names = self.names(&owner);
        let mut command = script(LOAD, names.len());
        for name in &names {
            command.arg(self.0.redis.key(name, "token"));
        }
        let Value::Array(values) = self.ask(&command).await? else {
            return Err(unexpected());
        };
        let mut newest: Option<(f64, StoredToken)> = None;
        for (name, value) in names.iter().zip(values) {
            if let Some((fence, token)) = self.read_under(name, &owner, value)
                && newest.as_ref().is_none_or(|(known, _)| *known < fence)
            {
                newest = Some((fence, token));
            }
        }
        Ok(newest.map(|(_, token)| token))
    }

    /// The token in a value under `name`, and its fencing token. A value that cannot be read is warned of once.
    fn read_under(&self, name: &str, owner: &[u8], value: Value) -> Option<(f64, StoredToken)> {
        let entry = self.entry(name);
        match self.read(owner, value) {
            Ok(found) => {
                entry.is_told.store(false, Ordering::Relaxed);
                found
            }
            Err(fault) => {
                if !entry.is_told.swap(true, Ordering::Relaxed) {
                    let why = fault.text();
                    tracing::warn!(
                        name,
                        why,
                        "a value in redis cannot be read, it is taken for absent"
                    );
                }
                None
            }
        }
    }

    fn read(&self, owner: &[u8], answer: Value) -> Result<Option<(f64, StoredToken)>, Fault> {
        if answer == Value::Nil {
            return Ok(None);
        }
        let (fence, value): (Vec<u8>, Vec<u8>) =
            from_redis_value(answer).map_err(|_| Fault::Format)?;
        let text = self.0.redis.0.keys.open(owner, &value)?;
        let token = serde_json::from_slice(&text).map_err(|_| Fault::Content)?;
        let fence = std::str::from_utf8(&fence).ok();
        let fence = fence.and_then(|fence| fence.parse().ok()).unwrap_or(0.0);
        Ok(Some((fence, token)))
    }

    async fn save(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        let owner = owner(key)?;
        let text = serde_json::to_vec(token).map_err(|_| unfit())?;
        let sealed = self.0.redis.0.keys.first().seal(&owner, &text);
        let sealed = sealed.map_err(|fault| StoreError::new(fault.text()))?;
        let now = self.0.redis.0.link.clock().now();
        let lifetime = match (&token.refresh_token, token.expires_at) {
            // It outlives the access token, and nobody says for how long.
            (Some(_), _) => None,
            (None, None) => Some(UNSAID_LIFETIME),
            (None, Some(at)) => Some(at.duration_since(now).unwrap_or_default()),
        };
        self.write(&owner, &sealed, lifetime).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.write(&owner(key)?, &[], None).await
    }

    /// Writes a value under the name that the first key gives, or none if it is empty, and removes what is under the names
    /// that the other keys give: a key that was replaced, perhaps because it leaked, must decrypt nothing.
    async fn write(
        &self,
        owner: &[u8],
        value: &[u8],
        lifetime: Option<Duration>,
    ) -> Result<(), StoreError> {
        let names = self.names(owner);
        let name = &*names[0];
        let fence = self.entry(name).fence().clone().unwrap_or_default();
        let mut command = script(SAVE, 2 * names.len());
        for name in &names {
            command
                .arg(self.0.redis.key(name, "token"))
                .arg(self.0.redis.key(name, "fence"));
        }
        command
            .arg(fence)
            .arg(value)
            .arg(lifetime.map_or(0, |time| millis(time.min(MAX_LIFETIME))))
            .arg(millis(REMOVAL));
        let answer = self.ask(&command).await?;
        if !bool::from_redis_value(answer).unwrap_or(false) {
            // Whoever wrote had the lock after this process, which must have been stopped for a while.
            tracing::debug!(
                name,
                "another process replaced the token meanwhile, its own stays"
            );
        }
        Ok(())
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreGuard, StoreError> {
        let names = self.names(&owner(key)?);
        let entry = self.entry(&names[0]);
        let turn = entry.turn.clone().lock_owned().await;
        // Under all names, so that processes exclude each other that have only one key in common.
        let keys = names.iter().map(|name| {
            let key = |part| self.0.redis.key(name, part);
            (key("lock"), key("fence"))
        });
        let lease = Lease::acquire(&self.0.redis.0.link, keys.collect(), self.0.lock_expiry);
        let lease = lease.await.map_err(error)?;
        *entry.fence() = Some(lease.fence().to_owned());
        Ok(StoreGuard::new(Held {
            entry,
            lease: Some((lease, turn)),
        }))
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, StoreError> {
        self.0.redis.0.link.ask(command).await.map_err(error)
    }

    /// The names of a token: that of the key that encrypts, and those that the other keys give.
    fn names(&self, owner: &[u8]) -> Vec<String> {
        let keys = self.0.redis.0.keys.iter();
        keys.map(|key| key.name(&[b"token", owner])).collect()
    }

    fn entry(&self, name: &str) -> Arc<Entry> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of(name)
    }
}

impl TokenStore for RedisStore {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        Box::pin(self.load(key))
    }

    /// Puts the token under `key`, unless somebody who had the lock later has put one there: that one stays.
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

/// The lock of a token, here and in Redis.
struct Held {
    entry: Arc<Entry>,
    lease: Option<(Lease, tokio::sync::OwnedMutexGuard<()>)>,
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.entry.fence() = None;
        if let Some((lease, turn)) = self.lease.take() {
            background::detach(async move {
                lease.release().await;
                // The next of this process asks when there is something to be had.
                drop(turn);
            });
        }
    }
}

/// All that tells a token from others, in the one form that everybody writes.
fn owner(key: &TokenKey) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(key).map_err(|_| unfit())
}

/// Redis takes no expiry of zero.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn unfit() -> StoreError {
    StoreError::new("the token does not fit into JSON")
}

fn unexpected() -> StoreError {
    StoreError::new("redis cannot be used: it answers in another way than Redis does")
}

/// The link has told it already, once for all who hear of it.
fn error(trouble: Trouble) -> StoreError {
    StoreError::new(format!("redis cannot be used: {trouble}")).told()
}
