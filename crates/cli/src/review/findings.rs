//! What a reviewer should look at: simple rules, each with a text.

use std::collections::BTreeMap;

use super::record::{Header, MemberRecord, Row};
use crate::team::OWNER;

/// Roles that can change what protects other data.
const PRIVILEGED: [&str; 3] = ["owner", "elevated-support-access", "editor-kms"];

/// Roles are rare if fewer than one in this many accesses have them.
const RARE: u64 = 100;

/// How often each combination of roles occurs.
#[derive(Default)]
pub(crate) struct RoleCounts {
    counts: BTreeMap<Vec<String>, u64>,
    total: u64,
}

impl RoleCounts {
    pub(crate) fn add(&mut self, member: &MemberRecord) {
        for access in &member.access {
            *self.counts.entry(access.roles.clone()).or_default() += 1;
            self.total += 1;
        }
    }

    fn is_rare(&self, roles: &[String]) -> bool {
        let count = self.counts.get(roles).copied().unwrap_or_default();
        self.total >= RARE && count * RARE < self.total
    }
}

/// The findings about a row.
pub(crate) fn findings(row: &Row, counts: &RoleCounts, header: &Header) -> Vec<String> {
    let mut findings = Vec::new();
    let mut add = |text: &str| findings.push(text.to_owned());
    if row.team_role == OWNER {
        add("team owner");
    }
    let is_owner = row.roles.iter().any(|role| role == "owner");
    if is_owner {
        add("tenant owner");
    }
    let is_privileged = row
        .roles
        .iter()
        .any(|role| PRIVILEGED.contains(&role.as_str()));
    if is_privileged && row.tag.as_deref() == Some("production") && row.team_role != OWNER {
        add("privileged role on production");
    }
    let is_reader = |role: &String| role.starts_with("viewer-");
    if row.team_role == "teams_report_viewer" && !row.roles.iter().all(is_reader) {
        add("report viewer of the team with more than reading access");
    }
    if row.tenant.is_some() && counts.is_rare(&row.roles) {
        add("rare combination of roles");
    }
    if is_privileged && row.last_activity.is_none() {
        match header.activity_since {
            Some(since) => add(&format!(
                "privileged without activity since {}",
                since.format("%Y-%m-%d")
            )),
            None => add("privileged without activity"),
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            team: "acme".to_owned(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            activity_since: "2025-10-01T00:00:00Z".parse().ok(),
            activity: None,
        }
    }

    fn row(team_role: &str, role: &str, tag: &str) -> Row {
        Row {
            team_role: team_role.to_owned(),
            tenant: Some("t".to_owned()),
            tag: Some(tag.to_owned()),
            roles: vec![role.to_owned()],
            ..Row::default()
        }
    }

    #[test]
    fn rules_name_what_is_unusual() {
        let counts = RoleCounts::default();
        let of = |row: &Row| findings(row, &counts, &header()).join("; ");
        assert_eq!(
            of(&row("teams_contributor", "viewer-users", "production")),
            ""
        );
        assert_eq!(
            of(&row("teams_contributor", "owner", "production")),
            "tenant owner; privileged role on production; privileged without activity since 2025-10-01"
        );
        assert_eq!(
            of(&row("teams_report_viewer", "editor-users", "staging")),
            "report viewer of the team with more than reading access"
        );
        assert_eq!(
            of(&row("teams_owner", "viewer-users", "staging")),
            "team owner"
        );
    }

    #[test]
    fn rare_roles_are_fewer_than_one_in_a_hundred() {
        let mut counts = RoleCounts {
            total: 201,
            ..RoleCounts::default()
        };
        let roles = vec!["editor-users".to_owned()];
        counts.counts.insert(roles.clone(), 2);
        assert!(counts.is_rare(&roles));
        counts.counts.insert(roles.clone(), 3);
        assert!(!counts.is_rare(&roles));
    }
}
