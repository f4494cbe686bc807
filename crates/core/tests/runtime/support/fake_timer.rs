//! A fake timer: time advances only by sleeping, and without waiting.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::BoxFuture;
use auth0_core::codegen::TransportBuilder;
use auth0_core::time::{Clock, Sleeper};

/// Sun, 06 Nov 1994 08:49:37 GMT, when the fake clock starts.
pub(crate) const START: u64 = 784_111_777;

/// A clock, and a sleeper that advances it.
#[derive(Clone, Default)]
pub(crate) struct FakeTimer(Arc<State>);

#[derive(Default)]
struct State {
    passed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
    stuck: AtomicBool,
    /// Held by every wait that never ends.
    waiting: Arc<()>,
    at_first_wait: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl FakeTimer {
    /// A timer whose waits never end.
    pub(crate) fn stuck() -> Self {
        let timer = Self::default();
        timer.0.stuck.store(true, Ordering::SeqCst);
        timer
    }

    /// Runs `what` during the first wait.
    pub(crate) fn at_first_wait(&self, what: impl FnOnce() + Send + 'static) {
        *self.0.at_first_wait.lock().unwrap() = Some(Box::new(what));
    }

    /// All waits, in the order in which they began.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.0.slept.lock().unwrap().clone()
    }

    /// The number of waits that never end.
    pub(crate) fn waiting(&self) -> usize {
        Arc::strong_count(&self.0.waiting) - 1
    }

    /// Advances the clock.
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.passed.lock().unwrap() += by;
    }

    /// Sets this timer on a client.
    pub(crate) fn under(&self, builder: TransportBuilder) -> TransportBuilder {
        builder.timer(Arc::new(self.clone()), Arc::new(self.clone()))
    }
}

impl fmt::Debug for FakeTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeTimer")
    }
}

impl Clock for FakeTimer {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(START) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.passed.lock().unwrap()
    }
}

impl Sleeper for FakeTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let timer = self.clone();
        // A future that is never polled does not count as a wait.
        Box::pin(async move {
            timer.0.slept.lock().unwrap().push(duration);
            if let Some(what) = timer.0.at_first_wait.lock().unwrap().take() {
                what();
            }
            if timer.0.stuck.load(Ordering::SeqCst) {
                let _waiting = Arc::clone(&timer.0.waiting);
                std::future::pending::<()>().await;
            }
            timer.advance(duration);
        })
    }
}
