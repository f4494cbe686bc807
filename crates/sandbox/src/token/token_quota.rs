//! Quotas of access tokens.

use chrono::{DateTime, Utc};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The number of access tokens that an application can obtain per hour and per day.
///
/// As at Auth0, windows start with the hour and the day in UTC. The sandbox's clock determines the time.
///
/// ```
/// use auth0_sandbox::TokenQuota;
///
/// let quota = TokenQuota::per_hour(10).per_day(100);
/// # let _ = quota;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TokenQuota {
    per_hour: u64,
    per_day: Option<u64>,
}

impl TokenQuota {
    /// Limits the number of tokens per hour.
    pub fn per_hour(tokens: u64) -> Self {
        Self {
            per_hour: tokens,
            per_day: None,
        }
    }

    /// Limits the number of tokens per day in addition.
    pub fn per_day(mut self, tokens: u64) -> Self {
        self.per_day = Some(tokens);
        self
    }
}

/// Used part of a quota.
#[derive(Debug)]
pub(super) struct QuotaUsage {
    windows: Vec<QuotaWindow>,
}

#[derive(Debug)]
struct QuotaWindow {
    name: &'static str,
    seconds: i64,
    limit: u64,
    used: u64,
    /// Number of the hour or day that `used` belongs to.
    number: i64,
}

impl QuotaUsage {
    pub(super) fn new(quota: TokenQuota) -> Self {
        let window = |name, seconds, limit| QuotaWindow {
            name,
            seconds,
            limit,
            used: 0,
            number: 0,
        };
        let mut windows = vec![window("per_hour", HOUR, quota.per_hour)];
        windows.extend(quota.per_day.map(|limit| window("per_day", DAY, limit)));
        Self { windows }
    }

    /// Takes one token. If the quota is exhausted, returns the number of seconds until it is available again.
    pub(super) fn take(&mut self, now: DateTime<Utc>) -> Result<(), i64> {
        for window in &mut self.windows {
            window.roll(now);
        }
        let is_exhausted = |window: &&QuotaWindow| window.used >= window.limit;
        // A token is available only when no window is exhausted.
        if let Some(wait) = self
            .windows
            .iter()
            .filter(is_exhausted)
            .map(|window| window.seconds_left(now))
            .max()
        {
            return Err(wait);
        }
        for window in &mut self.windows {
            window.used += 1;
        }
        Ok(())
    }

    /// Value of the header `Auth0-Client-Quota-Limit`.
    pub(super) fn header(&mut self, now: DateTime<Utc>) -> String {
        let windows = self.windows.iter_mut().map(|window| {
            window.roll(now);
            format!(
                "b={};q={};r={};t={}",
                window.name,
                window.limit,
                window.limit.saturating_sub(window.used),
                window.seconds_left(now)
            )
        });
        windows.collect::<Vec<_>>().join(",")
    }
}

impl QuotaWindow {
    fn roll(&mut self, now: DateTime<Utc>) {
        let number = now.timestamp().div_euclid(self.seconds);
        if self.number != number {
            self.number = number;
            self.used = 0;
        }
    }

    /// Seconds until the end of the window.
    fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        self.seconds - now.timestamp().rem_euclid(self.seconds)
    }
}
