//! Groups of an organization, and the roles that they bring.

use serde_json::{Value, json};

use super::Scene;
use super::roles::{described as role_described, too_many};
use crate::answer::{Answer, done};
use crate::problem::Problem;
use crate::tenant::{Added, Assignment, Group, add_roles};
use crate::time::shown as time;

pub(super) fn described(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "created_at": time(group.created_at),
        "updated_at": time(group.created_at),
    })
}

impl Scene<'_> {
    pub(super) fn group(&self, assignment: &Assignment) -> Option<&Group> {
        let mut groups = self.tenant.groups.iter();
        groups.find(|group| group.id == assignment.group_id)
    }

    /// The place of the group that the call is about among those of the organization.
    fn place(&self) -> Result<usize, Problem> {
        let id = self.call.required("group_id");
        let organization = self.organization()?;
        let place = organization
            .groups
            .iter()
            .position(|one| one.group_id == id);
        place.ok_or_else(|| {
            let title = "The organization has no such group";
            Problem::not_found("INEXISTENT_GROUP", title)
        })
    }

    pub(super) fn list_groups(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let groups = organization.groups.iter();
        let groups = groups.filter_map(|one| self.group(one)).map(described);
        self.short_page("groups", groups)
    }

    pub(super) fn list_group_roles(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let ids = organization.groups[self.place()?].roles.iter();
        let roles = ids.filter_map(|id| self.tenant.role(id));
        self.short_page("roles", roles.map(role_described))
    }

    pub(super) fn assign_group_roles(&mut self) -> Result<Answer, Problem> {
        let place = self.place()?;
        let ids = self.known_roles()?;
        let roles = &mut self.organization_mut()?.groups[place].roles;
        match add_roles(roles, &ids) {
            Added::Done => done(),
            Added::TooMany => Err(too_many()),
        }
    }

    pub(super) fn remove_group_roles(&mut self) -> Result<Answer, Problem> {
        let place = self.place()?;
        let ids = self.known_roles()?;
        let roles = &mut self.organization_mut()?.groups[place].roles;
        roles.retain(|role| !ids.contains(role));
        done()
    }
}
