//! Roles, which the tenant has and organizations give to their members.

/// How many roles a member or a group of an organization can have.
const MOST_ROLES: usize = 10;

/// A role.
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

/// What became of roles that were to be added.
pub(crate) enum Added {
    Done,
    TooMany,
}

/// Adds roles to those that there are, each once.
pub(crate) fn add(roles: &mut Vec<String>, ids: &[String]) -> Added {
    let mut after = roles.clone();
    for id in ids {
        if !after.contains(id) {
            after.push(id.clone());
        }
    }
    if after.len() > MOST_ROLES {
        return Added::TooMany;
    }
    *roles = after;
    Added::Done
}
