//! How much is allowed: rates, and the set of them that a limiter keeps.

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

/// A smaller share of a rate is none.
const MIN_SHARE: f64 = 0.001;

const MILLION: u64 = 1_000_000;

/// How often something is allowed, and how much of it at once.
///
/// What is not used is saved up, as far as the burst: in a window of any length at most the burst and the rate times
/// the window are let through.
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
    /// `count` requests per second, and the same number at once.
    pub const fn per_second(count: u32) -> Self {
        Self {
            count,
            period: SECOND,
            burst: None,
        }
    }

    /// `count` requests per minute, and at once what a second allows, but at least one.
    pub const fn per_minute(count: u32) -> Self {
        Self {
            count,
            period: MINUTE,
            burst: None,
        }
    }

    /// Sets how many requests may go out at once after a time without any, from 1 to 1,000,000.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = Some(burst);
        self
    }

    /// `factor` of the rate. `name` is the setting that an error speaks of.
    fn quota(self, name: &str, factor: f64) -> Result<Quota, Error> {
        if self.count == 0 {
            return Err(wrong(name, "a rate of at least 1", "0"));
        }
        let burst = self.burst.unwrap_or_else(|| {
            let of_a_second = u64::from(self.count) / self.period.as_secs();
            u32::try_from(of_a_second).map_or(MAX_BURST, |count| count.clamp(1, MAX_BURST))
        });
        if !(1..=MAX_BURST).contains(&burst) {
            let expected = format!("a burst from 1 to {MAX_BURST}");
            return Err(wrong(name, &expected, burst));
        }
        // In millionths from here on: with whole numbers what is rounded, and which way, is in plain sight.
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

/// What a [`Limiter`](crate::Limiter) keeps to: rates of reads and of writes, and the number of requests under way.
///
/// The crates of APIs whose limits are published have a module `limits` with a constant for each plan.
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
    /// Reads and writes take from one rate, which both fields hold.
    shared: bool,
    organization: Option<(Rate, Rate)>,
    headroom: f64,
    max_in_flight: u32,
}

impl Limits {
    /// The rates of one host, which is one tenant.
    pub const fn new(read: Rate, write: Rate) -> Self {
        Self {
            read,
            write,
            shared: false,
            organization: None,
            headroom: 0.1,
            // The fastest published plan, 160 reads a second, with answers that take a fifth of a second.
            max_in_flight: 32,
        }
    }

    /// The rate of one host that counts reads and writes together. Both then wait in one queue.
    pub const fn shared(rate: Rate) -> Self {
        let mut limits = Self::new(rate, rate);
        limits.shared = true;
        limits
    }

    /// Sets the rates of each organization, which hold beside those of the host. Until then organizations have none of
    /// their own.
    pub const fn organization(mut self, read: Rate, write: Rate) -> Self {
        self.organization = Some((read, write));
        self
    }

    /// Sets the share of each rate and burst that is left to others, such as logins: from 0 to 0.99, until then 0.1.
    /// Of a burst one request always stays.
    ///
    /// Leave some: requests arrive less evenly than they leave, so with none at all the server refuses one now and then,
    /// and each refusal pauses its class for as long as the server asks, which is mostly a whole second.
    pub const fn headroom(mut self, share: f64) -> Self {
        self.headroom = share;
        self
    }

    /// Sets how many requests to one host may be under way at once, at least 1. Until then it is 32.
    pub const fn max_in_flight(mut self, requests: u32) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// The limits as quotas, checked. Where a budget is shared, `share` is what this process takes without it.
    pub(super) fn quotas(&self, share: Option<f64>) -> Result<Quotas, Error> {
        let headroom = self.headroom;
        if !(0.0..=MAX_HEADROOM).contains(&headroom) {
            let expected = format!("a share from 0 to {MAX_HEADROOM}");
            return Err(wrong("headroom", &expected, headroom));
        }
        if self.max_in_flight == 0 {
            return Err(wrong("max_in_flight", "at least 1 request", 0));
        }
        if let Some(share) = share
            && !(MIN_SHARE..=1.0).contains(&share)
        {
            let expected = format!("a share from {MIN_SHARE} to 1");
            return Err(wrong("share", &expected, share));
        }
        let allowance = |name: &str, rate: Option<Rate>| -> Result<Allowance, Error> {
            let quota = |factor| rate.map(|rate| rate.quota(name, factor)).transpose();
            Ok(Allowance {
                whole: quota(1.0 - headroom)?,
                alone: match share {
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
            unaffiliated: allowance("", None)?,
            shared: self.shared,
            max_in_flight: self.max_in_flight as usize,
        })
    }
}

/// What one class of a host or an organization may use.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    /// The limit, where there is one.
    pub(super) whole: Option<Quota>,
    /// What of it this process takes by itself when the budget that it shares cannot be asked.
    pub(super) alone: Option<Quota>,
    /// A budget is shared.
    pub(super) is_shared: bool,
}

/// What a limiter makes its buckets of.
pub(super) struct Quotas {
    pub(super) host: PerClass<Allowance>,
    pub(super) organization: PerClass<Allowance>,
    /// Of those who act for no organization.
    pub(super) unaffiliated: Allowance,
    /// Reads and writes of the host take from one bucket.
    pub(super) shared: bool,
    pub(super) max_in_flight: usize,
}

fn wrong(name: &str, expected: &str, found: impl std::fmt::Display) -> Error {
    Error::configuration(format!(
        "limits: {name}: expected {expected}, found {found}"
    ))
}
