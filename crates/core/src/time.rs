//! Injected time: the library reads a [`Clock`] and waits on a [`Sleeper`], so that tests do not depend on real time.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::time::{Duration, SystemTime};
//!
//! use auth0_core::time::{Clock, Sleeper};
//! use auth0_core::{BoxFuture, Limiter, Limits, Rate};
//!
//! /// Time that advances by the duration of each sleep, without waiting.
//! #[derive(Debug, Clone, Default)]
//! struct FakeTime(Arc<Mutex<Duration>>);
//!
//! impl Clock for FakeTime {
//!     fn now(&self) -> SystemTime {
//!         SystemTime::UNIX_EPOCH + self.monotonic()
//!     }
//!
//!     fn monotonic(&self) -> Duration {
//!         *self.0.lock().unwrap()
//!     }
//! }
//!
//! impl Sleeper for FakeTime {
//!     fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
//!         let time = self.clone();
//!         Box::pin(async move { *time.0.lock().unwrap() += duration })
//!     }
//! }
//!
//! let time = FakeTime::default();
//! let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
//! let limiter = Limiter::with_timer(limits, Arc::new(time.clone()), Arc::new(time))?;
//! # let _ = limiter;
//! # Ok::<(), auth0_core::Error>(())
//! ```

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use crate::BoxFuture;

/// A source of the current time. See the [module documentation](self) for an example.
#[doc(alias = "mock")]
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;

    /// Returns the time since an arbitrary fixed moment. Unlike [`now`](Clock::now), it never goes back when the system
    /// clock is set, so it is used to measure intervals.
    fn monotonic(&self) -> Duration;
}

/// Waits for a duration. See the [module documentation](self) for an example.
#[doc(alias = "mock")]
pub trait Sleeper: Send + Sync + std::fmt::Debug + 'static {
    /// Returns a future that completes after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The system clock and tokio's timer, which are the defaults.
///
/// ```
/// use auth0_core::time::{Clock as _, SystemTimer};
///
/// let start = SystemTimer.monotonic();
/// assert!(SystemTimer.monotonic() >= start);
/// ```
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

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// A shared sleeper.
pub type SharedSleeper = Arc<dyn Sleeper>;
