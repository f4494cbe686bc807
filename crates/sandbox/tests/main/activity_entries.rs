//! Activity log entries of changes and failed changes.

use auth0_sandbox::{Application, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestSandbox, member_path, start_with};

const UNKNOWN: &str = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";

async fn log(sandbox: &TestSandbox) -> Vec<Value> {
    sandbox.list_all("/api/activity/logs", "logs", "").await
}

async fn start_with_empty_log() -> TestSandbox {
    let application = Application::new("robot", "s3cret").name("Robot");
    let builder = Sandbox::builder().application(application).activity(0);
    start_with(builder).await
}

#[tokio::test]
async fn change_is_logged_with_event_and_actor() {
    let sandbox = start_with_empty_log().await;
    let id = sandbox.member_ids().await[3].clone();
    let path = member_path(&id);
    let tenants = format!("{path}/tenants");
    // Removes the initial tenants, some of which the member may have access to.
    for tenant in sandbox.tenant_ids().await {
        sandbox
            .delete(&format!("/api/tenants/{tenant}"))
            .await
            .expect(204);
    }
    let initial = log(&sandbox).await.len();
    assert_eq!(initial, 8);
    let body = json!({"locality": "us", "tenant_name": "shop", "admin_email": sandbox.first_member().email});
    let created = sandbox.post("/api/tenants", body).await.expect(201);
    let tenant = created["tenant_id"].as_str().unwrap();
    let access = json!({"tenants": [tenant], "roles": ["owner"]});
    sandbox.put(&tenants, access.clone()).await.expect(204);
    sandbox.patch(&tenants, access).await.expect(204);
    sandbox
        .send(Method::DELETE, &tenants, json!({"tenants": [tenant]}))
        .await
        .expect(204);
    sandbox
        .patch(&path, json!({"role": "teams_owner"}))
        .await
        .expect(200);
    sandbox.delete(&path).await.expect(204);
    let body = json!({"email": "new@example.com", "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201);
    sandbox
        .delete(&format!("/api/tenants/{tenant}"))
        .await
        .expect(204);

    let entries = log(&sandbox).await;
    let events: Vec<_> = entries[..entries.len() - initial]
        .iter()
        .rev()
        .map(|entry| {
            (
                entry["type"].as_str().unwrap(),
                entry["current_event"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        events,
        [
            ("Tenant Activity", "tenant_created"),
            ("Tenant Member", "tenant_member_added"),
            ("Tenant Member", "tenant_member_updated"),
            ("Tenant Member", "tenant_member_removed"),
            ("Team Member", "team_member_role_updated"),
            ("Team Member", "team_member_deleted"),
            ("Team Invitation", "team_invitation_created"),
            ("Tenant Activity", "tenant_deleted"),
        ]
    );
    for entry in &entries {
        assert_eq!(entry["status"], "Success");
        assert_eq!(
            entry["actor"],
            json!({"id": "robot", "name": "Robot", "type": "machine", "isMember": false})
        );
    }
    let changed = &entries[entries.len() - initial - 5];
    assert_eq!(changed["details"]["id"], id);
    assert_eq!(changed["details"]["result"]["to"], "teams_owner");
    let created = &entries[entries.len() - initial - 1];
    assert_eq!(
        created["details"]["result"],
        json!({"tenant_id": tenant, "tenant_name": "shop"})
    );
}

#[tokio::test]
async fn failed_change_is_logged_with_the_reason() {
    let sandbox = start_with_empty_log().await;
    let ids = sandbox.member_ids().await;
    sandbox
        .patch(&member_path(&ids[1]), json!({"role": "teams_contributor"}))
        .await
        .expect(200);
    let owner = member_path(&ids[0]);
    let tenants = format!("{owner}/tenants");
    let unknown = format!("/api/tenants/{UNKNOWN}");
    let email = &sandbox.first_member().email;
    let mut expected = Vec::new();
    for (response, event, kind) in [
        (
            sandbox
                .patch(&owner, json!({"role": "teams_contributor"}))
                .await,
            "team_member_role_updated",
            "LAST_OWNER",
        ),
        (
            sandbox.delete(&owner).await,
            "team_member_deleted",
            "LAST_OWNER",
        ),
        (
            sandbox.delete(&member_path("nobody")).await,
            "team_member_deleted",
            "NOT_FOUND",
        ),
        (
            sandbox.delete(&unknown).await,
            "tenant_deleted",
            "TENANT_NOT_FOUND",
        ),
        (
            sandbox
                .post(
                    "/api/members",
                    json!({"email": email, "role": "teams_owner"}),
                )
                .await,
            "team_invitation_created",
            "MEMBER_ALREADY_EXISTS",
        ),
        (
            sandbox
                .post(
                    "/api/tenants",
                    json!({"locality": "mars", "admin_email": email}),
                )
                .await,
            "tenant_created",
            "LOCALITY_NOT_FOUND",
        ),
        (
            sandbox
                .put(
                    &tenants,
                    json!({"tenants": [UNKNOWN], "roles": ["editor-specific-apps"]}),
                )
                .await,
            "tenant_member_added",
            "CLIENT_IDS_REQUIRED",
        ),
    ] {
        assert_eq!(response.body["type"], kind);
        expected.push((event, kind));
    }
    let entries = log(&sandbox).await;
    let found: Vec<_> = entries[..expected.len()]
        .iter()
        .rev()
        .map(|entry| {
            assert_eq!(entry["status"], "Failure");
            assert_eq!(entry["actor"]["id"], "robot");
            let kind = entry["details"]["result"]["type"].as_str().unwrap();
            (entry["current_event"].as_str().unwrap(), kind)
        })
        .collect();
    assert_eq!(found, expected);
    assert!(
        sandbox
            .requests_of("deleteMember")
            .iter()
            .all(|request| !request.acted)
    );
}

#[tokio::test]
async fn partial_change_is_logged_as_success_and_no_change_as_failure() {
    let sandbox = start_with_empty_log().await;
    let tenant = sandbox.tenant_ids().await.remove(0);
    let path = format!("{}/tenants", member_path(&sandbox.first_member().id));
    let remove = async |tenants: Value| {
        let response = sandbox
            .send(Method::DELETE, &path, json!({"tenants": tenants}))
            .await;
        response.expect(200);
        log(&sandbox).await.remove(0)
    };
    let some = remove(json!([tenant, UNKNOWN])).await;
    assert_eq!(some["status"], "Success");
    assert_eq!(
        some["details"]["result"],
        json!({"tenants": [tenant], "failed": 1})
    );
    assert_eq!(remove(json!([tenant, UNKNOWN])).await["status"], "Failure");
}

#[tokio::test]
async fn reads_and_invalid_requests_are_not_logged() {
    let sandbox = start_with_empty_log().await;
    sandbox.get("/api/members").await.expect(200);
    sandbox
        .get(&member_path(&sandbox.first_member().id))
        .await
        .expect(200);
    sandbox.get("/api/tenants").await.expect(200);
    sandbox.get("/api/environments").await.expect(200);
    sandbox.post("/api/members", json!({})).await.expect(400);
    assert!(log(&sandbox).await.is_empty());
}

#[tokio::test]
async fn accepted_invitation_is_logged_with_the_person() {
    let sandbox = start_with_empty_log().await;
    let body = json!({"email": "new@example.com", "role": "teams_report_viewer"});
    let invitation = sandbox.post("/api/members", body).await.expect(201);
    let id = invitation["id"].as_str().unwrap();
    let joined = sandbox.accept_invitation(id).unwrap();
    sandbox.accept_invitation(id).unwrap_err();
    let [accepted, invited] = &log(&sandbox).await[..] else {
        panic!("expected two entries")
    };
    assert_eq!(invited["current_event"], "team_invitation_created");
    assert_eq!(accepted["current_event"], "team_invitation_accepted");
    assert_eq!(accepted["details"], json!({"email": "new@example.com"}));
    let actor = json!({"id": joined.id, "name": joined.name, "type": "user", "isMember": true,
        "teamRole": "teams_report_viewer"});
    assert_eq!(accepted["actor"], actor);
}

#[tokio::test]
async fn automatic_acceptance_is_logged_after_the_invitation() {
    let sandbox = start_with(Sandbox::builder().activity(0).accept_invitations()).await;
    let body = json!({"email": "new@example.com", "role": "teams_report_viewer"});
    sandbox.post("/api/members", body).await.expect(201);
    let entries = log(&sandbox).await;
    let events: Vec<_> = entries
        .iter()
        .map(|entry| &entry["current_event"])
        .collect();
    assert_eq!(
        events,
        ["team_invitation_accepted", "team_invitation_created"]
    );
}
