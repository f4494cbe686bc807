//! Roles of the tenant, which organizations assign to their members.

/// Maximum number of roles of a member or a group in an organization.
const MAX_ROLES: usize = 10;

/// A role of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
}

impl super::Tenant {
    pub(crate) fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }
}

/// A change would give a member or a group more than [`MAX_ROLES`] roles.
#[derive(Debug)]
pub(crate) struct TooManyRoles;

/// Adds roles, skipping those that are already assigned.
pub(crate) fn add(roles: &mut Vec<String>, ids: &[String]) -> Result<(), TooManyRoles> {
    let mut after = roles.clone();
    for id in ids {
        if !after.contains(id) {
            after.push(id.clone());
        }
    }
    if after.len() > MAX_ROLES {
        return Err(TooManyRoles);
    }
    *roles = after;
    Ok(())
}
