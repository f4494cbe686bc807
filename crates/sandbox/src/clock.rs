//! The sandbox's time: the machine's, moved as tests need it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// The last moment of the year 9999, in milliseconds since 1970.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// A clock that can be moved. All that the sandbox does by time it does by this one.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// How far the clock has been moved on, in milliseconds.
    advanced: AtomicU64,
    /// How far it is off, in milliseconds. Unlike `advanced` it can be set back, so intervals leave it aside.
    offset: AtomicI64,
}

impl Clock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one clock of this crate; tests move it"
    )]
    pub(crate) fn new(offset: TimeDelta) -> Self {
        Self {
            started: Instant::now(),
            advanced: AtomicU64::new(0),
            offset: AtomicI64::new(offset.num_milliseconds()),
        }
    }

    /// The time of day in whole milliseconds, as the API shows times: a filter that was copied from an answer means
    /// just the entry that it came from. However far the clock is moved, it stays between the years 1970 and 9999:
    /// headers and tokens have no other dates.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let advanced = i64::try_from(self.advanced.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let offset = self.offset.load(Ordering::Relaxed);
        let moved = advanced
            .saturating_add(offset)
            .saturating_add(Utc::now().timestamp_millis());
        at(moved)
    }

    /// The time in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().timestamp()
    }

    /// The time since the sandbox was started, which never goes back.
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

/// The time so many seconds after `now`, or the last that there is.
pub(crate) fn after(now: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    let wait = i64::try_from(seconds).unwrap_or(i64::MAX);
    let wait = wait.saturating_mul(1000);
    at(now.timestamp_millis().saturating_add(wait))
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis.clamp(0, MAX_MILLIS)).unwrap_or_default()
}
