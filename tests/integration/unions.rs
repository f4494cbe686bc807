//! The tenant that was created, in the public cloud or in a private one, and the secret that comes with it once.

use auth0_teams::types::{
    CreateTenantsResponseContent, PublicCloudPayload, PublicCloudPayloadRequired,
};
use auth0_teams::{Error, Response};
use serde_json::{Value, json};

use crate::samples::*;
use crate::support::*;

const SECRET: &str = "planted-secret-of-the-new-tenant";

/// Creates a tenant on a server that answers with `body`.
async fn create(body: Value) -> Result<Response<CreateTenantsResponseContent>, Error> {
    let server = answering_json(201, body).await;
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: "ada@example.com",
        locality: "us",
    });
    client(&server).tenants().create(payload).send().await
}

#[tokio::test]
async fn answer_has_a_locality_then_it_is_of_the_public_cloud() {
    let answer = create(created_public(SECRET)).await.unwrap().into_value();
    let CreateTenantsResponseContent::PublicCloud(tenant) = answer else {
        panic!("found {answer:?}");
    };
    assert_eq!(tenant.locality, "us");
    assert_eq!(tenant.management_client.client_secret.secret(), SECRET);
}

#[tokio::test]
async fn answer_has_no_locality_then_it_is_of_a_private_cloud() {
    let answer = create(created_private(SECRET)).await.unwrap().into_value();
    let CreateTenantsResponseContent::PrivateCloud(tenant) = answer else {
        panic!("found {answer:?}");
    };
    assert_eq!(tenant.environment, "acme-private");
    assert_eq!(tenant.management_client.client_secret.secret(), SECRET);
}

#[tokio::test]
async fn locality_is_null_then_the_answer_is_of_a_private_cloud() {
    let mut body = created_private(SECRET);
    body["locality"] = Value::Null;
    let answer = create(body).await.unwrap().into_value();
    assert!(
        matches!(answer, CreateTenantsResponseContent::PrivateCloud(_)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn either_answer_has_more_fields_than_known_then_it_decodes() {
    for mut body in [created_public(SECRET), created_private(SECRET)] {
        body["region"] = json!({"name": "frankfurt", "zones": [1, 2]});
        body["management_client"]["grant_types"] = json!(["client_credentials"]);
        body["environment_tag"] = json!("sandbox");
        let answer = create(body).await.unwrap();
        assert_eq!(
            answer.value().management_client().client_secret.secret(),
            SECRET
        );
        assert_eq!(answer.value().tenant_name(), "acme-dev");
    }
}

#[tokio::test]
async fn environment_tag_is_unknown_then_it_can_be_read_back() {
    for odd in [
        json!("sandbox"),
        json!(null),
        json!(7),
        json!(["production"]),
        json!({"production": null}),
    ] {
        let mut body = created_public(SECRET);
        body["environment_tag"] = odd.clone();
        let answer = create(body).await.unwrap().into_value();
        let CreateTenantsResponseContent::PublicCloud(tenant) = answer else {
            panic!("found {answer:?}");
        };
        // An explicit null is taken for an absent tag.
        let read = serde_json::to_value(&tenant.environment_tag).unwrap();
        assert_eq!(read, odd);
        assert!(
            tenant
                .environment_tag
                .is_none_or(|tag| tag.known().is_none())
        );
    }
}

#[tokio::test]
async fn field_is_missing_then_error_names_it_and_keeps_the_secret_in_the_body_alone() {
    for (whole, form) in [
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
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(field);
            let error = create(body.clone()).await.unwrap_err();
            assert_lost(&error, &body, field, form);
        }
        for field in ["client_id", "client_name"] {
            let mut body = whole.clone();
            body["management_client"]
                .as_object_mut()
                .unwrap()
                .remove(field);
            let error = create(body.clone()).await.unwrap_err();
            assert_lost(&error, &body, field, form);
        }
    }
}

/// Asserts that `error` says what it misses, and that the whole answer can be had from it and from nothing it prints.
fn assert_lost(error: &Error, body: &Value, field: &str, form: &str) {
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
async fn secret_itself_is_of_a_wrong_type_then_it_is_not_printed() {
    let mut body = created_public(SECRET);
    body["management_client"]["client_secret"] = json!([SECRET]);
    let error = create(body).await.unwrap_err();
    assert!(error.has_acted());
    assert!(String::from_utf8_lossy(error.body().unwrap()).contains(SECRET));
    assert!(!printed(&error).contains(SECRET), "{}", printed(&error));
}

#[tokio::test]
async fn field_has_a_wrong_type_then_error_says_what_was_expected_and_the_kind_that_was_found() {
    let mut body = created_public(SECRET);
    body["management_client"] = json!("17171717");
    let error = create(body).await.unwrap_err();
    let expected = "expected struct ManagementClient, found a string";
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!printed(&error).contains("17171717"), "{error:?}");
}

#[tokio::test]
async fn answer_is_a_success_then_secret_is_not_printed() {
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
async fn answer_is_neither_form_then_the_whole_body_is_kept() {
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
