//! Where callers of one class wait, for one host or one organization: a gate that lets them through in order, and what
//! stands behind it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::bucket::Bucket;
use super::budget::{PermitPool, Supply};
use super::class::{Class, PerClass};
use super::rate::Allowance;
use super::snapshot::{ClassSnapshot, ReportedLimit};
use crate::time::Clock;

/// The queues of a host, or of one organization there.
pub(super) struct Scope {
    /// Absent where it is the host's, or that of the callers who act for no organization.
    pub(super) organization: Option<Arc<str>>,
    queues: PerClass<Queue>,
    /// Both classes wait in the queue of the reads.
    shared: bool,
}

impl Scope {
    pub(super) fn new(organization: Option<Arc<str>>, allowances: PerClass<Allowance>) -> Self {
        Self {
            organization,
            queues: allowances.map(Queue::new),
            shared: false,
        }
    }

    /// Lets both classes wait in one queue.
    pub(super) fn sharing(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    pub(super) fn queue(&self, class: Class) -> &Queue {
        match self.shared {
            true => &self.queues.read,
            false => self.queues.of(class),
        }
    }

    /// Whether both classes wait in one queue.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether a new scope would behave the same.
    pub(super) fn is_as_new(&self, now: Duration) -> bool {
        let as_new = |class: Class| self.queue(class).state().is_as_new(now);
        Class::ALL.into_iter().all(as_new)
    }
}

/// The callers of one class.
pub(super) struct Queue {
    /// Held by the caller whose turn it is. tokio's mutex is fair, and whoever gives up leaves the queue.
    pub(super) gate: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    state: Mutex<State>,
    /// Wakes all who wait when a pause begins or gets longer: it may last longer than they may wait.
    pub(super) paused: Notify,
}

/// What stands behind the gate. Times are those of [`Clock::monotonic`].
pub(super) struct State {
    /// Absent where there is no rate to keep.
    bucket: Option<Bucket>,
    /// What there is of a budget that is shared with other processes. Absent where none is.
    pub(super) permit_pool: Option<Box<PermitPool>>,
    paused_until: Duration,
    /// When the bucket is full again if nobody takes of it.
    full_at: Duration,
    refill: Duration,
    granted: u64,
    total_wait: Duration,
    longest_wait: Duration,
    said: Option<ReportedQuota>,
}

/// What the server said last.
#[derive(Clone, Copy)]
pub(super) struct ReportedQuota {
    pub(super) limit: Option<u64>,
    pub(super) remaining: Option<u64>,
    /// When it allows more.
    pub(super) reset: Option<Duration>,
}

impl Queue {
    fn new(allowance: Allowance) -> Self {
        let refill = [allowance.whole, allowance.alone].into_iter().flatten();
        let refill = refill.map(|quota| quota.burst_size_replenished_in()).max();
        Self {
            gate: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
            state: Mutex::new(State {
                bucket: allowance.whole.map(Bucket::new),
                permit_pool: PermitPool::of(&allowance),
                paused_until: Duration::ZERO,
                full_at: Duration::ZERO,
                refill: refill.unwrap_or_default(),
                granted: 0,
                total_wait: Duration::ZERO,
                longest_wait: Duration::ZERO,
                said: None,
            }),
            paused: Notify::new(),
        }
    }

    /// How many callers wait now.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts a caller as waiting until the value is dropped.
    pub(super) fn enter(&self) -> Entered<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Entered(self)
    }

    /// Lets nothing out for `pause`, and wakes those who wait; whether it was not paused already.
    pub(super) fn pause(&self, now: Duration, pause: Duration) -> bool {
        let begins = self.state().pause(now, pause);
        self.paused.notify_waiters();
        begins
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic half-way through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self, clock: &dyn Clock) -> ClassSnapshot {
        let (wall, now) = (clock.now(), clock.monotonic());
        let on_wall = |at: Duration| match at.checked_sub(now) {
            Some(ahead) => wall.checked_add(ahead),
            None => wall.checked_sub(now - at),
        };
        let state = self.state();
        ClassSnapshot {
            waiting: self.waiting(),
            granted: state.granted,
            total_wait: state.total_wait,
            longest_wait: state.longest_wait,
            paused_until: on_wall(state.paused_until).filter(|_| now < state.paused_until),
            reported: state.said.map(|said| ReportedLimit {
                limit: said.limit,
                remaining: said.remaining,
                reset: said.reset.and_then(on_wall),
            }),
        }
    }
}

/// A caller who is waiting.
pub(super) struct Entered<'q>(&'q Queue);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    /// How long until the next request may go out: zero where it may. `is_alone` where it goes out without a permit of a
    /// shared budget.
    pub(super) fn wait(&self, now: Duration, is_alone: bool) -> Duration {
        let bucket = self.bucket.as_ref();
        let permit_pool = self.permit_pool.as_ref().filter(|_| is_alone);
        bucket
            .map_or(Duration::ZERO, |bucket| bucket.wait(now))
            .max(permit_pool.map_or(Duration::ZERO, |permit_pool| permit_pool.wait_alone(now)))
            .max(self.pause_left(now))
    }

    /// How long the server pauses requests from now on.
    pub(super) fn pause_left(&self, now: Duration) -> Duration {
        self.paused_until.saturating_sub(now)
    }

    /// How long requests go out without a permit of a shared budget, because it cannot be asked.
    pub(super) fn alone_for(&self, now: Duration) -> Duration {
        let permit_pool = self.permit_pool.as_ref();
        permit_pool.map_or(Duration::ZERO, |permit_pool| permit_pool.alone_for(now))
    }

    /// What there is of a shared budget; a permit where none is shared.
    pub(super) fn supply(&mut self, now: Duration) -> Supply {
        let permit_pool = self.permit_pool.as_mut();
        permit_pool.map_or(Supply::Permit, |permit_pool| permit_pool.supply(now))
    }

    /// Lets a request out. There has to be no wait.
    pub(super) fn grant(&mut self, now: Duration, waited: Duration, is_alone: bool) {
        if let Some(permit_pool) = &mut self.permit_pool {
            permit_pool.take(now, is_alone);
            self.full_at = now.saturating_add(self.refill);
        }
        if let Some(bucket) = &self.bucket {
            bucket.take(now);
            self.full_at = now.saturating_add(self.refill);
        }
        self.granted += 1;
        self.total_wait = self.total_wait.saturating_add(waited);
        self.longest_wait = self.longest_wait.max(waited);
    }

    /// Lets nothing out for `pause`; whether it was not so already. What was said before is kept where it is longer.
    fn pause(&mut self, now: Duration, pause: Duration) -> bool {
        let begins = self.paused_until <= now && !pause.is_zero();
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        begins
    }

    pub(super) fn note(&mut self, said: ReportedQuota) {
        self.said = Some(said);
    }

    fn is_as_new(&self, now: Duration) -> bool {
        self.full_at <= now && self.paused_until <= now
    }
}
