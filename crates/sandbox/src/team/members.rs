//! Members of the team.

use serde_json::json;

use super::{Call, OperationOutcome, Team};
use crate::document::Operation;
use crate::population::{Member, Population};
use crate::problem::Problem;
use crate::resources::{Collection, Record, Seed};
use crate::response::{no_content, ok};

const OWNER: &str = "teams_owner";

impl Record for Member {
    fn text(&self, field: &str) -> &str {
        match field {
            "email" => &self.email,
            _ => &self.id,
        }
    }
}

impl Seed<Member> for Population {
    fn size(&self) -> u64 {
        self.size
    }

    fn generate(&self, number: u64) -> Member {
        self.member(number)
    }

    fn number_of(&self, field: &str, value: &str) -> Option<u64> {
        match field {
            "email" => self.number_of_email(value),
            _ => self.number_of_id(value),
        }
    }

    fn id(&self, number: u64) -> String {
        self.id(number)
    }
}

/// The members, and the number of owners, which is not counted among a million of them.
pub(super) struct Members {
    pub(super) list: Collection<Member>,
    owners: u64,
}

impl Members {
    pub(super) fn new(seed: u64, size: u64) -> Self {
        let population = Population::new(seed, size, "example.com");
        Self {
            owners: population.owners(),
            list: Collection::seeded(population),
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<Member> {
        Some(self.list.get(number)?.into_owned())
    }

    pub(super) fn find_by_email(&self, email: &str) -> Option<(u64, Member)> {
        let number = self.list.find_ignoring_case("email", email)?;
        Some((number, self.get(number)?))
    }

    /// Adds a member.
    pub(super) fn join(&mut self, email: &str, role: &str) -> (u64, Member) {
        let nickname = email.split('@').next().unwrap_or_default();
        let member = Member {
            id: self.list.next_id().unwrap_or_default(),
            email: email.to_owned(),
            name: email.to_owned(),
            given_name: String::new(),
            family_name: String::new(),
            nickname: nickname.to_owned(),
            role: role.to_owned(),
        };
        self.owners += u64::from(role == OWNER);
        (self.list.push(member.clone()), member)
    }

    /// Fails for the last owner, who can neither leave nor change the role.
    fn check_not_last_owner(&self, member: &Member) -> Result<(), Problem> {
        if member.role == OWNER && self.owners == 1 {
            let title = "The last owner of a team cannot be removed or lose the role";
            return Err(Problem::forbidden("LAST_OWNER", title));
        }
        Ok(())
    }
}

impl Team {
    /// The first member, who is initially an owner.
    pub(crate) fn first_member(&self) -> Option<Member> {
        self.members.get(0)
    }

    /// The member named by the call.
    pub(super) fn member_of(&self, call: &Call) -> Result<(u64, Member), Problem> {
        let number = self.members.list.find("id", call.required("id"));
        let found = number.and_then(|number| Some((number, self.members.get(number)?)));
        found.ok_or_else(|| Problem::not_found("NOT_FOUND", "The team has no such member"))
    }

    pub(super) fn list_members(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let listing = super::listing(operation, call, "members")?;
        let first = listing.start().map_or(0, |last| last.saturating_add(1));
        let numbers = self.members.list.numbers_in(first..u64::MAX);
        let members = numbers.filter_map(|number| Some((number, self.members.list.get(number)?)));
        Ok(listing.page(|| None, members).into())
    }

    pub(super) fn get_member(&self, call: &Call) -> Result<OperationOutcome, Problem> {
        Ok(ok(&self.member_of(call)?.1)?.into())
    }

    pub(super) fn update_member_role(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let role = call.body["role"].as_str().unwrap_or_default();
        let (number, member) = self.member_of(call)?;
        if role != OWNER {
            self.members.check_not_last_owner(&member)?;
        }
        self.members.owners -= u64::from(member.role == OWNER);
        self.members.owners += u64::from(role == OWNER);
        let details = json!({"from": member.role, "to": role});
        let changed = self.members.list.get_mut(number);
        let changed = changed.ok_or_else(|| Problem::internal("the member is missing"))?;
        role.clone_into(&mut changed.role);
        Ok(OperationOutcome::changing(ok(changed)?, details))
    }

    pub(super) fn delete_member(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let (number, member) = self.member_of(call)?;
        self.members.check_not_last_owner(&member)?;
        self.members.owners -= u64::from(member.role == OWNER);
        self.members.list.remove(number);
        for tenant in self.tenants.stored_mut() {
            tenant.access.remove(&number);
        }
        let details = json!({"email": member.email});
        Ok(OperationOutcome::changing(no_content()?, details))
    }
}
