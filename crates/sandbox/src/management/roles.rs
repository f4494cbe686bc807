//! Roles of members: direct ones, and effective ones including those of groups.

use serde_json::{Value, json};

use super::ManagementContext;
use super::groups::to_json as group_json;
use super::listings::{numbered_page, page_range};
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content};
use crate::tenant::{GroupAssignment, Organization, Role, TooManyRoles, add_roles};

pub(super) fn to_json(role: &Role) -> Value {
    json!({"id": role.id, "name": role.name, "description": role.description})
}

pub(super) fn too_many_roles() -> Problem {
    let title = "At most 10 roles can be assigned";
    Problem::conflict("TOO_MANY_ROLES", title)
}

impl ManagementContext<'_> {
    /// The roles named in the body. All must exist in the tenant.
    pub(super) fn known_roles(&self) -> Result<Vec<String>, Problem> {
        let ids = self.string_list("roles");
        match ids.iter().find(|id| self.tenant.role(id).is_none()) {
            Some(_) => Err(Problem::body_field("/roles", "no role has this id")),
            None => Ok(ids),
        }
    }

    /// Number of the member named by the call.
    fn member(&self, organization: &Organization) -> Result<u64, Problem> {
        let number = self
            .tenant
            .people
            .number_of_id(self.call.required("user_id"));
        let number = number.filter(|number| organization.members.contains(*number));
        number.ok_or_else(|| {
            let title = "The organization has no such member";
            Problem::not_found("INEXISTENT_USER", title)
        })
    }

    pub(super) fn list_member_roles(&self) -> Result<ApiResponse, Problem> {
        let page = page_range(self.call)?;
        let organization = self.organization()?;
        let ids = organization.members.roles_of(self.member(&organization)?);
        Ok(numbered_page(
            self.call,
            "roles",
            page,
            Some(ids.len() as u64),
            ids.iter()
                .filter_map(|id| self.tenant.role(id))
                .map(to_json),
        ))
    }

    pub(super) fn assign_member_roles(&mut self) -> Result<ApiResponse, Problem> {
        let member = self.member(&self.organization()?)?;
        let ids = self.known_roles()?;
        let members = &mut self.organization_mut()?.members;
        add_roles(members.roles_mut(member), &ids).map_err(|TooManyRoles| too_many_roles())?;
        no_content()
    }

    pub(super) fn remove_member_roles(&mut self) -> Result<ApiResponse, Problem> {
        let member = self.member(&self.organization()?)?;
        let ids = self.known_roles()?;
        let members = &mut self.organization_mut()?.members;
        members.roles_mut(member).retain(|role| !ids.contains(role));
        no_content()
    }

    pub(super) fn list_effective_roles(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let member = self.member(&organization)?;
        let direct = organization.members.roles_of(member);
        let is_by_group = |role: &Role| {
            groups_granting(&organization, member, &role.id)
                .next()
                .is_some()
        };
        let roles = self.tenant.roles.iter().filter_map(|role| {
            let mut from = Vec::new();
            from.extend(direct.contains(&role.id).then_some("direct"));
            from.extend(is_by_group(role).then_some("groups"));
            let mut item = to_json(role);
            item["sources"] = json!(from);
            (!from.is_empty()).then_some(item)
        });
        self.indexed_page("roles", roles)
    }

    pub(super) fn list_source_groups(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let member = self.member(&organization)?;
        let groups = groups_granting(&organization, member, self.call.required("role_id"));
        let groups = groups.filter_map(|one| self.group(one)).map(group_json);
        self.indexed_page("groups", groups)
    }
}

/// The groups that give a role to a member.
fn groups_granting<'a>(
    organization: &'a Organization,
    member: u64,
    role: &'a str,
) -> impl Iterator<Item = &'a GroupAssignment> {
    let groups = organization.groups.iter();
    groups
        .filter(move |one| one.people.contains(&member) && one.roles.iter().any(|own| own == role))
}
