//! What a roster asks of a team: its patterns applied to the tenants that exist.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;

use super::model::{Roster, RosterMember};
use crate::failure::Failure;
use crate::names::near_matches;
use crate::team::{Access, TeamState, Tenant};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DesiredMember {
    pub(crate) email: String,
    pub(crate) role: String,
    /// By tenant id. `None`: not managed.
    pub(crate) access: Option<BTreeMap<String, Access>>,
}

/// The desired state of a team.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desired {
    pub(crate) members: Vec<DesiredMember>,
    pub(crate) ignored_members: Vec<Pattern>,
    /// Ids of tenants that are not managed.
    pub(crate) ignored_tenants: BTreeSet<String>,
    /// Selectors that match no tenant.
    pub(crate) warnings: Vec<String>,
}

impl Desired {
    /// Resolves the patterns of a roster.
    pub(crate) fn resolve(roster: &Roster, state: &TeamState) -> Result<Self, Failure> {
        let mut desired = Self::default();
        for pattern in &roster.ignore.members {
            desired
                .ignored_members
                .push(pattern_of(&pattern.to_lowercase())?);
        }
        let remedy = "a roster names people by e-mail address; leave them out with --ignore-member";
        state.check_emails(|email| !desired.ignores_member(email), remedy)?;
        for selector in &roster.ignore.tenants {
            let found = Selector::parse(selector)?.select(&state.tenants)?;
            desired
                .ignored_tenants
                .extend(found.iter().map(|tenant| tenant.id.clone()));
        }
        for member in &roster.members {
            let resolved = desired.member(member, state)?;
            desired.members.push(resolved);
        }
        desired.warnings.dedup();
        Ok(desired)
    }

    fn member(
        &mut self,
        member: &RosterMember,
        state: &TeamState,
    ) -> Result<DesiredMember, Failure> {
        let mut access = member
            .access
            .as_ref()
            .map(|_| BTreeMap::<String, Access>::new());
        for entry in member.access.iter().flatten() {
            for text in &entry.tenants {
                let selected = Selector::parse(text)?.select(&state.tenants)?;
                if selected.is_empty() {
                    self.warnings.push(format!("`{text}` matches no tenant"));
                }
                for tenant in selected {
                    if self.ignored_tenants.contains(&tenant.id) {
                        continue;
                    }
                    // Several entries for one tenant add up.
                    let wanted = access.get_or_insert_default().entry(tenant.id.clone());
                    let wanted = wanted.or_default();
                    wanted.roles.extend(entry.roles.iter().cloned());
                    wanted.client_ids.extend(entry.client_ids.iter().cloned());
                }
            }
        }
        Ok(DesiredMember {
            email: member.email.clone(),
            role: member.role.clone(),
            access,
        })
    }

    pub(crate) fn ignores_member(&self, email: &str) -> bool {
        let email = email.to_lowercase();
        self.ignored_members
            .iter()
            .any(|pattern| pattern.matches(&email))
    }

    pub(crate) fn member_with(&self, email: &str) -> Option<&DesiredMember> {
        let has_email = |member: &&DesiredMember| member.email.eq_ignore_ascii_case(email);
        self.members.iter().find(has_email)
    }
}

/// Selects tenants.
enum Selector<'a> {
    Tag(&'a str),
    Environment(&'a str),
    Pattern(Pattern),
    /// A name, domain or id.
    Exact(&'a str),
}

impl<'a> Selector<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        if let Some(tag) = text.strip_prefix("tag:") {
            return Ok(Self::Tag(tag));
        }
        if let Some(environment) = text.strip_prefix("environment:") {
            return Ok(Self::Environment(environment));
        }
        if text.contains(['*', '?', '[']) {
            return Ok(Self::Pattern(pattern_of(text)?));
        }
        Ok(Self::Exact(text))
    }

    /// The selected tenants. A name that matches none, or several, is an error.
    fn select<'t>(&self, tenants: &'t [Tenant]) -> Result<Vec<&'t Tenant>, Failure> {
        let matches = |tenant: &&Tenant| match self {
            Self::Tag(tag) => tenant.tag.as_deref() == Some(tag),
            Self::Environment(environment) => tenant.environment == *environment,
            Self::Pattern(pattern) => pattern.matches(&tenant.name),
            Self::Exact(text) => {
                tenant.id == *text || tenant.domain == *text || tenant.name == *text
            }
        };
        let found: Vec<&Tenant> = tenants.iter().filter(matches).collect();
        match (self, found.as_slice()) {
            (Self::Exact(text), []) => Err(Failure::usage(format!(
                "expected a tenant of the team by name, domain or id, found `{text}`{}",
                near_matches(text, tenants.iter().map(|tenant| tenant.name.as_str()))
            ))),
            (Self::Exact(text), [_, _, ..]) => Err(Failure::usage(format!(
                "expected one tenant, found {} with the name `{text}`: use a domain or an id",
                found.len()
            ))),
            _ => Ok(found),
        }
    }
}

fn pattern_of(text: &str) -> Result<Pattern, Failure> {
    Pattern::new(text)
        .map_err(|error| Failure::usage(format!("expected a pattern, found `{text}` ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Member;

    #[test]
    fn members_with_the_same_email_are_an_error_unless_they_are_ignored() {
        let member = |id: &str, email: &str| Member {
            id: id.to_owned(),
            email: email.to_owned(),
            role: "teams_contributor".to_owned(),
            access: BTreeMap::new(),
        };
        let state = TeamState {
            members: vec![member("1", "jo@x.test"), member("2", "Jo@x.test")],
            tenants: Vec::new(),
        };
        let resolve = |text: &str| {
            let roster = Roster::parse("roster.yaml", text).unwrap();
            Desired::resolve(&roster, &state)
        };
        let error = resolve("{team: acme, members: []}").err().unwrap();
        assert_eq!(
            error.message(),
            "expected one member with the e-mail address jo@x.test, found 2 (1, 2): a roster names people by e-mail address; \
             leave them out with --ignore-member"
        );
        assert!(resolve("{team: acme, members: [], ignore: {members: ['jo@*']}}").is_ok());
    }
}
