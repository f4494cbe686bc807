//! Guards: limits of what a plan may change, each with the flag that lifts it.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::{Plan, Step};
use crate::team::{OWNER, TeamState};

/// The limits of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guards {
    /// The team keeps at least this many owners.
    pub(crate) min_owners: usize,
    pub(crate) max_removals: MaxRemovals,
    /// Allows new owners.
    pub(crate) allow_owner: bool,
    /// Allows a change to the tool's own identity.
    pub(crate) allow_self: bool,
    /// Ids and lower-case e-mail addresses of the tool's own identity.
    pub(crate) own_identities: Vec<String>,
}

/// The maximum number of removals: of members, and of access to tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaxRemovals {
    /// Of what there is; at least one, except for 0%.
    Percent(usize),
    Number(usize),
}

impl FromStr for MaxRemovals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid =
            || format!("expected a number such as 5 or a percentage such as 20%, found `{text}`");
        match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent) if percent <= 100 => Ok(Self::Percent(percent)),
                _ => Err(invalid()),
            },
            None => text.parse().map(Self::Number).map_err(|_| invalid()),
        }
    }
}

impl MaxRemovals {
    fn of(self, total: usize) -> usize {
        match self {
            Self::Percent(percent) => (total * percent / 100).max(percent.min(1)),
            Self::Number(number) => number,
        }
    }
}

impl Guards {
    /// Guards only the number of owners, for a change that was confirmed.
    pub(crate) fn of_owners(min_owners: usize) -> Self {
        Self {
            min_owners,
            max_removals: MaxRemovals::Percent(100),
            allow_owner: false,
            allow_self: true,
            own_identities: Vec::new(),
        }
    }

    /// The removals that would also end access to tenants that are not managed.
    pub(crate) fn ignored_access(
        state: &TeamState,
        plan: &Plan,
        ignored: &BTreeSet<String>,
    ) -> Vec<String> {
        let mut violations = Vec::new();
        for step in &plan.steps {
            let (Step::Remove { email, .. }, Some(member)) = (step, state.member(step.email()))
            else {
                continue;
            };
            let tenants = member.access.keys().filter(|id| ignored.contains(*id));
            let tenants: Vec<&str> = tenants.map(|id| state.tenant_name(id)).collect();
            if !tenants.is_empty() {
                violations.push(format!(
                    "the removal of {email} would also end their access to ignored tenants: {} (--ignore-member {email})",
                    tenants.join(", ")
                ));
            }
        }
        violations
    }

    /// What the plan would violate, with the flag that allows it.
    pub(crate) fn violations(&self, state: &TeamState, plan: &Plan) -> Vec<String> {
        let mut violations = Vec::new();
        let mut planned = state.clone();
        for step in &plan.steps {
            step.act_on(&mut planned);
        }
        violations.extend(self.owner_violation(owners(state), owners(&planned)));
        self.check_removals(state, plan, &mut violations);
        for step in &plan.steps {
            if let Step::Invite {
                email, role: to, ..
            }
            | Step::Role { email, to, .. } = step
                && to == OWNER
                && !self.allow_owner
            {
                violations.push(format!(
                    "{email} would become an owner of the team (--allow-owner)"
                ));
            }
            let is_removal = matches!(step, Step::Remove { .. }) || step.removes_owner();
            if is_removal && self.is_own(step) && !self.allow_self {
                violations.push(format!(
                    "{} is this tool's own identity and would be removed or lose its role (--allow-self)",
                    step.email()
                ));
            }
        }
        violations
    }

    /// The violation if the number of owners falls from `before` to `after`.
    pub(crate) fn owner_violation(&self, before: usize, after: usize) -> Option<String> {
        let is_violated = after < self.min_owners && after < before;
        is_violated.then(|| {
            format!(
                "expected at least {} owners afterwards, found {after} (--min-owners {after})",
                self.min_owners
            )
        })
    }

    fn check_removals(&self, state: &TeamState, plan: &Plan, violations: &mut Vec<String>) {
        let removed = plan
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Remove { .. }))
            .count();
        let revoked: usize = plan
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Revoke { .. }))
            .map(|step| step.tenants().len())
            .sum();
        let access = state.members.iter().map(|member| member.access.len()).sum();
        let counts = [
            ("members", removed, state.members.len()),
            ("accesses to tenants", revoked, access),
        ];
        for (what, count, total) in counts {
            let limit = self.max_removals.of(total);
            if count > limit {
                violations.push(format!(
                    "expected at most {limit} removals of {total} {what}, found {count} (--max-removals {count})"
                ));
            }
        }
    }

    fn is_own(&self, step: &Step) -> bool {
        let email = step.email().to_lowercase();
        let is_own = |identity: &String| Some(&**identity) == step.member() || *identity == email;
        self.own_identities.iter().any(is_own)
    }
}

pub(crate) fn owners(state: &TeamState) -> usize {
    state
        .members
        .iter()
        .filter(|member| member.role == OWNER)
        .count()
}
