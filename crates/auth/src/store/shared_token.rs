//! A token that a source shares with other processes through a store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::time::{SharedClock, SharedSleeper};
use auth0_core::{AccessToken, Scopes};
use futures_util::future::{Either, select};

use super::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
use crate::cache::{Need, Timing};
use crate::crypto::sha256;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::token_response::{Grant, binding, fits_header};

/// How long to wait for the lock without a valid token. A process that holds it longer is suspended or hangs, and a second
/// token costs less than a blocked program.
const MAX_LOCK_WAIT: Duration = Duration::from_secs(30);

/// How long to wait for the lock while the cached token is valid. The refresh is retried later and then loads the new token.
const MAX_REFRESH_LOCK_WAIT: Duration = Duration::from_secs(2);

/// The accepted clock skew. A token that was requested further in the future comes from a wrong clock.
const SKEW: Duration = Duration::from_secs(60);

/// How many rejected tokens are remembered. One is typical; a store that cannot be written keeps returning the same
/// token.
const MAX_REJECTED: usize = 16;

/// A token in a store, from the view of one source.
///
/// If the store fails, the token is fetched as if there were no store.
pub(crate) struct SharedToken {
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    /// The key that tokens are requested with. Tokens bound to another key are not usable.
    dpop: Option<DpopKey>,
    clock: SharedClock,
    sleeper: SharedSleeper,
    timing: Timing,
    /// The digests of tokens that an API rejected.
    rejected: Mutex<Vec<[u8; 32]>>,
    failures: Mutex<FailureState>,
}

/// The failures of the store.
#[derive(Default)]
struct FailureState {
    /// The first failure of the last request in which the store failed. Cleared by a request without a failure.
    failure: Option<StoreError>,
    /// Whether the store failed in the current request.
    is_new: bool,
}

/// A stored token that is still valid.
pub(crate) struct UsableToken {
    pub(crate) grant: Grant,
    is_due: bool,
}

impl UsableToken {
    pub(crate) fn satisfies(&self, need: Need) -> bool {
        need == Need::Valid || !self.is_due
    }
}

impl SharedToken {
    pub(crate) fn new(
        store: Arc<dyn TokenStore>,
        key: TokenKey,
        dpop: Option<DpopKey>,
        clock: SharedClock,
        sleeper: SharedSleeper,
        timing: Timing,
    ) -> Self {
        Self {
            store,
            key,
            dpop,
            clock,
            sleeper,
            timing,
            rejected: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// Returns the token in the store if it satisfies `need`, and otherwise the token that `fetch` returns. The future must run to
    /// completion: dropping it can lose a token that was paid for.
    pub(crate) async fn token(
        &self,
        need: Need,
        fetch: impl Future<Output = Result<Grant, Error>> + Send,
    ) -> Result<Grant, Error> {
        let result = match self.load_usable().await {
            Some(found) if found.satisfies(need) => Ok(found.grant),
            _ => self.replace(need, fetch).await,
        };
        self.end_request();
        result
    }

    /// Records that an API rejected a token, so that it is not loaded from the store again.
    pub(crate) fn reject(&self, token: &AccessToken) {
        let digest = sha256(token.secret().as_bytes());
        let mut rejected = self.rejected();
        if !rejected.contains(&digest) {
            if rejected.len() == MAX_REJECTED {
                rejected.remove(0);
            }
            rejected.push(digest);
        }
    }

    /// Returns the failure of the last request, or `None` if the store worked.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.failures().failure.clone()
    }

    async fn replace(
        &self,
        need: Need,
        fetch: impl Future<Output = Result<Grant, Error>> + Send,
    ) -> Result<Grant, Error> {
        let locked = self.lock(need).await;
        // The previous holder of the lock may have saved a token.
        let found = match self.load_usable().await {
            Some(found) if found.satisfies(need) => return Ok(found.grant),
            found => found,
        };
        let _guard = match locked {
            Ok(guard) => guard,
            // The cached token is still valid, and the other process will save a new one.
            Err(late) if found.is_some() => return Err(late.into()),
            Err(late) => self.record(Err(late)),
        };
        let requested_at = self.clock.now();
        let mut grant = fetch.await?;
        grant.obtained_at = Some(requested_at);
        let stored = StoredToken::of(&grant, requested_at);
        let saved = self.store.save(&self.key, &stored).await;
        self.record(saved);
        Ok(grant)
    }

    /// Locks the token for a refresh. Returns `Ok(None)` if the store fails, and an error if another process holds the lock for
    /// too long.
    async fn lock(&self, need: Need) -> Result<Option<StoreGuard>, StoreError> {
        let lock = self.store.lock(&self.key);
        let late = self.sleeper.sleep(match need {
            Need::Fresh => MAX_REFRESH_LOCK_WAIT,
            Need::Valid => MAX_LOCK_WAIT,
        });
        match select(lock, late).await {
            Either::Left((locked, _)) => Ok(self.record(locked)),
            Either::Right(_) => Err(StoreError::new(
                "waiting for another process to refresh the token timed out",
            )),
        }
    }

    /// Returns the stored token if it is usable.
    async fn load_usable(&self) -> Option<UsableToken> {
        let loaded = self.store.load(&self.key).await;
        let stored = self.record(loaded)??;
        if self
            .rejected()
            .contains(&sha256(stored.access_token.secret().as_bytes()))
        {
            return None;
        }
        stored.into_usable(self.dpop.as_ref(), &self.timing, self.clock.now())
    }

    /// Records a failure of the store. It is logged once, until the store works again.
    fn record<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut failures = self.failures();
        if failures.failure.is_none() && !error.is_told {
            let cause = std::error::Error::source(&error).map(tracing::field::display);
            tracing::warn!(%error, cause, "the token store failed, tokens are fetched without it");
        }
        if !failures.is_new {
            *failures = FailureState {
                failure: Some(error),
                is_new: true,
            };
        }
        None
    }

    /// Records the end of a request.
    fn end_request(&self) {
        let mut failures = self.failures();
        if !std::mem::take(&mut failures.is_new) {
            failures.failure = None;
        }
    }

    fn failures(&self) -> MutexGuard<'_, FailureState> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rejected(&self) -> MutexGuard<'_, Vec<[u8; 32]>> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredToken {
    fn of(grant: &Grant, obtained_at: SystemTime) -> Self {
        let mut stored = Self::new(grant.token.clone(), obtained_at);
        // A lifetime beyond the range of the clock is treated as missing.
        let lifetime = grant.lifetime;
        stored.expires_at = lifetime.and_then(|lifetime| obtained_at.checked_add(lifetime));
        if grant.key.is_some() {
            stored.token_type = "DPoP".to_owned();
        }
        stored.scope = grant.scopes.as_ref().map(ToString::to_string);
        stored
    }

    /// Returns the token with its times if it is usable at `now` by a source that requests tokens bound to `dpop`.
    pub(crate) fn into_usable(
        self,
        dpop: Option<&DpopKey>,
        timing: &Timing,
        now: SystemTime,
    ) -> Option<UsableToken> {
        let bound_to = binding(&self.token_type, dpop)?;
        if !fits_header(&self.access_token) || self.obtained_at > now + SKEW {
            return None;
        }
        let lifetime = match self.expires_at {
            Some(at) => Some(at.duration_since(self.obtained_at).ok()?),
            None => None,
        };
        // With maximum jitter, the refresh time is the earliest one: a process that comes to refresh the token finds it due.
        let (due_at, ends_at) = timing.times(self.obtained_at, lifetime, 1.0);
        (now < ends_at).then(|| UsableToken {
            is_due: due_at <= now,
            grant: Grant {
                token: self.access_token,
                lifetime,
                scopes: self.scope.as_deref().map(Scopes::parse),
                obtained_at: Some(self.obtained_at),
                key: bound_to,
            },
        })
    }
}
