//! What settings can be.

use std::collections::BTreeSet;

use super::{MOST_CONNECTIONS, MOST_KEPT, MOST_MEMBERS, SandboxBuilder};
use crate::error::Error;
use crate::login::User;
use crate::sandbox::offset;
use crate::tenant::{ENTERPRISE, is_enterprise};

impl SandboxBuilder {
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |setting, message: &str| Error::Setting {
            setting,
            message: message.to_owned(),
        };
        if self.team.members == 0 {
            return Err(wrong("members", "expected at least 1, the owner; found 0"));
        }
        if self.tenant.organizations == 0 {
            return Err(wrong("organizations", "expected at least 1, found 0"));
        }
        let most = [
            ("organizations", self.tenant.organizations, MOST_KEPT),
            ("organization members", self.tenant.members, MOST_KEPT),
            ("connections", self.tenant.connections, MOST_CONNECTIONS),
            ("members", self.team.members, MOST_MEMBERS),
            ("tenants", self.team.tenants, MOST_KEPT),
            ("activity", self.team.activity, MOST_KEPT),
        ];
        for (setting, found, most) in most {
            if found > most {
                let message = format!("expected at most {most}, found {found}");
                return Err(wrong(setting, &message));
            }
        }
        let unknown = |strategy: &&String| !is_enterprise(strategy);
        if let Some(strategy) = self.tenant.allowed_strategies.iter().find(unknown) {
            let message = format!(
                "expected one of {}, found `{strategy}`",
                ENTERPRISE.join(", ")
            );
            return Err(wrong("allowed strategies", &message));
        }
        let is_label = |slug: &str| {
            let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            (1..=63).contains(&slug.len())
                && slug.bytes().all(is_plain)
                && !slug.starts_with('-')
                && !slug.ends_with('-')
        };
        if !is_label(&self.team.slug) {
            return Err(wrong(
                "team",
                "expected one label of a host name: lower-case letters, digits and hyphens",
            ));
        }
        let mut environments = BTreeSet::new();
        for cloud in &self.team.private_clouds {
            let environment = cloud.environment.as_str();
            let is_environment = environment.len() <= 32
                && is_label(environment)
                && environment.starts_with(|first: char| first.is_ascii_lowercase())
                && !environment.contains("--");
            if !is_environment {
                return Err(wrong(
                    "private cloud",
                    "expected an environment of at most 32 lower-case letters, digits and single hyphens",
                ));
            }
            if !environments.insert(environment) {
                return Err(wrong("private cloud", "expected environments that differ"));
            }
        }
        offset(self.clock_offset_seconds)?;
        if self.token_lifetime.as_secs() == 0 {
            return Err(wrong("token lifetime", "expected at least 1 second"));
        }
        let is_repeated = |user: &User| {
            let same = self.users.iter().filter(|other| other.id == user.id);
            same.count() > 1
        };
        if self.users.iter().any(is_repeated) {
            return Err(wrong("user", "expected ids that differ"));
        }
        let mut ids: Vec<&str> = self
            .applications
            .iter()
            .map(|application| application.client_id.as_str())
            .collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(wrong("application", "expected client ids that differ"));
        }
        for fault in &self.faults {
            fault.check().map_err(|message| Error::Setting {
                setting: "fault",
                message,
            })?;
        }
        Ok(())
    }
}
