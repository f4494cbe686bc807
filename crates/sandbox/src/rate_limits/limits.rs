//! The limits of each API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::buckets::{Bucket, Buckets, Refused, Standing};
use super::{Plan, RateLimits};
use crate::answer::Answer;
use crate::clock::Clock;
use crate::document::Operation;
use crate::faults::too_many_requests;

/// All limits that the sandbox keeps to.
pub(crate) struct Limits {
    teams: Option<Buckets>,
    my_organization: Option<PerOrganization>,
    management: Option<Bucket>,
}

/// The limits of a tenant and of each of its organizations.
struct PerOrganization {
    tenant: Buckets,
    each: RateLimits,
    organizations: Mutex<HashMap<String, Buckets>>,
    clock: Arc<Clock>,
}

impl Limits {
    pub(crate) fn new(teams: Option<RateLimits>, plan: Option<Plan>, clock: &Arc<Clock>) -> Self {
        let together = |limits: RateLimits| Bucket::new(limits.read, limits.burst, clock);
        Self {
            teams: teams.map(|limits| Buckets::new(limits, clock)),
            my_organization: plan.map(|plan| PerOrganization {
                tenant: Buckets::new(plan.tenant(), clock),
                each: plan.organization(),
                organizations: Mutex::default(),
                clock: Arc::clone(clock),
            }),
            management: plan.and_then(Plan::management).map(together),
        }
    }

    /// Takes one request of the Teams API: how things stand if that is told, or the answer that there is none left.
    pub(crate) fn of_teams(&self, operation: &Operation) -> Result<Option<Standing>, Box<Answer>> {
        let buckets = self.teams.as_ref();
        let taken = buckets.map(|buckets| buckets.take(operation.is_read()));
        told(taken, operation)
    }

    /// The same for the My Organization API and a call of this organization.
    pub(crate) fn of_organization(
        &self,
        operation: &Operation,
        organization: &str,
    ) -> Result<Option<Standing>, Box<Answer>> {
        let limits = self.my_organization.as_ref();
        let taken = limits.map(|limits| limits.take(operation.is_read(), organization));
        told(taken, operation)
    }

    /// The same for the Management API.
    pub(crate) fn of_management(
        &self,
        operation: &Operation,
    ) -> Result<Option<Standing>, Box<Answer>> {
        told(self.management.as_ref().map(Bucket::take), operation)
    }
}

impl PerOrganization {
    /// What the organization is refused costs the tenant nothing.
    fn take(&self, is_read: bool, organization: &str) -> Result<Standing, Refused> {
        let mut organizations = self
            .organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = organizations
            .entry(organization.to_owned())
            .or_insert_with(|| Buckets::new(self.each, &self.clock));
        let standing = own.take(is_read)?;
        self.tenant.take(is_read).map_err(|refused| Refused {
            is_global: true,
            ..refused
        })?;
        Ok(standing)
    }
}

fn told(
    taken: Option<Result<Standing, Refused>>,
    operation: &Operation,
) -> Result<Option<Standing>, Box<Answer>> {
    taken.transpose().map_err(|refused| {
        let problem = too_many_requests();
        let answer = problem.answer(operation.api, Some(operation));
        let answer = refused.standing.write_on(answer);
        let answer = answer.with("retry-after", &refused.seconds.to_string());
        Box::new(match refused.is_global {
            true => answer.with("x-auth0-error-kind", "global-rate-limit"),
            false => answer,
        })
    })
}
