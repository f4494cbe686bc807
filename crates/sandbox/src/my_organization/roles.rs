//! Roles, and what of them members have.

use serde_json::{Value, json};

use super::{Scene, missing};
use crate::answer::{Answer, done};
use crate::pages::{paged, start};
use crate::problem::Problem;
use crate::tenant::{Added, Role, Tenant, add_roles};

pub(super) fn described(role: &Role) -> Value {
    json!({"id": role.id, "name": role.name, "description": role.description})
}

/// The roles with these ids, as they are shown.
pub(super) fn all(tenant: &Tenant, ids: &[String]) -> Vec<Value> {
    let roles = ids.iter().filter_map(|id| tenant.role(id));
    roles.map(described).collect()
}

impl Scene<'_> {
    pub(super) fn list_roles(&self) -> Result<Answer, Problem> {
        let name = self.call.get("name").map(str::to_lowercase);
        let is_meant = |role: &Role| {
            let name = name.as_deref();
            name.is_none_or(|name| role.name.to_lowercase().contains(name))
        };
        let roles = self.tenant.roles.iter();
        self.roles_shown(roles.filter(|role| is_meant(role)))
    }

    pub(super) fn list_member_roles(&self) -> Result<Answer, Problem> {
        let member = self.member()?;
        let roles = self.organization.members.roles_of(member).iter();
        self.roles_shown(roles.filter_map(|id| self.tenant.role(id)))
    }

    fn roles_shown<'a>(&self, roles: impl Iterator<Item = &'a Role>) -> Result<Answer, Problem> {
        let start = start(self.operation, self.call)?;
        // A role's number is its place among those of the tenant, so that others do not move when one is taken away.
        let place = |role: &Role| {
            let mut all = self.tenant.roles.iter();
            all.position(|other| other.id == role.id).unwrap_or(0) as u64
        };
        let mut numbered: Vec<(u64, Value)> = roles
            .map(|role| (place(role), described(role)))
            .filter(|(number, _)| start.is_none_or(|start| *number > start))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        let quirks = self.tenant.settings.quirks;
        Ok(paged(
            self.operation,
            self.call,
            quirks,
            "roles",
            numbered.into_iter(),
        ))
    }

    /// The roles that a body names, all of which there are.
    pub(super) fn known_roles(&self, roles: &Value) -> Result<Vec<String>, Problem> {
        let ids = roles.as_array().into_iter().flatten();
        ids.filter_map(Value::as_str)
            .map(|id| match self.tenant.role(id) {
                Some(role) => Ok(role.id.clone()),
                None => Err(missing("The role does not exist")),
            })
            .collect()
    }

    pub(super) fn assign_roles(&mut self) -> Result<Answer, Problem> {
        let member = self.member()?;
        let ids = self.known_roles(self.call.member("role_ids"))?;
        let members = &mut self.organization_mut()?.members;
        match add_roles(members.roles_mut(member), &ids) {
            Added::Done => done(),
            Added::TooMany => Err(Problem::forbidden(
                "TOO_MANY_ROLES",
                "A member can have 10 roles at most",
            )),
        }
    }

    /// Roles that the member does not have are not missed.
    pub(super) fn unassign_roles(&mut self) -> Result<Answer, Problem> {
        let member = self.member()?;
        let ids = self.known_roles(self.call.member("role_ids"))?;
        let members = &mut self.organization_mut()?.members;
        members.roles_mut(member).retain(|role| !ids.contains(role));
        done()
    }
}
