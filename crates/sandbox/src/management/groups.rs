//! Groups of an organization and their roles.

use serde_json::{Value, json};

use super::ManagementContext;
use super::roles::{to_json as role_json, too_many_roles};
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content};
use crate::tenant::{Group, GroupAssignment, TooManyRoles, add_roles};
use crate::timestamp::rfc3339 as time;

pub(super) fn to_json(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "created_at": time(group.created_at),
        "updated_at": time(group.created_at),
    })
}

impl ManagementContext<'_> {
    pub(super) fn group(&self, assignment: &GroupAssignment) -> Option<&Group> {
        let mut groups = self.tenant.groups.iter();
        groups.find(|group| group.id == assignment.group_id)
    }

    /// Index of the group named by the call among the groups of the organization.
    fn group_index(&self) -> Result<usize, Problem> {
        let id = self.call.required("group_id");
        let organization = self.organization()?;
        let group_index = organization
            .groups
            .iter()
            .position(|one| one.group_id == id);
        group_index.ok_or_else(|| {
            let title = "The organization has no such group";
            Problem::not_found("INEXISTENT_GROUP", title)
        })
    }

    pub(super) fn list_groups(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let groups = organization.groups.iter();
        let groups = groups.filter_map(|one| self.group(one)).map(to_json);
        self.indexed_page("groups", groups)
    }

    pub(super) fn list_group_roles(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let ids = organization.groups[self.group_index()?].roles.iter();
        let roles = ids.filter_map(|id| self.tenant.role(id));
        self.indexed_page("roles", roles.map(role_json))
    }

    pub(super) fn assign_group_roles(&mut self) -> Result<ApiResponse, Problem> {
        let group_index = self.group_index()?;
        let ids = self.known_roles()?;
        let roles = &mut self.organization_mut()?.groups[group_index].roles;
        add_roles(roles, &ids).map_err(|TooManyRoles| too_many_roles())?;
        no_content()
    }

    pub(super) fn remove_group_roles(&mut self) -> Result<ApiResponse, Problem> {
        let group_index = self.group_index()?;
        let ids = self.known_roles()?;
        let roles = &mut self.organization_mut()?.groups[group_index].roles;
        roles.retain(|role| !ids.contains(role));
        no_content()
    }
}
