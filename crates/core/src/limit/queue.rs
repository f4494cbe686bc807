//! The queue of one class, for one host or one organization: a fair gate, and the state that it protects.

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
    /// `None` for the host itself and for callers that act for no organization.
    pub(super) organization: Option<Arc<str>>,
    queues: PerClass<Queue>,
    /// Both classes use the queue of the reads.
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

    /// Makes both classes share one queue.
    pub(super) fn with_shared_queue(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    pub(super) fn queue(&self, class: Class) -> &Queue {
        match self.shared {
            true => &self.queues.read,
            false => self.queues.of(class),
        }
    }

    /// Whether both classes share one queue.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether a new scope would behave the same, so that this one can be removed.
    pub(super) fn is_unused(&self, now: Duration) -> bool {
        let is_unused = |class: Class| self.queue(class).state().is_unused(now);
        Class::ALL.into_iter().all(is_unused)
    }
}

/// The queue of the callers of one class.
pub(super) struct Queue {
    /// Held by the first caller. tokio's mutex is fair, and a cancelled caller leaves its queue.
    pub(super) gate: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    state: Mutex<State>,
    /// Wakes all waiting callers when a pause begins or is extended, because it may exceed what they may wait.
    pub(super) paused: Notify,
}

/// The state behind the gate. Times are those of [`Clock::monotonic`].
pub(super) struct State {
    /// `None` without a limit.
    bucket: Option<Bucket>,
    /// The permits from a budget that is shared with other processes. `None` without one.
    pub(super) permit_pool: Option<Box<PermitPool>>,
    paused_until: Duration,
    /// When the bucket is full again if no more tokens are taken.
    full_at: Duration,
    refill: Duration,
    granted: u64,
    total_wait: Duration,
    longest_wait: Duration,
    reported: Option<ReportedQuota>,
}

/// The quota that the server reported last.
#[derive(Clone, Copy)]
pub(super) struct ReportedQuota {
    pub(super) limit: Option<u64>,
    pub(super) remaining: Option<u64>,
    /// When the server allows more requests.
    pub(super) reset: Option<Duration>,
}

impl Queue {
    fn new(allowance: Allowance) -> Self {
        let refill = [allowance.whole, allowance.local].into_iter().flatten();
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
                reported: None,
            }),
            paused: Notify::new(),
        }
    }

    /// The number of waiting callers.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts a caller as waiting until the value is dropped.
    pub(super) fn enter(&self) -> WaitingGuard<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        WaitingGuard(self)
    }

    /// Pauses the queue and wakes its callers. Returns whether it was not paused before.
    pub(super) fn pause(&self, now: Duration, pause: Duration) -> bool {
        let begins = self.state().pause(now, pause);
        self.paused.notify_waiters();
        begins
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic in the middle of a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self, clock: &dyn Clock) -> ClassSnapshot {
        let (wall, now) = (clock.now(), clock.monotonic());
        let to_system_time = |at: Duration| match at.checked_sub(now) {
            Some(ahead) => wall.checked_add(ahead),
            None => wall.checked_sub(now - at),
        };
        let state = self.state();
        ClassSnapshot {
            waiting: self.waiting(),
            granted: state.granted,
            total_wait: state.total_wait,
            longest_wait: state.longest_wait,
            paused_until: to_system_time(state.paused_until).filter(|_| now < state.paused_until),
            reported: state.reported.map(|reported| ReportedLimit {
                limit: reported.limit,
                remaining: reported.remaining,
                reset: reported.reset.and_then(to_system_time),
            }),
        }
    }
}

/// Counts a caller as waiting until it is dropped.
pub(super) struct WaitingGuard<'q>(&'q Queue);

impl Drop for WaitingGuard<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    /// Returns how long until the next request may be sent: zero if it may now. `is_local` if it needs no permit from a
    /// shared budget.
    pub(super) fn wait(&self, now: Duration, is_local: bool) -> Duration {
        let bucket = self.bucket.as_ref();
        let permit_pool = self.permit_pool.as_ref().filter(|_| is_local);
        bucket
            .map_or(Duration::ZERO, |bucket| bucket.wait(now))
            .max(permit_pool.map_or(Duration::ZERO, |permit_pool| permit_pool.local_wait(now)))
            .max(self.pause_left(now))
    }

    /// Returns the remaining time of the pause.
    pub(super) fn pause_left(&self, now: Duration) -> Duration {
        self.paused_until.saturating_sub(now)
    }

    /// Returns how long requests are sent without a permit because the shared budget is unavailable.
    pub(super) fn local_for(&self, now: Duration) -> Duration {
        let permit_pool = self.permit_pool.as_ref();
        permit_pool.map_or(Duration::ZERO, |permit_pool| permit_pool.local_for(now))
    }

    /// Returns whether a permit is available; always, without a shared budget.
    pub(super) fn supply(&mut self, now: Duration) -> Supply {
        let permit_pool = self.permit_pool.as_mut();
        permit_pool.map_or(Supply::Permit, |permit_pool| permit_pool.supply(now))
    }

    /// Records that a request is sent. Must not be called while there is a wait.
    pub(super) fn grant(&mut self, now: Duration, waited: Duration, is_local: bool) {
        if let Some(permit_pool) = &mut self.permit_pool {
            permit_pool.take(now, is_local);
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

    /// Pauses for `pause`, and never shortens an earlier pause. Returns whether there was none before.
    fn pause(&mut self, now: Duration, pause: Duration) -> bool {
        let begins = self.paused_until <= now && !pause.is_zero();
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        begins
    }

    pub(super) fn set_reported(&mut self, reported: ReportedQuota) {
        self.reported = Some(reported);
    }

    fn is_unused(&self, now: Duration) -> bool {
        self.full_at <= now && self.paused_until <= now
    }
}
