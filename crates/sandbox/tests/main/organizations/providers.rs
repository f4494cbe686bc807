//! Identity providers of an organization.

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{Side, administrator, code, operator, plain, start, text};

fn oidc() -> Value {
    json!({
        "name": "own-login",
        "strategy": "oidc",
        "options": {"client_id": "c", "client_secret": "pl4nted", "discovery_url": "https://x.test/", "type": "back_channel"},
    })
}

async fn created(inside: &Side<'_>, body: Value) -> (String, Value) {
    let provider = inside.post("/identity-providers", body).await.expect(201);
    (
        format!("/identity-providers/{}", text(&provider, "id")),
        provider,
    )
}

#[tokio::test]
async fn provider_is_created_then_it_is_shown_with_its_strategy_and_without_its_secret() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let (path, provider) = created(&inside, oidc()).await;
    assert_eq!(
        (&provider["strategy"], &provider["access_level"]),
        (&json!("oidc"), &json!("full"))
    );
    assert_eq!(inside.get(&path).await.expect(200), provider);
    let all = inside.get("/identity-providers").await.expect(200);
    assert_eq!(all["identity_providers"].as_array().unwrap().len(), 2);
    for shown in [&provider, &all] {
        assert!(!shown.to_string().contains("pl4nted"));
    }
    assert_eq!(
        code(&inside.post("/identity-providers", oidc()).await),
        (409, "A0E-409-0003")
    );
    // The operator sees it as a connection that the organization uses.
    let operator = operator(&sandbox, "").await;
    let path = operator.own(&format!("/connections/{}", text(&provider, "id")));
    let connection = operator.get(&path).await.expect(200);
    assert_eq!(
        connection["connection"],
        json!({"name": "own-login", "strategy": "oidc"})
    );
    assert_eq!(connection["organization_access_level"], "full");
}

#[tokio::test]
async fn provider_is_changed_then_the_change_fits_the_strategy_that_it_has() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let (path, _) = created(&inside, oidc()).await;
    let change = json!({
        "display_name": "Own",
        "is_enabled": false,
        "options": {"client_id": "d", "discovery_url": "https://y.test/", "type": "front_channel"},
    });
    let changed = inside.patch(&path, change).await.expect(200);
    assert_eq!(
        (&changed["display_name"], &changed["is_enabled"]),
        (&json!("Own"), &json!(false))
    );
    assert_eq!(changed["options"]["client_id"], "d");
    for wrong in [
        json!({"options": {"adfs_server": "x.test"}}),
        json!({"strategy": "oidc"}),
        json!({"nickname": "x"}),
        json!({"options": {"client_id": "d", "discovery_url": "x", "type": "front_channel", "more": 1}}),
    ] {
        let answer = inside.patch(&path, wrong.clone()).await;
        assert_eq!(code(&answer), (400, "A0E-400-0003"), "{wrong}");
    }
    // These options are those of two strategies.
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    for strategy in ["okta", "google-apps"] {
        let body = json!({"name": strategy, "strategy": strategy, "options": options});
        let (path, _) = created(&inside, body).await;
        inside
            .patch(&path, json!({ "options": options }))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn strategy_is_unknown_or_not_allowed_then_no_provider_is_created() {
    let sandbox = start(Sandbox::builder().allowed_strategies(["samlp"])).await;
    let inside = administrator(&sandbox).await;
    assert_eq!(
        code(&inside.post("/identity-providers", oidc()).await),
        (403, "A0E-403-0001")
    );
    let mut other = oidc();
    other["strategy"] = json!("ad");
    assert_eq!(
        code(&inside.post("/identity-providers", other).await),
        (400, "A0E-400-0003")
    );
    let mut unverified = json!({"name": "s", "strategy": "samlp", "domains": ["none.example"],
        "options": {"metadataUrl": "https://x.test/", "signSAMLRequest": false}});
    assert_eq!(
        inside
            .post("/identity-providers", unverified.clone())
            .await
            .status,
        404
    );
    unverified["domains"] = json!(["northwind.example"]);
    let (_, provider) = created(&inside, unverified).await;
    assert_eq!(provider["domains"], json!(["northwind.example"]));
    let sandbox = start(Sandbox::builder().allowed_strategies(Vec::<String>::new())).await;
    let inside = administrator(&sandbox).await;
    assert_eq!(
        code(&inside.post("/identity-providers", oidc()).await),
        (409, "A0E-409-0001")
    );
}

#[tokio::test]
async fn connection_has_users_then_the_tenant_decides_whether_it_can_be_deleted() {
    for keeps in [false, true] {
        let builder = Sandbox::builder();
        let builder = if keeps {
            builder.keep_used_connections()
        } else {
            builder
        };
        let sandbox = start(builder).await;
        let inside = administrator(&sandbox).await;
        let all = inside.get("/identity-providers").await.expect(200);
        let used = format!(
            "/identity-providers/{}",
            text(&all["identity_providers"][0], "id")
        );
        let (fresh, _) = created(&inside, oidc()).await;
        inside.delete(&fresh).await.expect(204);
        let answer = inside.delete(&used).await;
        if keeps {
            assert_eq!(code(&answer), (403, "A0E-403-0001"));
            let detached = format!("{used}/detach");
            inside
                .send(reqwest::Method::POST, &detached, None)
                .await
                .expect(204);
        } else {
            answer.expect(204);
        }
        assert_eq!(inside.get(&used).await.status, 404);
        // What is only detached can be used again.
        let operator = operator(&sandbox, "").await;
        let body = json!({"connection_id": used.rsplit('/').next()});
        let again = operator
            .post(&operator.own("/enabled_connections"), body)
            .await;
        assert_eq!(again.status, if keeps { 201 } else { 404 });
    }
}

#[tokio::test]
async fn connection_is_deleted_then_no_organization_has_it() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    let connections = async |organization: &Value| {
        let id = text(organization, "id");
        let path = format!("/organizations/{id}/enabled_connections");
        operator
            .get(&path)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len()
    };
    // Two connections for three organizations: the first and the third share one.
    assert_eq!(connections(&all[2]).await, 2);
    let inside = administrator(&sandbox).await;
    let own = inside.get("/identity-providers").await.expect(200);
    let path = format!(
        "/identity-providers/{}",
        text(&own["identity_providers"][0], "id")
    );
    inside.delete(&path).await.expect(204);
    assert_eq!(connections(&all[2]).await, 1);
    assert_eq!(connections(&all[1]).await, 2);
}

#[tokio::test]
async fn access_is_limited_then_the_provider_is_listed_read_or_changed_accordingly() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let operator = operator(&sandbox, "").await;
    let (path, provider) = created(&inside, oidc()).await;
    let connection = operator.own(&format!("/connections/{}", text(&provider, "id")));
    for (level, read, changed, deleted) in [
        ("none", 404, 404, 404),
        ("readonly", 200, 403, 403),
        ("limited", 200, 200, 403),
        ("full", 200, 200, 204),
    ] {
        let body = json!({ "organization_access_level": level });
        operator.patch(&connection, body).await.expect(200);
        let listed = inside
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
        assert_eq!(inside.get(&path).await.status, read, "{level}");
        let answer = inside.patch(&path, json!({"is_enabled": true})).await;
        assert_eq!(answer.status, changed, "{level}");
        assert_eq!(inside.delete(&path).await.status, deleted, "{level}");
    }
    let none = inside
        .get("/identity-providers?member_access_level=all")
        .await;
    assert_eq!(code(&none), (400, "A0E-400-0003"));
}

#[tokio::test]
async fn mapping_is_refreshed_then_nothing_is_missing_any_more() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let all = inside.get("/identity-providers").await.expect(200);
    let provider = &all["identity_providers"][0];
    let missing = |provider: &Value| {
        let attributes = provider["attributes"].as_array().unwrap().iter();
        attributes.filter(|one| one["is_missing"] == true).count()
    };
    assert_eq!(missing(provider), 1);
    let path = format!(
        "/identity-providers/{}/update-attributes",
        text(provider, "id")
    );
    assert_eq!(missing(&inside.put(&path).await.expect(200)), 0);
    let strangers = super::inside(&sandbox, sandbox.organization_id(), "read:my_org:details").await;
    assert_eq!(strangers.put(&path).await.status, 403);
}
