//! The initial people of a team or tenant. They are generated on access, so a million of them need no more memory than
//! ten.

use std::fmt::Write as _;

use serde::Serialize;

use crate::permutation::SeededPermutation;

/// A member of the team, in the form of the Teams API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// The id, such as `auth0|5f7c8ec7c33c6c004bbafe82`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub name: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// The nickname.
    pub nickname: String,
    /// The role in the team.
    pub role: String,
}

#[rustfmt::skip]
const GIVEN_NAMES: [&str; 24] = [
    "Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Frances", "Grace",
    "Hedy", "Ivan", "Jean", "Karen", "Katherine", "Kay", "Konrad", "Leslie",
    "Margaret", "Niklaus", "Radia", "Shafi", "Sophie", "Tim", "Tony", "Vint",
];

#[rustfmt::skip]
const FAMILY_NAMES: [&str; 24] = [
    "Lovelace", "Turing", "Liskov", "Shannon", "Knuth", "Dijkstra", "Allen", "Hopper",
    "Lamarr", "Sutherland", "Bartik", "Jones", "Johnson", "McNulty", "Zuse", "Lamport",
    "Hamilton", "Wirth", "Perlman", "Goldwasser", "Wilson", "Berners", "Hoare", "Cerf",
];

/// Members generated from a seed, by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Population {
    permutation: SeededPermutation,
    pub(crate) size: u64,
    /// Domain of the members' e-mail addresses.
    domain: &'static str,
}

impl Population {
    pub(crate) fn new(seed: u64, size: u64, domain: &'static str) -> Self {
        Self {
            permutation: SeededPermutation::new(seed),
            size,
            domain,
        }
    }

    /// Returns the member with this number.
    pub(crate) fn member(&self, number: u64) -> Member {
        let mut random = self.random(number);
        let (given, family) = if number == 0 {
            (GIVEN_NAMES[0], FAMILY_NAMES[0])
        } else {
            (
                GIVEN_NAMES[random.usize(..GIVEN_NAMES.len())],
                FAMILY_NAMES[random.usize(..FAMILY_NAMES.len())],
            )
        };
        let role = match (number, random.u8(..10)) {
            (0 | 1, _) => "teams_owner",
            (_, 0 | 1) => "teams_report_viewer",
            _ => "teams_contributor",
        };
        // Listings create many members, so each string is built with one allocation.
        let mut nickname = String::with_capacity(32);
        nickname.extend([given, ".", family]);
        nickname.make_ascii_lowercase();
        if number > 0 {
            // Writing to a `String` cannot fail.
            let _ = write!(nickname, ".{number}");
        }
        Member {
            id: self.id(number),
            email: [&nickname, "@", self.domain].concat(),
            name: [given, " ", family].concat(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            nickname,
            role: role.to_owned(),
        }
    }

    /// Initial number of owners.
    pub(crate) fn owners(&self) -> u64 {
        self.size.min(2)
    }

    /// The id that belongs to this number, even if it is beyond the initial members.
    pub(crate) fn id(&self, number: u64) -> String {
        let permuted = self.permutation.permute(number);
        format!("auth0|{permuted:016x}{:08x}", self.checksum(permuted))
    }

    /// The number that this id belongs to.
    pub(crate) fn number_of_id(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix("auth0|")?;
        let permuted = u64::from_str_radix(digits.get(..16)?, 16).ok()?;
        let number = self.permutation.invert(permuted);
        (self.id(number) == id).then_some(number)
    }

    /// The number of the member with this e-mail address.
    pub(crate) fn number_of_email(&self, email: &str) -> Option<u64> {
        let (address, _) = email.split_once('@')?;
        let last = address.rsplit('.').next()?;
        let number = last.parse().unwrap_or(0);
        let member = self.member(number);
        member.email.eq_ignore_ascii_case(email).then_some(number)
    }

    fn checksum(&self, permuted: u64) -> u32 {
        fastrand::Rng::with_seed(permuted ^ self.permutation.key()).u32(..)
    }

    fn random(&self, number: u64) -> fastrand::Rng {
        let mut random = fastrand::Rng::with_seed(self.permutation.key().rotate_left(32) ^ number);
        // The first outputs of similar seeds are similar.
        random.u64(..);
        random
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_id_and_email() {
        for seed in [0, 7, u64::MAX] {
            let population = Population::new(seed, 1000, "example.com");
            for number in 0..1000 {
                let member = population.member(number);
                assert_eq!(population.number_of_id(&member.id), Some(number));
                assert_eq!(population.number_of_email(&member.email), Some(number));
            }
            assert_eq!(population.number_of_id(&population.id(5000)), Some(5000));
        }
    }

    #[test]
    fn unknown_ids_and_emails_match_no_member() {
        let population = Population::new(1, 10, "example.com");
        let id = population.id(3);
        for wrong in [
            "",
            "auth0|",
            "auth0|0",
            &id[6..],
            &id.to_uppercase(),
            &format!("{id}0"),
        ] {
            assert_eq!(population.number_of_id(wrong), None, "{wrong}");
        }
        for wrong in ["", "@", "ada@example.com", "ada.lovelace.1@example.com"] {
            assert_eq!(population.number_of_email(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn different_seeds_produce_different_ids() {
        assert_ne!(
            Population::new(1, 1, "example.com").id(0),
            Population::new(2, 1, "example.com").id(0)
        );
    }
}
