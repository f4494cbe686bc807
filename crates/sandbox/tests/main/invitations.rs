//! Invitations, and those who accept them.

use auth0_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Running, member, reply, start, started, texts};

async fn invite(sandbox: &Running, email: &str) -> Value {
    let body = json!({"email": email, "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201)
}

#[tokio::test]
async fn person_is_invited_then_they_are_a_member_when_they_accept() {
    let sandbox = start().await;
    let tenants = sandbox.tenant_ids().await;
    let body = json!({
        "email": "new@example.com",
        "role": "teams_report_viewer",
        "tenant_ids": tenants[..2],
        "tenant_roles": ["editor-specific-apps"],
        "client_ids": ["application-1"],
    });
    let mut answer = sandbox.post("/api/members", body.clone()).await.expect(201);
    let [waiting] = &sandbox.invitations()[..] else {
        panic!("expected one invitation")
    };
    assert_eq!(serde_json::to_value(waiting).unwrap(), answer);
    let id = answer.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(answer, body);
    assert_eq!(sandbox.member_ids().await.len(), 25);

    let joined = sandbox.accept_invitation(id.as_str().unwrap()).unwrap();
    assert_eq!(
        (joined.email.as_str(), joined.role.as_str()),
        ("new@example.com", "teams_report_viewer")
    );
    assert_eq!(sandbox.member_ids().await.last(), Some(&joined.id));
    let shown = sandbox.get(&member(&joined.id)).await.expect(200);
    assert_eq!(shown, serde_json::to_value(&joined).unwrap());
    for tenant in &tenants[..3] {
        let path = format!("/api/tenants/{tenant}/members");
        let members = sandbox.all(&path, "members", "").await;
        let is_there = texts(&json!(members), "id").contains(&joined.id);
        assert_eq!(is_there, *tenant != tenants[2]);
    }
    assert!(sandbox.invitations().is_empty());
    // It was good for one time.
    sandbox.accept_invitation(id.as_str().unwrap()).unwrap_err();
}

#[tokio::test]
async fn invitations_are_accepted_by_themselves_then_none_waits() {
    let sandbox = started(Sandbox::builder().accept_invitations()).await;
    invite(&sandbox, "new@example.com").await;
    assert!(sandbox.invitations().is_empty());
    let members = sandbox.all("/api/members", "members", "").await;
    assert_eq!(texts(&json!(members), "email")[25], "new@example.com");
}

#[tokio::test]
async fn person_is_a_member_then_they_cannot_be_invited() {
    let sandbox = started(Sandbox::builder().accept_invitations()).await;
    invite(&sandbox, "new@example.com").await;
    for email in [
        "NEW@example.com",
        "Ada.Lovelace@Example.com",
        "new@example.com",
    ] {
        let body = json!({"email": email, "role": "teams_owner"});
        let refused = sandbox.post("/api/members", body).await;
        assert_eq!(refused.problem(), (403, "MEMBER_ALREADY_EXISTS"), "{email}");
    }
    assert_eq!(sandbox.member_ids().await.len(), 26);
}

#[tokio::test]
async fn person_is_invited_twice_then_they_become_one_member() {
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
async fn invitation_is_wrong_then_nobody_is_invited() {
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
        assert_eq!(sandbox.post("/api/members", body).await.problem(), problem);
    }
    assert!(sandbox.invitations().is_empty());
    // Applications without the role are allowed here: Auth0's own example sends them.
    let body = json!({"email": "new@example.com", "role": "teams_contributor",
        "tenant_ids": [tenant], "tenant_roles": ["owner"], "client_ids": ["application-1"]});
    sandbox.post("/api/members", body).await.expect(201);
}

#[tokio::test]
async fn tenant_goes_before_the_invitation_is_accepted_then_the_others_count() {
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
    let members = sandbox.all(&path, "members", "").await;
    assert!(texts(&json!(members), "id").contains(&joined.id));
}

#[tokio::test]
async fn member_was_removed_then_they_can_be_invited_anew_as_somebody_else() {
    let sandbox = started(Sandbox::builder().accept_invitations()).await;
    let id = sandbox.member_ids().await[4].clone();
    let email = sandbox.get(&member(&id)).await.expect(200)["email"].clone();
    let mut before = id;
    // Again and again: each time it is another member with the same address.
    for _ in 0..3 {
        sandbox.delete(&member(&before)).await.expect(204);
        invite(&sandbox, email.as_str().unwrap()).await;
        let ids = sandbox.member_ids().await;
        assert_eq!(ids.len(), 25);
        let again = ids.last().unwrap().clone();
        assert_ne!(again, before);
        assert_eq!(
            sandbox.get(&member(&again)).await.expect(200)["email"],
            email
        );
        assert_eq!(sandbox.get(&member(&before)).await.status, 404);
        before = again;
    }
}

#[tokio::test]
async fn invitation_is_accepted_by_http_then_it_is_the_same() {
    let sandbox = start().await;
    let invitation = invite(&sandbox, "new@example.com").await;
    let listed = reply(sandbox.admin(Method::GET, "/invitations"))
        .await
        .expect(200);
    assert_eq!(listed, json!([invitation]));
    let path = format!("/invitations/{}/accept", invitation["id"].as_str().unwrap());
    let joined = reply(sandbox.admin(Method::POST, &path)).await.expect(200);
    let shown = sandbox.get(&member(joined["id"].as_str().unwrap())).await;
    assert_eq!(shown.expect(200), joined);
    let again = reply(sandbox.admin(Method::POST, &path)).await;
    assert_eq!(again.problem(), (404, "NOT_FOUND"));
}
