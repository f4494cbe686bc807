//! The rate limiters of each API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::buckets::{Bucket, LimitExceeded, LimitStatus, ReadWriteBuckets};
use super::{RateLimitPlan, RateLimits};
use crate::clock::Clock;
use crate::document::Operation;
use crate::faults::too_many_requests;
use crate::response::ApiResponse;

/// All rate limiters of the sandbox.
pub(crate) struct RateLimiters {
    teams: Option<ReadWriteBuckets>,
    my_organization: Option<OrganizationLimiters>,
    management: Option<Bucket>,
}

/// The limiters of a tenant and of each of its organizations.
struct OrganizationLimiters {
    tenant: ReadWriteBuckets,
    each: RateLimits,
    organizations: Mutex<HashMap<String, ReadWriteBuckets>>,
    clock: Arc<Clock>,
}

impl RateLimiters {
    pub(crate) fn new(
        teams: Option<RateLimits>,
        plan: Option<RateLimitPlan>,
        clock: &Arc<Clock>,
    ) -> Self {
        let shared_bucket = |limits: RateLimits| Bucket::new(limits.read, limits.burst, clock);
        Self {
            teams: teams.map(|limits| ReadWriteBuckets::new(limits, clock)),
            my_organization: plan.map(|plan| OrganizationLimiters {
                tenant: ReadWriteBuckets::new(plan.tenant(), clock),
                each: plan.organization(),
                organizations: Mutex::default(),
                clock: Arc::clone(clock),
            }),
            management: plan.and_then(RateLimitPlan::management).map(shared_bucket),
        }
    }

    /// Counts a request to the Teams API. Returns the values of the rate limit headers, if limits are set, or the
    /// response for an exceeded limit.
    pub(crate) fn take_teams(
        &self,
        operation: &Operation,
    ) -> Result<Option<LimitStatus>, Box<ApiResponse>> {
        let buckets = self.teams.as_ref();
        let taken = buckets.map(|buckets| buckets.take(operation.is_read()));
        into_response(taken, operation)
    }

    /// Counts a request to the My Organization API. See [`take_teams`](Self::take_teams).
    pub(crate) fn take_my_organization(
        &self,
        operation: &Operation,
        organization: &str,
    ) -> Result<Option<LimitStatus>, Box<ApiResponse>> {
        let limits = self.my_organization.as_ref();
        let taken = limits.map(|limits| limits.take(operation.is_read(), organization));
        into_response(taken, operation)
    }

    /// Counts a request to the Management API. See [`take_teams`](Self::take_teams).
    pub(crate) fn take_management(
        &self,
        operation: &Operation,
    ) -> Result<Option<LimitStatus>, Box<ApiResponse>> {
        into_response(self.management.as_ref().map(Bucket::take), operation)
    }
}

impl OrganizationLimiters {
    /// A request that exceeds the organization's limit does not count towards the tenant's limit.
    fn take(&self, is_read: bool, organization: &str) -> Result<LimitStatus, LimitExceeded> {
        let mut organizations = self
            .organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = organizations
            .entry(organization.to_owned())
            .or_insert_with(|| ReadWriteBuckets::new(self.each, &self.clock));
        let status = own.take(is_read)?;
        self.tenant
            .take(is_read)
            .map_err(|exceeded| LimitExceeded {
                is_global: true,
                ..exceeded
            })?;
        Ok(status)
    }
}

fn into_response(
    taken: Option<Result<LimitStatus, LimitExceeded>>,
    operation: &Operation,
) -> Result<Option<LimitStatus>, Box<ApiResponse>> {
    taken.transpose().map_err(|exceeded| {
        let problem = too_many_requests();
        let response = problem.into_response(operation.api, Some(operation));
        let response = exceeded.status.add_headers(response);
        let response = response.with_header("retry-after", &exceeded.seconds.to_string());
        Box::new(match exceeded.is_global {
            true => response.with_header("x-auth0-error-kind", "global-rate-limit"),
            false => response,
        })
    })
}
