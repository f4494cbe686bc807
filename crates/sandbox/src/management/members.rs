//! Members of an organization.

use serde_json::{Value, json};

use super::ManagementContext;
use super::listings::{PageMode, numbered_page, page_mode};
use crate::pages::cursor_page;
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content};
use crate::tenant::Organization;

/// Scope required for the roles of members.
const READ_MEMBER_ROLES: &str = "read:organization_member_roles";

impl ManagementContext<'_> {
    /// Whether `fields` selects the roles of members, which are omitted by default.
    fn includes_roles(&self) -> Result<bool, Problem> {
        let fields = self.call.get("fields").unwrap_or_default();
        let is_included = self.call.get("include_fields") != Some("false");
        let names_roles = fields.split(',').any(|field| field.trim() == "roles");
        let wanted = names_roles && is_included;
        if wanted && !self.call.caller.has_scope(READ_MEMBER_ROLES) {
            let title = "The roles of members require another scope";
            let problem = Problem::forbidden("INSUFFICIENT_SCOPE", title);
            return Err(problem.details(format!("expected {READ_MEMBER_ROLES}")));
        }
        Ok(wanted)
    }

    fn member_json(
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
        Some(crate::pages::select_fields(self.call, body))
    }

    pub(super) fn list_members(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let with_roles = self.includes_roles()?;
        let then = self.member_list_time();
        let members = &organization.members;
        let show = |number| self.member_json(&organization, number, with_roles);
        Ok(match page_mode(self.operation, self.call)? {
            PageMode::Numbered { start, size } => numbered_page(
                self.call,
                "members",
                (start, size),
                Some(members.count(then)),
                members.after(None, then).filter_map(show),
            ),
            PageMode::Cursor(start) => {
                let numbers = members.after(start, then);
                let items = numbers.filter_map(|number| Some((number, show(number)?)));
                let quirks = self.tenant.settings.quirks;
                cursor_page(self.operation, self.call, quirks, "members", items)
            }
        })
    }

    /// Adds all or none. All must be people of the tenant.
    pub(super) fn add_members(&mut self) -> Result<ApiResponse, Problem> {
        let ids = self.string_list("members");
        let people = &self.tenant.people;
        let numbers: Option<Vec<u64>> = ids.iter().map(|id| people.number_of_id(id)).collect();
        let now = self.call.now;
        let organization = self.organization_mut()?;
        let numbers =
            numbers.ok_or_else(|| Problem::body_field("/members", "no user has this id"))?;
        for number in numbers {
            organization.members.join(number, now);
        }
        no_content()
    }

    /// Ignores people who are not members.
    pub(super) fn remove_members(&mut self) -> Result<ApiResponse, Problem> {
        let ids = self.string_list("members");
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
        no_content()
    }
}
