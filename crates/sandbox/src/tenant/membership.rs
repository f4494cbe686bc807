//! Membership in organizations.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};

/// The members of an organization: the initial ones, and the changes since.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    /// Numbers of the initial members.
    first: Range<u64>,
    /// The last change of each person.
    changes: BTreeMap<u64, MembershipChange>,
    /// Roles by person, if they differ from the initial ones.
    roles: BTreeMap<u64, Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
struct MembershipChange {
    is_member: bool,
    at: DateTime<Utc>,
}

impl Membership {
    pub(super) fn new(first: Range<u64>) -> Self {
        Self {
            first,
            changes: BTreeMap::new(),
            roles: BTreeMap::new(),
        }
    }

    pub(crate) fn contains(&self, person: u64) -> bool {
        match self.changes.get(&person) {
            Some(change) => change.is_member,
            None => self.first.contains(&person),
        }
    }

    /// Whether a person was a member at `then`, according to the last change.
    fn was_member(&self, person: u64, then: DateTime<Utc>) -> bool {
        match self.changes.get(&person) {
            Some(change) => change.is_member == (change.at <= then),
            None => self.first.contains(&person),
        }
    }

    /// Numbers of the members at `then`, starting after `number`.
    pub(crate) fn after(
        &self,
        number: Option<u64>,
        then: DateTime<Utc>,
    ) -> impl Iterator<Item = u64> {
        let from = number.map_or(0, |number| number.saturating_add(1));
        let Range { start, end } = self.first;
        let keys = |range: Range<u64>| {
            let range = range.start..range.end.max(range.start);
            self.changes.range(range).map(|(number, _)| *number)
        };
        let people = keys(from..start)
            .chain(start.max(from)..end)
            .chain(keys(end.max(from)..u64::MAX));
        people.filter(move |person| self.was_member(*person, then))
    }

    /// Number of members at `then`.
    pub(crate) fn count(&self, then: DateTime<Utc>) -> u64 {
        let first = self.first.end - self.first.start;
        self.changes.keys().fold(first, |count, person| {
            match (self.first.contains(person), self.was_member(*person, then)) {
                (false, true) => count + 1,
                (true, false) => count - 1,
                _ => count,
            }
        })
    }

    pub(crate) fn join(&mut self, person: u64, at: DateTime<Utc>) {
        self.change(person, true, at);
    }

    pub(crate) fn leave(&mut self, person: u64, at: DateTime<Utc>) {
        self.change(person, false, at);
        self.roles.insert(person, Vec::new());
    }

    fn change(&mut self, person: u64, is_member: bool, at: DateTime<Utc>) {
        if self.contains(person) != is_member {
            self.changes
                .insert(person, MembershipChange { is_member, at });
        }
    }

    /// Roles assigned to the member directly.
    pub(crate) fn roles_of(&self, person: u64) -> &[String] {
        self.roles.get(&person).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn roles_mut(&mut self, person: u64) -> &mut Vec<String> {
        self.roles.entry(person).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn list_and_count_agree_at_every_time() {
        let mut members = Membership::new(10..14);
        members.leave(11, at(20));
        members.join(3, at(30));
        members.join(90, at(40));
        members.leave(3, at(50));
        let seen = |then| {
            let list: Vec<u64> = members.after(None, at(then)).collect();
            assert_eq!(members.count(at(then)), list.len() as u64);
            list
        };
        assert_eq!(seen(60), [10, 12, 13, 90]);
        assert_eq!(seen(45), [3, 10, 12, 13, 90]);
        assert_eq!(seen(10), [3, 10, 11, 12, 13]);
        let after: Vec<u64> = members.after(Some(12), at(60)).collect();
        assert_eq!(after, [13, 90]);
    }
}
