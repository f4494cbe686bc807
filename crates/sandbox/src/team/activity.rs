//! The activity log of changes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenants::timestamp;
use super::{Call, Member, OperationOutcome, Team};
use crate::document::Operation;
use crate::problem::Problem;

/// Who made a change.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Actor {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "isMember")]
    pub(super) is_member: bool,
    #[serde(rename = "teamRole", skip_serializing_if = "Option::is_none")]
    pub(super) team_role: Option<String>,
}

/// An entry of the log, in the form of the Teams API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LogEntry {
    pub(super) id: Uuid,
    #[serde(serialize_with = "timestamp")]
    pub(super) created_at: DateTime<Utc>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) current_event: &'static str,
    pub(super) version: &'static str,
    pub(super) hostname: &'static str,
    pub(super) ip: &'static str,
    pub(super) user_agent: String,
    pub(super) details: Value,
    pub(super) actor: Actor,
}

pub(super) const SUCCESS: &str = "Success";
pub(super) const FAILURE: &str = "Failure";

/// Type and name of the event of an operation, if the operation is logged.
pub(super) fn event(operation: &str) -> Option<(&'static str, &'static str)> {
    Some(match operation {
        "inviteMember" => ("Team Invitation", "team_invitation_created"),
        "updateMemberRole" => ("Team Member", "team_member_role_updated"),
        "deleteMember" => ("Team Member", "team_member_deleted"),
        "addMemberTenants" => ("Tenant Member", "tenant_member_added"),
        "updateMemberTenants" => ("Tenant Member", "tenant_member_updated"),
        "removeMemberTenant" => ("Tenant Member", "tenant_member_removed"),
        "createTenant" => ("Tenant Activity", "tenant_created"),
        "deleteTenant" => ("Tenant Activity", "tenant_deleted"),
        _ => return None,
    })
}

impl LogEntry {
    /// The entry of a call.
    pub(super) fn of_call(
        id: Uuid,
        (kind, current_event): (&'static str, &'static str),
        call: &Call,
        acted: bool,
        details: Value,
    ) -> Self {
        let mut request: Value = json!(call.parameters);
        if let Some(members) = request.as_object_mut() {
            members.insert("result".to_owned(), details);
        }
        Self {
            id,
            created_at: call.now,
            kind,
            status: if acted { SUCCESS } else { FAILURE },
            current_event,
            version: "1",
            hostname: "sandbox.test",
            ip: "127.0.0.1",
            user_agent: call.user_agent.clone(),
            details: request,
            actor: Actor {
                id: call.caller.client_id.clone(),
                name: call.caller.name.clone(),
                kind: "machine",
                is_member: false,
                team_role: None,
            },
        }
    }
}

impl LogEntry {
    /// The entry of an accepted invitation, which is not an API call.
    pub(super) fn of_member(
        id: Uuid,
        current_event: &'static str,
        member: &Member,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            created_at: now,
            kind: "Team Invitation",
            status: SUCCESS,
            current_event,
            version: "1",
            hostname: "sandbox.test",
            ip: "127.0.0.1",
            user_agent: String::new(),
            details: json!({"email": member.email}),
            actor: Actor {
                id: member.id.clone(),
                name: member.name.clone(),
                kind: "user",
                is_member: true,
                team_role: Some(member.role.clone()),
            },
        }
    }
}

impl Team {
    pub(super) fn list_activity(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let since = time_parameter(call, "since")?;
        let until = time_parameter(call, "until")?;
        let matches = |name: &str, value: &str| call.get(name).is_none_or(|wanted| wanted == value);
        let wanted = |entry: &LogEntry| {
            since.is_none_or(|since| since <= entry.created_at)
                && until.is_none_or(|until| entry.created_at < until)
                && matches("type", entry.kind)
                && matches("status", entry.status)
        };
        let listing = super::listing(operation, call, "logs")?;
        let end = listing.start().map_or(self.activity.len(), |last| {
            usize::try_from(last).map_or(0, |last| last.min(self.activity.len()))
        });
        // Newest first.
        let entries = self.activity.iter().take(end).enumerate().rev();
        let entries = entries.map(|(number, entry)| (number as u64, entry));
        let logs = entries.filter(|(_, entry)| wanted(entry));
        Ok(listing.page(|| None, logs).into())
    }
}

fn time_parameter(call: &Call, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    call.get(name)
        .map(|text| {
            DateTime::parse_from_rfc3339(text)
                .map(|time| time.with_timezone(&Utc))
                .map_err(|_| Problem::invalid(format!("{name}: expected a date and time")))
        })
        .transpose()
}
