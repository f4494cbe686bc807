//! The plans of Auth0, with the rate limits that are published for them.

use std::str::FromStr;

use super::RateLimits;

/// A plan's limits in the My Organization API: requests per second that reads and writes may make in the whole tenant,
/// and for one organization.
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

/// As they stand in `openapi/sources.toml`, which a test compares.
const PLANS: [PlanLimits; 5] = [
    plan_limits("free", (4, 2), (4, 2)),
    plan_limits("public-self-service", (8, 4), (4, 2)),
    plan_limits("public-enterprise", (40, 20), (8, 4)),
    plan_limits("private-basic", (40, 20), (8, 4)),
    plan_limits("private-performance", (160, 80), (16, 8)),
];

/// The plan for which limits of the Management API are published.
const MANAGEMENT_PLAN: &str = "public-enterprise";

/// A plan of Auth0, by whose limits the My Organization API and the Management API go. For the Management API figures
/// are published for Public Enterprise alone; with other plans it has no limits.
///
/// ```
/// use auth0_sandbox::{Plan, Sandbox};
///
/// let plan: Plan = "public-enterprise".parse()?;
/// let settings = Sandbox::builder().plan(plan.production());
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
    /// The tenant is one of production. A new one is of development, whose limits in the Management API are lower.
    pub fn production(mut self) -> Self {
        self.is_production = true;
        self
    }

    /// What the whole tenant may make in the My Organization API.
    pub(crate) fn tenant(self) -> RateLimits {
        let (read, write) = PLANS[self.index].tenant;
        RateLimits::per_second(read, write)
    }

    /// What may be made there for one organization.
    pub(crate) fn organization(self) -> RateLimits {
        let (read, write) = PLANS[self.index].organization;
        RateLimits::per_second(read, write)
    }

    /// What may be made in the Management API, reads and writes together.
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

    /// A plan by name: `free`, `public-self-service`, `public-enterprise`, `private-basic` or `private-performance`.
    fn from_str(name: &str) -> Result<Self, String> {
        let index = PLANS.iter().position(|plan| plan.name == name);
        let plan = index.map(|index| Self {
            index,
            is_production: false,
        });
        plan.ok_or_else(|| {
            let names = PLANS.map(|plan| plan.name).join(", ");
            format!("expected a plan, found `{name}`; there are {names}")
        })
    }
}
