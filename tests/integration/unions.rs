//! The response to the creation of a tenant: a public or private cloud tenant, and the client secret that is returned
//! only once.

use auth0_teams::types::CreateTenantsResponseContent;
use auth0_teams::{Error, Response};
use serde_json::{Value, json};

use crate::bodies::public_cloud;
use crate::samples::*;
use crate::support::*;

const SECRET: &str = "planted-secret-of-the-new-tenant";

/// Creates a tenant on a server that returns `body`.
async fn create(body: Value) -> Result<Response<CreateTenantsResponseContent>, Error> {
    let server = mock_server_json(201, body).await;
    let payload = public_cloud("ada@example.com", "us");
    client(&server).tenants().create(payload).send().await
}

#[tokio::test]
async fn response_has_a_locality_then_it_is_a_public_cloud_tenant() {
    let response = create(created_public(SECRET)).await.unwrap().into_value();
    let CreateTenantsResponseContent::PublicCloud(tenant) = response else {
        panic!("found {response:?}");
    };
    assert_eq!(tenant.locality, "us");
    assert_eq!(tenant.management_client.client_secret.secret(), SECRET);
}

#[tokio::test]
async fn response_has_no_locality_then_it_is_a_private_cloud_tenant() {
    let response = create(created_private(SECRET)).await.unwrap().into_value();
    let CreateTenantsResponseContent::PrivateCloud(tenant) = response else {
        panic!("found {response:?}");
    };
    assert_eq!(tenant.environment, "acme-private");
    assert_eq!(tenant.management_client.client_secret.secret(), SECRET);
}

#[tokio::test]
async fn locality_is_null_then_it_is_a_private_cloud_tenant() {
    let mut body = created_private(SECRET);
    body["locality"] = Value::Null;
    let response = create(body).await.unwrap().into_value();
    assert!(
        matches!(response, CreateTenantsResponseContent::PrivateCloud(_)),
        "{response:?}"
    );
}

#[tokio::test]
async fn response_has_unknown_fields_then_either_variant_decodes() {
    for mut body in [created_public(SECRET), created_private(SECRET)] {
        body["region"] = json!({"name": "frankfurt", "zones": [1, 2]});
        body["management_client"]["grant_types"] = json!(["client_credentials"]);
        body["environment_tag"] = json!("sandbox");
        let response = create(body).await.unwrap();
        assert_eq!(
            response.value().management_client().client_secret.secret(),
            SECRET
        );
        assert_eq!(response.value().tenant_name(), "acme-dev");
    }
}

#[tokio::test]
async fn environment_tag_is_unknown_then_its_text_is_readable() {
    for unexpected in [
        json!("sandbox"),
        json!(null),
        json!(7),
        json!(["production"]),
        json!({"production": null}),
    ] {
        let mut body = created_public(SECRET);
        body["environment_tag"] = unexpected.clone();
        let response = create(body).await.unwrap().into_value();
        let CreateTenantsResponseContent::PublicCloud(tenant) = response else {
            panic!("found {response:?}");
        };
        // An explicit null is treated as an absent tag.
        let read = serde_json::to_value(&tenant.environment_tag).unwrap();
        assert_eq!(read, unexpected);
        assert!(
            tenant
                .environment_tag
                .is_none_or(|tag| tag.known().is_none())
        );
    }
}

#[tokio::test]
async fn field_is_missing_then_the_error_names_it_and_only_its_body_has_the_secret() {
    for (complete_body, form) in [
        (created_public(SECRET), "public"),
        (created_private(SECRET), "private"),
    ] {
        for field in [
            "tenant_id",
            "tenant_name",
            "domain",
            "environment",
            "created_at",
        ] {
            let mut body = complete_body.clone();
            body.as_object_mut().unwrap().remove(field);
            let error = create(body.clone()).await.unwrap_err();
            assert_decode_error(&error, &body, field, form);
        }
        for field in ["client_id", "client_name"] {
            let mut body = complete_body.clone();
            body["management_client"]
                .as_object_mut()
                .unwrap()
                .remove(field);
            let error = create(body.clone()).await.unwrap_err();
            assert_decode_error(&error, &body, field, form);
        }
    }
}

/// Asserts that `error` names the missing field, keeps the whole response, and prints nothing of it.
fn assert_decode_error(error: &Error, body: &Value, field: &str, form: &str) {
    assert!(
        error.is_undecodable() && error.has_acted(),
        "{form} {field}: {error:?}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("missing field `{field}`")),
        "{form}: {error}"
    );
    assert_eq!(error.status().map(|status| status.as_u16()), Some(201));
    assert!(error.body_is_complete());
    assert_eq!(
        &serde_json::from_slice::<Value>(error.body().unwrap()).unwrap(),
        body
    );
    assert_eq!(body["management_client"]["client_secret"], SECRET);
    let text = printed(error);
    assert!(
        !text.contains(SECRET) && !text.contains("client-of-the-tenant"),
        "{text}"
    );
}

#[tokio::test]
async fn secret_has_a_wrong_type_then_it_is_not_printed() {
    let mut body = created_public(SECRET);
    body["management_client"]["client_secret"] = json!([SECRET]);
    let error = create(body).await.unwrap_err();
    assert!(error.has_acted());
    assert!(String::from_utf8_lossy(error.body().unwrap()).contains(SECRET));
    assert!(!printed(&error).contains(SECRET), "{}", printed(&error));
}

#[tokio::test]
async fn field_has_a_wrong_type_then_the_error_names_the_expected_and_the_found_type() {
    let mut body = created_public(SECRET);
    body["management_client"] = json!("17171717");
    let error = create(body).await.unwrap_err();
    let expected = "expected struct ManagementClient, found a string";
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!printed(&error).contains("17171717"), "{error:?}");
}

#[tokio::test]
async fn response_is_a_success_then_its_secret_is_not_printed() {
    for body in [created_public(SECRET), created_private(SECRET)] {
        let response = create(body).await.unwrap();
        for text in [
            format!("{response:?}"),
            format!("{response:#?}"),
            format!("{:?}", response.value()),
        ] {
            assert!(!text.contains(SECRET), "{text}");
            assert!(text.contains("client-of-the-tenant"), "{text}");
        }
    }
}

#[tokio::test]
async fn response_matches_neither_variant_then_the_error_keeps_the_body() {
    for body in [
        json!({}),
        json!([]),
        json!("created"),
        json!(null),
        json!({"locality": "us"}),
    ] {
        let error = create(body.clone()).await.unwrap_err();
        assert!(
            error.is_undecodable() && error.has_acted(),
            "{body}: {error:?}"
        );
        assert_eq!(
            serde_json::from_slice::<Value>(error.body().unwrap()).unwrap(),
            body
        );
    }
}
