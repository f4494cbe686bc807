//! The organization in the My Organization API.

use serde_json::json;

use super::{administrator, error_type, management, start_default};

#[tokio::test]
async fn changed_details_are_visible_in_the_management_api() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let details = my_organization.get("/details").await.expect(200);
    assert_eq!(details["id"], sandbox.organization_id());
    assert_eq!(details["name"], sandbox.organization_name());
    let colors = json!({"primary": "#123456", "page_background": "#fff"});
    let change = json!({"display_name": "North", "branding": {"colors": colors, "logo_url": null}});
    let changed = my_organization.patch("/details", change).await.expect(200);
    assert_eq!(changed["display_name"], "North");
    assert_eq!(changed["name"], details["name"]);
    let management = management(&sandbox, "").await;
    let seen = management
        .get(&management.organization_path(""))
        .await
        .expect(200);
    assert_eq!(seen["display_name"], "North");
    assert_eq!(seen["branding"], json!({ "colors": colors }));
}

#[tokio::test]
async fn invalid_name_or_id_is_reported_with_a_pointer() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    for (change, place) in [
        (json!({"name": all[1]["name"]}), "/name"),
        (json!({"id": all[1]["id"]}), "/id"),
        (json!({"name": ""}), "/name"),
        (
            json!({"branding": {"colors": {"primary": "#123456"}}}),
            "/branding/colors",
        ),
    ] {
        let response = my_organization.patch("/details", change).await;
        assert_eq!(error_type(&response), (400, "A0E-400-0003"), "{place}");
        let error = &response.body["validation_errors"][0];
        assert_eq!(
            (&error["pointer"], &error["source"]),
            (&json!(place), &json!("body"))
        );
        assert_eq!(response.body["detail"], json!(null));
    }
    let same = json!({"name": sandbox.organization_name(), "id": sandbox.organization_id()});
    my_organization.patch("/details", same).await.expect(200);
    let request = sandbox
        .http
        .patch(format!("{}/details", my_organization.url));
    let request = request
        .bearer_auth(&my_organization.token)
        .header("content-type", "application/json");
    let response = crate::support::send_request(request.body("{")).await;
    assert_eq!(error_type(&response), (400, "A0E-400-0001"));
    assert!(response.body["detail"].is_string(), "{response:?}");
}

#[tokio::test]
async fn deleted_organization_is_gone_in_both_apis() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let management = management(&sandbox, "").await;
    my_organization.delete("/").await.expect(204);
    assert_eq!(
        error_type(&my_organization.get("/details").await),
        (404, "A0E-404-0002")
    );
    // The operation documents no 404.
    assert_eq!(my_organization.delete("/").await.status, 403);
    assert_eq!(
        management
            .get(&management.organization_path(""))
            .await
            .status,
        404
    );
    let left = management
        .get("/organizations?include_totals=true")
        .await
        .expect(200);
    assert_eq!(left["total"], 2);
}

#[tokio::test]
async fn configuration_reflects_the_sandbox_settings() {
    let sandbox = super::start(
        auth0_sandbox::Sandbox::builder()
            .allowed_strategies(["oidc", "google-apps"])
            .keep_used_connections(),
    )
    .await;
    let my_organization = administrator(&sandbox).await;
    let expected = json!({
        "allowed_strategies": ["oidc", "google-apps"],
        "connection_deletion_behavior": "allow_if_empty",
    });
    assert_eq!(my_organization.get("/config").await.expect(200), expected);
    let providers = my_organization
        .get("/config/identity-providers")
        .await
        .expect(200);
    let strategies = providers["strategies"].as_object().unwrap();
    let names: Vec<_> = strategies.keys().collect();
    assert_eq!(names, ["googleapps", "oidc"]);
    assert_eq!(strategies["oidc"]["provisioning_methods"], json!(["scim"]));
}
