//! Members and their roles.

use auth0_sandbox::Sandbox;
use serde_json::json;

use crate::support::{TestSandbox, member_path, start, start_with, string_fields};

async fn role(sandbox: &TestSandbox, id: &str, role: &str) -> crate::support::TestResponse {
    sandbox.patch(&member_path(id), json!({"role": role})).await
}

#[tokio::test]
async fn listing_and_get_return_the_same_members() {
    let sandbox = start().await;
    let members = sandbox.list_all("/api/members", "members", "").await;
    assert_eq!(members.len(), 25);
    for listed in &members {
        let id = listed["id"].as_str().unwrap();
        assert_eq!(sandbox.get(&member_path(id)).await.expect(200), *listed);
    }
    let first = serde_json::to_value(sandbox.first_member()).unwrap();
    assert_eq!(members[0], first);
    assert_eq!(first["email"], "ada.lovelace@example.com");
    let emails = string_fields(&json!(members), "email");
    let distinct: std::collections::BTreeSet<_> = emails.iter().collect();
    assert_eq!(distinct.len(), 25);
}

#[tokio::test]
async fn unknown_member_is_not_found_by_any_operation() {
    let sandbox = start().await;
    let tenant = sandbox.tenant_ids().await.remove(0);
    let other = start_with(Sandbox::builder().seed(1))
        .await
        .first_member()
        .id
        .clone();
    let own = sandbox.first_member().id.to_uppercase();
    for id in [
        &*other,
        &own,
        "auth0|",
        "auth0|0123456789abcdef00000000",
        "nobody",
        "auth0|ü",
        "%2F",
        "a b",
    ] {
        let path = member_path(id);
        let tenants = format!("{path}/tenants");
        let access = json!({"tenants": [tenant], "roles": ["owner"]});
        let removal = json!({"tenants": [tenant]});
        for response in [
            sandbox.get(&path).await,
            sandbox.patch(&path, json!({"role": "teams_owner"})).await,
            sandbox.delete(&path).await,
            sandbox.put(&tenants, access.clone()).await,
            sandbox.patch(&tenants, access).await,
            sandbox
                .send(reqwest::Method::DELETE, &tenants, removal)
                .await,
            sandbox.get(&format!("{tenants}/US-3")).await,
        ] {
            assert_eq!(response.status_and_type(), (404, "NOT_FOUND"), "{id}");
        }
    }
}

#[tokio::test]
async fn changed_role_is_stored() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    for wanted in [
        "teams_owner",
        "teams_report_viewer",
        "teams_tenant_manager",
        "teams_contributor",
    ] {
        let changed = role(&sandbox, &ids[5], wanted).await.expect(200);
        assert_eq!(changed["role"], wanted);
        assert_eq!(changed["id"], ids[5].as_str());
        assert_eq!(
            sandbox.get(&member_path(&ids[5])).await.expect(200),
            changed
        );
    }
    let roles = string_fields(
        &json!(sandbox.list_all("/api/members", "members", "").await),
        "role",
    );
    assert_eq!(roles[5], "teams_contributor");
}

#[tokio::test]
async fn last_owner_cannot_be_removed_or_demoted() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let last_owner = (403, "LAST_OWNER");
    // The team starts with two owners.
    role(&sandbox, &ids[1], "teams_contributor")
        .await
        .expect(200);
    for wanted in [
        "teams_contributor",
        "teams_report_viewer",
        "teams_tenant_manager",
    ] {
        let rejected = role(&sandbox, &ids[0], wanted).await;
        assert_eq!(rejected.status_and_type(), last_owner);
    }
    assert_eq!(
        sandbox
            .delete(&member_path(&ids[0]))
            .await
            .status_and_type(),
        last_owner
    );
    // Setting the current role is allowed.
    role(&sandbox, &ids[0], "teams_owner").await.expect(200);
    role(&sandbox, &ids[0], "teams_owner").await.expect(200);
    assert_eq!(
        sandbox
            .delete(&member_path(&ids[0]))
            .await
            .status_and_type(),
        last_owner
    );
    assert_eq!(
        sandbox.get(&member_path(&ids[0])).await.expect(200)["role"],
        "teams_owner"
    );

    role(&sandbox, &ids[7], "teams_owner").await.expect(200);
    sandbox.delete(&member_path(&ids[0])).await.expect(204);
    assert_eq!(
        sandbox
            .delete(&member_path(&ids[7]))
            .await
            .status_and_type(),
        last_owner
    );
    role(&sandbox, &ids[1], "teams_owner").await.expect(200);
    role(&sandbox, &ids[7], "teams_contributor")
        .await
        .expect(200);
    assert_eq!(
        sandbox
            .delete(&member_path(&ids[1]))
            .await
            .status_and_type(),
        last_owner
    );
}

#[tokio::test]
async fn owner_can_be_removed_after_another_owner_joins() {
    let sandbox = start_with(Sandbox::builder().members(1).accept_invitations()).await;
    let only = sandbox.first_member().id.clone();
    assert_eq!(
        sandbox.delete(&member_path(&only)).await.status_and_type(),
        (403, "LAST_OWNER")
    );
    let body = json!({"email": "new@example.com", "role": "teams_owner"});
    sandbox.post("/api/members", body).await.expect(201);
    sandbox.delete(&member_path(&only)).await.expect(204);
    let left = sandbox.member_ids().await;
    assert_eq!(left.len(), 1);
    assert_eq!(
        sandbox
            .delete(&member_path(&left[0]))
            .await
            .status_and_type(),
        (403, "LAST_OWNER")
    );
}

#[tokio::test]
async fn removed_member_disappears_from_all_listings() {
    let sandbox = start().await;
    let id = sandbox.member_ids().await[3].clone();
    let tenant = sandbox.tenant_ids().await.remove(0);
    let path = format!("/api/tenants/{tenant}/members");
    let body = json!({"tenants": [tenant], "roles": ["owner"]});
    sandbox
        .put(&format!("{}/tenants", member_path(&id)), body)
        .await;
    let members = sandbox.get(&path).await.expect(200);
    assert!(string_fields(&members["members"], "id").contains(&id));

    sandbox.delete(&member_path(&id)).await.expect(204);
    assert_eq!(
        sandbox.delete(&member_path(&id)).await.status_and_type(),
        (404, "NOT_FOUND")
    );
    assert_eq!(sandbox.get(&member_path(&id)).await.status, 404);
    assert!(!sandbox.member_ids().await.contains(&id));
    let members = sandbox.get(&path).await.expect(200);
    assert!(!string_fields(&members["members"], "id").contains(&id));
}
