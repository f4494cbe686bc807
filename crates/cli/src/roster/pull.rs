//! The present state of a team as a roster.

use std::collections::BTreeMap;

use super::model::{Ignored, Roster, RosterAccess, RosterMember};
use crate::team::{Access, TeamState, Tenant};

/// Writes the state as a roster that asks for exactly this state.
pub(crate) fn pull(team: &str, state: &TeamState) -> Roster {
    let members = state.members.iter().map(|member| {
        let mut groups = BTreeMap::<&Access, Vec<String>>::new();
        for (id, access) in &member.access {
            let name = state
                .tenant(id)
                .map_or(id, |tenant| selector(tenant, state));
            groups.entry(access).or_default().push(name.clone());
        }
        let access = groups.into_iter().map(|(access, mut tenants)| {
            tenants.sort();
            RosterAccess {
                tenants,
                roles: access.roles.clone(),
                client_ids: access.client_ids.clone(),
            }
        });
        RosterMember {
            email: member.email.clone(),
            role: member.role.clone(),
            access: Some(access.collect()),
        }
    });
    Roster {
        team: team.to_owned(),
        ignore: Ignored::default(),
        members: members.collect(),
    }
}

/// The name of a tenant if it is unique, otherwise its id.
fn selector<'a>(tenant: &'a Tenant, state: &TeamState) -> &'a String {
    let is_same = |other: &&Tenant| other.name == tenant.name;
    if state.tenants.iter().filter(is_same).count() == 1 {
        &tenant.name
    } else {
        &tenant.id
    }
}
