//! Time that passes only when a test or a wait advances it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::BoxFuture;
use auth0_core::time::{Clock, SharedClock, SharedSleeper, Sleeper};

/// A clock that starts at 2026-01-01T00:00:00Z, and a sleeper that advances it by each wait without waiting. Clones share the time.
///
/// ```
/// use std::time::Duration;
///
/// use auth0_testing::FakeTime;
///
/// let time = FakeTime::default();
/// let before = time.clock().now();
/// time.advance(Duration::from_secs(3600));
/// assert_eq!(time.clock().now(), before + Duration::from_secs(3600));
/// // Nothing has waited yet.
/// assert_eq!(time.slept(), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Default)]
#[doc(alias = "paused time")]
pub struct FakeTime(Arc<Mutex<Passed>>);

#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    total: Duration,
    slept: Duration,
}

/// The start, as seconds since the Unix epoch.
const START: Duration = Duration::from_secs(1_767_225_600);

impl FakeTime {
    /// Returns the clock, for the `timer` of a client.
    pub fn clock(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    /// Returns the sleeper, for the `timer` of a client.
    pub fn sleeper(&self) -> SharedSleeper {
        Arc::new(self.clone())
    }

    /// Advances the clock.
    pub fn advance(&self, duration: Duration) {
        self.change(|passed| passed.total += duration);
    }

    /// Returns the sum of all waits.
    pub fn slept(&self) -> Duration {
        self.change(|passed| passed.slept)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Passed) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for FakeTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + START + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.change(|passed| passed.total)
    }
}

impl Sleeper for FakeTime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let time = self.clone();
        // A wait that is never polled, such as the limit of a call that ends first, takes no time.
        Box::pin(async move {
            time.change(|passed| {
                passed.total += duration;
                passed.slept += duration;
            });
        })
    }
}
