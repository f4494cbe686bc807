//! The initial state of a team, generated from its seed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::Team;
use super::activity::{Actor, FAILURE, LogEntry, SUCCESS};
use super::tenant_access::TenantAccess;
use super::tenants::{PUBLIC_CLOUD, TenantLocation};

/// 2025-01-01, the time of the first event.
const HISTORY_START: i64 = 1_735_689_600;

/// All events lie within one year, so that none is in the future.
const HISTORY_SECONDS: i64 = 365 * 86_400;

const HOUR: i64 = 3600;

const ENVIRONMENT_TAGS: [&str; 3] = ["development", "staging", "production"];

const TENANT_ROLES: [&str; 5] = [
    "owner",
    "editor-users",
    "viewer-config",
    "viewer-users",
    "editor-kms",
];

const EVENTS: [(&str, &str); 5] = [
    ("Team Member", "team_member_role_updated"),
    ("Team Invitation", "team_invitation_created"),
    ("Tenant Activity", "tenant_updated"),
    ("Tenant Member", "tenant_member_added"),
    ("Team Settings", "team_settings_updated"),
];

impl Team {
    /// Generates the initial tenants and log entries.
    pub(super) fn seed(&mut self) {
        for number in 0..self.settings.tenants {
            self.seed_tenant(number);
        }
        for number in 0..self.settings.activity {
            let entry = self.seed_log_entry(number);
            self.activity.push(entry);
        }
    }

    fn seed_tenant(&mut self, number: u64) {
        let clouds = self.settings.private_clouds.len();
        let location = if clouds > 0 && number % 5 == 4 {
            let cloud = &self.settings.private_clouds[self.random.usize(..clouds)];
            TenantLocation {
                environment: cloud.environment.clone(),
                locality: cloud.locality.clone(),
                tag: None,
            }
        } else {
            let (locality, environment) = PUBLIC_CLOUD[self.random.usize(..PUBLIC_CLOUD.len())];
            TenantLocation {
                environment: environment.to_owned(),
                locality: locality.to_owned(),
                tag: Some(ENVIRONMENT_TAGS[self.random.usize(..ENVIRONMENT_TAGS.len())].to_owned()),
            }
        };
        // The first member owns every tenant; a few others have access.
        let mut access = BTreeMap::from([(0, self.access_with_role(TENANT_ROLES[0]))]);
        for _ in 0..3 {
            let member = self.random.u64(..self.settings.members);
            let role = TENANT_ROLES[self.random.usize(1..TENANT_ROLES.len())];
            let granted = self.access_with_role(role);
            access.entry(member).or_insert(granted);
        }
        // A slug can be as long as a tenant name, so it is cut to leave room for the number.
        let slug = &self.settings.slug[..self.settings.slug.len().min(50)];
        let name = format!("{slug}-{}", number + 1);
        let created_at = event_time(number, self.settings.tenants, 6 * HOUR);
        self.insert_tenant(name, location, created_at, access);
    }

    fn access_with_role(&self, role: &str) -> TenantAccess {
        TenantAccess {
            roles: vec![role.to_owned()],
            client_ids: Vec::new(),
        }
    }

    fn seed_log_entry(&mut self, number: u64) -> LogEntry {
        let (kind, current_event) = EVENTS[self.random.usize(..EVENTS.len())];
        let status = if self.random.u8(..8) == 0 {
            FAILURE
        } else {
            SUCCESS
        };
        let first = self.members.get(0);
        let (id, name, role) = first.map_or_else(Default::default, |member| {
            (member.id, member.name, Some(member.role))
        });
        LogEntry {
            id: self.uuid(),
            created_at: event_time(number, self.settings.activity, HOUR),
            kind,
            status,
            current_event,
            version: "1",
            hostname: "sandbox.test",
            ip: "192.0.2.1",
            user_agent: "Mozilla/5.0".to_owned(),
            details: json!({}),
            actor: Actor {
                id,
                name,
                kind: "user",
                is_member: true,
                team_role: role,
            },
        }
    }
}

/// The time of event `number` of `total`, at most `seconds` after the previous event.
fn event_time(number: u64, total: u64, seconds: i64) -> DateTime<Utc> {
    let to_i64 = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let interval = seconds.min(HISTORY_SECONDS / to_i64(total).max(1));
    let elapsed =
        TimeDelta::try_seconds(to_i64(number).saturating_mul(interval)).unwrap_or_default();
    let start = DateTime::from_timestamp(HISTORY_START, 0).unwrap_or_default();
    start.checked_add_signed(elapsed).unwrap_or(start)
}
