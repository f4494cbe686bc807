//! Provisioning of identity providers, and its tokens.

use reqwest::Method;
use serde_json::json;

use super::{Side, administrator, code, plain, text};

async fn provider(inside: &Side<'_>, strategy: &str, options: serde_json::Value) -> String {
    let body = json!({"name": strategy, "strategy": strategy, "options": options});
    let provider = inside.post("/identity-providers", body).await.expect(201);
    format!("/identity-providers/{}/provisioning", text(&provider, "id"))
}

#[tokio::test]
async fn strategy_can_be_provisioned_or_not_then_it_is_set_up_once() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let adfs = provider(&inside, "adfs", json!({"adfs_server": "x.test"})).await;
    assert_eq!(
        code(&inside.send(Method::POST, &adfs, None).await),
        (403, "A0E-403-0001")
    );
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    let okta = provider(&inside, "okta", options).await;
    assert_eq!(inside.get(&okta).await.status, 404);
    let created = inside.send(Method::POST, &okta, None).await.expect(201);
    assert_eq!(
        (&created["method"], &created["strategy"]),
        (&json!("scim"), &json!("okta"))
    );
    assert_eq!(inside.send(Method::POST, &okta, None).await.status, 403);
    assert_eq!(inside.get(&okta).await.expect(200), created);
    inside
        .put(&format!("{okta}/update-attributes"))
        .await
        .expect(200);
    inside.delete(&okta).await.expect(204);
    for path in [okta.clone(), format!("{okta}/scim-tokens")] {
        assert_eq!(inside.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn token_is_created_then_what_it_is_is_shown_once() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    let path = provider(&inside, "okta", options).await;
    let tokens = format!("{path}/scim-tokens");
    assert_eq!(inside.post(&tokens, json!({})).await.status, 404);
    inside.send(Method::POST, &path, None).await.expect(201);
    let limited = inside
        .post(&tokens, json!({"token_lifetime": 901}))
        .await
        .expect(201);
    let endless = inside.post(&tokens, json!({})).await.expect(201);
    assert!(limited["valid_until"].is_string() && endless.get("valid_until").is_none());
    assert_ne!(limited["token"], endless["token"]);
    assert_eq!(
        inside
            .post(&tokens, json!({"token_lifetime": 900}))
            .await
            .status,
        400
    );
    let listed = inside.get(&tokens).await.expect(200);
    assert_eq!(listed["scim_tokens"].as_array().unwrap().len(), 2);
    assert!(
        !listed.to_string().contains(text(&limited, "token")),
        "{listed}"
    );
    let one = format!("{tokens}/{}", text(&limited, "token_id"));
    inside.delete(&one).await.expect(204);
    assert_eq!(inside.delete(&one).await.status, 404);
    let left = inside.get(&tokens).await.expect(200);
    assert_eq!(left["scim_tokens"][0]["token_id"], endless["token_id"]);
}
