//! The roster file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The members of a team and their access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roster {
    /// Slug of the team.
    pub(crate) team: String,
    #[serde(default, skip_serializing_if = "Ignored::is_empty")]
    pub(crate) ignore: Ignored,
    pub(crate) members: Vec<RosterMember>,
}

/// Patterns of what the roster does not manage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ignored {
    /// Patterns of e-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<String>,
    /// Selectors of tenants, as in `access`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tenants: Vec<String>,
}

impl Ignored {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.tenants.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterMember {
    pub(crate) email: String,
    /// Role in the team.
    pub(crate) role: String,
    /// Access to tenants. Without this list, the person's access is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access: Option<Vec<RosterAccess>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterAccess {
    /// Selectors: a name with `*` and `?`, a domain, an id, `tag:TAG` or `environment:NAME`.
    pub(crate) tenants: Vec<String>,
    pub(crate) roles: BTreeSet<String>,
    /// Applications that `editor-specific-apps` is limited to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) client_ids: BTreeSet<String>,
}

impl Roster {
    /// Parses a file with this name.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let invalid = |reason: String| Failure::usage(format!("{name}: {reason}"));
        let roster: Self =
            serde_yaml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let mut emails = BTreeSet::new();
        for member in &roster.members {
            let email = &member.email;
            if !email.contains('@') {
                return Err(invalid(format!(
                    "expected an e-mail address, found `{email}`"
                )));
            }
            if member.role.is_empty() {
                return Err(invalid(format!(
                    "{email}: expected a role, found an empty text"
                )));
            }
            if !emails.insert(email.to_lowercase()) {
                return Err(invalid(format!(
                    "expected each person once, found {email} twice"
                )));
            }
            for access in member.access.iter().flatten() {
                access
                    .check()
                    .map_err(|reason| invalid(format!("{email}: {reason}")))?;
            }
        }
        Ok(roster)
    }
}

impl RosterAccess {
    fn check(&self) -> Result<(), String> {
        if self.tenants.is_empty() {
            return Err("expected at least one tenant in `access`, found none".to_owned());
        }
        let tenants = self.tenants.join(", ");
        if self.roles.is_empty() {
            return Err(format!(
                "expected at least one role on {tenants}, found none"
            ));
        }
        let has_role = self.roles.contains("editor-specific-apps");
        if has_role == self.client_ids.is_empty() {
            return Err(format!(
                "expected `client_ids` and the role editor-specific-apps together on {tenants}, found one of them"
            ));
        }
        Ok(())
    }
}
