//! Organizations as the operator has them.

use serde_json::{Value, json};

use super::{error, operator, plain, text};

#[tokio::test]
async fn organization_is_created_then_its_name_is_taken_until_it_is_gone() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let body = json!({"name": "acme", "display_name": "Acme", "metadata": {"plan": "gold"}});
    let created = operator
        .post("/organizations", body.clone())
        .await
        .expect(201);
    assert_eq!(created["metadata"], json!({"plan": "gold"}));
    assert_eq!(
        error(&operator.post("/organizations", body.clone()).await),
        (409, "organization_conflict")
    );
    let path = format!("/organizations/{}", text(&created, "id"));
    assert_eq!(operator.get(&path).await.expect(200), created);
    assert_eq!(
        operator.get("/organizations/name/acme").await.expect(200),
        created
    );
    let other = operator.own("");
    // The document knows no 409 here.
    assert_eq!(
        error(&operator.patch(&other, json!({"name": "acme"})).await),
        (400, "invalid_body")
    );
    operator
        .patch(&path, json!({"name": "acme-2"}))
        .await
        .expect(200);
    operator
        .patch(&other, json!({"name": "acme"}))
        .await
        .expect(200);
    operator.delete(&path).await.expect(204);
    for answer in [operator.get(&path).await, operator.delete(&path).await] {
        assert_eq!(error(&answer), (404, "inexistent_organization"));
    }
    operator
        .post("/organizations", json!({"name": "acme-2"}))
        .await
        .expect(201);
    for name in ["Acme", "-acme", "a b", "", &"a".repeat(51)] {
        let answer = operator
            .post("/organizations", json!({ "name": name }))
            .await;
        assert_eq!(error(&answer), (400, "invalid_body"), "{name}");
    }
}

#[tokio::test]
async fn metadata_is_changed_then_entries_are_merged_and_null_removes_one() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let path = operator.own("");
    let change =
        async |metadata: Value| operator.patch(&path, json!({ "metadata": metadata })).await;
    assert_eq!(
        change(json!({"a": "1"})).await.expect(200)["metadata"],
        json!({"a": "1", "plan": "business"})
    );
    assert_eq!(
        change(json!({"plan": null, "b": ""})).await.expect(200)["metadata"],
        json!({"a": "1", "b": ""})
    );
    let many: serde_json::Map<String, Value> =
        (0..23).map(|n| (format!("k{n}"), json!("v"))).collect();
    change(json!(many)).await.expect(200);
    assert_eq!(
        error(&change(json!({"one": "more"})).await),
        (400, "invalid_body")
    );
    assert_eq!(
        error(&change(json!({"a": "x".repeat(256)})).await),
        (400, "invalid_body")
    );
    change(json!({"a": null, "one": "more"})).await.expect(200);
    let all: serde_json::Map<String, Value> =
        (0..26).map(|n| (format!("k{n}"), json!("v"))).collect();
    let body = json!({"name": "full", "metadata": all});
    assert_eq!(
        error(&operator.post("/organizations", body).await),
        (400, "invalid_body")
    );
}

#[tokio::test]
async fn quota_and_branding_are_changed_then_null_takes_the_quota_away() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let path = operator.own("");
    let quota = json!({"client_credentials": {"enforce": true, "per_hour": 10}});
    let changed = operator
        .patch(&path, json!({ "token_quota": quota }))
        .await
        .expect(200);
    assert_eq!(changed["token_quota"], quota);
    let changed = operator
        .patch(&path, json!({"token_quota": null}))
        .await
        .expect(200);
    assert_eq!(changed.get("token_quota"), None);
    for (branding, status) in [
        (json!({"logo_url": "https://x.test/l.png"}), 200),
        (json!({"logo_url": "http://x.test/l.png"}), 400),
        (
            json!({"colors": {"primary": "red", "page_background": "#fff"}}),
            400,
        ),
        (
            json!({"colors": {"primary": "#ff0000", "page_background": "#fff"}}),
            200,
        ),
    ] {
        let answer = operator.patch(&path, json!({ "branding": branding })).await;
        assert_eq!(answer.status, status, "{branding}");
    }
}

#[tokio::test]
async fn organization_is_unknown_then_every_operation_says_so() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    for path in [
        "",
        "/members",
        "/enabled_connections",
        "/invitations",
        "/discovery-domains",
        "/groups",
        "/client-grants",
        "/connections",
    ] {
        let answer = operator
            .get(&format!("/organizations/org_0000000000000000{path}"))
            .await;
        assert_eq!(error(&answer), (404, "inexistent_organization"), "{path}");
    }
    let nothing = operator.get("/nothing").await;
    assert_eq!(error(&nothing), (404, "not_found"));
}
