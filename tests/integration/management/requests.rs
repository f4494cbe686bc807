//! Requests: absent, null and empty fields, constraints, field selection, and scopes.

use std::collections::BTreeMap;

use auth0_core::AccessToken;
use auth0_management::types::*;
use auth0_management::{Client, Error, Nullable, Open, RetryPolicy};
use serde_json::{Value, json};

use super::tenant;
use crate::support::*;

/// Returns the body of the update.
async fn update_body(update: UpdateOrganizationRequestContent) -> Value {
    let server = mock_server_json(200, json!({})).await;
    let call = tenant(&server).organizations().update("org_1", update);
    call.await.unwrap();
    only_request(&server).await.body_json().unwrap()
}

#[tokio::test]
async fn fields_are_absent_null_or_empty_then_the_update_distinguishes_them() {
    let update = UpdateOrganizationRequestContent::new;
    assert_eq!(update_body(update()).await, json!({}));
    let metadata = |entries: &[(&str, Option<&str>)]| -> BTreeMap<String, Option<String>> {
        let owned =
            |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
        entries.iter().map(owned).collect()
    };
    assert_eq!(
        update_body(update().metadata(metadata(&[]))).await,
        json!({"metadata": {}})
    );
    assert_eq!(
        update_body(update().metadata(metadata(&[
            ("plan", Some("gold")),
            ("old", None),
            ("note", Some(""))
        ])))
        .await,
        json!({"metadata": {"plan": "gold", "old": null, "note": ""}})
    );
    assert_eq!(
        update_body(update().token_quota(Nullable::Null)).await,
        json!({"token_quota": null})
    );
    let quota = TokenQuotaClientCredentials::new()
        .per_day(10)
        .enforce(false);
    assert_eq!(
        update_body(update().token_quota(UpdateTokenQuota::with_client_credentials(quota))).await,
        json!({"token_quota": {"client_credentials": {"enforce": false, "per_day": 10}}})
    );
    let branding = OrganizationBranding::new();
    assert_eq!(
        update_body(update().branding(branding.clone().logo_url(Nullable::Null))).await,
        json!({"branding": {"logo_url": null}})
    );
    assert_eq!(
        update_body(update().branding(branding.logo_url("https://acme.example/logo.svg"))).await,
        json!({"branding": {"logo_url": "https://acme.example/logo.svg"}})
    );
}

#[tokio::test]
async fn connection_settings_are_removed_then_null_is_sent() {
    let server = mock_server_json(200, json!({"connection_id": "con_1"})).await;
    let update = UpdateOrganizationAllConnectionRequestContent::new()
        .is_enabled(Nullable::Null)
        .organization_access_level(Nullable::Null)
        .organization_connection_name(Nullable::Null)
        .show_as_button(false);
    let connections = tenant(&server).organizations().connections();
    connections.update("org_1", "con_1", update).await.unwrap();
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(
        sent,
        json!({
            "is_enabled": null,
            "organization_access_level": null,
            "organization_connection_name": null,
            "show_as_button": false,
        })
    );
    let update = UpdateOrganizationAllConnectionRequestContent::new()
        .organization_access_level(Open::Known(OrganizationAccessLevelEnum::Readonly));
    let server = mock_server_json(200, json!({"connection_id": "con_1"})).await;
    let connections = tenant(&server).organizations().connections();
    connections.update("org_1", "con_1", update).await.unwrap();
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(sent, json!({"organization_access_level": "readonly"}));
}

#[tokio::test]
async fn document_has_examples_then_only_fields_that_were_set_are_sent() {
    let server = mock_server_json(200, json!({})).await;
    let invitation = CreateOrganizationInvitationRequestContent::new(
        CreateOrganizationInvitationRequestContentRequired {
            client_id: "client",
            invitee: OrganizationInvitationInvitee::with_email("ann@example.com"),
            inviter: OrganizationInvitationInviter::with_name("Bob"),
        },
    );
    let invitations = tenant(&server).organizations().invitations();
    invitations.create("org_1", invitation).await.unwrap();
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(
        sent,
        json!({
            "client_id": "client",
            "invitee": {"email": "ann@example.com"},
            "inviter": {"name": "Bob"},
        })
    );
}

/// The constraints that the new organization violates.
async fn violations(organization: CreateOrganizationRequestContent) -> Vec<String> {
    let server = mock_server_json(201, json!({})).await;
    match tenant(&server).organizations().create(organization).await {
        Ok(_) => Vec::new(),
        Err(error) => {
            assert!(requests(&server).await.is_empty(), "{error}");
            error.violations().iter().map(ToString::to_string).collect()
        }
    }
}

#[tokio::test]
async fn metadata_is_too_large_then_the_error_names_entry_and_rule() {
    let organization = || CreateOrganizationRequestContent::with_name("acme");
    let of = |entries: usize, length: usize| -> BTreeMap<String, Option<String>> {
        (0..entries)
            .map(|number| (format!("key{number}"), Some("x".repeat(length))))
            .collect()
    };
    assert!(
        violations(organization().metadata(of(25, 255)))
            .await
            .is_empty()
    );
    assert_eq!(
        violations(organization().metadata(of(26, 1))).await,
        ["metadata: 26 properties, expected at most 25"]
    );
    assert_eq!(
        violations(organization().metadata(of(1, 256))).await,
        ["metadata.key0: 256 characters, expected at most 255"]
    );
    let connections = vec![ConnectionForOrganization::with_connection_id("con_1"); 11];
    assert_eq!(
        violations(organization().enabled_connections(connections)).await,
        ["enabled_connections: 11 items, expected at most 10"]
    );
}

#[tokio::test]
async fn fields_are_selected_then_a_response_without_the_others_decodes() {
    let server = mock_server_json(200, json!({"members": [{"user_id": "auth0|u"}, {}]})).await;
    let members = tenant(&server).organizations().members();
    let call = members.list("org_1").fields("user_id").include_fields(true);
    let page = call.await.unwrap();
    assert_eq!(page.members[0].user_id.as_deref(), Some("auth0|u"));
    assert_eq!(
        (&page.members[0].email, &page.members[1].user_id),
        (&None, &None)
    );
    let request = only_request(&server).await;
    assert_eq!(
        request.url.query(),
        Some("fields=user_id&include_fields=true&take=50")
    );

    let server = mock_server_json(200, json!({"client_id": "client"})).await;
    let invitations = tenant(&server).organizations().invitations();
    let invitation = invitations
        .get("org_1", "uinv_1")
        .fields("client_id")
        .await
        .unwrap();
    assert_eq!(invitation.client_id.as_deref(), Some("client"));
    assert!(invitation.invitation_url.is_none() && invitation.invitee.is_none());

    let server = mock_server_json(200, json!([{"id": "uinv_1"}])).await;
    let invitations = tenant(&server).organizations().invitations();
    let page = invitations
        .list("org_1")
        .fields("id")
        .include_totals(false)
        .await
        .unwrap();
    assert_eq!(page.invitations[0].id.as_deref(), Some("uinv_1"));
}

/// A client that checks scopes and has a token with `scopes`.
fn granted(url: &str, scopes: &'static str) -> Client {
    let token = auth0_core::token_fn(move || async move {
        let token = AccessToken::new(TOKEN, 1);
        Ok(token.with_scopes(auth0_core::Scopes::parse(scopes)))
    });
    Client::builder()
        .base_url(url)
        .retry(RetryPolicy::never())
        .token_source(token)
        .check_scopes()
        .http_client(http_client())
        .build()
        .unwrap()
}

async fn error_with_scopes(scopes: &'static str, call: impl AsyncFnOnce(Client) -> Error) -> Error {
    let body = json!({"statusCode": 403, "error": "Forbidden", "message": "no"});
    let server = mock_server_json(403, body).await;
    let error = call(granted(&server.uri(), scopes)).await;
    assert_eq!(
        requests(&server).await.len(),
        1,
        "a hinted scope does not reject calls"
    );
    assert!(error.is_forbidden(), "{error:?}");
    assert_eq!(error.problem().unwrap().message(), Some("no"));
    error
}

#[tokio::test]
async fn token_lacks_a_hinted_scope_then_the_call_is_sent_and_the_403_names_it() {
    let get = async |client: Client| client.organizations().get("org_1").await.unwrap_err();
    assert!(
        error_with_scopes("read:connections", get)
            .await
            .is_missing_scope()
    );
    // Either scope is sufficient, so the 403 has another reason.
    for scopes in ["read:organizations", "read:organizations_summary"] {
        assert!(!error_with_scopes(scopes, get).await.is_missing_scope());
    }
    let create = async |client: Client| {
        let organization = CreateOrganizationRequestContent::with_name("acme");
        client
            .organizations()
            .create(organization)
            .await
            .unwrap_err()
    };
    assert!(
        !error_with_scopes("create:organizations", create)
            .await
            .is_missing_scope()
    );
    let error = error_with_scopes("create:organization_connections", create).await;
    assert!(error.is_missing_scope());
    assert!(
        error.to_string().contains("create:organizations"),
        "{error}"
    );
}
