//! A token bucket based on governor, which has no check that takes no token.

use std::cell::Cell;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

/// A token bucket. Callers pass the time, so that several buckets are checked at the same instant.
pub(super) struct Bucket(RateLimiter<Access, Store, FixedClock, NoOpMiddleware<Nanos>>);

impl Bucket {
    /// Creates a full bucket.
    pub(super) fn new(quota: Quota) -> Self {
        Self(RateLimiter::new(
            quota,
            Store::default(),
            FixedClock::default(),
        ))
    }

    /// Returns how long until a token is available: zero if one is.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.check(Access::Peek, now)
    }

    /// Takes a token if one is available.
    pub(super) fn take(&self, now: Duration) {
        self.check(Access::Take, now);
    }

    fn check(&self, access: Access, now: Duration) -> Duration {
        let now = nanos(now);
        self.0.clock().0.set(now);
        match self.0.check_key(&access) {
            Ok(()) => Duration::ZERO,
            Err(not_until) => not_until.wait_time_from(now),
        }
    }
}

/// Whether a check takes a token. It is passed as governor's key, which reaches the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Access {
    Peek,
    Take,
}

/// The state of the bucket, which a peek does not change.
#[derive(Default)]
struct Store(Cell<Option<Nanos>>);

impl StateStore for Store {
    type Key = Access;

    fn measure_and_replace<T, F, E>(&self, access: &Access, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, next) = f(self.0.get())?;
        if *access == Access::Take {
            self.0.set(Some(next));
        }
        Ok(outcome)
    }
}

/// A clock that returns the time of the current check.
#[derive(Default)]
struct FixedClock(Cell<Nanos>);

impl Clock for FixedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// The time in nanoseconds, at most 292 years: governor's additions overflow beyond.
fn nanos(time: Duration) -> Nanos {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    nanos.min(u64::MAX / 2).into()
}
