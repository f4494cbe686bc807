//! Members of the organization.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{MyOrganizationContext, not_found, roles};
use crate::pages::{cursor_page, page_start, select_fields};
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content, ok};
use crate::timestamp::rfc3339 as time;

/// Without this scope, members are listed without roles.
const READ_ROLES_SCOPE: &str = "read:my_org:member_roles";

impl MyOrganizationContext<'_> {
    /// Number of the member named by the call.
    pub(super) fn member(&self) -> Result<u64, Problem> {
        self.member_by_id(self.call.required("user_id"))
    }

    fn member_by_id(&self, id: &str) -> Result<u64, Problem> {
        let number = self.tenant.people.number_of_id(id);
        let number = number.filter(|number| self.organization.members.contains(*number));
        number.ok_or_else(|| not_found("The organization has no such member"))
    }

    fn member_json(&self, number: u64) -> Option<Value> {
        let member_json = self.tenant.people.get(number)?;
        let mut member = json!({
            "user_id": member_json.id,
            "email": member_json.email,
            "name": member_json.name,
            "nickname": member_json.nickname,
            "created_at": time(member_json.created_at),
            "updated_at": time(member_json.created_at),
        });
        for (field, value) in [
            ("given_name", member_json.given_name),
            ("family_name", member_json.family_name),
        ] {
            if !value.is_empty() {
                member[field] = json!(value);
            }
        }
        Some(member)
    }

    pub(super) fn list_members(&self) -> Result<ApiResponse, Problem> {
        let start = page_start(self.operation, self.call)?;
        let with_roles = self.call.caller.has_scope(READ_ROLES_SCOPE);
        let numbers = self
            .organization
            .members
            .after(start, DateTime::<Utc>::MAX_UTC);
        let members = numbers.filter_map(|number| {
            let mut member = self.member_json(number)?;
            if with_roles {
                let ids = self.organization.members.roles_of(number);
                member["roles"] = json!(roles::roles_json(self.tenant, ids));
            }
            Some((number, select_fields(self.call, member)))
        });
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(
            self.operation,
            self.call,
            quirks,
            "members",
            members,
        ))
    }

    pub(super) fn get_member(&self) -> Result<ApiResponse, Problem> {
        let member = self.member_json(self.member()?).unwrap_or_default();
        ok(&select_fields(self.call, member))
    }

    pub(super) fn delete_memberships(&mut self) -> Result<ApiResponse, Problem> {
        let ids = self.call.body_field("members").as_array();
        let numbers = ids
            .into_iter()
            .flatten()
            .map(|id| self.member_by_id(id.as_str().unwrap_or_default()))
            .collect::<Result<Vec<u64>, Problem>>()?;
        let now = self.call.now;
        let members = &mut self.organization_mut()?.members;
        for number in numbers {
            members.leave(number, now);
        }
        no_content()
    }
}
