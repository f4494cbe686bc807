//! Access of members to tenants.

use serde_json::{Value, json};

use super::{Call, OperationOutcome, Team};
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ok;

/// The role that is limited to specific applications.
const SPECIFIC_APPS: &str = "editor-specific-apps";

/// Access of a member to one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TenantAccess {
    pub(super) roles: Vec<String>,
    /// Applications of the role `editor-specific-apps`.
    pub(super) client_ids: Vec<String>,
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
    /// The roles in the tenant list of a member.
    fn assignments(&self) -> Vec<Value> {
        let roles = self.roles.iter();
        roles
            .map(|role| match role == SPECIFIC_APPS {
                true => json!({"role": role, "client_ids": self.client_ids}),
                false => json!({ "role": role }),
            })
            .collect()
    }
}

impl Team {
    /// Lists the tenants of an environment that a member has access to.
    pub(super) fn list_tenant_access(&self, call: &Call) -> Result<OperationOutcome, Problem> {
        let (member, _) = self.member_of(call)?;
        let environment = call.required("environment");
        let mut is_known = false;
        let mut tenants: Vec<Value> = Vec::new();
        for (_, tenant) in self.tenants.iter() {
            if tenant.environment != environment {
                continue;
            }
            is_known = true;
            if let Some(access) = tenant.access.get(&member) {
                tenants.push(json!({
                    "tenant_id": tenant.tenant_id,
                    "domain": tenant.domain,
                    "roles": access.assignments(),
                }));
            }
        }
        if !is_known {
            let title = "The team has no tenants in this environment";
            return Err(Problem::not_found("ENVIRONMENT_NOT_FOUND", title));
        }
        Ok(ok(&json!({"environment": environment, "tenants": tenants}))?.into())
    }

    pub(super) fn list_tenant_members(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let (_, tenant) = self.tenant_of(call)?;
        let listing = super::listing(operation, call, "members")?;
        let first = listing.start().map_or(0, |number| number.saturating_add(1));
        let access = tenant.access.range(first..);
        let members = access.filter_map(|(&number, access)| {
            let mut member = json!(self.members.get(number)?);
            let fields = member.as_object_mut()?;
            fields.remove("role");
            fields.insert("roles".to_owned(), json!(access.roles));
            Some((number, member))
        });
        Ok(listing.page(|| None, members).into())
    }
}
