//! A budget that several processes draw on, asked for permits ahead.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use governor::Quota;

use super::bucket::Bucket;
use super::rate::Allowance;
use crate::BoxFuture;

/// How long a permit is good for, from the moment that it is given for. What is used later could come on top of what
/// others use then, so the burst is smaller by as much.
const MAX_PATIENCE: Duration = Duration::from_millis(100);
const MIN_PATIENCE: Duration = Duration::from_millis(20);

/// How long a process goes on by itself before it asks a budget again that did not answer. The budget has to know by
/// itself that it is away, so that it costs nothing to be asked.
const ALONE: Duration = Duration::from_millis(100);

/// The same for a budget whose permits are too old when they arrive.
const ALONE_FOR_LATENESS: Duration = Duration::from_secs(1);

/// A budget that has nothing is not asked before.
const MIN_PAUSE: Duration = Duration::from_millis(1);

/// The most permits that are asked for at once.
const MAX_PERMITS: u32 = 1_000;

/// A rate budget that the limiters of several processes draw on together, so that what they send in all stays within the
/// limits that each of them knows. `auth0-fleet` has one on Redis.
///
/// It gives permits ahead: those of a time that begins now and is a moment long. So it is not asked for every request.
pub trait SharedBudget: Send + Sync + fmt::Debug + 'static {
    /// Takes permits, of all buckets at once; nothing if the budget cannot be asked, which it says without making anybody
    /// wait for long, and at once as long as it goes on.
    fn draw<'a>(&'a self, draw: &'a Draw) -> BoxFuture<'a, Option<Drawn>>;
}

/// What is asked of a [`SharedBudget`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Draw {
    /// The buckets that each permit takes of: that of a host, and that of an organization there if it has one.
    pub buckets: Vec<SharedBucket>,
    /// How many permits are wanted, at least 1.
    pub permits: u32,
    /// Permits that can be used only later than this from now are not wanted.
    pub horizon: Duration,
}

/// A bucket of a [`SharedBudget`]. `Debug` leaves out the organization.
#[derive(Clone)]
#[non_exhaustive]
pub struct SharedBucket {
    /// The host, as it stands in URLs.
    pub host: Arc<str>,
    /// The organization there, or nothing for the whole host.
    pub organization: Option<Arc<str>>,
    /// `read` or `write`, or `all` where both count together.
    pub class: &'static str,
    /// In what time one permit comes back.
    pub interval: Duration,
    /// How many permits there are at once, at least 1.
    pub burst: u32,
    /// How many requests went out without a permit since the budget was asked last. They count as if they went out now.
    pub spent: u32,
}

impl fmt::Debug for SharedBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBucket")
            .field("host", &self.host)
            .field("class", &self.class)
            .field("interval", &self.interval)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

/// What a [`SharedBudget`] gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// For each permit, how long from now it can be used, in ascending order.
    pub waits: Vec<Duration>,
    /// If there is none: how long from now the first could be used.
    pub next: Duration,
}

/// What the callers of a queue have of a shared budget. Times are those of [`Clock::monotonic`](crate::time::Clock).
pub(super) struct PermitPool {
    /// What this process may use by itself, where there is a limit.
    alone: Option<Bucket>,
    interval: Duration,
    burst: u32,
    /// Requests that went out without a permit and that the budget does not know of.
    spent: u32,
    /// Permits that were not used yet, in the order of their times. Those of a host are with its groups.
    permits: VecDeque<Times>,
    /// How many there were in the last draw, and how many of them were used.
    drawn: u32,
    used: u32,
    /// There are none before.
    closed_until: Duration,
    /// The budget is not asked before.
    alone_until: Duration,
}

/// When a permit can be used.
struct Times {
    from: Duration,
    until: Duration,
}

/// What stands before a caller.
pub(super) enum Supply {
    /// There is a permit.
    Permit,
    /// There is one in a while.
    Wait(Duration),
    /// The budget has to be asked.
    Ask,
}

impl PermitPool {
    /// Nothing where no budget is shared.
    pub(super) fn of(allowance: &Allowance) -> Option<Box<Self>> {
        allowance.is_shared.then(|| {
            let whole = allowance.whole.as_ref();
            Box::new(Self {
                alone: allowance.alone.map(Bucket::new),
                interval: whole.map_or(Duration::ZERO, Quota::replenish_interval),
                burst: whole.map_or(0, |quota| quota.burst_size().get()),
                spent: 0,
                permits: VecDeque::new(),
                drawn: 0,
                used: 0,
                closed_until: Duration::ZERO,
                alone_until: Duration::ZERO,
            })
        })
    }

    /// How long the process goes on by itself.
    pub(super) fn alone_for(&self, now: Duration) -> Duration {
        self.alone_until.saturating_sub(now)
    }

    /// How long until the process may send another request by itself.
    pub(super) fn wait_alone(&self, now: Duration) -> Duration {
        let alone = self.alone.as_ref();
        alone.map_or(Duration::ZERO, |bucket| bucket.wait(now))
    }

    pub(super) fn supply(&mut self, now: Duration) -> Supply {
        while self.permits.front().is_some_and(|times| times.until <= now) {
            self.permits.pop_front();
        }
        match self.permits.front() {
            Some(times) if times.from <= now => Supply::Permit,
            Some(times) => Supply::Wait(times.from - now),
            None if now < self.closed_until => Supply::Wait(self.closed_until - now),
            None => Supply::Ask,
        }
    }

    /// Takes note of a request that goes out.
    pub(super) fn take(&mut self, now: Duration, is_alone: bool) {
        // Also with a permit, so that whoever has used more than its share begins with none when the budget is gone.
        if let Some(bucket) = &self.alone {
            bucket.take(now);
        }
        if is_alone {
            self.spent = self.spent.saturating_add(1);
        } else if self.permits.pop_front().is_some() {
            self.used += 1;
        }
    }

    /// How many permits to ask for: as many as there are callers, or as it seems will come until the permits are old.
    pub(super) fn wanted(&self, waiting: usize, free: usize) -> u32 {
        let likely = match self.used == self.drawn {
            true => self.drawn + 1,
            false => self.used,
        };
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        // More could not go out anyway.
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        waiting.max(likely).min(free).clamp(1, MAX_PERMITS)
    }

    /// How long its permits are good for; nothing where there is no limit.
    pub(super) fn patience(&self) -> Option<Duration> {
        let full = self.interval.checked_mul(self.burst)?;
        (self.burst > 0).then(|| (full / 2).clamp(MIN_PATIENCE, MAX_PATIENCE))
    }

    /// The bucket that the budget is asked for; none where there is no limit.
    pub(super) fn bucket(
        &self,
        host: &Arc<str>,
        organization: Option<&Arc<str>>,
        class: &'static str,
        patience: Duration,
    ) -> Option<SharedBucket> {
        let late = patience
            .as_nanos()
            .div_ceil(self.interval.as_nanos().max(1));
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        (self.burst > 0).then(|| SharedBucket {
            host: host.clone(),
            organization: organization.cloned(),
            class,
            interval: self.interval,
            burst: self.burst.saturating_sub(late).max(1),
            spent: self.spent,
        })
    }

    /// Takes note of what the budget was told.
    pub(super) fn told(&mut self, spent: u32) {
        self.spent = self.spent.saturating_sub(spent);
    }

    /// Takes what the budget gave, which was asked at `asked_at`.
    pub(super) fn receive(
        &mut self,
        drawn: Option<Drawn>,
        asked_at: Duration,
        now: Duration,
        patience: Duration,
    ) {
        let Some(Drawn { waits, next }) = drawn else {
            self.alone_until = now.saturating_add(ALONE);
            return;
        };
        if waits.is_empty() {
            // Somebody else may be a little faster by lot, so that not the whole fleet asks in the same moment.
            let early = next.saturating_sub(patience);
            let by_lot = patience.mul_f64(fastrand::f64() / 2.0).min(next);
            self.closed_until = now.saturating_add((early + by_lot).max(MIN_PAUSE));
            return;
        }
        // The moment that they count from lies between question and answer. So they begin no earlier than they may and end
        // no later.
        let times = waits.into_iter().map(|wait| Times {
            from: now.saturating_add(wait),
            until: asked_at.saturating_add(wait).saturating_add(patience),
        });
        self.permits = times.filter(|times| now < times.until).collect();
        self.drawn = u32::try_from(self.permits.len()).unwrap_or(u32::MAX);
        self.used = 0;
        if self.permits.is_empty() {
            self.alone_until = now.saturating_add(ALONE_FOR_LATENESS);
        }
    }
}
