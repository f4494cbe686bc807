//! Responses of a Teams server with every documented field.

use auth0_teams::uuid::Uuid;
use serde_json::{Value, json};

pub(crate) const TENANT_ID: &str = "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e";
pub(crate) const OTHER_TENANT_ID: &str = "0f6e1f0a-3f0d-4b5e-8a53-3a7b5c1d9e21";
pub(crate) const MEMBER_ID: &str = "auth0|abc/1 ü";
/// [`MEMBER_ID`] as it is encoded in a request line.
pub(crate) const ENCODED_MEMBER_ID: &str = "auth0%7Cabc%2F1%20%C3%BC";

pub(crate) fn tenant_id() -> Uuid {
    TENANT_ID.parse().unwrap()
}

/// A member of the team.
pub(crate) fn member(id: &str) -> Value {
    json!({
        "id": id,
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "nickname": "ada",
        "role": "teams_owner",
    })
}

/// A member of a tenant.
pub(crate) fn tenant_member(id: &str) -> Value {
    json!({
        "id": id,
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "nickname": "ada",
        "roles": ["owner", "editor-kms"],
    })
}

/// A tenant as lists and reads show it.
pub(crate) fn tenant(name: &str) -> Value {
    json!({
        "tenant_id": TENANT_ID,
        "tenant_name": name,
        "domain": format!("{name}.us.auth0.com"),
        "environment": "US-3",
        "environment_tag": "staging",
        "locality": "us",
        "created_at": "2026-01-08T10:00:00Z",
    })
}

/// The response to the creation of a tenant in the public cloud.
pub(crate) fn created_public(secret: &str) -> Value {
    let mut body = tenant("acme-dev");
    body["management_client"] = management_client(secret);
    body
}

/// The response to the creation of a tenant in a private cloud.
pub(crate) fn created_private(secret: &str) -> Value {
    json!({
        "tenant_id": TENANT_ID,
        "tenant_name": "acme-dev",
        "domain": "acme-dev.acme.auth0app.com",
        "environment": "acme-private",
        "created_at": "2026-01-08T10:00:00Z",
        "management_client": management_client(secret),
    })
}

fn management_client(secret: &str) -> Value {
    json!({
        "client_name": "Teams management",
        "client_id": "client-of-the-tenant",
        "client_secret": secret,
    })
}

/// An entry of the activity log.
pub(crate) fn activity() -> Value {
    json!({
        "id": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "created_at": "2026-01-08T10:00:00Z",
        "type": "Team Member",
        "status": "Success",
        "current_event": "member_role_changed",
        "version": "1",
        "hostname": "accounts.auth0.com",
        "ip": "192.0.2.1",
        "user_agent": "curl/8",
        "details": {"from": "teams_contributor", "to": "teams_owner"},
        "actor": {
            "id": "auth0|1",
            "name": "Ada Lovelace",
            "type": "user",
            "isMember": true,
            "picture": "https://example.com/ada.png",
            "teamRole": "Owner",
        },
    })
}

/// The report of an addition or change that failed for one of two tenants.
pub(crate) fn report() -> Value {
    let mut report = report_of_removal();
    report["success"] = json!([{
        "tenant_id": TENANT_ID,
        "roles": ["editor-specific-apps"],
        "client_ids": ["client-1"],
    }]);
    report
}

/// The report of a removal that failed for one of two tenants. Its successes have a different shape.
pub(crate) fn report_of_removal() -> Value {
    json!({
        "status_code": 200,
        "message": "finished with errors",
        "summary": {"total_count": 2, "success_count": 1, "failure_count": 1},
        "success": [{"tenant_ids": [TENANT_ID]}],
        "failure": [{
            "tenant_id": OTHER_TENANT_ID,
            "status": 409,
            "type": "TENANT_ALREADY_EXISTS",
            "title": "The member has this tenant already",
        }],
    })
}

/// The body of an error response.
pub(crate) fn problem(status: u16) -> Value {
    json!({
        "status": status,
        "type": format!("TYPE_OF_{status}"),
        "title": format!("Title of {status}"),
        "details": format!("details of {status}"),
    })
}
