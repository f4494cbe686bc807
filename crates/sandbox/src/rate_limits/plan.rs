//! The rate limits that Auth0 publishes for its plans.

use std::str::FromStr;

use super::RateLimits;

/// Limits of a plan in the My Organization API: reads and writes per second, for the tenant and for each organization.
struct PlanLimits {
    name: &'static str,
    tenant: (u32, u32),
    organization: (u32, u32),
}

const fn plan_limits(
    name: &'static str,
    tenant: (u32, u32),
    organization: (u32, u32),
) -> PlanLimits {
    PlanLimits {
        name,
        tenant,
        organization,
    }
}

/// The values of `openapi/sources.toml`; a test compares them.
const PLANS: [PlanLimits; 5] = [
    plan_limits("free", (4, 2), (4, 2)),
    plan_limits("public-self-service", (8, 4), (4, 2)),
    plan_limits("public-enterprise", (40, 20), (8, 4)),
    plan_limits("private-basic", (40, 20), (8, 4)),
    plan_limits("private-performance", (160, 80), (16, 8)),
];

/// The only plan with published limits of the Management API.
const MANAGEMENT_PLAN: &str = "public-enterprise";

/// A plan of Auth0, which determines the rate limits of the My Organization API and the Management API.
///
/// Auth0 publishes limits of the Management API for Public Enterprise only; other plans leave that API unlimited.
///
/// ```
/// use auth0_sandbox::{RateLimitPlan, Sandbox};
///
/// let plan: RateLimitPlan = "public-enterprise".parse()?;
/// let settings = Sandbox::builder().rate_limit_plan(plan.production());
/// # let _ = settings;
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct RateLimitPlan {
    index: usize,
    is_production: bool,
}

impl RateLimitPlan {
    /// Applies the limits of a production tenant. By default, the lower development limits of the Management API apply.
    pub fn production(mut self) -> Self {
        self.is_production = true;
        self
    }

    /// Limits of the tenant in the My Organization API.
    pub(crate) fn tenant(self) -> RateLimits {
        let (read, write) = PLANS[self.index].tenant;
        RateLimits::per_second(read, write)
    }

    /// Limits of each organization in the My Organization API.
    pub(crate) fn organization(self) -> RateLimits {
        let (read, write) = PLANS[self.index].organization;
        RateLimits::per_second(read, write)
    }

    /// Limits of the Management API, for reads and writes together.
    pub(crate) fn management(self) -> Option<RateLimits> {
        let is_published = PLANS[self.index].name == MANAGEMENT_PLAN;
        is_published.then(|| match self.is_production {
            true => RateLimits::per_second(16, 16).burst(50),
            false => RateLimits::per_second(2, 2).burst(10),
        })
    }
}

impl FromStr for RateLimitPlan {
    type Err = String;

    /// Parses the name of a plan: `free`, `public-self-service`, `public-enterprise`, `private-basic` or
    /// `private-performance`.
    fn from_str(name: &str) -> Result<Self, String> {
        let index = PLANS.iter().position(|plan| plan.name == name);
        let plan = index.map(|index| Self {
            index,
            is_production: false,
        });
        plan.ok_or_else(|| {
            let names = PLANS.map(|plan| plan.name).join(", ");
            format!("expected one of the plans {names}, found `{name}`")
        })
    }
}
