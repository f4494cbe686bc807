//! The clock of the sandbox.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// End of the year 9999, in milliseconds since the Unix epoch.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// A clock that can be moved. All time-dependent behaviour of the sandbox uses it.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// How far the clock was advanced, in milliseconds.
    advanced: AtomicU64,
    /// Offset from the system clock, in milliseconds. It can decrease, so the monotonic time ignores it.
    offset: AtomicI64,
}

impl Clock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the only clock of this crate; tests can move it"
    )]
    pub(crate) fn new(offset: TimeDelta) -> Self {
        Self {
            started: Instant::now(),
            advanced: AtomicU64::new(0),
            offset: AtomicI64::new(offset.num_milliseconds()),
        }
    }

    /// The current time in whole milliseconds, the precision of the APIs: a time copied from a response into a filter
    /// matches exactly that entry. Clamped to the years 1970 to 9999, which headers and tokens can represent.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let advanced = i64::try_from(self.advanced.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let offset = self.offset.load(Ordering::Relaxed);
        let moved = advanced
            .saturating_add(offset)
            .saturating_add(Utc::now().timestamp_millis());
        at(moved)
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().timestamp()
    }

    /// Time since the start of the sandbox. Never decreases.
    pub(crate) fn monotonic(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.advanced.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let add = |advanced: u64| Some(advanced.saturating_add(by));
        let _ = self
            .advanced
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    pub(crate) fn set_offset(&self, offset: TimeDelta) {
        self.offset
            .store(offset.num_milliseconds(), Ordering::Relaxed);
    }
}

/// The time `seconds` after `now`, clamped to the end of the year 9999.
pub(crate) fn after(now: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    let wait = i64::try_from(seconds).unwrap_or(i64::MAX);
    let wait = wait.saturating_mul(1000);
    at(now.timestamp_millis().saturating_add(wait))
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis.clamp(0, MAX_MILLIS)).unwrap_or_default()
}
