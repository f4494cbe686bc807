//! Roles of an organization's members: those given to a member, and those that hold, by groups too.

use serde_json::{Value, json};

use super::Scene;
use super::groups::described as group_described;
use super::listing::{numbered, numbered_page};
use crate::answer::{Answer, done};
use crate::problem::Problem;
use crate::tenant::{Added, Assignment, Organization, Role, add_roles};

pub(super) fn described(role: &Role) -> Value {
    json!({"id": role.id, "name": role.name, "description": role.description})
}

pub(super) fn too_many() -> Problem {
    let title = "No more roles can be assigned: there can be 10";
    Problem::conflict("TOO_MANY_ROLES", title)
}

impl Scene<'_> {
    /// The roles that the body names, all of which the tenant has to have.
    pub(super) fn known_roles(&self) -> Result<Vec<String>, Problem> {
        let ids = self.texts("roles");
        match ids.iter().find(|id| self.tenant.role(id).is_none()) {
            Some(_) => Err(Problem::in_body("/roles", "no role has this id")),
            None => Ok(ids),
        }
    }

    /// The number of the member that the call is about.
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

    pub(super) fn list_member_roles(&self) -> Result<Answer, Problem> {
        let page = numbered(self.call)?;
        let organization = self.organization()?;
        let ids = organization.members.roles_of(self.member(&organization)?);
        Ok(numbered_page(
            self.call,
            "roles",
            page,
            Some(ids.len() as u64),
            ids.iter()
                .filter_map(|id| self.tenant.role(id))
                .map(described),
        ))
    }

    pub(super) fn assign_member_roles(&mut self) -> Result<Answer, Problem> {
        let member = self.member(&self.organization()?)?;
        let ids = self.known_roles()?;
        let members = &mut self.organization_mut()?.members;
        match add_roles(members.roles_mut(member), &ids) {
            Added::Done => done(),
            Added::TooMany => Err(too_many()),
        }
    }

    pub(super) fn remove_member_roles(&mut self) -> Result<Answer, Problem> {
        let member = self.member(&self.organization()?)?;
        let ids = self.known_roles()?;
        let members = &mut self.organization_mut()?.members;
        members.roles_mut(member).retain(|role| !ids.contains(role));
        done()
    }

    pub(super) fn list_effective_roles(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let member = self.member(&organization)?;
        let direct = organization.members.roles_of(member);
        let is_by_group = |role: &Role| sources(&organization, member, &role.id).next().is_some();
        let roles = self.tenant.roles.iter().filter_map(|role| {
            let mut from = Vec::new();
            from.extend(direct.contains(&role.id).then_some("direct"));
            from.extend(is_by_group(role).then_some("groups"));
            let mut item = described(role);
            item["sources"] = json!(from);
            (!from.is_empty()).then_some(item)
        });
        self.short_page("roles", roles)
    }

    pub(super) fn list_source_groups(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let member = self.member(&organization)?;
        let groups = sources(&organization, member, self.call.required("role_id"));
        let groups = groups
            .filter_map(|one| self.group(one))
            .map(group_described);
        self.short_page("groups", groups)
    }
}

/// The groups that give a member a role.
fn sources<'a>(
    organization: &'a Organization,
    member: u64,
    role: &'a str,
) -> impl Iterator<Item = &'a Assignment> {
    let groups = organization.groups.iter();
    groups
        .filter(move |one| one.people.contains(&member) && one.roles.iter().any(|own| own == role))
}
