//! Roles and their assignment to members.

use serde_json::{Value, json};

use super::{MyOrganizationContext, not_found};
use crate::pages::{cursor_page, page_start};
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content};
use crate::tenant::{Role, Tenant, TooManyRoles, add_roles};

pub(super) fn to_json(role: &Role) -> Value {
    json!({"id": role.id, "name": role.name, "description": role.description})
}

/// The roles with these ids as JSON.
pub(super) fn roles_json(tenant: &Tenant, ids: &[String]) -> Vec<Value> {
    let roles = ids.iter().filter_map(|id| tenant.role(id));
    roles.map(to_json).collect()
}

impl MyOrganizationContext<'_> {
    pub(super) fn list_roles(&self) -> Result<ApiResponse, Problem> {
        let name = self.call.get("name").map(str::to_lowercase);
        let is_match = |role: &Role| {
            let name = name.as_deref();
            name.is_none_or(|name| role.name.to_lowercase().contains(name))
        };
        let roles = self.tenant.roles.iter();
        self.roles_page(roles.filter(|role| is_match(role)))
    }

    pub(super) fn list_member_roles(&self) -> Result<ApiResponse, Problem> {
        let member = self.member()?;
        let roles = self.organization.members.roles_of(member).iter();
        self.roles_page(roles.filter_map(|id| self.tenant.role(id)))
    }

    fn roles_page<'a>(
        &self,
        roles: impl Iterator<Item = &'a Role>,
    ) -> Result<ApiResponse, Problem> {
        let start = page_start(self.operation, self.call)?;
        // A role is numbered by its position among all roles of the tenant, so that removing an assignment does not
        // move others.
        let index = |role: &Role| {
            let mut all = self.tenant.roles.iter();
            all.position(|other| other.id == role.id).unwrap_or(0) as u64
        };
        let mut numbered: Vec<(u64, Value)> = roles
            .map(|role| (index(role), to_json(role)))
            .filter(|(number, _)| start.is_none_or(|start| *number > start))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(
            self.operation,
            self.call,
            quirks,
            "roles",
            numbered.into_iter(),
        ))
    }

    /// The roles named in the body, all of which must exist.
    pub(super) fn known_roles(&self, roles: &Value) -> Result<Vec<String>, Problem> {
        let ids = roles.as_array().into_iter().flatten();
        ids.filter_map(Value::as_str)
            .map(|id| match self.tenant.role(id) {
                Some(role) => Ok(role.id.clone()),
                None => Err(not_found("The role does not exist")),
            })
            .collect()
    }

    pub(super) fn assign_roles(&mut self) -> Result<ApiResponse, Problem> {
        let member = self.member()?;
        let ids = self.known_roles(self.call.body_field("role_ids"))?;
        let members = &mut self.organization_mut()?.members;
        add_roles(members.roles_mut(member), &ids).map_err(|TooManyRoles| {
            Problem::forbidden("TOO_MANY_ROLES", "A member can have at most 10 roles")
        })?;
        no_content()
    }

    /// Ignores roles that the member does not have.
    pub(super) fn unassign_roles(&mut self) -> Result<ApiResponse, Problem> {
        let member = self.member()?;
        let ids = self.known_roles(self.call.body_field("role_ids"))?;
        let members = &mut self.organization_mut()?.members;
        members.roles_mut(member).retain(|role| !ids.contains(role));
        no_content()
    }
}
