//! Token buckets.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::RateLimits;
use crate::clock::Clock;
use crate::response::ApiResponse;

type Limiter = RateLimiter<NotKeyed, InMemoryState, LimiterClock, StateInformationMiddleware>;

/// A token bucket.
pub(super) struct Bucket {
    limiter: Limiter,
    limit: u32,
    clock: Arc<Clock>,
}

/// Separate buckets for reads and writes.
pub(super) struct ReadWriteBuckets {
    read: Bucket,
    write: Bucket,
}

/// The rate limit headers of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitStatus {
    limit: u32,
    remaining: u32,
    reset: i64,
}

impl LimitStatus {
    pub(crate) fn add_headers(self, response: ApiResponse) -> ApiResponse {
        response
            .with_header("x-ratelimit-limit", &self.limit.to_string())
            .with_header("x-ratelimit-remaining", &self.remaining.to_string())
            .with_header("x-ratelimit-reset", &self.reset.to_string())
    }
}

/// The rate limit is exceeded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitExceeded {
    pub(crate) status: LimitStatus,
    /// Seconds until a request is allowed again.
    pub(crate) seconds: i64,
    /// Whether the limit of the tenant is exceeded, rather than that of the organization.
    pub(crate) is_global: bool,
}

impl Bucket {
    pub(super) fn new(rate: u32, burst: Option<u32>, clock: &Arc<Clock>) -> Self {
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        let burst = burst.and_then(NonZeroU32::new).unwrap_or(rate);
        let quota = Quota::per_second(rate).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, LimiterClock(Arc::clone(clock)))
            .with_middleware::<StateInformationMiddleware>();
        Self {
            limiter,
            limit: burst.get(),
            clock: Arc::clone(clock),
        }
    }

    /// Takes one request from the bucket.
    pub(super) fn take(&self) -> Result<LimitStatus, LimitExceeded> {
        let status = |remaining, seconds| LimitStatus {
            limit: self.limit,
            remaining,
            reset: self.clock.seconds() + seconds,
        };
        match self.limiter.check() {
            Ok(snapshot) => Ok(status(snapshot.remaining_burst_capacity(), 1)),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.monotonic());
                // Rounded up, so that a client does not retry too early.
                let seconds = i64::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(1);
                Err(LimitExceeded {
                    status: status(0, seconds),
                    seconds,
                    is_global: false,
                })
            }
        }
    }
}

impl ReadWriteBuckets {
    pub(super) fn new(limits: RateLimits, clock: &Arc<Clock>) -> Self {
        Self {
            read: Bucket::new(limits.read, limits.burst, clock),
            write: Bucket::new(limits.write, limits.burst, clock),
        }
    }

    pub(super) fn take(&self, is_read: bool) -> Result<LimitStatus, LimitExceeded> {
        if is_read {
            self.read.take()
        } else {
            self.write.take()
        }
    }
}

/// Adapts the sandbox's clock to governor.
#[derive(Clone)]
struct LimiterClock(Arc<Clock>);

impl GovernorClock for LimiterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}
