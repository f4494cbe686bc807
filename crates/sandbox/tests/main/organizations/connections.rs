//! Connections of organizations, by the older operations and the newer ones.

use reqwest::Method;
use serde_json::{Value, json};

use super::{error, operator, plain, text};

#[tokio::test]
async fn connection_is_switched_off_then_the_older_operations_know_nothing_of_it() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let all = operator
        .get(&operator.own("/connections"))
        .await
        .expect(200);
    let id = text(&all[1], "connection_id").to_owned();
    let path = operator.own(&format!("/connections/{id}"));
    let older = operator.own(&format!("/enabled_connections/{id}"));
    let change = json!({"is_enabled": false, "organization_connection_name": "Ours"});
    let changed = operator.patch(&path, change).await.expect(200);
    assert_eq!(changed["organization_connection_name"], "Ours");
    assert_eq!(
        error(&operator.get(&older).await),
        (404, "inexistent_connection")
    );
    let count = async |path: &str| {
        let found = operator.get(&operator.own(path)).await.expect(200);
        found.as_array().unwrap().len()
    };
    assert_eq!(count("/connections").await, 2);
    assert_eq!(count("/connections?is_enabled=true").await, 1);
    assert_eq!(count("/connections?is_enabled=false").await, 1);
    assert_eq!(count("/enabled_connections").await, 1);
    // Null puts back what holds where nothing is said.
    let nulls = json!({"is_enabled": null, "organization_connection_name": null});
    let changed = operator.patch(&path, nulls).await.expect(200);
    assert_eq!(changed["is_enabled"], true);
    assert!(changed.get("organization_connection_name").is_none());
    let changed = operator
        .patch(&older, json!({"show_as_button": false}))
        .await
        .expect(200);
    assert_eq!(changed["show_as_button"], false);
    assert!(changed.get("is_enabled").is_none());
}

#[tokio::test]
async fn connection_is_added_and_removed_then_the_tenant_keeps_it() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    let other = format!("/organizations/{}/connections", text(&all[1], "id"));
    let other = operator.get(&other).await.expect(200);
    let id = text(&other[1], "connection_id");
    let path = operator.own("/connections");
    let body = json!({"connection_id": id, "assign_membership_on_login": true});
    let added = operator.post(&path, body.clone()).await.expect(201);
    assert_eq!(
        (&added["assign_membership_on_login"], &added["is_enabled"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        error(&operator.post(&path, body.clone()).await),
        (409, "connection_conflict")
    );
    let one = format!("{path}/{id}");
    operator.delete(&one).await.expect(204);
    // That it is gone is what was wished for.
    operator.delete(&one).await.expect(204);
    assert_eq!(operator.get(&one).await.status, 404);
    let older = operator.own("/enabled_connections");
    operator.post(&older, body).await.expect(201);
    let one = format!("{older}/{id}");
    operator.get(&one).await.expect(200);
    operator.delete(&one).await.expect(204);
    assert_eq!(operator.delete(&one).await.status, 404);
    let unknown = json!({"connection_id": "con_x"});
    for path in [&path, &older] {
        assert_eq!(operator.post(path, unknown.clone()).await.status, 404);
    }
}

#[tokio::test]
async fn organization_is_created_with_connections_then_another_scope_is_needed() {
    let sandbox = plain().await;
    let everything = operator(&sandbox, "").await;
    let all = everything
        .get(&everything.own("/connections"))
        .await
        .expect(200);
    let wish = |name: &str, id: &Value| json!({"name": name, "enabled_connections": [{"connection_id": id, "show_as_button": false}]});
    let body = wish("with-login", &all[0]["connection_id"]);
    let creator = operator(&sandbox, "create:organizations").await;
    let refused = creator.post("/organizations", body.clone()).await;
    assert_eq!(error(&refused), (403, "insufficient_scope"));
    let created = everything.post("/organizations", body).await.expect(201);
    assert_eq!(created["enabled_connections"][0]["show_as_button"], false);
    let unknown = wish("without", &json!("con_x"));
    assert_eq!(
        error(&everything.post("/organizations", unknown).await),
        (400, "invalid_body")
    );
    let path = "/organizations/name/without";
    assert_eq!(everything.send(Method::GET, path, None).await.status, 404);
}
