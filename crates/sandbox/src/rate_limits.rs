//! Rate limits that the sandbox keeps to: what can be set, the plans, and the buckets of each API.

mod buckets;
mod limiters;
mod plan;

use std::str::FromStr;

pub(crate) use limiters::RateLimiters;
pub use plan::RateLimitPlan;

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
        let plan: RateLimitPlan = name.parse()?;
        Ok(plan.tenant())
    }
}
