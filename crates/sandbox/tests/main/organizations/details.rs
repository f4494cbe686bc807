//! The organization as its administrators see it.

use serde_json::json;

use super::{administrator, code, operator, plain};

#[tokio::test]
async fn details_are_changed_then_the_management_api_shows_the_same() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let details = inside.get("/details").await.expect(200);
    assert_eq!(details["id"], sandbox.organization_id());
    assert_eq!(details["name"], sandbox.organization_name());
    let colors = json!({"primary": "#123456", "page_background": "#fff"});
    let change = json!({"display_name": "North", "branding": {"colors": colors, "logo_url": null}});
    let changed = inside.patch("/details", change).await.expect(200);
    assert_eq!(changed["display_name"], "North");
    assert_eq!(changed["name"], details["name"]);
    let operator = operator(&sandbox, "").await;
    let seen = operator.get(&operator.own("")).await.expect(200);
    assert_eq!(seen["display_name"], "North");
    assert_eq!(seen["branding"], json!({ "colors": colors }));
}

#[tokio::test]
async fn name_or_id_cannot_be_taken_then_the_violation_names_the_place() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    for (change, place) in [
        (json!({"name": all[1]["name"]}), "/name"),
        (json!({"id": all[1]["id"]}), "/id"),
        (json!({"name": ""}), "/name"),
        (
            json!({"branding": {"colors": {"primary": "#123456"}}}),
            "/branding/colors",
        ),
    ] {
        let answer = inside.patch("/details", change).await;
        assert_eq!(code(&answer), (400, "A0E-400-0003"), "{place}");
        let error = &answer.body["validation_errors"][0];
        assert_eq!(
            (&error["pointer"], &error["source"]),
            (&json!(place), &json!("body"))
        );
        assert_eq!(answer.body["detail"], json!(null));
    }
    let same = json!({"name": sandbox.organization_name(), "id": sandbox.organization_id()});
    inside.patch("/details", same).await.expect(200);
    let request = sandbox.http.patch(format!("{}/details", inside.url));
    let request = request
        .bearer_auth(&inside.token)
        .header("content-type", "application/json");
    let answer = crate::support::reply(request.body("{")).await;
    assert_eq!(code(&answer), (400, "A0E-400-0001"));
    assert!(answer.body["detail"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn organization_is_deleted_then_it_is_gone_on_both_sides() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let operator = operator(&sandbox, "").await;
    inside.delete("/").await.expect(204);
    assert_eq!(code(&inside.get("/details").await), (404, "A0E-404-0002"));
    // The document knows no 404 here.
    assert_eq!(inside.delete("/").await.status, 403);
    assert_eq!(operator.get(&operator.own("")).await.status, 404);
    let left = operator
        .get("/organizations?include_totals=true")
        .await
        .expect(200);
    assert_eq!(left["total"], 2);
}

#[tokio::test]
async fn configuration_is_read_then_it_is_what_the_sandbox_was_told() {
    let sandbox = super::start(
        auth0_sandbox::Sandbox::builder()
            .allowed_strategies(["oidc", "google-apps"])
            .keep_used_connections(),
    )
    .await;
    let inside = administrator(&sandbox).await;
    let expected = json!({
        "allowed_strategies": ["oidc", "google-apps"],
        "connection_deletion_behavior": "allow_if_empty",
    });
    assert_eq!(inside.get("/config").await.expect(200), expected);
    let providers = inside.get("/config/identity-providers").await.expect(200);
    let strategies = providers["strategies"].as_object().unwrap();
    let names: Vec<_> = strategies.keys().collect();
    assert_eq!(names, ["googleapps", "oidc"]);
    assert_eq!(strategies["oidc"]["provisioning_methods"], json!(["scim"]));
}
