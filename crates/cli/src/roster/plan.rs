//! The planner: a pure function from the present and the desired state to steps.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desired, Step};
use crate::team::{Access, Member, OWNER, TeamState};

/// Tenants that one call changes. With applications, the API accepts one.
const BATCH: usize = 10;

/// The steps from a state to the desired one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// Plans the steps. `invited` holds the lower-case addresses of people with a pending invitation.
    ///
    /// New owners come first, and owners leave last, so that the team never has fewer owners than before and after.
    pub(crate) fn new(state: &TeamState, desired: &Desired, invited: &BTreeSet<String>) -> Self {
        let mut phases = Phases::default();
        for wanted in &desired.members {
            if desired.ignores_member(&wanted.email) {
                continue;
            }
            match state.member(&wanted.email) {
                Some(member) => {
                    phases.role(member, &wanted.role);
                    if let Some(access) = &wanted.access {
                        phases.access(member, access, &desired.ignored_tenants);
                    }
                }
                None if invited.contains(&wanted.email.to_lowercase()) => {}
                None => phases.invite(&wanted.email, &wanted.role, wanted.access.as_ref()),
            }
        }
        for member in &state.members {
            if desired.ignores_member(&member.email) || desired.member_with(&member.email).is_some()
            {
                continue;
            }
            phases.remove(member);
        }
        phases.into_plan()
    }

    /// The steps that remove a person: from every tenant, then from the team.
    pub(crate) fn offboard(member: &Member) -> Self {
        let mut phases = Phases::default();
        phases.remove(member);
        phases.into_plan()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The steps that give a person the role and the access of another one. They lose nothing.
pub(crate) struct Onboarding {
    pub(crate) plan: Plan,
    /// Whether the person has all access afterwards. Otherwise, the rest follows when they have accepted the invitation.
    pub(crate) is_complete: bool,
}

impl Onboarding {
    pub(crate) fn new(state: &TeamState, email: &str, like: &Member) -> Self {
        let mut phases = Phases::default();
        let Some(member) = state.member(email) else {
            phases.invite(email, &like.role, Some(&like.access));
            let plan = phases.into_plan();
            let invited = plan
                .steps
                .iter()
                .map(|step| step.tenants().len())
                .sum::<usize>();
            return Self {
                is_complete: invited == like.access.len(),
                plan,
            };
        };
        let mut wanted = member.access.clone();
        for (tenant, access) in &like.access {
            let wanted = wanted.entry(tenant.clone()).or_default();
            wanted.roles.extend(access.roles.iter().cloned());
            wanted.client_ids.extend(access.client_ids.iter().cloned());
        }
        if member.role != OWNER {
            phases.role(member, &like.role);
        }
        phases.access(member, &wanted, &BTreeSet::new());
        Self {
            plan: phases.into_plan(),
            is_complete: true,
        }
    }
}

/// The steps in the order of their phases.
#[derive(Default)]
struct Phases {
    new_owners: Vec<Step>,
    invitations: Vec<Step>,
    roles: Vec<Step>,
    access: Vec<Step>,
    leaving_owners: Vec<Step>,
    removals: Vec<Step>,
}

impl Phases {
    fn into_plan(self) -> Plan {
        let phases = [
            self.new_owners,
            self.invitations,
            self.roles,
            self.access,
            self.leaving_owners,
            self.removals,
        ];
        Plan {
            steps: phases.into_iter().flatten().collect(),
        }
    }

    fn invite(&mut self, email: &str, role: &str, access: Option<&BTreeMap<String, Access>>) {
        // An invitation has one set of roles. Other access is granted when the person is a member.
        let mut groups = BTreeMap::<&Access, Vec<String>>::new();
        for (id, access) in access.into_iter().flatten() {
            groups.entry(access).or_default().push(id.clone());
        }
        let single = groups
            .into_iter()
            .next()
            .filter(|(access, tenants)| access.client_ids.is_empty() && tenants.len() <= BATCH);
        let (access, tenants) = single.map_or_else(Default::default, |(access, tenants)| {
            (access.clone(), tenants)
        });
        self.invitations.push(Step::Invite {
            email: email.to_owned(),
            role: role.to_owned(),
            tenants,
            access,
        });
    }

    fn role(&mut self, member: &Member, to: &str) {
        if member.role == to {
            return;
        }
        let step = Step::Role {
            member: member.id.clone(),
            email: member.email.clone(),
            from: member.role.clone(),
            to: to.to_owned(),
        };
        let phase = if to == OWNER {
            &mut self.new_owners
        } else if member.role == OWNER {
            &mut self.leaving_owners
        } else {
            &mut self.roles
        };
        phase.push(step);
    }

    fn access(
        &mut self,
        member: &Member,
        wanted: &BTreeMap<String, Access>,
        ignored: &BTreeSet<String>,
    ) {
        let (id, email) = (&member.id, &member.email);
        let mut grants = BTreeMap::<&Access, Vec<String>>::new();
        let mut changes = BTreeMap::<&Access, BTreeMap<String, Access>>::new();
        for (tenant, access) in wanted {
            match member.access.get(tenant) {
                Some(found) if found == access => {}
                Some(found) => {
                    let change = changes.entry(access).or_default();
                    change.insert(tenant.clone(), found.clone());
                }
                None => grants.entry(access).or_default().push(tenant.clone()),
            }
        }
        for (access, tenants) in grants {
            for tenants in tenants.chunks(batch_size(access)) {
                self.access.push(Step::Grant {
                    member: id.clone(),
                    email: email.clone(),
                    tenants: tenants.to_vec(),
                    access: access.clone(),
                });
            }
        }
        for (access, from) in changes {
            for from in batches(from, batch_size(access)) {
                self.access.push(Step::Change {
                    member: id.clone(),
                    email: email.clone(),
                    from,
                    access: access.clone(),
                });
            }
        }
        let revoked = member
            .access
            .iter()
            .filter(|(tenant, _)| !wanted.contains_key(*tenant) && !ignored.contains(*tenant));
        let revoked = revoked.map(|(tenant, access)| (tenant.clone(), access.clone()));
        self.revoke(member, revoked.collect());
    }

    fn revoke(&mut self, member: &Member, from: BTreeMap<String, Access>) {
        for from in batches(from, BATCH) {
            self.access.push(Step::Revoke {
                member: member.id.clone(),
                email: member.email.clone(),
                from,
            });
        }
    }

    fn remove(&mut self, member: &Member) {
        self.revoke(member, member.access.clone());
        self.removals.push(Step::Remove {
            member: member.id.clone(),
            email: member.email.clone(),
            role: member.role.clone(),
        });
    }
}

fn batch_size(access: &Access) -> usize {
    if access.client_ids.is_empty() {
        BATCH
    } else {
        1
    }
}

fn batches(map: BTreeMap<String, Access>, size: usize) -> Vec<BTreeMap<String, Access>> {
    let items: Vec<(String, Access)> = map.into_iter().collect();
    let batches = items
        .chunks(size)
        .map(|batch| batch.iter().cloned().collect());
    batches.collect()
}
