//! Mapping of activity log entries to OCSF 1.3 events; `docs/activity-ocsf.md` documents it.

use auth0_teams::types::{ActivityLogActorTypeEnum, ActivityLogEntry, ActivityLogStatusEnum};
use serde_json::{Value, json};

use super::{object, time};

/// Version of the schema that the events follow.
const VERSION: &str = "1.3.0";

/// Account Change.
const CLASS: u32 = 3001;

/// The `activity_id` of Account Change.
#[derive(Clone, Copy)]
enum Activity {
    Create = 1,
    Delete = 6,
    AttachPolicy = 7,
    DetachPolicy = 8,
    Other = 99,
}

impl Activity {
    /// By the last word of the event's name. Changes of a role or of access are changes of policy.
    fn of(event: &str) -> Self {
        let ends_with = |words: &[&str]| words.iter().any(|word| event.ends_with(word));
        if event.starts_with("tenant_member") || event.starts_with("team_member_role") {
            return match event {
                _ if ends_with(&["_added", "_updated"]) => Self::AttachPolicy,
                _ if ends_with(&["_removed", "_deleted"]) => Self::DetachPolicy,
                _ => Self::Other,
            };
        }
        match event {
            _ if ends_with(&["_created", "_added", "_accepted"]) => Self::Create,
            _ if ends_with(&["_deleted", "_removed"]) => Self::Delete,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Delete => "Delete",
            Self::AttachPolicy => "Attach Policy",
            Self::DetachPolicy => "Detach Policy",
            Self::Other => "Other",
        }
    }
}

/// The event of an entry. `metadata.uid` is the id of the entry, for deduplication.
pub(super) fn event(entry: &ActivityLogEntry) -> Value {
    let activity = Activity::of(&entry.current_event);
    let activity_id = activity as u32;
    let (status_id, severity_id) = match entry.status.known() {
        Some(ActivityLogStatusEnum::Success) => (1, 1),
        Some(ActivityLogStatusEnum::Failure) => (2, 2),
        _ => (99, 1),
    };
    let actor_type = match entry.actor.type_.known() {
        Some(ActivityLogActorTypeEnum::User) => 1,
        Some(ActivityLogActorTypeEnum::Machine) => 3,
        _ => 99,
    };
    let time = time(entry);
    object([
        ("activity_id", json!(activity_id)),
        ("activity_name", json!(activity.name())),
        ("category_uid", json!(3)),
        ("category_name", json!("Identity & Access Management")),
        ("class_uid", json!(CLASS)),
        ("class_name", json!("Account Change")),
        ("type_uid", json!(CLASS * 100 + activity_id)),
        ("time", json!(time.map(|time| time.timestamp_millis()))),
        ("severity_id", json!(severity_id)),
        ("status_id", json!(status_id)),
        ("status", json!(entry.status)),
        ("message", json!(entry.current_event)),
        (
            "metadata",
            object([
                ("uid", json!(entry.id)),
                ("version", json!(VERSION)),
                ("event_code", json!(entry.current_event)),
                ("log_name", json!(entry.type_)),
                ("original_time", json!(entry.created_at)),
                ("product", json!({"name": "Teams", "vendor_name": "Auth0"})),
            ]),
        ),
        (
            "actor",
            json!({"user": object([
                ("uid", json!(entry.actor.id)),
                ("name", json!(entry.actor.name)),
                ("type_id", json!(actor_type)),
                ("groups", json!(entry.actor.team_role.as_ref().map(|role| [json!({"name": role})]))),
            ])}),
        ),
        ("user", target(entry)),
        (
            "src_endpoint",
            object([("ip", json!(entry.ip)), ("hostname", json!(entry.hostname))]),
        ),
        (
            "http_request",
            object([("user_agent", json!(entry.user_agent))]),
        ),
        (
            "unmapped",
            json!({"details": entry.details, "version": entry.version}),
        ),
    ])
}

/// The account that was changed, as far as the details name it.
fn target(entry: &ActivityLogEntry) -> Value {
    let details = entry.details.as_ref();
    let find = |name: &str| -> Value {
        let details = details.and_then(|details| {
            let nested = details.get("result").and_then(|result| result.get(name));
            details.get(name).or(nested)
        });
        details
            .filter(|value| value.is_string())
            .cloned()
            .unwrap_or_default()
    };
    let (uid, email) = (find("id"), find("email"));
    let name = if email.is_null() {
        uid.clone()
    } else {
        email.clone()
    };
    let name = if name.is_null() {
        json!("unknown")
    } else {
        name
    };
    object([("uid", uid), ("email_addr", email), ("name", name)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_of_access_is_a_policy_change_with_a_stable_id() {
        let entry: ActivityLogEntry = serde_json::from_value(json!({
            "id": "0b0f0b9e-0000-4000-8000-000000000001",
            "created_at": "2026-01-01T00:00:00Z",
            "current_event": "tenant_member_added", "status": "Failure", "type": "Tenant Member",
            "ip": "192.0.2.1", "details": {"id": "auth0|1", "result": {"email": "jo@example.com"}},
            "actor": {"id": "c1", "name": "Bot", "type": "machine"},
        }))
        .unwrap();
        let event = event(&entry);
        assert_eq!(event["type_uid"], 300_107);
        assert_eq!(event["status_id"], 2);
        assert_eq!(event["time"], 1_767_225_600_000_i64);
        assert_eq!(
            event["metadata"]["uid"],
            "0b0f0b9e-0000-4000-8000-000000000001"
        );
        let user =
            json!({"uid": "auth0|1", "email_addr": "jo@example.com", "name": "jo@example.com"});
        assert_eq!(event["user"], user);
        assert_eq!(event["src_endpoint"], json!({"ip": "192.0.2.1"}));
    }

    #[test]
    fn events_are_mapped_by_name() {
        let id = |event: &str| Activity::of(event) as u32;
        assert_eq!(id("team_invitation_created"), 1);
        assert_eq!(id("team_member_deleted"), 6);
        assert_eq!(id("tenant_deleted"), 6);
        assert_eq!(id("team_member_role_updated"), 7);
        assert_eq!(id("tenant_member_removed"), 8);
        assert_eq!(id("something_new"), 99);
    }
}
