//! A step of a plan: one call, its precondition and its effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::team::{Access, Member, OWNER, TeamState};

/// One call. Tenants are ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    Invite {
        email: String,
        role: String,
        tenants: Vec<String>,
        access: Access,
    },
    Role {
        member: String,
        email: String,
        from: String,
        to: String,
    },
    Grant {
        member: String,
        email: String,
        tenants: Vec<String>,
        access: Access,
    },
    Change {
        member: String,
        email: String,
        from: BTreeMap<String, Access>,
        access: Access,
    },
    Revoke {
        member: String,
        email: String,
        from: BTreeMap<String, Access>,
    },
    Remove {
        member: String,
        email: String,
        role: String,
    },
}

/// What is left of a step in the present state.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remaining {
    /// The state is as the step leaves it.
    Nothing,
    /// This is left, and `conflicts` lists tenants that someone else changed.
    Step {
        step: Step,
        conflicts: BTreeMap<String, String>,
    },
    /// Someone else changed what the step is about.
    Conflict(String),
}

impl Step {
    pub(crate) fn email(&self) -> &str {
        match self {
            Self::Invite { email, .. }
            | Self::Role { email, .. }
            | Self::Grant { email, .. }
            | Self::Change { email, .. }
            | Self::Revoke { email, .. }
            | Self::Remove { email, .. } => email,
        }
    }

    pub(crate) fn member(&self) -> Option<&str> {
        match self {
            Self::Invite { .. } => None,
            Self::Role { member, .. }
            | Self::Grant { member, .. }
            | Self::Change { member, .. }
            | Self::Revoke { member, .. }
            | Self::Remove { member, .. } => Some(member),
        }
    }

    /// Whether the team has one owner less afterwards.
    pub(crate) fn removes_owner(&self) -> bool {
        match self {
            Self::Role { from, to, .. } => from == OWNER && to != OWNER,
            Self::Remove { role, .. } => role == OWNER,
            _ => false,
        }
    }

    /// Whether a state is as the step leaves it.
    pub(crate) fn is_done(&self, state: &TeamState) -> bool {
        self.remaining(state) == Remaining::Nothing
    }

    /// Compares the step with a state.
    pub(crate) fn remaining(&self, state: &TeamState) -> Remaining {
        let Some(id) = self.member() else {
            // An invitation.
            return match state.member(self.email()) {
                Some(_) => Remaining::Nothing,
                None => self.all(),
            };
        };
        let Some(member) = state.member_by_id(id) else {
            return match self {
                Self::Remove { .. } | Self::Revoke { .. } => Remaining::Nothing,
                _ => Remaining::Conflict("left the team meanwhile".to_owned()),
            };
        };
        match self {
            Self::Invite { .. } => Remaining::Nothing,
            Self::Role { from, to, .. } => match &member.role {
                role if role == to => Remaining::Nothing,
                role if role == from => self.all(),
                role => Remaining::Conflict(format!("expected the role {from}, found {role}")),
            },
            Self::Remove { role, .. } if member.role != *role => {
                let found = &member.role;
                Remaining::Conflict(format!("expected the role {role}, found {found}"))
            }
            Self::Remove { .. } => self.all(),
            Self::Grant {
                tenants, access, ..
            } => self.part(tenants, member, |_| None, Some(access)),
            Self::Change { from, access, .. } => {
                let tenants: Vec<String> = from.keys().cloned().collect();
                self.part(&tenants, member, |id| from.get(id), Some(access))
            }
            Self::Revoke { from, .. } => {
                let tenants: Vec<String> = from.keys().cloned().collect();
                self.part(&tenants, member, |id| from.get(id), None)
            }
        }
    }

    fn all(&self) -> Remaining {
        Remaining::Step {
            step: self.clone(),
            conflicts: BTreeMap::new(),
        }
    }

    /// The tenants on which the access is still `from` and not `to`.
    fn part<'f>(
        &self,
        tenants: &[String],
        member: &Member,
        from: impl Fn(&str) -> Option<&'f Access>,
        to: Option<&Access>,
    ) -> Remaining {
        let (mut left, mut conflicts) = (Vec::new(), BTreeMap::new());
        for id in tenants {
            let found = member.access.get(id);
            if found == to {
                continue;
            }
            if found == from(id) {
                left.push(id.clone());
            } else {
                conflicts.insert(
                    id.clone(),
                    "was changed by someone else meanwhile".to_owned(),
                );
            }
        }
        if left.is_empty() && conflicts.is_empty() {
            return Remaining::Nothing;
        }
        Remaining::Step {
            step: self.limited_to(&left),
            conflicts,
        }
    }

    /// The ids of the tenants that the step changes.
    pub(crate) fn tenants(&self) -> Vec<String> {
        match self {
            Self::Invite { tenants, .. } | Self::Grant { tenants, .. } => tenants.clone(),
            Self::Change { from, .. } | Self::Revoke { from, .. } => from.keys().cloned().collect(),
            Self::Role { .. } | Self::Remove { .. } => Vec::new(),
        }
    }

    /// The same step for some of its tenants.
    pub(crate) fn limited_to(&self, ids: &[String]) -> Self {
        let mut step = self.clone();
        match &mut step {
            Self::Grant { tenants, .. } => tenants.retain(|id| ids.contains(id)),
            Self::Change { from, .. } | Self::Revoke { from, .. } => {
                from.retain(|id, _| ids.contains(id));
            }
            Self::Invite { .. } | Self::Role { .. } | Self::Remove { .. } => {}
        }
        step
    }

    /// Changes a state as the call does. An invitation changes nothing until it is accepted.
    pub(crate) fn act_on(&self, state: &mut TeamState) {
        if let Self::Remove { member, .. } = self {
            state.members.retain(|other| other.id != *member);
            return;
        }
        let id = self.member();
        let Some(member) = state
            .members
            .iter_mut()
            .find(|other| Some(&*other.id) == id)
        else {
            return;
        };
        match self {
            Self::Role { to, .. } => member.role.clone_from(to),
            Self::Grant { access, .. } | Self::Change { access, .. } => {
                for id in self.tenants() {
                    member.access.insert(id, access.clone());
                }
            }
            Self::Revoke { from, .. } => member.access.retain(|id, _| !from.contains_key(id)),
            Self::Invite { .. } | Self::Remove { .. } => {}
        }
    }
}
