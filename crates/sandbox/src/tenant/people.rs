//! The people of a tenant: the generated ones and those added later.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::population::Population;

/// A person of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) nickname: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// All people by number.
pub(crate) struct People {
    population: Population,
    /// Creation time of the first person.
    since: DateTime<Utc>,
    later: BTreeMap<u64, Person>,
    ids: HashMap<String, u64>,
    /// Numbers of the people added later, by lower-case e-mail address.
    addresses: HashMap<String, u64>,
    next: u64,
}

impl People {
    pub(super) fn new(seed: u64, size: u64, since: DateTime<Utc>) -> Self {
        Self {
            population: Population::new(seed, size, "example.org"),
            since,
            later: BTreeMap::new(),
            ids: HashMap::new(),
            addresses: HashMap::new(),
            next: size,
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<Person> {
        if let Some(person) = self.later.get(&number) {
            return Some(person.clone());
        }
        let member = self.population.member(number)?;
        let minutes = i64::try_from(number % 1_000_000).unwrap_or(0);
        Some(Person {
            id: member.id,
            email: member.email,
            name: member.name,
            given_name: member.given_name,
            family_name: member.family_name,
            nickname: member.nickname,
            created_at: self.since + TimeDelta::minutes(minutes),
        })
    }

    pub(crate) fn number_of_id(&self, id: &str) -> Option<u64> {
        let later = self.ids.get(id).copied();
        later.or_else(|| {
            let number = self.population.number_of_id(id)?;
            (number < self.population.size).then_some(number)
        })
    }

    pub(crate) fn number_of_email(&self, email: &str) -> Option<u64> {
        let later = self.addresses.get(&email.to_lowercase()).copied();
        later.or_else(|| self.population.number_of_email(email))
    }

    /// Returns the number of the person with this id, who is created if necessary.
    pub(crate) fn find_or_create(
        &mut self,
        id: &str,
        email: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> u64 {
        if let Some(number) = self.number_of_id(id) {
            return number;
        }
        let number = self.next;
        self.next += 1;
        let nickname = email.split('@').next().unwrap_or_default();
        let person = Person {
            id: id.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            given_name: String::new(),
            family_name: String::new(),
            nickname: nickname.to_owned(),
            created_at: now,
        };
        self.ids.insert(id.to_owned(), number);
        self.addresses.insert(email.to_lowercase(), number);
        self.later.insert(number, person);
        number
    }

    /// Returns the number of the person with this e-mail address, who is created if necessary.
    pub(crate) fn find_or_create_by_email(&mut self, email: &str, now: DateTime<Utc>) -> u64 {
        match self.number_of_email(email) {
            Some(number) => number,
            None => {
                let id = self.population.id(self.next);
                self.find_or_create(&id, email, email, now)
            }
        }
    }
}
