//! Secrets are planted in requests and responses, and must not be in anything that is printed.

use std::fmt::Debug;

use auth0_my_organization::types::*;
use serde_json::{Value, json};

use super::organization;
use super::samples::*;
use crate::support::*;

const PLANTED: &str = "planted-secret";

/// Asserts that neither form of `Debug` shows the planted secret.
fn assert_not_printed(value: &dyn Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.contains(PLANTED), "{text}");
}

#[tokio::test]
async fn scim_token_is_created_then_it_is_readable_but_not_printed() {
    let server = mock_server_json(201, new_scim_token(PLANTED)).await;
    let tokens = organization(&server)
        .organization()
        .identity_providers()
        .provisioning()
        .scim_tokens();
    let call = tokens.create(IDP_ID, CreateIdpProvisioningScimTokenRequestContent::new());
    let response = call.send().await.unwrap();
    assert_eq!(response.value().token.secret(), PLANTED);
    assert_not_printed(&response);
    assert_not_printed(response.value());
}

#[tokio::test]
async fn scim_token_does_not_decode_then_the_error_keeps_it_and_does_not_print_it() {
    let mut response = new_scim_token(PLANTED);
    response["token"] = json!([PLANTED]);
    let server = mock_server_json(201, response).await;
    let tokens = organization(&server)
        .organization()
        .identity_providers()
        .provisioning()
        .scim_tokens();
    let body = CreateIdpProvisioningScimTokenRequestContent::new();
    let error = tokens.create(IDP_ID, body).await.unwrap_err();
    assert!(error.is_undecodable() && error.has_acted(), "{error:?}");
    assert!(String::from_utf8_lossy(error.body().unwrap()).contains(PLANTED));
    assert!(!printed(&error).contains(PLANTED), "{}", printed(&error));
}

#[tokio::test]
async fn options_hold_client_secrets_then_no_request_prints_them() {
    let server = mock_server_json(200, identity_provider("okta")).await;
    let providers = organization(&server).organization().identity_providers();
    let oidc = || {
        IdpOidcOptionsRequest::new(IdpOidcOptionsRequestRequired {
            client_id: "c",
            discovery_url: "https://acme.com/d",
            type_: IdpOidcOptionsTypeEnum::BackChannel,
        })
        .client_secret(PLANTED)
    };
    let okta = || {
        IdpOktaOptionsRequest::new(IdpOktaOptionsRequestRequired {
            client_id: "c",
            client_secret: PLANTED,
            domain: "acme.okta.com",
        })
    };
    let google = || {
        IdpGoogleAppsOptionsRequest::new(IdpGoogleAppsOptionsRequestRequired {
            client_id: "c",
            client_secret: PLANTED,
            domain: "acme.com",
        })
    };
    let waad = || {
        IdpWaadOptionsRequest::new(IdpWaadOptionsRequestRequired {
            client_id: "c",
            client_secret: PLANTED,
            tenant_domain: "acme.onmicrosoft.com",
        })
    };
    let creations: [IdpKnownRequest; 4] = [
        IdpOidcRequest::new(IdpOidcRequestRequired {
            name: "a",
            options: oidc(),
        })
        .into(),
        IdpOktaRequest::new(IdpOktaRequestRequired {
            name: "a",
            options: okta(),
        })
        .into(),
        IdpGoogleAppsRequest::new(IdpGoogleAppsRequestRequired {
            name: "a",
            options: google(),
        })
        .into(),
        IdpWaadRequest::new(IdpWaadRequestRequired {
            name: "a",
            options: waad(),
        })
        .into(),
    ];
    for creation in creations {
        assert_not_printed(&creation);
        assert_not_printed(&providers.create(creation));
    }
    let changes: [IdpUpdateKnownRequest; 4] = [
        IdpOidcUpdateRequest::new().options(oidc()).into(),
        IdpOktaUpdateRequest::new().options(okta()).into(),
        IdpGoogleAppsUpdateRequest::new().options(google()).into(),
        IdpWaadUpdateRequest::new().options(waad()).into(),
    ];
    for change in changes {
        assert_not_printed(&change);
        let call = providers.update(IDP_ID, change);
        assert_not_printed(&call);
        call.await.unwrap();
    }
    let sent = requests(&server).await;
    assert_eq!(sent.len(), 4);
    for request in sent {
        let body: Value = request.body_json().unwrap();
        assert_eq!(body["options"]["client_secret"], PLANTED);
    }
}

#[tokio::test]
async fn unknown_identity_provider_holds_a_secret_then_it_is_not_printed() {
    let mut body = identity_provider("oidc");
    body["strategy"] = json!("keycloak");
    body["options"]["anything"] = json!(PLANTED);
    let server = mock_server_json(200, body).await;
    let provider = organization(&server)
        .organization()
        .identity_providers()
        .get(IDP_ID)
        .await
        .unwrap();
    assert_not_printed(&provider);
}

#[tokio::test]
async fn invitation_has_a_link_then_it_is_readable_but_not_printed() {
    let url = format!("https://acme.com/login?invitation={PLANTED}");
    let server = mock_server_json(200, invitation(&url, PLANTED)).await;
    let invitation = organization(&server)
        .organization()
        .invitations()
        .get(INVITATION_ID)
        .await
        .unwrap();
    assert_eq!(invitation.invitation_url.as_ref().unwrap().secret(), url);
    assert_eq!(invitation.ticket_id.as_ref().unwrap().secret(), PLANTED);
    assert_not_printed(&invitation);
}
