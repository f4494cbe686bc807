//! Identity providers of an organization.

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{ApiClient, administrator, error_type, management, start, start_default, str_field};

fn oidc() -> Value {
    json!({
        "name": "own-login",
        "strategy": "oidc",
        "options": {"client_id": "c", "client_secret": "pl4nted", "discovery_url": "https://x.test/", "type": "back_channel"},
    })
}

async fn created(my_organization: &ApiClient<'_>, body: Value) -> (String, Value) {
    let provider = my_organization
        .post("/identity-providers", body)
        .await
        .expect(201);
    (
        format!("/identity-providers/{}", str_field(&provider, "id")),
        provider,
    )
}

#[tokio::test]
async fn created_provider_is_returned_without_its_secret() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let (path, provider) = created(&my_organization, oidc()).await;
    assert_eq!(
        (&provider["strategy"], &provider["access_level"]),
        (&json!("oidc"), &json!("full"))
    );
    assert_eq!(my_organization.get(&path).await.expect(200), provider);
    let all = my_organization.get("/identity-providers").await.expect(200);
    assert_eq!(all["identity_providers"].as_array().unwrap().len(), 2);
    for shown in [&provider, &all] {
        assert!(!shown.to_string().contains("pl4nted"));
    }
    assert_eq!(
        error_type(&my_organization.post("/identity-providers", oidc()).await),
        (409, "A0E-409-0003")
    );
    // The Management API returns it as a connection of the organization.
    let management = management(&sandbox, "").await;
    let path =
        management.organization_path(&format!("/connections/{}", str_field(&provider, "id")));
    let connection = management.get(&path).await.expect(200);
    assert_eq!(
        connection["connection"],
        json!({"name": "own-login", "strategy": "oidc"})
    );
    assert_eq!(connection["organization_access_level"], "full");
}

#[tokio::test]
async fn provider_update_must_match_its_strategy() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let (path, _) = created(&my_organization, oidc()).await;
    let change = json!({
        "display_name": "Own",
        "is_enabled": false,
        "options": {"client_id": "d", "discovery_url": "https://y.test/", "type": "front_channel"},
    });
    let changed = my_organization.patch(&path, change).await.expect(200);
    assert_eq!(
        (&changed["display_name"], &changed["is_enabled"]),
        (&json!("Own"), &json!(false))
    );
    assert_eq!(changed["options"]["client_id"], "d");
    for invalid in [
        json!({"options": {"adfs_server": "x.test"}}),
        json!({"strategy": "oidc"}),
        json!({"nickname": "x"}),
        json!({"options": {"client_id": "d", "discovery_url": "x", "type": "front_channel", "more": 1}}),
    ] {
        let response = my_organization.patch(&path, invalid.clone()).await;
        assert_eq!(error_type(&response), (400, "A0E-400-0003"), "{invalid}");
    }
    // These options are valid for two strategies.
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    for strategy in ["okta", "google-apps"] {
        let body = json!({"name": strategy, "strategy": strategy, "options": options});
        let (path, _) = created(&my_organization, body).await;
        my_organization
            .patch(&path, json!({ "options": options }))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn unknown_or_disallowed_strategy_creates_no_provider() {
    let sandbox = start(Sandbox::builder().allowed_strategies(["samlp"])).await;
    let my_organization = administrator(&sandbox).await;
    assert_eq!(
        error_type(&my_organization.post("/identity-providers", oidc()).await),
        (403, "A0E-403-0001")
    );
    let mut other = oidc();
    other["strategy"] = json!("ad");
    assert_eq!(
        error_type(&my_organization.post("/identity-providers", other).await),
        (400, "A0E-400-0003")
    );
    let mut unverified = json!({"name": "s", "strategy": "samlp", "domains": ["none.example"],
        "options": {"metadataUrl": "https://x.test/", "signSAMLRequest": false}});
    assert_eq!(
        my_organization
            .post("/identity-providers", unverified.clone())
            .await
            .status,
        404
    );
    unverified["domains"] = json!(["northwind.example"]);
    let (_, provider) = created(&my_organization, unverified).await;
    assert_eq!(provider["domains"], json!(["northwind.example"]));
    let sandbox = start(Sandbox::builder().allowed_strategies(Vec::<String>::new())).await;
    let my_organization = administrator(&sandbox).await;
    assert_eq!(
        error_type(&my_organization.post("/identity-providers", oidc()).await),
        (409, "A0E-409-0001")
    );
}

#[tokio::test]
async fn tenant_setting_determines_whether_a_used_connection_can_be_deleted() {
    for keeps in [false, true] {
        let builder = Sandbox::builder();
        let builder = if keeps {
            builder.keep_used_connections()
        } else {
            builder
        };
        let sandbox = start(builder).await;
        let my_organization = administrator(&sandbox).await;
        let all = my_organization.get("/identity-providers").await.expect(200);
        let used = format!(
            "/identity-providers/{}",
            str_field(&all["identity_providers"][0], "id")
        );
        let (fresh, _) = created(&my_organization, oidc()).await;
        my_organization.delete(&fresh).await.expect(204);
        let response = my_organization.delete(&used).await;
        if keeps {
            assert_eq!(error_type(&response), (403, "A0E-403-0001"));
            let detached = format!("{used}/detach");
            my_organization
                .send(reqwest::Method::POST, &detached, None)
                .await
                .expect(204);
        } else {
            response.expect(204);
        }
        assert_eq!(my_organization.get(&used).await.status, 404);
        // A detached connection can be enabled again.
        let management = management(&sandbox, "").await;
        let body = json!({"connection_id": used.rsplit('/').next()});
        let again = management
            .post(&management.organization_path("/enabled_connections"), body)
            .await;
        assert_eq!(again.status, if keeps { 201 } else { 404 });
    }
}

#[tokio::test]
async fn deleted_connection_is_removed_from_all_organizations() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    let connections = async |organization: &Value| {
        let id = str_field(organization, "id");
        let path = format!("/organizations/{id}/enabled_connections");
        management
            .get(&path)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len()
    };
    // Two connections for three organizations: the first and the third share one.
    assert_eq!(connections(&all[2]).await, 2);
    let my_organization = administrator(&sandbox).await;
    let own = my_organization.get("/identity-providers").await.expect(200);
    let path = format!(
        "/identity-providers/{}",
        str_field(&own["identity_providers"][0], "id")
    );
    my_organization.delete(&path).await.expect(204);
    assert_eq!(connections(&all[2]).await, 1);
    assert_eq!(connections(&all[1]).await, 2);
}

#[tokio::test]
async fn access_level_determines_the_permitted_provider_operations() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let management = management(&sandbox, "").await;
    let (path, provider) = created(&my_organization, oidc()).await;
    let connection =
        management.organization_path(&format!("/connections/{}", str_field(&provider, "id")));
    for (level, read, changed, deleted) in [
        ("none", 404, 404, 404),
        ("readonly", 200, 403, 403),
        ("limited", 200, 200, 403),
        ("full", 200, 200, 204),
    ] {
        let body = json!({ "organization_access_level": level });
        management.patch(&connection, body).await.expect(200);
        let listed = my_organization
            .get(&format!("/identity-providers?member_access_level={level}"))
            .await;
        let listed = listed.expect(200);
        let mine: Vec<&Value> = listed["identity_providers"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["name"] == "own-login")
            .collect();
        assert_eq!(mine.len(), 1, "{level}");
        assert_eq!(
            mine[0].get("strategy").is_some(),
            level != "none",
            "{level}"
        );
        assert_eq!(my_organization.get(&path).await.status, read, "{level}");
        let response = my_organization
            .patch(&path, json!({"is_enabled": true}))
            .await;
        assert_eq!(response.status, changed, "{level}");
        assert_eq!(
            my_organization.delete(&path).await.status,
            deleted,
            "{level}"
        );
    }
    let none = my_organization
        .get("/identity-providers?member_access_level=all")
        .await;
    assert_eq!(error_type(&none), (400, "A0E-400-0003"));
}

#[tokio::test]
async fn refreshed_mapping_lacks_no_attribute() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let all = my_organization.get("/identity-providers").await.expect(200);
    let provider = &all["identity_providers"][0];
    let missing = |provider: &Value| {
        let attributes = provider["attributes"].as_array().unwrap().iter();
        attributes.filter(|one| one["is_missing"] == true).count()
    };
    assert_eq!(missing(provider), 1);
    let path = format!(
        "/identity-providers/{}/update-attributes",
        str_field(provider, "id")
    );
    assert_eq!(missing(&my_organization.put(&path).await.expect(200)), 0);
    let strangers =
        super::my_organization(&sandbox, sandbox.organization_id(), "read:my_org:details").await;
    assert_eq!(strangers.put(&path).await.status, 403);
}
