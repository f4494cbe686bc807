//! Members and their roles.

use auth0_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Running, member, start, started, texts};

async fn role(sandbox: &Running, id: &str, role: &str) -> crate::support::Reply {
    sandbox.patch(&member(id), json!({"role": role})).await
}

#[tokio::test]
async fn member_is_there_then_all_ways_show_the_same() {
    let sandbox = start().await;
    let members = sandbox.all("/api/members", "members", "").await;
    assert_eq!(members.len(), 25);
    for listed in &members {
        let id = listed["id"].as_str().unwrap();
        assert_eq!(sandbox.get(&member(id)).await.expect(200), *listed);
    }
    let first = serde_json::to_value(sandbox.first_member()).unwrap();
    assert_eq!(members[0], first);
    assert_eq!(first["email"], "ada.lovelace@example.com");
    let emails = texts(&json!(members), "email");
    let distinct: std::collections::BTreeSet<_> = emails.iter().collect();
    assert_eq!(distinct.len(), 25);
}

#[tokio::test]
async fn member_is_not_there_then_every_operation_says_so() {
    let sandbox = start().await;
    let tenant = sandbox.tenant_ids().await.remove(0);
    let other = started(Sandbox::builder().seed(1))
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
        let path = member(id);
        let tenants = format!("{path}/tenants");
        let access = json!({"tenants": [tenant], "roles": ["owner"]});
        let removal = json!({"tenants": [tenant]});
        for answer in [
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
            assert_eq!(answer.problem(), (404, "NOT_FOUND"), "{id}");
        }
    }
}

#[tokio::test]
async fn role_is_changed_then_it_stays_so() {
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
        assert_eq!(sandbox.get(&member(&ids[5])).await.expect(200), changed);
    }
    let roles = texts(
        &json!(sandbox.all("/api/members", "members", "").await),
        "role",
    );
    assert_eq!(roles[5], "teams_contributor");
}

#[tokio::test]
async fn owner_is_the_last_then_they_stay_until_there_is_another() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let last_owner = (403, "LAST_OWNER");
    // The team begins with two owners.
    role(&sandbox, &ids[1], "teams_contributor")
        .await
        .expect(200);
    for wanted in [
        "teams_contributor",
        "teams_report_viewer",
        "teams_tenant_manager",
    ] {
        let refused = role(&sandbox, &ids[0], wanted).await;
        assert_eq!(refused.problem(), last_owner);
    }
    assert_eq!(sandbox.delete(&member(&ids[0])).await.problem(), last_owner);
    // To say once more what they are is no change.
    role(&sandbox, &ids[0], "teams_owner").await.expect(200);
    role(&sandbox, &ids[0], "teams_owner").await.expect(200);
    assert_eq!(sandbox.delete(&member(&ids[0])).await.problem(), last_owner);
    assert_eq!(
        sandbox.get(&member(&ids[0])).await.expect(200)["role"],
        "teams_owner"
    );

    role(&sandbox, &ids[7], "teams_owner").await.expect(200);
    sandbox.delete(&member(&ids[0])).await.expect(204);
    assert_eq!(sandbox.delete(&member(&ids[7])).await.problem(), last_owner);
    role(&sandbox, &ids[1], "teams_owner").await.expect(200);
    role(&sandbox, &ids[7], "teams_contributor")
        .await
        .expect(200);
    assert_eq!(sandbox.delete(&member(&ids[1])).await.problem(), last_owner);
}

#[tokio::test]
async fn owner_joins_by_invitation_then_the_only_one_may_go() {
    let sandbox = started(Sandbox::builder().members(1).accept_invitations()).await;
    let only = sandbox.first_member().id.clone();
    assert_eq!(
        sandbox.delete(&member(&only)).await.problem(),
        (403, "LAST_OWNER")
    );
    let body = json!({"email": "new@example.com", "role": "teams_owner"});
    sandbox.post("/api/members", body).await.expect(201);
    sandbox.delete(&member(&only)).await.expect(204);
    let left = sandbox.member_ids().await;
    assert_eq!(left.len(), 1);
    assert_eq!(
        sandbox.delete(&member(&left[0])).await.problem(),
        (403, "LAST_OWNER")
    );
}

#[tokio::test]
async fn member_is_removed_then_nothing_is_left_of_them() {
    let sandbox = start().await;
    let id = sandbox.member_ids().await[3].clone();
    let tenant = sandbox.tenant_ids().await.remove(0);
    let path = format!("/api/tenants/{tenant}/members");
    let body = json!({"tenants": [tenant], "roles": ["owner"]});
    sandbox.put(&format!("{}/tenants", member(&id)), body).await;
    let members = sandbox.get(&path).await.expect(200);
    assert!(texts(&members["members"], "id").contains(&id));

    sandbox.delete(&member(&id)).await.expect(204);
    assert_eq!(
        sandbox.delete(&member(&id)).await.problem(),
        (404, "NOT_FOUND")
    );
    assert_eq!(sandbox.get(&member(&id)).await.status, 404);
    assert!(!sandbox.member_ids().await.contains(&id));
    let members = sandbox.get(&path).await.expect(200);
    assert!(!texts(&members["members"], "id").contains(&id));
}
