//! Members of an organization.

use serde_json::{Value, json};

use super::Scene;
use super::listing::{Mode, mode, numbered_page};
use crate::answer::{Answer, done};
use crate::pages::paged;
use crate::problem::Problem;
use crate::tenant::Organization;

/// The scope that it takes to see the roles of members.
const READ_ROLES: &str = "read:organization_member_roles";

impl Scene<'_> {
    /// Whether the roles of members are asked for, which are not shown otherwise.
    fn wants_roles(&self) -> Result<bool, Problem> {
        let fields = self.call.get("fields").unwrap_or_default();
        let is_included = self.call.get("include_fields") != Some("false");
        let names_roles = fields.split(',').any(|field| field.trim() == "roles");
        let wanted = names_roles && is_included;
        if wanted && !self.call.caller.has(READ_ROLES) {
            let title = "Roles are shown with another scope only";
            let problem = Problem::forbidden("INSUFFICIENT_SCOPE", title);
            return Err(problem.details(format!("expected {READ_ROLES}")));
        }
        Ok(wanted)
    }

    fn member_shown(
        &self,
        organization: &Organization,
        number: u64,
        with_roles: bool,
    ) -> Option<Value> {
        let person = self.tenant.people.get(number)?;
        let mut body = json!({
            "user_id": person.id,
            "email": person.email,
            "name": person.name,
        });
        if with_roles {
            let ids = organization.members.roles_of(number).iter();
            let roles = ids.filter_map(|id| self.tenant.role(id));
            let roles: Vec<Value> = roles
                .map(|role| json!({"id": role.id, "name": role.name}))
                .collect();
            body["roles"] = json!(roles);
        }
        Some(crate::pages::chosen(self.call, body))
    }

    pub(super) fn list_members(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let with_roles = self.wants_roles()?;
        let then = self.members_as_of();
        let members = &organization.members;
        let show = |number| self.member_shown(&organization, number, with_roles);
        Ok(match mode(self.operation, self.call)? {
            Mode::Numbered { start, size } => numbered_page(
                self.call,
                "members",
                (start, size),
                Some(members.count(then)),
                members.after(None, then).filter_map(show),
            ),
            Mode::Cursor(start) => {
                let numbers = members.after(start, then);
                let items = numbers.filter_map(|number| Some((number, show(number)?)));
                let quirks = self.tenant.settings.quirks;
                paged(self.operation, self.call, quirks, "members", items)
            }
        })
    }

    /// All are added or none: they have to be people of the tenant.
    pub(super) fn add_members(&mut self) -> Result<Answer, Problem> {
        let ids = self.texts("members");
        let people = &self.tenant.people;
        let numbers: Option<Vec<u64>> = ids.iter().map(|id| people.number_of_id(id)).collect();
        let now = self.call.now;
        let organization = self.organization_mut()?;
        let numbers = numbers.ok_or_else(|| Problem::in_body("/members", "no user has this id"))?;
        for number in numbers {
            organization.members.join(number, now);
        }
        done()
    }

    /// Who is no member is not missed.
    pub(super) fn remove_members(&mut self) -> Result<Answer, Problem> {
        let ids = self.texts("members");
        let people = &self.tenant.people;
        let numbers: Vec<u64> = ids
            .iter()
            .filter_map(|id| people.number_of_id(id))
            .collect();
        let now = self.call.now;
        let organization = self.organization_mut()?;
        for number in numbers {
            organization.members.leave(number, now);
        }
        done()
    }
}
