//! Access of members to tenants.

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::listing::listing_page;
use super::{Call, OperationOutcome, Team};
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ApiResponse;

/// The role that is limited to specific applications.
const SPECIFIC_APPS: &str = "editor-specific-apps";

/// Access of a member to one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TenantAccess {
    pub(super) roles: Vec<String>,
    /// Applications of the role `editor-specific-apps`.
    pub(super) client_ids: Vec<String>,
}

/// A role in the tenant list of a member.
#[derive(Serialize)]
struct RoleAssignment<'a> {
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ids: Option<&'a [String]>,
}

/// A member in the member list of a tenant.
#[derive(Serialize)]
struct TenantMember<'a> {
    id: String,
    email: String,
    name: String,
    given_name: String,
    family_name: String,
    nickname: String,
    roles: &'a [String],
}

/// Checks that `editor-specific-apps` comes with applications and, if `both_ways`, that applications come with that
/// role.
pub(super) fn check_apps(
    roles: &[String],
    client_ids: Option<&[String]>,
    both_ways: bool,
) -> Result<(), Problem> {
    let has_role = roles.iter().any(|role| role == SPECIFIC_APPS);
    let has_apps = client_ids.is_some_and(|ids| !ids.is_empty());
    if has_role && !has_apps {
        return Err(Problem::forbidden(
            "CLIENT_IDS_REQUIRED",
            "The role editor-specific-apps requires client_ids",
        )
        .details("client_ids: expected at least one"));
    }
    if both_ways && has_apps && !has_role {
        return Err(Problem::forbidden(
            "CLIENT_IDS_NOT_ALLOWED",
            "client_ids require the role editor-specific-apps",
        )
        .details("client_ids: expected none without the role editor-specific-apps"));
    }
    Ok(())
}

impl TenantAccess {
    fn assignments(&self) -> Vec<RoleAssignment<'_>> {
        let assignment = |role: &'_ String| role == SPECIFIC_APPS;
        self.roles
            .iter()
            .map(|role| RoleAssignment {
                client_ids: assignment(role).then_some(self.client_ids.as_slice()),
                role,
            })
            .collect()
    }
}

impl Team {
    /// Lists the tenants of an environment that a member has access to.
    pub(super) fn list_tenant_access(&self, call: &Call) -> Result<OperationOutcome, Problem> {
        #[derive(Serialize)]
        struct Item<'a> {
            tenant_id: Uuid,
            domain: &'a str,
            roles: Vec<RoleAssignment<'a>>,
        }
        let (number, _) = self.member_of(call)?;
        let environment = call.required("environment");
        let in_environment = self
            .tenants
            .values()
            .filter(|tenant| tenant.environment == environment);
        let tenants: Vec<Item<'_>> = in_environment
            .filter_map(|tenant| {
                Some(Item {
                    tenant_id: tenant.tenant_id,
                    domain: &tenant.domain,
                    roles: tenant.access.get(&number)?.assignments(),
                })
            })
            .collect();
        let is_known = self
            .tenants
            .values()
            .any(|tenant| tenant.environment == environment);
        if !is_known {
            return Err(Problem::not_found(
                "ENVIRONMENT_NOT_FOUND",
                "The team has no tenants in this environment",
            ));
        }
        let body = json!({"environment": environment, "tenants": tenants});
        Ok(OperationOutcome::reading(ApiResponse::json(
            StatusCode::OK,
            &body,
        )))
    }

    pub(super) fn list_tenant_members(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let tenant = self.tenant_of(call)?;
        listing_page(operation, call, "members", |start| {
            let first = start.map_or(0, |number| number.saturating_add(1));
            tenant
                .access
                .range(first..)
                .filter_map(|(&number, access)| {
                    let member = self.members.get(number)?;
                    Some((
                        number,
                        TenantMember {
                            id: member.id,
                            email: member.email,
                            name: member.name,
                            given_name: member.given_name,
                            family_name: member.family_name,
                            nickname: member.nickname,
                            roles: &access.roles,
                        },
                    ))
                })
        })
    }
}
