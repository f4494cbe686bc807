//! The people of a tenant: the generated ones and those added later.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Tenant, kinds};
use crate::population::Population;
use crate::resources::{Item, Seed};
use crate::timestamp::rfc3339;

/// Generates the initial people.
pub(super) struct PeopleSeed {
    pub(super) population: Population,
    /// Creation time of the first person.
    pub(super) since: DateTime<Utc>,
}

impl Seed<Item> for PeopleSeed {
    fn size(&self) -> u64 {
        self.population.size
    }

    fn generate(&self, number: u64) -> Item {
        let member = self.population.member(number);
        let minutes = i64::try_from(number % 1_000_000).unwrap_or(0);
        let created_at = rfc3339(self.since + TimeDelta::minutes(minutes));
        Item::new(json!({
            "user_id": member.id,
            "email": member.email,
            "name": member.name,
            "given_name": member.given_name,
            "family_name": member.family_name,
            "nickname": member.nickname,
            "created_at": created_at,
            "updated_at": created_at,
        }))
    }

    fn number_of(&self, field: &str, value: &str) -> Option<u64> {
        match field {
            "email" => self.population.number_of_email(value),
            _ => self.population.number_of_id(value),
        }
    }

    fn id(&self, number: u64) -> String {
        self.population.id(number)
    }
}

impl Tenant {
    /// Adds a person and returns the number.
    pub(super) fn add_person(
        &mut self,
        id: &str,
        email: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> u64 {
        self.root_mut(&kinds::PEOPLE).push(Item::new(json!({
            "user_id": id,
            "email": email,
            "name": name,
            "nickname": email.split('@').next(),
            "created_at": rfc3339(now),
            "updated_at": rfc3339(now),
        })))
    }

    /// Returns the number of the person with this e-mail address, who is created if necessary.
    pub(super) fn find_or_add_person(&mut self, email: &str, now: DateTime<Utc>) -> u64 {
        let people = self.root(&kinds::PEOPLE);
        match people.find_ignoring_case("email", email) {
            Some(number) => number,
            None => {
                let id = people.next_id().unwrap_or_default();
                self.add_person(&id, email, email, now)
            }
        }
    }
}
