//! Organizations in the Management API.

use serde_json::{Value, json};

use super::{error_code, management, start_default, str_field};

#[tokio::test]
async fn organization_name_is_reserved_until_deletion_or_renaming() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let body = json!({"name": "acme", "display_name": "Acme", "metadata": {"plan": "gold"}});
    let created = management
        .post("/organizations", body.clone())
        .await
        .expect(201);
    assert_eq!(created["metadata"], json!({"plan": "gold"}));
    assert_eq!(
        error_code(&management.post("/organizations", body.clone()).await),
        (409, "organization_conflict")
    );
    let path = format!("/organizations/{}", str_field(&created, "id"));
    assert_eq!(management.get(&path).await.expect(200), created);
    assert_eq!(
        management.get("/organizations/name/acme").await.expect(200),
        created
    );
    let other = management.organization_path("");
    // The operation documents no 409.
    assert_eq!(
        error_code(&management.patch(&other, json!({"name": "acme"})).await),
        (400, "invalid_body")
    );
    management
        .patch(&path, json!({"name": "acme-2"}))
        .await
        .expect(200);
    management
        .patch(&other, json!({"name": "acme"}))
        .await
        .expect(200);
    management.delete(&path).await.expect(204);
    for response in [management.get(&path).await, management.delete(&path).await] {
        assert_eq!(error_code(&response), (404, "inexistent_organization"));
    }
    management
        .post("/organizations", json!({"name": "acme-2"}))
        .await
        .expect(201);
    for name in ["Acme", "-acme", "a b", "", &"a".repeat(51)] {
        let response = management
            .post("/organizations", json!({ "name": name }))
            .await;
        assert_eq!(error_code(&response), (400, "invalid_body"), "{name}");
    }
}

#[tokio::test]
async fn metadata_changes_are_merged_and_null_removes_an_entry() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let path = management.organization_path("");
    let change = async |metadata: Value| {
        management
            .patch(&path, json!({ "metadata": metadata }))
            .await
    };
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
        error_code(&change(json!({"one": "more"})).await),
        (400, "invalid_body")
    );
    assert_eq!(
        error_code(&change(json!({"a": "x".repeat(256)})).await),
        (400, "invalid_body")
    );
    change(json!({"a": null, "one": "more"})).await.expect(200);
    let all: serde_json::Map<String, Value> =
        (0..26).map(|n| (format!("k{n}"), json!("v"))).collect();
    let body = json!({"name": "full", "metadata": all});
    assert_eq!(
        error_code(&management.post("/organizations", body).await),
        (400, "invalid_body")
    );
}

#[tokio::test]
async fn null_removes_the_token_quota_and_branding_is_validated() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let path = management.organization_path("");
    let quota = json!({"client_credentials": {"enforce": true, "per_hour": 10}});
    let changed = management
        .patch(&path, json!({ "token_quota": quota }))
        .await
        .expect(200);
    assert_eq!(changed["token_quota"], quota);
    let changed = management
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
        let response = management
            .patch(&path, json!({ "branding": branding }))
            .await;
        assert_eq!(response.status, status, "{branding}");
    }
}

#[tokio::test]
async fn unknown_organization_is_not_found_by_any_operation() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
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
        let response = management
            .get(&format!("/organizations/org_0000000000000000{path}"))
            .await;
        assert_eq!(
            error_code(&response),
            (404, "inexistent_organization"),
            "{path}"
        );
    }
    let nothing = management.get("/nothing").await;
    assert_eq!(error_code(&nothing), (404, "not_found"));
}
