//! What a team begins with: the same for the same seed, and as much as is asked for.

use auth0_sandbox::Sandbox;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Running, member, started, texts};

/// All that listings show.
async fn everything(sandbox: &Running) -> Vec<Value> {
    let mut all = sandbox.all("/api/members", "members", "").await;
    all.extend(sandbox.all("/api/tenants", "tenants", "").await);
    all.extend(sandbox.all("/api/activity/logs", "logs", "").await);
    all.push(sandbox.get("/api/environments").await.expect(200));
    for tenant in sandbox.tenant_ids().await {
        let path = format!("/api/tenants/{tenant}/members");
        all.extend(sandbox.all(&path, "members", "").await);
    }
    all
}

async fn seeded(seed: u64) -> Running {
    started(Sandbox::builder().seed(seed).members(60).tenants(20)).await
}

#[tokio::test]
async fn seed_is_the_same_then_so_is_everything() {
    let (first, second) = (seeded(7).await, seeded(7).await);
    let all = everything(&first).await;
    assert_eq!(all, everything(&second).await);
    assert!(all.len() > 160, "{}", all.len());
    // What is made later too.
    let body = json!({"locality": "eu", "admin_email": first.first_member().email});
    let created = first.post("/api/tenants", body.clone()).await.expect(201);
    let same = second.post("/api/tenants", body).await.expect(201);
    assert_eq!(created["tenant_id"], same["tenant_id"]);
    assert_eq!(created["tenant_name"], same["tenant_name"]);
}

#[tokio::test]
async fn seed_is_another_then_no_id_is_the_same() {
    let (first, second) = (seeded(0).await, seeded(1).await);
    for (path, name, id) in [
        ("/api/members", "members", "id"),
        ("/api/tenants", "tenants", "tenant_id"),
        ("/api/activity/logs", "logs", "id"),
    ] {
        let of_first = texts(&json!(first.all(path, name, "").await), id);
        let of_second = texts(&json!(second.all(path, name, "").await), id);
        assert_eq!(of_first.len(), of_second.len());
        assert!(of_first.iter().all(|id| !of_second.contains(id)), "{path}");
    }
    assert_ne!(everything(&first).await, everything(&second).await);
}

#[tokio::test]
async fn there_are_a_million_members_then_any_page_and_any_member_is_at_hand() {
    let size = 1_000_000;
    let sandbox = started(Sandbox::builder().members(size).accept_invitations()).await;
    let first = sandbox.get("/api/members").await.expect(200);
    assert_eq!(first["members"].as_array().unwrap().len(), 50);

    // No client may do this: a cursor is opaque. Only so the last page is had without all that come before it.
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
    assert_eq!(sandbox.get(&member(id)).await.expect(200), *of_last);
    let body = json!({"locality": "us", "admin_email": of_last["email"]});
    sandbox.post("/api/tenants", body).await.expect(201);
    sandbox.delete(&member(id)).await.expect(204);
    let body = json!({"email": of_last["email"], "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201);
    let last = sandbox.get(&path).await.expect(200);
    assert_eq!(last["members"].as_array().unwrap().len(), 30);
    assert_eq!(last["members"][29]["email"], of_last["email"]);
}
