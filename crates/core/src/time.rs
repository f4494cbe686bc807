//! Time, injected: policies read a [`Clock`] and wait on a [`Sleeper`], so that tests need no real time.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use crate::BoxFuture;

/// Where the current time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The current time.
    fn now(&self) -> SystemTime;

    /// How much time has passed since some fixed moment. Unlike [`now`](Clock::now) it never goes back when somebody
    /// sets the clock, so intervals are measured with it.
    fn monotonic(&self) -> Duration;
}

/// How to wait.
pub trait Sleeper: Send + Sync + std::fmt::Debug + 'static {
    /// A future that is ready once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The system's own clock and tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

impl Clock for SystemTimer {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the real clock is read"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the real clock is read"
    )]
    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

impl Sleeper for SystemTimer {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where real time passes"
    )]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that is shared.
pub type SharedClock = Arc<dyn Clock>;

/// A sleeper that is shared.
pub type SharedSleeper = Arc<dyn Sleeper>;
