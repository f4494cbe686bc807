//! Invitations to the team.

use auth0_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestSandbox, member_path, send_request, start, start_with, string_fields};

async fn invite(sandbox: &TestSandbox, email: &str) -> Value {
    let body = json!({"email": email, "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201)
}

#[tokio::test]
async fn invited_person_becomes_a_member_by_accepting() {
    let sandbox = start().await;
    let tenants = sandbox.tenant_ids().await;
    let body = json!({
        "email": "new@example.com",
        "role": "teams_report_viewer",
        "tenant_ids": tenants[..2],
        "tenant_roles": ["editor-specific-apps"],
        "client_ids": ["application-1"],
    });
    let mut response = sandbox.post("/api/members", body.clone()).await.expect(201);
    let [waiting] = &sandbox.invitations()[..] else {
        panic!("expected one invitation")
    };
    assert_eq!(serde_json::to_value(waiting).unwrap(), response);
    let id = response.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(response, body);
    assert_eq!(sandbox.member_ids().await.len(), 25);

    let joined = sandbox.accept_invitation(id.as_str().unwrap()).unwrap();
    assert_eq!(
        (joined.email.as_str(), joined.role.as_str()),
        ("new@example.com", "teams_report_viewer")
    );
    assert_eq!(sandbox.member_ids().await.last(), Some(&joined.id));
    let shown = sandbox.get(&member_path(&joined.id)).await.expect(200);
    assert_eq!(shown, serde_json::to_value(&joined).unwrap());
    for tenant in &tenants[..3] {
        let path = format!("/api/tenants/{tenant}/members");
        let members = sandbox.list_all(&path, "members", "").await;
        let is_there = string_fields(&json!(members), "id").contains(&joined.id);
        assert_eq!(is_there, *tenant != tenants[2]);
    }
    assert!(sandbox.invitations().is_empty());
    // An invitation can be accepted once.
    sandbox.accept_invitation(id.as_str().unwrap()).unwrap_err();
}

#[tokio::test]
async fn automatically_accepted_invitations_are_not_pending() {
    let sandbox = start_with(Sandbox::builder().accept_invitations()).await;
    invite(&sandbox, "new@example.com").await;
    assert!(sandbox.invitations().is_empty());
    let members = sandbox.list_all("/api/members", "members", "").await;
    assert_eq!(
        string_fields(&json!(members), "email")[25],
        "new@example.com"
    );
}

#[tokio::test]
async fn member_cannot_be_invited() {
    let sandbox = start_with(Sandbox::builder().accept_invitations()).await;
    invite(&sandbox, "new@example.com").await;
    for email in [
        "NEW@example.com",
        "Ada.Lovelace@Example.com",
        "new@example.com",
    ] {
        let body = json!({"email": email, "role": "teams_owner"});
        let rejected = sandbox.post("/api/members", body).await;
        assert_eq!(
            rejected.status_and_type(),
            (403, "MEMBER_ALREADY_EXISTS"),
            "{email}"
        );
    }
    assert_eq!(sandbox.member_ids().await.len(), 26);
}

#[tokio::test]
async fn person_invited_twice_becomes_one_member() {
    let sandbox = start().await;
    let first = invite(&sandbox, "new@example.com").await;
    let second = invite(&sandbox, "New@example.com").await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(sandbox.invitations().len(), 2);
    let accept = |invitation: &Value| {
        sandbox
            .accept_invitation(invitation["id"].as_str().unwrap())
            .unwrap()
    };
    assert_eq!(accept(&second).id, accept(&first).id);
    assert_eq!(sandbox.member_ids().await.len(), 26);
}

#[tokio::test]
async fn invalid_invitation_is_rejected() {
    let sandbox = start().await;
    let tenant = sandbox.tenant_ids().await.remove(0);
    let unknown = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";
    for (rest, problem) in [
        (
            json!({"tenant_ids": [tenant, unknown], "tenant_roles": ["owner"]}),
            (404, "TENANT_NOT_FOUND"),
        ),
        (
            json!({"tenant_ids": [tenant], "tenant_roles": ["editor-specific-apps"]}),
            (403, "CLIENT_IDS_REQUIRED"),
        ),
        (
            json!({"tenant_roles": ["editor-specific-apps"], "client_ids": []}),
            (403, "CLIENT_IDS_REQUIRED"),
        ),
    ] {
        let mut body = rest;
        body["email"] = json!("new@example.com");
        body["role"] = json!("teams_contributor");
        assert_eq!(
            sandbox.post("/api/members", body).await.status_and_type(),
            problem
        );
    }
    assert!(sandbox.invitations().is_empty());
    // Applications without the role are allowed here: Auth0's own example sends them.
    let body = json!({"email": "new@example.com", "role": "teams_contributor",
        "tenant_ids": [tenant], "tenant_roles": ["owner"], "client_ids": ["application-1"]});
    sandbox.post("/api/members", body).await.expect(201);
}

#[tokio::test]
async fn invitation_skips_tenants_deleted_before_acceptance() {
    let sandbox = start().await;
    let tenants = sandbox.tenant_ids().await;
    let body = json!({"email": "new@example.com", "role": "teams_contributor",
        "tenant_ids": tenants[..2], "tenant_roles": ["owner"]});
    let invitation = sandbox.post("/api/members", body).await.expect(201);
    sandbox
        .delete(&format!("/api/tenants/{}", tenants[0]))
        .await
        .expect(204);
    let joined = sandbox
        .accept_invitation(invitation["id"].as_str().unwrap())
        .unwrap();
    let path = format!("/api/tenants/{}/members", tenants[1]);
    let members = sandbox.list_all(&path, "members", "").await;
    assert!(string_fields(&json!(members), "id").contains(&joined.id));
}

#[tokio::test]
async fn removed_member_can_be_invited_as_a_new_member() {
    let sandbox = start_with(Sandbox::builder().accept_invitations()).await;
    let id = sandbox.member_ids().await[4].clone();
    let email = sandbox.get(&member_path(&id)).await.expect(200)["email"].clone();
    let mut before = id;
    // Each time it is another member with the same address.
    for _ in 0..3 {
        sandbox.delete(&member_path(&before)).await.expect(204);
        invite(&sandbox, email.as_str().unwrap()).await;
        let ids = sandbox.member_ids().await;
        assert_eq!(ids.len(), 25);
        let again = ids.last().unwrap().clone();
        assert_ne!(again, before);
        assert_eq!(
            sandbox.get(&member_path(&again)).await.expect(200)["email"],
            email
        );
        assert_eq!(sandbox.get(&member_path(&before)).await.status, 404);
        before = again;
    }
}

#[tokio::test]
async fn invitation_can_be_accepted_over_http() {
    let sandbox = start().await;
    let invitation = invite(&sandbox, "new@example.com").await;
    let listed = send_request(sandbox.admin(Method::GET, "/invitations"))
        .await
        .expect(200);
    assert_eq!(listed, json!([invitation]));
    let path = format!("/invitations/{}/accept", invitation["id"].as_str().unwrap());
    let joined = send_request(sandbox.admin(Method::POST, &path))
        .await
        .expect(200);
    let shown = sandbox
        .get(&member_path(joined["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown.expect(200), joined);
    let again = send_request(sandbox.admin(Method::POST, &path)).await;
    assert_eq!(again.status_and_type(), (404, "NOT_FOUND"));
}
