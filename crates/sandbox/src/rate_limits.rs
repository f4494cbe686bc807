//! Rate limits of the sandbox: settings, plans and the token buckets of each API.

mod buckets;
mod limiters;
mod plan;

use std::str::FromStr;

pub(crate) use limiters::RateLimiters;
pub use plan::RateLimitPlan;

/// Rate limits, with separate budgets for reads and writes.
///
/// ```
/// use auth0_sandbox::RateLimits;
///
/// let custom = RateLimits::per_second(100, 10).burst(200);
/// let plan: RateLimits = "public-enterprise".parse()?;
/// # let _ = (custom, plan);
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
    /// Limits reads and writes per second, with a burst of the same size. 0 counts as 1.
    pub fn per_second(read: u32, write: u32) -> Self {
        Self {
            read,
            write,
            burst: None,
        }
    }

    /// Sets the burst size of reads and of writes.
    pub fn burst(mut self, requests: u32) -> Self {
        self.burst = Some(requests);
        self
    }
}

impl FromStr for RateLimits {
    type Err = String;

    /// The tenant limits of a plan: `free`, `public-self-service`, `public-enterprise`, `private-basic` or
    /// `private-performance`.
    fn from_str(name: &str) -> Result<Self, String> {
        let plan: RateLimitPlan = name.parse()?;
        Ok(plan.tenant())
    }
}
