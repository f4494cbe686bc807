//! Rates, and the set of limits that a limiter enforces.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

use super::class::PerClass;
use crate::Error;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The largest burst. Together with [`MAX_HEADROOM`] it keeps the arithmetic on nanoseconds within 64 bits.
const MAX_BURST: u32 = 1_000_000;

const MAX_HEADROOM: f64 = 0.99;

/// The smallest share of a rate that a process can use without the shared budget.
const MIN_SHARE: f64 = 0.001;

const MILLION: u64 = 1_000_000;

/// How many requests are allowed per time, and how many at once (the burst).
///
/// Unused capacity accumulates up to the burst: a time window of any length allows at most the burst plus the rate times
/// the window.
///
/// ```
/// use auth0_core::Rate;
///
/// const LOGINS: Rate = Rate::per_second(16).burst(50);
/// const LISTINGS: Rate = Rate::per_minute(100);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    period: Duration,
    burst: Option<u32>,
}

impl Rate {
    /// Creates a rate of `count` requests per second, with a burst of the same number.
    pub const fn per_second(count: u32) -> Self {
        Self {
            count,
            period: SECOND,
            burst: None,
        }
    }

    /// Creates a rate of `count` requests per minute, with a burst of what one second allows, but at least one.
    pub const fn per_minute(count: u32) -> Self {
        Self {
            count,
            period: MINUTE,
            burst: None,
        }
    }

    /// Sets how many requests may be sent at once after an idle time, from 1 to 1,000,000.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = Some(burst);
        self
    }

    /// The rate multiplied by `factor`. `name` is the setting that an error names.
    fn quota(self, name: &str, factor: f64) -> Result<Quota, Error> {
        if self.count == 0 {
            return Err(invalid(name, "a rate of at least 1", "0"));
        }
        let burst = self.burst.unwrap_or_else(|| {
            let of_a_second = u64::from(self.count) / self.period.as_secs();
            u32::try_from(of_a_second).map_or(MAX_BURST, |count| count.clamp(1, MAX_BURST))
        });
        if !(1..=MAX_BURST).contains(&burst) {
            let expected = format!("a burst from 1 to {MAX_BURST}");
            return Err(invalid(name, &expected, burst));
        }
        // Integer arithmetic in millionths makes the rounding explicit.
        let share = ((factor * MILLION as f64).round() as u64).max(1);
        let per_period = u128::from(self.count) * u128::from(share);
        let interval = (self.period.as_nanos() * u128::from(MILLION)).div_ceil(per_period);
        let interval = u64::try_from(interval).map_or(Duration::MAX, Duration::from_nanos);
        let burst = NonZeroU32::new((u64::from(burst) * share / MILLION) as u32);
        let quota = Quota::with_period(interval);
        Ok(quota
            .expect("an interval is rounded up to at least one nanosecond")
            .allow_burst(burst.unwrap_or(NonZeroU32::MIN)))
    }
}

/// The limits that a [`Limiter`](crate::Limiter) enforces: the rates of reads and writes, and the number of requests in
/// flight.
///
/// The crates of APIs with published limits have a module `limits` with a constant for each rate limit plan.
///
/// ```
/// use auth0_core::{Limits, Rate};
///
/// const PUBLIC_ENTERPRISE: Limits = Limits::new(Rate::per_second(40), Rate::per_second(20))
///     .organization(Rate::per_second(8), Rate::per_second(4));
/// let careful = PUBLIC_ENTERPRISE.headroom(0.5).max_in_flight(4);
/// # let _ = careful;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Limits {
    read: Rate,
    write: Rate,
    /// Reads and writes share one rate, which is in both fields.
    shared: bool,
    organization: Option<(Rate, Rate)>,
    headroom: f64,
    max_in_flight: u32,
}

impl Limits {
    /// Creates limits with the rates of one host, which is one tenant.
    pub const fn new(read: Rate, write: Rate) -> Self {
        Self {
            read,
            write,
            shared: false,
            organization: None,
            headroom: 0.1,
            // Enough for the fastest published plan, 160 reads per second, with responses that take 200 ms.
            max_in_flight: 32,
        }
    }

    /// Creates limits for a host that counts reads and writes together. Both use one queue.
    pub const fn shared(rate: Rate) -> Self {
        let mut limits = Self::new(rate, rate);
        limits.shared = true;
        limits
    }

    /// Sets the rates of each organization, which apply in addition to those of the host. Default: organizations have no
    /// rates of their own.
    pub const fn organization(mut self, read: Rate, write: Rate) -> Self {
        self.organization = Some((read, write));
        self
    }

    /// Sets the share of each rate and burst that is left to other programs, such as logins: from 0 to 0.99. Default: 0.1.
    /// A burst never falls below one request.
    ///
    /// Do not set it to 0: requests arrive less evenly than they are sent, so the server would occasionally respond with
    /// 429, and each 429 pauses its class for as long as the server asks, usually one second.
    pub const fn headroom(mut self, share: f64) -> Self {
        self.headroom = share;
        self
    }

    /// Sets how many requests to one host may be in flight, at least 1. Default: 32.
    pub const fn max_in_flight(mut self, requests: u32) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Validates the limits and converts them into quotas. With a shared budget, `share` is what this process uses while
    /// the budget is unavailable.
    pub(super) fn quotas(&self, share: Option<f64>) -> Result<Quotas, Error> {
        let headroom = self.headroom;
        if !(0.0..=MAX_HEADROOM).contains(&headroom) {
            let expected = format!("a share from 0 to {MAX_HEADROOM}");
            return Err(invalid("headroom", &expected, headroom));
        }
        if self.max_in_flight == 0 {
            return Err(invalid("max_in_flight", "at least 1 request", 0));
        }
        if let Some(share) = share
            && !(MIN_SHARE..=1.0).contains(&share)
        {
            let expected = format!("a share from {MIN_SHARE} to 1");
            return Err(invalid("share", &expected, share));
        }
        let allowance = |name: &str, rate: Option<Rate>| -> Result<Allowance, Error> {
            let quota = |factor| rate.map(|rate| rate.quota(name, factor)).transpose();
            Ok(Allowance {
                whole: quota(1.0 - headroom)?,
                local: match share {
                    Some(share) => quota((1.0 - headroom) * share)?,
                    None => None,
                },
                is_shared: share.is_some(),
            })
        };
        let (organization_read, organization_write) = self.organization.unzip();
        Ok(Quotas {
            host: PerClass {
                read: allowance("read", Some(self.read))?,
                write: allowance("write", Some(self.write))?,
            },
            organization: PerClass {
                read: allowance("organization read", organization_read)?,
                write: allowance("organization write", organization_write)?,
            },
            no_organization: allowance("", None)?,
            shared: self.shared,
            max_in_flight: self.max_in_flight as usize,
        })
    }
}

/// The quota of one class of a host or an organization.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    /// The limit, if there is one.
    pub(super) whole: Option<Quota>,
    /// The part of it that this process uses while the shared budget is unavailable.
    pub(super) local: Option<Quota>,
    /// There is a shared budget.
    pub(super) is_shared: bool,
}

/// The quotas of all buckets of a limiter.
pub(super) struct Quotas {
    pub(super) host: PerClass<Allowance>,
    pub(super) organization: PerClass<Allowance>,
    /// For callers that act for no organization.
    pub(super) no_organization: Allowance,
    /// Reads and writes of the host share one bucket.
    pub(super) shared: bool,
    pub(super) max_in_flight: usize,
}

fn invalid(name: &str, expected: &str, found: impl std::fmt::Display) -> Error {
    Error::configuration(format!(
        "limits: {name}: expected {expected}, found {found}"
    ))
}
