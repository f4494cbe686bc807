//! Roles of members and groups.

use serde_json::Value;

use super::kinds;
use crate::problem::Problem;
use crate::resources::{Context, texts};

/// Maximum number of roles of a member or a group in an organization.
const MAX_ROLES: usize = 10;

/// A change would give a member or a group more than [`MAX_ROLES`] roles.
#[derive(Debug)]
pub(crate) struct TooManyRoles;

/// A change of the roles of a member or a group.
pub(crate) enum RoleChange {
    Add(Vec<String>),
    Remove(Vec<String>),
}

impl RoleChange {
    pub(crate) fn new(adds: bool, ids: Vec<String>) -> Self {
        if adds {
            Self::Add(ids)
        } else {
            Self::Remove(ids)
        }
    }

    /// Adds roles, skipping those that are already assigned, or removes roles, ignoring those that are not.
    pub(crate) fn apply(&self, roles: &mut Vec<String>) -> Result<(), TooManyRoles> {
        match self {
            Self::Remove(ids) => roles.retain(|role| !ids.contains(role)),
            Self::Add(ids) => {
                let new = ids.iter().enumerate();
                let new = new.filter(|(at, id)| !roles.contains(id) && !ids[..*at].contains(id));
                let new: Vec<String> = new.map(|(_, id)| id.clone()).collect();
                if roles.len() + new.len() > MAX_ROLES {
                    return Err(TooManyRoles);
                }
                roles.extend(new);
            }
        }
        Ok(())
    }
}

impl Context<'_> {
    /// The roles with these ids, numbered by their position among all roles of the tenant, so that removing an assignment does not
    /// move others.
    pub(crate) fn roles(&self, ids: &[String]) -> Vec<(u64, Value)> {
        let all = self.tenant.root(&kinds::ROLES);
        let numbers = ids.iter().filter_map(|id| all.find("id", id));
        numbers
            .filter_map(|number| Some((number, all.stored(number)?.fields.clone().into())))
            .collect()
    }

    /// The roles that a list of the body names, all of which must exist.
    pub(crate) fn known_roles(
        &self,
        list: &Value,
        unknown: Problem,
    ) -> Result<Vec<String>, Problem> {
        let ids = texts(list);
        let is_known = |id: &String| self.tenant.resource(&kinds::ROLES, id).is_some();
        match ids.iter().all(is_known) {
            true => Ok(ids),
            false => Err(unknown),
        }
    }
}
