//! Paused time, and helpers for the tests of the limiter.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::BoxFuture;
use crate::limit::{Class, Limiter, LimiterHandle, Limits, Observation, Permit, Rate};
use crate::time::{Clock, Sleeper};

pub(super) const HOST: &str = "acme.us.auth0.com";

/// tokio's paused time as a clock, with a wall clock that can be set.
#[derive(Debug)]
pub(super) struct TestTime {
    start: Instant,
    wall_at_start: Mutex<SystemTime>,
}

impl TestTime {
    pub(super) fn set_wall(&self, to: SystemTime) {
        *self.wall_at_start.lock().unwrap() = to - self.monotonic();
    }
}

impl Clock for TestTime {
    fn now(&self) -> SystemTime {
        *self.wall_at_start.lock().unwrap() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Sleeper for TestTime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until(Instant::now() + duration))
    }
}

pub(super) async fn advance(duration: Duration) {
    tokio::time::sleep_until(Instant::now() + duration).await;
}

/// Runs a test in paused time.
pub(super) fn paused<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test)
}

pub(super) fn limiter(limits: Limits) -> (Limiter, Arc<TestTime>) {
    let time = Arc::new(TestTime {
        start: Instant::now(),
        wall_at_start: Mutex::new(SystemTime::UNIX_EPOCH + ms(1_000_000_000)),
    });
    let limiter = Limiter::with_timer(limits, time.clone(), time.clone()).unwrap();
    (limiter, time)
}

/// One request per second and class with a burst of one, without headroom.
pub(super) fn slow() -> Limits {
    let rate = Rate::per_second(1);
    Limits::new(rate, rate).headroom(0.0)
}

/// Limits that no test reaches.
pub(super) fn fast() -> Limits {
    let rate = Rate::per_second(1_000_000);
    Limits::new(rate, rate).headroom(0.0)
}

pub(super) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) const fn s(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// A response without rate limit headers.
pub(super) fn response(class: Class) -> Observation {
    Observation {
        class,
        limited: false,
        global: false,
        limit: None,
        remaining: None,
        wait: None,
    }
}

pub(super) fn rate_limited(class: Class, wait: Option<Duration>) -> Observation {
    Observation {
        limited: true,
        wait,
        ..response(class)
    }
}

/// Acquires a permit without a maximum wait.
pub(super) async fn acquire(handle: &LimiterHandle, class: Class) -> Permit {
    handle.acquire(class, || Duration::MAX).await.unwrap()
}

/// Whether a request is granted now.
pub(super) fn is_granted(handle: &LimiterHandle, class: Class) -> bool {
    // Without tokio's cooperative yielding, which would look like waiting.
    let acquire = tokio::task::unconstrained(acquire(handle, class));
    poll(&mut pin!(acquire)).is_ready()
}

pub(super) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// How long a new caller waits.
pub(super) async fn wait_of(handle: &LimiterHandle, class: Class) -> Duration {
    let start = Instant::now();
    let _permit = acquire(handle, class).await;
    start.elapsed()
}

/// A caller in a separate task. Returns how long it waited.
pub(super) fn caller(
    handle: &LimiterHandle,
    class: Class,
) -> tokio::task::JoinHandle<(Duration, Permit)> {
    let handle = handle.clone();
    let start = Instant::now();
    tokio::spawn(async move {
        let permit = acquire(&handle, class).await;
        (start.elapsed(), permit)
    })
}

/// Lets all tasks run until they wait for time to pass.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
