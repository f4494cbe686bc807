//! Rate limits that the sandbox keeps to.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::answer::Answer;
use crate::clock::Clock;
use crate::faults::too_many_requests;

/// The names of plans with the requests per second that reads and writes may make there, as Auth0 publishes them for
/// tenants of the My Organization API. For the Teams API nothing is published.
const TIERS: [(&str, u32, u32); 5] = [
    ("free", 4, 2),
    ("public-self-service", 8, 4),
    ("public-enterprise", 40, 20),
    ("private-basic", 40, 20),
    ("private-performance", 160, 80),
];

/// How many requests are let through. Reads and writes are counted apart.
///
/// ```
/// use auth0_sandbox::RateLimits;
///
/// let own = RateLimits::per_second(100, 10).burst(200);
/// let tier: RateLimits = "public-enterprise".parse()?;
/// # let _ = (own, tier);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct RateLimits {
    read: u32,
    write: u32,
    burst: Option<u32>,
}

impl RateLimits {
    /// So many reads and so many writes in a second, and as many at once. 0 counts as 1.
    pub fn per_second(read: u32, write: u32) -> Self {
        Self {
            read,
            write,
            burst: None,
        }
    }

    /// So many may come at once, of reads and of writes.
    pub fn burst(mut self, requests: u32) -> Self {
        self.burst = Some(requests);
        self
    }
}

impl FromStr for RateLimits {
    type Err = String;

    /// The limits of a plan: `free`, `public-self-service`, `public-enterprise`, `private-basic` or
    /// `private-performance`.
    fn from_str(name: &str) -> Result<Self, String> {
        let tier = TIERS.iter().find(|(tier, _, _)| *tier == name);
        tier.map(|&(_, read, write)| Self::per_second(read, write))
            .ok_or_else(|| {
                let names = TIERS.map(|(name, _, _)| name).join(", ");
                format!("expected a plan, found `{name}`; there are {names}")
            })
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, Time, StateInformationMiddleware>;

/// The buckets of reads and writes.
pub(crate) struct Buckets {
    read: (Bucket, u32),
    write: (Bucket, u32),
    clock: Arc<Clock>,
}

/// What a call's headers say of the limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    reset: i64,
}

impl Standing {
    pub(crate) fn write_on(self, answer: Answer) -> Answer {
        answer
            .with("x-ratelimit-limit", &self.limit.to_string())
            .with("x-ratelimit-remaining", &self.remaining.to_string())
            .with("x-ratelimit-reset", &self.reset.to_string())
    }
}

impl Buckets {
    pub(crate) fn new(limits: RateLimits, clock: Arc<Clock>) -> Self {
        let bucket = |rate: u32| {
            let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
            let burst = limits.burst.and_then(NonZeroU32::new).unwrap_or(rate);
            let time = Time(Arc::clone(&clock));
            let quota = Quota::per_second(rate).allow_burst(burst);
            let bucket = RateLimiter::direct_with_clock(quota, time)
                .with_middleware::<StateInformationMiddleware>();
            (bucket, burst.get())
        };
        Self {
            read: bucket(limits.read),
            write: bucket(limits.write),
            clock,
        }
    }

    /// Takes one request: how things stand, or the answer that there is none left.
    pub(crate) fn take(&self, is_read: bool) -> Result<Standing, Box<Answer>> {
        let (bucket, limit) = if is_read { &self.read } else { &self.write };
        match bucket.check() {
            Ok(snapshot) => Ok(Standing {
                limit: *limit,
                remaining: snapshot.remaining_burst_capacity(),
                reset: self.clock.seconds() + 1,
            }),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.monotonic());
                // Whole seconds, and none too early.
                let seconds = i64::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(1);
                let standing = Standing {
                    limit: *limit,
                    remaining: 0,
                    reset: self.clock.seconds() + seconds,
                };
                let answer = standing.write_on(too_many_requests().into());
                Err(Box::new(answer.with("retry-after", &seconds.to_string())))
            }
        }
    }
}

/// The sandbox's clock as the limiter wants it.
#[derive(Clone)]
struct Time(Arc<Clock>);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}
