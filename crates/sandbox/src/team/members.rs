//! Members of the team.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::listing::listing_page;
use super::{Call, OperationOutcome, Team};
use crate::document::Operation;
use crate::population::{Member, Population};
use crate::problem::Problem;
use crate::response::ApiResponse;

const OWNER: &str = "teams_owner";

/// The members: the generated ones, and the changes since.
pub(super) struct Members {
    population: Population,
    /// Members who joined later or were changed.
    changed: BTreeMap<u64, Member>,
    removed: HashSet<u64>,
    /// Numbers of the members who joined later, by lower-case e-mail address.
    addresses: HashMap<String, u64>,
    next: u64,
    owners: u64,
}

impl Members {
    pub(super) fn new(seed: u64, size: u64) -> Self {
        let population = Population::new(seed, size, "example.com");
        Self {
            changed: BTreeMap::new(),
            removed: HashSet::new(),
            addresses: HashMap::new(),
            next: size,
            owners: population.owners(),
            population,
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<Member> {
        if self.removed.contains(&number) {
            return None;
        }
        match self.changed.get(&number) {
            Some(member) => Some(member.clone()),
            None => self.population.member(number),
        }
    }

    pub(super) fn find_by_id(&self, id: &str) -> Option<(u64, Member)> {
        let number = self.population.number_of_id(id)?;
        Some((number, self.get(number)?))
    }

    pub(super) fn find_by_email(&self, email: &str) -> Option<(u64, Member)> {
        let joined = self.addresses.get(&email.to_lowercase()).copied();
        let number = joined.or_else(|| self.population.number_of_email(email))?;
        Some((number, self.get(number)?))
    }

    /// Members in the order in which they joined, starting after this number.
    fn after(&self, number: Option<u64>) -> impl Iterator<Item = (u64, Member)> {
        let first = number.map_or(0, |number| number.saturating_add(1));
        (first..self.next).filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Adds a member.
    pub(super) fn join(&mut self, email: &str, role: &str) -> (u64, Member) {
        let number = self.next;
        self.next += 1;
        let nickname = email.split('@').next().unwrap_or_default();
        let member = Member {
            id: self.population.id(number),
            email: email.to_owned(),
            name: email.to_owned(),
            given_name: String::new(),
            family_name: String::new(),
            nickname: nickname.to_owned(),
            role: role.to_owned(),
        };
        self.addresses.insert(email.to_lowercase(), number);
        self.owners += u64::from(role == OWNER);
        self.changed.insert(number, member.clone());
        (number, member)
    }

    /// Fails for the last owner, who can neither leave nor change the role.
    fn check_not_last_owner(&self, member: &Member) -> Result<(), Problem> {
        if member.role == OWNER && self.owners == 1 {
            return Err(Problem::forbidden(
                "LAST_OWNER",
                "The last owner of a team cannot be removed or lose the role",
            ));
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
        self.members
            .find_by_id(call.required("id"))
            .ok_or_else(|| Problem::not_found("NOT_FOUND", "The team has no such member"))
    }

    pub(super) fn list_members(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        listing_page(operation, call, "members", |start| {
            self.members.after(start)
        })
    }

    pub(super) fn get_member(&self, call: &Call) -> Result<OperationOutcome, Problem> {
        let (_, member) = self.member_of(call)?;
        Ok(OperationOutcome::reading(ApiResponse::json(
            StatusCode::OK,
            &member,
        )))
    }

    pub(super) fn update_member_role(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        #[derive(Deserialize)]
        struct RoleUpdate {
            role: String,
        }
        let update: RoleUpdate = call.body()?;
        let (number, mut member) = self.member_of(call)?;
        if update.role != OWNER {
            self.members.check_not_last_owner(&member)?;
        }
        let details = json!({"from": member.role, "to": update.role});
        self.members.owners -= u64::from(member.role == OWNER);
        self.members.owners += u64::from(update.role == OWNER);
        member.role = update.role;
        let response = ApiResponse::json(StatusCode::OK, &member);
        self.members.changed.insert(number, member);
        Ok(OperationOutcome::changing(response, details))
    }

    pub(super) fn delete_member(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let (number, member) = self.member_of(call)?;
        self.members.check_not_last_owner(&member)?;
        self.members.owners -= u64::from(member.role == OWNER);
        self.members.changed.remove(&number);
        self.members.removed.insert(number);
        // An address may have moved from an initial member to another member, so entries are compared by number.
        self.members.addresses.retain(|_, other| *other != number);
        for tenant in self.tenants.values_mut() {
            tenant.access.remove(&number);
        }
        let details = json!({"email": member.email});
        Ok(OperationOutcome::changing(
            ApiResponse::empty(StatusCode::NO_CONTENT),
            details,
        ))
    }
}
