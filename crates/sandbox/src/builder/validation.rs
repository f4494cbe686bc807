//! Validation of the settings.

use std::collections::BTreeSet;

use super::{MAX_CONNECTIONS, MAX_MEMBERS, MAX_STORED, SandboxBuilder};
use crate::error::Error;
use crate::login::User;
use crate::sandbox::offset;
use crate::tenant::{ENTERPRISE, is_enterprise};

impl SandboxBuilder {
    pub(super) fn validate(&self) -> Result<(), Error> {
        let invalid = |setting, message: &str| Error::Setting {
            setting,
            message: message.to_owned(),
        };
        if self.team.members == 0 {
            return Err(invalid(
                "members",
                "expected at least 1 (the owner), found 0",
            ));
        }
        if self.tenant.organizations == 0 {
            return Err(invalid("organizations", "expected at least 1, found 0"));
        }
        let maximum = [
            ("organizations", self.tenant.organizations, MAX_STORED),
            ("organization members", self.tenant.members, MAX_STORED),
            ("connections", self.tenant.connections, MAX_CONNECTIONS),
            ("members", self.team.members, MAX_MEMBERS),
            ("tenants", self.team.tenants, MAX_STORED),
            ("activity", self.team.activity, MAX_STORED),
        ];
        for (setting, found, maximum) in maximum {
            if found > maximum {
                let message = format!("expected at most {maximum}, found {found}");
                return Err(invalid(setting, &message));
            }
        }
        let unknown = |strategy: &&String| !is_enterprise(strategy);
        if let Some(strategy) = self.tenant.allowed_strategies.iter().find(unknown) {
            let message = format!(
                "expected one of {}, found `{strategy}`",
                ENTERPRISE.join(", ")
            );
            return Err(invalid("allowed strategies", &message));
        }
        let is_label = |slug: &str| {
            let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            (1..=63).contains(&slug.len())
                && slug.bytes().all(is_plain)
                && !slug.starts_with('-')
                && !slug.ends_with('-')
        };
        if !is_label(&self.team.slug) {
            return Err(invalid(
                "team",
                "expected a host name label: lower-case letters, digits and hyphens",
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
                return Err(invalid(
                    "private cloud",
                    "expected an environment of at most 32 lower-case letters, digits and single hyphens",
                ));
            }
            if !environments.insert(environment) {
                return Err(invalid(
                    "private cloud",
                    "expected unique environments, found a duplicate",
                ));
            }
        }
        offset(self.clock_offset_seconds)?;
        if self.token_lifetime.as_secs() == 0 {
            return Err(invalid(
                "token lifetime",
                "expected at least 1 second, found less",
            ));
        }
        let is_duplicate = |user: &User| {
            let same = self.users.iter().filter(|other| other.id == user.id);
            same.count() > 1
        };
        if self.users.iter().any(is_duplicate) {
            return Err(invalid(
                "user",
                "expected unique user ids, found a duplicate",
            ));
        }
        let mut ids: Vec<&str> = self
            .applications
            .iter()
            .map(|application| application.client_id.as_str())
            .collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(invalid(
                "application",
                "expected unique client ids, found a duplicate",
            ));
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
