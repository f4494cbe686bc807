//! The initial state: determined by the seed, and of the requested size.

use auth0_sandbox::Sandbox;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{TestSandbox, member_path, start_with, string_fields};

/// The items of all listings.
async fn list_everything(sandbox: &TestSandbox) -> Vec<Value> {
    let mut all = sandbox.list_all("/api/members", "members", "").await;
    all.extend(sandbox.list_all("/api/tenants", "tenants", "").await);
    all.extend(sandbox.list_all("/api/activity/logs", "logs", "").await);
    all.push(sandbox.get("/api/environments").await.expect(200));
    for tenant in sandbox.tenant_ids().await {
        let path = format!("/api/tenants/{tenant}/members");
        all.extend(sandbox.list_all(&path, "members", "").await);
    }
    all
}

async fn start_with_seed(seed: u64) -> TestSandbox {
    start_with(Sandbox::builder().seed(seed).members(60).tenants(20)).await
}

#[tokio::test]
async fn same_seed_produces_the_same_state() {
    let (first, second) = (start_with_seed(7).await, start_with_seed(7).await);
    let all = list_everything(&first).await;
    assert_eq!(all, list_everything(&second).await);
    assert!(all.len() > 160, "{}", all.len());
    // Generated ids and names of new resources also depend on the seed.
    let body = json!({"locality": "eu", "admin_email": first.first_member().email});
    let created = first.post("/api/tenants", body.clone()).await.expect(201);
    let same = second.post("/api/tenants", body).await.expect(201);
    assert_eq!(created["tenant_id"], same["tenant_id"]);
    assert_eq!(created["tenant_name"], same["tenant_name"]);
}

#[tokio::test]
async fn different_seeds_share_no_ids() {
    let (first, second) = (start_with_seed(0).await, start_with_seed(1).await);
    for (path, name, id) in [
        ("/api/members", "members", "id"),
        ("/api/tenants", "tenants", "tenant_id"),
        ("/api/activity/logs", "logs", "id"),
    ] {
        let of_first = string_fields(&json!(first.list_all(path, name, "").await), id);
        let of_second = string_fields(&json!(second.list_all(path, name, "").await), id);
        assert_eq!(of_first.len(), of_second.len());
        assert!(of_first.iter().all(|id| !of_second.contains(id)), "{path}");
    }
    assert_ne!(
        list_everything(&first).await,
        list_everything(&second).await
    );
}

#[tokio::test]
async fn team_of_a_million_members_is_accessible() {
    let size = 1_000_000;
    let sandbox = start_with(Sandbox::builder().members(size).accept_invitations()).await;
    let first = sandbox.get("/api/members").await.expect(200);
    assert_eq!(first["members"].as_array().unwrap().len(), 50);

    // Clients must treat cursors as opaque. The test constructs one to reach the last page without reading all pages
    // before it.
    let cursor = URL_SAFE_NO_PAD
        .decode(first["next"].as_str().unwrap())
        .unwrap();
    let cursor = String::from_utf8(cursor).unwrap();
    let mark = cursor.strip_suffix("49").unwrap();
    let from = |number: u64| URL_SAFE_NO_PAD.encode(format!("{mark}{number}"));
    let path = format!("/api/members?from={}", from(size - 31));
    let last = sandbox.get(&path).await.expect(200);
    assert_eq!(last["members"].as_array().unwrap().len(), 30);
    assert!(last.get("next").is_none());
    let past = sandbox
        .get(&format!("/api/members?from={}", from(u64::MAX)))
        .await;
    assert_eq!(past.expect(200), json!({"members": []}));

    let of_last = &last["members"][29];
    let id = of_last["id"].as_str().unwrap();
    assert_eq!(sandbox.get(&member_path(id)).await.expect(200), *of_last);
    let body = json!({"locality": "us", "admin_email": of_last["email"]});
    sandbox.post("/api/tenants", body).await.expect(201);
    sandbox.delete(&member_path(id)).await.expect(204);
    let body = json!({"email": of_last["email"], "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201);
    let last = sandbox.get(&path).await.expect(200);
    assert_eq!(last["members"].as_array().unwrap().len(), 30);
    assert_eq!(last["members"][29]["email"], of_last["email"]);
}
