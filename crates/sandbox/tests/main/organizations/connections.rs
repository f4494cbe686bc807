//! Connections of organizations, through the older and the newer operations.

use reqwest::Method;
use serde_json::{Value, json};

use super::{error_code, management, start_default, str_field};

#[tokio::test]
async fn disabled_connection_is_hidden_from_the_older_operations() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let all = management
        .get(&management.organization_path("/connections"))
        .await
        .expect(200);
    let id = str_field(&all[1], "connection_id").to_owned();
    let path = management.organization_path(&format!("/connections/{id}"));
    let older = management.organization_path(&format!("/enabled_connections/{id}"));
    let change = json!({"is_enabled": false, "organization_connection_name": "Ours"});
    let changed = management.patch(&path, change).await.expect(200);
    assert_eq!(changed["organization_connection_name"], "Ours");
    assert_eq!(
        error_code(&management.get(&older).await),
        (404, "inexistent_connection")
    );
    let count = async |path: &str| {
        let found = management
            .get(&management.organization_path(path))
            .await
            .expect(200);
        found.as_array().unwrap().len()
    };
    assert_eq!(count("/connections").await, 2);
    assert_eq!(count("/connections?is_enabled=true").await, 1);
    assert_eq!(count("/connections?is_enabled=false").await, 1);
    assert_eq!(count("/enabled_connections").await, 1);
    // Null resets the fields to their defaults.
    let nulls = json!({"is_enabled": null, "organization_connection_name": null});
    let changed = management.patch(&path, nulls).await.expect(200);
    assert_eq!(changed["is_enabled"], true);
    assert!(changed.get("organization_connection_name").is_none());
    let changed = management
        .patch(&older, json!({"show_as_button": false}))
        .await
        .expect(200);
    assert_eq!(changed["show_as_button"], false);
    assert!(changed.get("is_enabled").is_none());
}

#[tokio::test]
async fn removed_connection_stays_in_the_tenant() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    let other = format!("/organizations/{}/connections", str_field(&all[1], "id"));
    let other = management.get(&other).await.expect(200);
    let id = str_field(&other[1], "connection_id");
    let path = management.organization_path("/connections");
    let body = json!({"connection_id": id, "assign_membership_on_login": true});
    let added = management.post(&path, body.clone()).await.expect(201);
    assert_eq!(
        (&added["assign_membership_on_login"], &added["is_enabled"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        error_code(&management.post(&path, body.clone()).await),
        (409, "connection_conflict")
    );
    let one = format!("{path}/{id}");
    management.delete(&one).await.expect(204);
    // Removing the connection again succeeds.
    management.delete(&one).await.expect(204);
    assert_eq!(management.get(&one).await.status, 404);
    let older = management.organization_path("/enabled_connections");
    management.post(&older, body).await.expect(201);
    let one = format!("{older}/{id}");
    management.get(&one).await.expect(200);
    management.delete(&one).await.expect(204);
    assert_eq!(management.delete(&one).await.status, 404);
    let unknown = json!({"connection_id": "con_x"});
    for path in [&path, &older] {
        assert_eq!(management.post(path, unknown.clone()).await.status, 404);
    }
}

#[tokio::test]
async fn creating_an_organization_with_connections_requires_another_scope() {
    let sandbox = start_default().await;
    let everything = management(&sandbox, "").await;
    let all = everything
        .get(&everything.organization_path("/connections"))
        .await
        .expect(200);
    let wish = |name: &str, id: &Value| json!({"name": name, "enabled_connections": [{"connection_id": id, "show_as_button": false}]});
    let body = wish("with-login", &all[0]["connection_id"]);
    let creator = management(&sandbox, "create:organizations").await;
    let rejected = creator.post("/organizations", body.clone()).await;
    assert_eq!(error_code(&rejected), (403, "insufficient_scope"));
    let created = everything.post("/organizations", body).await.expect(201);
    assert_eq!(created["enabled_connections"][0]["show_as_button"], false);
    let unknown = wish("without", &json!("con_x"));
    assert_eq!(
        error_code(&everything.post("/organizations", unknown).await),
        (400, "invalid_body")
    );
    let path = "/organizations/name/without";
    assert_eq!(everything.send(Method::GET, path, None).await.status, 404);
}
