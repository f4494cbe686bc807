//! Provisioning of identity providers and SCIM tokens.

use reqwest::Method;
use serde_json::json;

use super::{ApiClient, administrator, error_type, start_default, str_field};

async fn provider(
    my_organization: &ApiClient<'_>,
    strategy: &str,
    options: serde_json::Value,
) -> String {
    let body = json!({"name": strategy, "strategy": strategy, "options": options});
    let provider = my_organization
        .post("/identity-providers", body)
        .await
        .expect(201);
    format!(
        "/identity-providers/{}/provisioning",
        str_field(&provider, "id")
    )
}

#[tokio::test]
async fn provisioning_can_be_created_once_for_supported_strategies() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let adfs = provider(&my_organization, "adfs", json!({"adfs_server": "x.test"})).await;
    assert_eq!(
        error_type(&my_organization.send(Method::POST, &adfs, None).await),
        (403, "A0E-403-0001")
    );
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    let okta = provider(&my_organization, "okta", options).await;
    assert_eq!(my_organization.get(&okta).await.status, 404);
    let created = my_organization
        .send(Method::POST, &okta, None)
        .await
        .expect(201);
    assert_eq!(
        (&created["method"], &created["strategy"]),
        (&json!("scim"), &json!("okta"))
    );
    assert_eq!(
        my_organization.send(Method::POST, &okta, None).await.status,
        403
    );
    assert_eq!(my_organization.get(&okta).await.expect(200), created);
    my_organization
        .put(&format!("{okta}/update-attributes"))
        .await
        .expect(200);
    my_organization.delete(&okta).await.expect(204);
    for path in [okta.clone(), format!("{okta}/scim-tokens")] {
        assert_eq!(my_organization.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn scim_token_value_is_returned_once() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let options = json!({"client_id": "c", "client_secret": "s", "domain": "x.test"});
    let path = provider(&my_organization, "okta", options).await;
    let tokens = format!("{path}/scim-tokens");
    assert_eq!(my_organization.post(&tokens, json!({})).await.status, 404);
    my_organization
        .send(Method::POST, &path, None)
        .await
        .expect(201);
    let limited = my_organization
        .post(&tokens, json!({"token_lifetime": 901}))
        .await
        .expect(201);
    let endless = my_organization.post(&tokens, json!({})).await.expect(201);
    assert!(limited["valid_until"].is_string() && endless.get("valid_until").is_none());
    assert_ne!(limited["token"], endless["token"]);
    assert_eq!(
        my_organization
            .post(&tokens, json!({"token_lifetime": 900}))
            .await
            .status,
        400
    );
    let listed = my_organization.get(&tokens).await.expect(200);
    assert_eq!(listed["scim_tokens"].as_array().unwrap().len(), 2);
    assert!(
        !listed.to_string().contains(str_field(&limited, "token")),
        "{listed}"
    );
    let one = format!("{tokens}/{}", str_field(&limited, "token_id"));
    my_organization.delete(&one).await.expect(204);
    assert_eq!(my_organization.delete(&one).await.status, 404);
    let left = my_organization.get(&tokens).await.expect(200);
    assert_eq!(left["scim_tokens"][0]["token_id"], endless["token_id"]);
}
