//! The token bucket, which is governor's. What it lacks is a look that takes nothing.

use std::cell::Cell;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

/// One bucket. It reads no clock: whoever asks says what time it is, so that several buckets are asked for the same
/// moment.
pub(super) struct Bucket(RateLimiter<Intent, Store, Reading, NoOpMiddleware<Nanos>>);

impl Bucket {
    /// A full bucket.
    pub(super) fn new(quota: Quota) -> Self {
        Self(RateLimiter::new(
            quota,
            Store::default(),
            Reading::default(),
        ))
    }

    /// How long until there is a cell to take: zero where there is one.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.ask(Intent::Look, now)
    }

    /// Takes a cell, if there is one.
    pub(super) fn take(&self, now: Duration) {
        self.ask(Intent::Take, now);
    }

    fn ask(&self, intent: Intent, now: Duration) -> Duration {
        let now = nanos(now);
        self.0.clock().0.set(now);
        match self.0.check_key(&intent) {
            Ok(()) => Duration::ZERO,
            Err(not_until) => not_until.wait_time_from(now),
        }
    }
}

/// What a caller wants of the bucket. It takes the place of governor's key, which is handed on to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Intent {
    Look,
    Take,
}

/// Keeps what governor has to remember of a bucket, and forgets what came of a look.
#[derive(Default)]
struct Store(Cell<Option<Nanos>>);

impl StateStore for Store {
    type Key = Intent;

    fn measure_and_replace<T, F, E>(&self, intent: &Intent, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, next) = f(self.0.get())?;
        if *intent == Intent::Take {
            self.0.set(Some(next));
        }
        Ok(outcome)
    }
}

/// The moment that the bucket is asked for.
#[derive(Default)]
struct Reading(Cell<Nanos>);

impl Clock for Reading {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// governor adds to the time without looking, so a clock that tells an absurd one stops half-way, after 292 years.
fn nanos(time: Duration) -> Nanos {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    nanos.min(u64::MAX / 2).into()
}
