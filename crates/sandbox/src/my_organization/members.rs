//! Members of the organization.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Scene, missing, roles};
use crate::answer::{Answer, done, shown};
use crate::pages::{chosen, paged, start};
use crate::problem::Problem;
use crate::time::shown as time;

/// The scope without which members are listed without their roles.
const READ_ROLES: &str = "read:my_org:member_roles";

impl Scene<'_> {
    /// The number of the member that the call is about.
    pub(super) fn member(&self) -> Result<u64, Problem> {
        self.member_by_id(self.call.required("user_id"))
    }

    fn member_by_id(&self, id: &str) -> Result<u64, Problem> {
        let number = self.tenant.people.number_of_id(id);
        let number = number.filter(|number| self.organization.members.contains(*number));
        number.ok_or_else(|| missing("The organization has no such member"))
    }

    fn person(&self, number: u64) -> Option<Value> {
        let person = self.tenant.people.get(number)?;
        let mut member = json!({
            "user_id": person.id,
            "email": person.email,
            "name": person.name,
            "nickname": person.nickname,
            "created_at": time(person.created_at),
            "updated_at": time(person.created_at),
        });
        for (field, value) in [
            ("given_name", person.given_name),
            ("family_name", person.family_name),
        ] {
            if !value.is_empty() {
                member[field] = json!(value);
            }
        }
        Some(member)
    }

    pub(super) fn list_members(&self) -> Result<Answer, Problem> {
        let start = start(self.operation, self.call)?;
        let with_roles = self.call.caller.has(READ_ROLES);
        let numbers = self
            .organization
            .members
            .after(start, DateTime::<Utc>::MAX_UTC);
        let members = numbers.filter_map(|number| {
            let mut member = self.person(number)?;
            if with_roles {
                let ids = self.organization.members.roles_of(number);
                member["roles"] = json!(roles::all(self.tenant, ids));
            }
            Some((number, chosen(self.call, member)))
        });
        let quirks = self.tenant.settings.quirks;
        Ok(paged(self.operation, self.call, quirks, "members", members))
    }

    pub(super) fn get_member(&self) -> Result<Answer, Problem> {
        let member = self.person(self.member()?).unwrap_or_default();
        shown(&chosen(self.call, member))
    }

    pub(super) fn delete_memberships(&mut self) -> Result<Answer, Problem> {
        let ids = self.call.member("members").as_array();
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
        done()
    }
}
