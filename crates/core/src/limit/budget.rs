//! A rate budget that several processes share. Permits are requested in advance.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use governor::Quota;

use super::bucket::Bucket;
use super::rate::Allowance;
use crate::BoxFuture;

/// How long a permit is valid from its start. A permit that is used late adds to what other processes send at that
/// time, so the burst is reduced accordingly.
const MAX_PERMIT_LIFETIME: Duration = Duration::from_millis(100);
const MIN_PERMIT_LIFETIME: Duration = Duration::from_millis(20);

/// How long a process uses its own share before it contacts an unavailable budget again. The budget itself has to detect
/// an outage and fail fast.
const LOCAL_PERIOD: Duration = Duration::from_millis(100);

/// The same for a budget whose permits have expired when they arrive.
const LOCAL_PERIOD_AFTER_LATE_PERMITS: Duration = Duration::from_secs(1);

/// The shortest time before an exhausted budget is queried again.
const MIN_CLOSED_PERIOD: Duration = Duration::from_millis(1);

/// The maximum number of permits in one request.
const MAX_PERMITS: u32 = 1_000;

/// A rate budget that the limiters of several processes share, so that together they stay within the limits. `auth0-fleet`
/// implements it with Redis.
///
/// The budget grants permits in advance, for a short time that begins now, so that it is not contacted for every request.
///
/// ```
/// use std::time::Duration;
///
/// use auth0_core::{BoxFuture, Limiter, Limits, PermitGrant, PermitRequest, Rate, SharedBudget};
///
/// /// Grants every permit at once.
/// #[derive(Debug)]
/// struct Unlimited;
///
/// impl SharedBudget for Unlimited {
///     fn acquire<'a>(&'a self, request: &'a PermitRequest) -> BoxFuture<'a, Option<PermitGrant>> {
///         let waits = vec![Duration::ZERO; request.permits as usize];
///         Box::pin(async { Some(PermitGrant { waits, next: Duration::ZERO }) })
///     }
/// }
///
/// let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
/// let limiter = Limiter::new(limits)?.with_shared_budget(Unlimited, 0.25)?;
/// # let _ = limiter;
/// # Ok::<(), auth0_core::Error>(())
/// ```
pub trait SharedBudget: Send + Sync + fmt::Debug + 'static {
    /// Takes permits from all buckets at once. Returns `None` if the budget is unavailable; an implementation must fail
    /// fast, and immediately while an outage lasts.
    fn acquire<'a>(&'a self, request: &'a PermitRequest) -> BoxFuture<'a, Option<PermitGrant>>;
}

/// A request for permits from a [`SharedBudget`], where there is an example.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PermitRequest {
    /// The buckets that each permit takes from: that of the host and, if there is one, that of the organization.
    pub buckets: Vec<SharedBucket>,
    /// The number of permits, at least 1.
    pub permits: u32,
    /// The longest time from now until a permit becomes valid. Later permits are not granted.
    pub horizon: Duration,
}

/// A bucket of a [`SharedBudget`], part of a [`PermitRequest`]. `Debug` omits the organization.
#[derive(Clone)]
#[non_exhaustive]
pub struct SharedBucket {
    /// The host, as written in URLs.
    pub host: Arc<str>,
    /// The organization; `None` for the whole host.
    pub organization: Option<Arc<str>>,
    /// `read`, `write`, or `all` if both count together.
    pub class: &'static str,
    /// The time in which one permit is replenished.
    pub interval: Duration,
    /// The number of permits in a full bucket, at least 1.
    pub burst: u32,
    /// The number of requests that were sent without a permit since the last request to the budget. They count as sent now.
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

/// The permits that a [`SharedBudget`] grants.
///
/// ```
/// use std::time::Duration;
///
/// use auth0_core::PermitGrant;
///
/// // One permit now, one in 25 ms, and no others before 50 ms.
/// let grant = PermitGrant {
///     waits: vec![Duration::ZERO, Duration::from_millis(25)],
///     next: Duration::from_millis(50),
/// };
/// assert_eq!(grant.waits.len(), 2);
/// // None within the horizon.
/// let exhausted = PermitGrant { waits: Vec::new(), next: Duration::from_millis(300) };
/// assert!(exhausted.waits.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermitGrant {
    /// For each permit, the time from now until it becomes valid, in ascending order.
    pub waits: Vec<Duration>,
    /// If no permit is granted, the time from now until the next one would become valid.
    pub next: Duration,
}

/// The permits of a queue. Times are those of [`Clock::monotonic`](crate::time::Clock).
pub(super) struct PermitPool {
    /// The share of this process while the budget is unavailable, if there is a limit.
    local: Option<Bucket>,
    interval: Duration,
    burst: u32,
    /// Requests that were sent without a permit and not yet reported to the budget.
    spent: u32,
    /// Unused permits, in the order of their times. The groups of a host have its permits.
    permits: VecDeque<Validity>,
    /// The number of permits in the last grant, and how many of them were used.
    granted: u32,
    used: u32,
    /// No permit becomes available before.
    closed_until: Duration,
    /// The budget is not contacted before.
    local_until: Duration,
}

/// When a permit is valid.
struct Validity {
    from: Duration,
    until: Duration,
}

/// Whether a permit is available.
pub(super) enum Supply {
    /// A permit is available.
    Permit,
    /// A permit becomes available after this time.
    Wait(Duration),
    /// Permits have to be requested from the budget.
    Request,
}

impl PermitPool {
    /// Creates an empty pool; `None` without a shared budget.
    pub(super) fn of(allowance: &Allowance) -> Option<Box<Self>> {
        allowance.is_shared.then(|| {
            let whole = allowance.whole.as_ref();
            Box::new(Self {
                local: allowance.local.map(Bucket::new),
                interval: whole.map_or(Duration::ZERO, Quota::replenish_interval),
                burst: whole.map_or(0, |quota| quota.burst_size().get()),
                spent: 0,
                permits: VecDeque::new(),
                granted: 0,
                used: 0,
                closed_until: Duration::ZERO,
                local_until: Duration::ZERO,
            })
        })
    }

    /// Returns how long the process still uses its own share.
    pub(super) fn local_for(&self, now: Duration) -> Duration {
        self.local_until.saturating_sub(now)
    }

    /// Returns how long until the own share of the process allows another request.
    pub(super) fn local_wait(&self, now: Duration) -> Duration {
        let bucket = self.local.as_ref();
        bucket.map_or(Duration::ZERO, |bucket| bucket.wait(now))
    }

    pub(super) fn supply(&mut self, now: Duration) -> Supply {
        while self
            .permits
            .front()
            .is_some_and(|permit| permit.until <= now)
        {
            self.permits.pop_front();
        }
        match self.permits.front() {
            Some(permit) if permit.from <= now => Supply::Permit,
            Some(permit) => Supply::Wait(permit.from - now),
            None if now < self.closed_until => Supply::Wait(self.closed_until - now),
            None => Supply::Request,
        }
    }

    /// Records a request that is sent.
    pub(super) fn take(&mut self, now: Duration, is_local: bool) {
        // Counted with a permit too, so that a process that has used more than its share does not burst in an outage.
        if let Some(bucket) = &self.local {
            bucket.take(now);
        }
        if is_local {
            self.spent = self.spent.saturating_add(1);
        } else if self.permits.pop_front().is_some() {
            self.used += 1;
        }
    }

    /// Returns how many permits to request: one per waiting caller, or as many as will probably be used before they
    /// expire.
    pub(super) fn wanted(&self, waiting: usize, free: usize) -> u32 {
        let likely = match self.used == self.granted {
            true => self.granted + 1,
            false => self.used,
        };
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        // More requests could not be sent anyway.
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        waiting.max(likely).min(free).clamp(1, MAX_PERMITS)
    }

    /// Returns how long permits are valid; `None` without a limit.
    pub(super) fn permit_lifetime(&self) -> Option<Duration> {
        let full = self.interval.checked_mul(self.burst)?;
        (self.burst > 0).then(|| (full / 2).clamp(MIN_PERMIT_LIFETIME, MAX_PERMIT_LIFETIME))
    }

    /// Returns the bucket for a request to the budget; `None` without a limit.
    pub(super) fn bucket(
        &self,
        host: &Arc<str>,
        organization: Option<&Arc<str>>,
        class: &'static str,
        permit_lifetime: Duration,
    ) -> Option<SharedBucket> {
        let late = permit_lifetime
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

    /// Subtracts requests that were reported to the budget.
    pub(super) fn clear_spent(&mut self, spent: u32) {
        self.spent = self.spent.saturating_sub(spent);
    }

    /// Stores the result of a request that was sent at `requested_at`.
    pub(super) fn receive(
        &mut self,
        granted: Option<PermitGrant>,
        requested_at: Duration,
        now: Duration,
        permit_lifetime: Duration,
    ) {
        let Some(PermitGrant { waits, next }) = granted else {
            self.local_until = now.saturating_add(LOCAL_PERIOD);
            return;
        };
        if waits.is_empty() {
            // Jitter keeps the processes of a fleet from sending requests at the same moment.
            let early = next.saturating_sub(permit_lifetime);
            let jitter = permit_lifetime.mul_f64(fastrand::f64() / 2.0).min(next);
            self.closed_until = now.saturating_add((early + jitter).max(MIN_CLOSED_PERIOD));
            return;
        }
        // The budget's `now` lies between request and response. Start times count from the response and end times from
        // the request, so no permit is used outside its validity.
        let permits = waits.into_iter().map(|wait| Validity {
            from: now.saturating_add(wait),
            until: requested_at
                .saturating_add(wait)
                .saturating_add(permit_lifetime),
        });
        self.permits = permits.filter(|permit| now < permit.until).collect();
        self.granted = u32::try_from(self.permits.len()).unwrap_or(u32::MAX);
        self.used = 0;
        if self.permits.is_empty() {
            self.local_until = now.saturating_add(LOCAL_PERIOD_AFTER_LATE_PERMITS);
        }
    }
}
