//! The share that a source has in a store: a token that others may have fetched, and that others may use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::time::{SharedClock, SharedSleeper};
use auth0_core::{AccessToken, Scopes};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::{Either, select};

use super::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
use crate::answer::{Grant, binding, fits_header};
use crate::cache::{Need, Timing};
use crate::dpop::DpopKey;
use crate::error::Error;

/// How long to wait for somebody else to replace the token. Whoever takes longer has stopped or hangs, and a second token
/// costs less than a program that stands still.
const MAX_LOCK_WAIT: Duration = Duration::from_secs(30);

/// The same where the cached token is still valid. The refresh is tried again later, and finds what the other one brought.
const MAX_IDLE_WAIT: Duration = Duration::from_secs(2);

/// A token that was asked for later than now comes from a clock that is wrong, but clocks differ a little.
const SKEW: Duration = Duration::from_secs(60);

/// How many refused tokens are known. One is what there is as a rule; a store that cannot be written keeps giving back
/// the same.
const MAX_REFUSED: usize = 16;

/// A token in a store, as one source sees it.
///
/// The store never decides whether there is a token: where it fails, the token is fetched as if there were none.
pub(crate) struct Share {
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    /// The key that tokens are asked for with. One that is bound to another is of no use here.
    dpop: Option<DpopKey>,
    clock: SharedClock,
    sleeper: SharedSleeper,
    timing: Timing,
    /// The digests of tokens that an API refused.
    refused: Mutex<Vec<[u8; 32]>>,
    trouble: Mutex<Trouble>,
}

/// How the store does.
#[derive(Default)]
struct Trouble {
    /// What it failed with first in the last request that it failed in, until there is one that it did not fail in.
    failure: Option<StoreError>,
    /// Whether it failed in the request under way.
    is_new: bool,
}

/// A stored token that is still valid, and whether it is time to replace it.
pub(crate) struct Found {
    pub(crate) grant: Grant,
    is_due: bool,
}

impl Found {
    pub(crate) fn suits(&self, need: Need) -> bool {
        need == Need::Valid || !self.is_due
    }
}

impl Share {
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
            refused: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// The token in the store if it suits `need`, or the one that `fetch` brings. It has to run to its end: a future that
    /// is dropped can lose a token that was paid for.
    pub(crate) async fn token(
        &self,
        need: Need,
        fetch: impl Future<Output = Result<Grant, Error>> + Send,
    ) -> Result<Grant, Error> {
        let result = match self.find().await {
            Some(found) if found.suits(need) => Ok(found.grant),
            _ => self.replace(need, fetch).await,
        };
        self.settle();
        result
    }

    /// An API refused a token: it is not taken from the store again.
    pub(crate) fn refuse(&self, token: &AccessToken) {
        let digest = of(token.secret());
        let mut refused = self.refused();
        if !refused.contains(&digest) {
            if refused.len() == MAX_REFUSED {
                refused.remove(0);
            }
            refused.push(digest);
        }
    }

    /// What the store failed with, if it did not do all that it was asked for the last time.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.trouble().failure.clone()
    }

    async fn replace(
        &self,
        need: Need,
        fetch: impl Future<Output = Result<Grant, Error>> + Send,
    ) -> Result<Grant, Error> {
        let locked = self.lock(need).await;
        // Whoever had the lock before may have brought what is needed.
        let found = match self.find().await {
            Some(found) if found.suits(need) => return Ok(found.grant),
            found => found,
        };
        let _guard = match locked {
            Ok(guard) => guard,
            // The cached token still serves, and the other process will bring another.
            Err(late) if found.is_some() => return Err(late.into()),
            Err(late) => self.note(Err(late)),
        };
        let asked_at = self.clock.now();
        let mut grant = fetch.await?;
        grant.obtained_at = Some(asked_at);
        let stored = StoredToken::of(&grant, asked_at);
        let saved = self.store.save(&self.key, &stored).await;
        self.note(saved);
        Ok(grant)
    }

    /// The right to replace the token; none where the store fails. It is an error that somebody else has it for too long.
    async fn lock(&self, need: Need) -> Result<Option<StoreGuard>, StoreError> {
        let lock = self.store.lock(&self.key);
        let late = self.sleeper.sleep(match need {
            Need::Fresh => MAX_IDLE_WAIT,
            Need::Valid => MAX_LOCK_WAIT,
        });
        match select(lock, late).await {
            Either::Left((locked, _)) => Ok(self.note(locked)),
            Either::Right(_) => Err(StoreError::new(
                "another process takes too long to replace the token",
            )),
        }
    }

    /// What the store has, if it is worth anything.
    async fn find(&self) -> Option<Found> {
        let loaded = self.store.load(&self.key).await;
        let stored = self.note(loaded)??;
        if self.refused().contains(&of(stored.access_token.secret())) {
            return None;
        }
        stored.found(self.dpop.as_ref(), &self.timing, self.clock.now())
    }

    /// Takes note of how the store did. A failure is warned of once, until the store works again.
    fn note<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut trouble = self.trouble();
        if trouble.failure.is_none() && !error.is_told {
            let cause = std::error::Error::source(&error).map(tracing::field::display);
            tracing::warn!(%error, cause, "the token store fails, tokens are fetched without it");
        }
        if !trouble.is_new {
            *trouble = Trouble {
                failure: Some(error),
                is_new: true,
            };
        }
        None
    }

    /// Takes note of the end of a request.
    fn settle(&self) {
        let mut trouble = self.trouble();
        if !std::mem::take(&mut trouble.is_new) {
            trouble.failure = None;
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Vec<[u8; 32]>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredToken {
    fn of(grant: &Grant, obtained_at: SystemTime) -> Self {
        let mut stored = Self::new(grant.token.clone(), obtained_at);
        // A lifetime beyond what the clock can hold is as good as none.
        let lifetime = grant.lifetime;
        stored.expires_at = lifetime.and_then(|lifetime| obtained_at.checked_add(lifetime));
        if grant.key.is_some() {
            stored.token_type = "DPoP".to_owned();
        }
        stored.scope = grant.scopes.as_ref().map(ToString::to_string);
        stored
    }

    /// What the token is worth at `now` to a source that asks for tokens bound to `dpop`, if it is worth anything.
    pub(crate) fn found(
        self,
        dpop: Option<&DpopKey>,
        timing: &Timing,
        now: SystemTime,
    ) -> Option<Found> {
        let bound_to = binding(&self.token_type, dpop)?;
        if !fits_header(&self.access_token) || self.obtained_at > now + SKEW {
            return None;
        }
        let lifetime = match self.expires_at {
            Some(at) => Some(at.duration_since(self.obtained_at).ok()?),
            None => None,
        };
        // The earliest time that the lot can give: whoever comes to replace the token would find it due.
        let (due_at, ends_at) = timing.times(self.obtained_at, lifetime, 1.0);
        (now < ends_at).then(|| Found {
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

fn of(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}
