//! Request bodies, and requests that are rejected before they are sent.

use auth0_my_organization::types::*;
use auth0_my_organization::{Error, Nullable, Open, operations};
use serde_json::{Value, json};

use super::organization;
use super::samples::*;
use crate::support::*;

/// Returns the body that updates the details.
async fn update_body(body: OrgDetailsRequest) -> Value {
    let server = mock_server_json(200, details()).await;
    organization(&server)
        .organization_details()
        .update(body)
        .await
        .unwrap();
    only_request(&server).await.body_json().unwrap()
}

/// The constraints that the rejected request violates.
fn violations(error: &Error) -> Vec<String> {
    assert!(error.is_invalid_request(), "{error:?}");
    error.violations().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn logo_is_removed_then_null_is_sent() {
    let branding = OrgBranding::new().logo_url(Nullable::Null);
    let sent = update_body(OrgDetailsRequest::new().branding(branding)).await;
    assert_eq!(sent, json!({"branding": {"logo_url": null}}));
}

#[tokio::test]
async fn list_is_empty_then_it_is_sent() {
    let server = mock_server_json(201, identity_provider("okta")).await;
    let options = IdpOktaOptionsRequest::new(IdpOktaOptionsRequestRequired {
        client_id: "c",
        client_secret: "s",
        domain: "acme.okta.com",
    });
    let body = IdpOktaRequest::new(IdpOktaRequestRequired { name: "a", options })
        .domains(Vec::<String>::new());
    organization(&server)
        .organization()
        .identity_providers()
        .create(body)
        .await
        .unwrap();
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(sent["domains"], json!([]));
}

#[tokio::test]
async fn value_is_undocumented_then_it_can_be_sent_explicitly() {
    let server = mock_server_json(200, json!({"identity_providers": []})).await;
    let call = organization(&server)
        .organization()
        .identity_providers()
        .list();
    call.member_access_level([Open::<OrganizationAccessLevelEnum>::other("some")])
        .await
        .unwrap();
    assert_eq!(
        query(&only_request(&server).await, "member_access_level").as_deref(),
        Some("some")
    );
}

#[tokio::test]
async fn request_violates_a_rule_then_it_is_not_sent() {
    let server = mock_server_json(200, json!({})).await;
    let client = organization(&server);
    let org = client.organization();
    let members = DeleteOrganizationMembershipsRequestContent::with_members([USER_ID, "auth0|2"]);
    let error = org.memberships().delete(members).await.unwrap_err();
    assert_eq!(violations(&error), ["members: 2 items, expected at most 1"]);

    let invitees =
        (0..11).map(|n| CreateMemberInvitationInvitee::with_email(format!("{n}@acme.com")));
    let error = org
        .invitations()
        .create(CreateMemberInvitationRequestContent::with_invitees(
            invitees,
        ))
        .await
        .unwrap_err();
    assert_eq!(
        violations(&error),
        ["invitees: 11 items, expected at most 10"]
    );

    let body = CreateIdpProvisioningScimTokenRequestContent::new().token_lifetime(900);
    let tokens = org.identity_providers().provisioning().scim_tokens();
    let error = tokens.create(IDP_ID, body).await.unwrap_err();
    assert_eq!(
        violations(&error),
        ["token_lifetime: too small, expected more than 900"]
    );

    let error = client
        .organization_details()
        .update(OrgDetailsRequest::new())
        .await
        .unwrap_err();
    assert_eq!(
        violations(&error),
        ["body: no field is set, expected at least 1"]
    );

    let error = org.members().get("auth0-1").await.unwrap_err();
    assert_eq!(violations(&error).len(), 1, "{error:?}");
    let error = org
        .members()
        .get(format!("auth0|{}", "x".repeat(1024)))
        .await
        .unwrap_err();
    assert_eq!(violations(&error).len(), 1, "{error:?}");
    let error = org.domains().list().take(101).await.unwrap_err();
    assert_eq!(
        violations(&error),
        ["take: too large, expected at most 100"]
    );
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn domain_is_set_then_base_url_and_audience_are_derived_from_it() {
    let client = auth0_my_organization::Client::builder()
        .token_source(auth0_core::StaticToken::new(TOKEN))
        .domain("Login.Acme.com")
        .build()
        .unwrap();
    assert!(
        format!("{client:?}").contains("https://login.acme.com/my-org"),
        "{client:?}"
    );
    assert_eq!(
        auth0_my_organization::audience("Login.Acme.com").unwrap(),
        "https://login.acme.com/my-org/"
    );
    assert!(auth0_my_organization::audience("https://login.acme.com").is_err());
}

#[test]
fn operation_is_excluded_from_sdks_then_only_the_operation_table_has_it() {
    let ids = operations::ALL.iter().map(|operation| operation.id());
    assert!(
        ids.clone()
            .any(|id| id == operations::DELETE_INVITATION.id())
    );
    assert_eq!(
        operations::DELETE_INVITATION.path(),
        "/member-invitations/{invitation_id}"
    );
    assert!(
        ids.clone()
            .any(|id| id == operations::UNASSIGN_ORGANIZATION_MEMBER_ROLES_LEGACY.id())
    );
    // Neither operation has a call or a request.
    let sources = crate::repository::files(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/my-organization/src"),
    );
    for (path, text) in sources
        .iter()
        .filter(|(path, _)| !path.starts_with("operations"))
    {
        let text = String::from_utf8_lossy(text);
        for name in [
            "DeleteInvitation ",
            "delete_invitation(",
            "Legacy",
            "legacy",
        ] {
            assert!(!text.contains(name), "{}: {name}", path.display());
        }
    }
}
