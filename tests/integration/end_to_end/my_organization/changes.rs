//! Updates: fields that are set, null or absent.

use auth0_core::Unlisted;
use auth0_my_organization::types::*;
use auth0_my_organization::{Nullable, Open, serde_json};
use auth0_sandbox::{Effect, Fault, Reply};
use serde_json::json;

use super::*;

fn logo(details: &OrgDetails) -> Option<&Nullable<Open<String>>> {
    details.branding.as_ref().unwrap().logo_url.as_ref()
}

#[tokio::test]
async fn null_is_sent_then_the_value_is_removed_and_absent_fields_stay() {
    let local = local().await;
    let details = local.my_organization().organization_details();
    let logo_url = "https://acme.test/logo.png".to_owned();
    let colors = OrgBrandingColors::new(OrgBrandingColorsRequired {
        page_background: "#ffffff",
        primary: "#0059d6",
    });
    let branding = OrgBranding::new()
        .logo_url(logo_url.clone())
        .colors(colors.clone());
    let change = OrgDetailsRequest::new()
        .display_name("Acme")
        .branding(branding);
    let before = details.update(change).await.unwrap();
    assert_eq!(logo(&before), Some(&logo_url.into()));

    // An absent field stays unchanged.
    let change = OrgDetailsRequest::new().display_name("Acme Inc");
    let after = details.update(change).await.unwrap();
    assert_eq!(as_json(&after.branding), as_json(&before.branding));
    assert_eq!(after.name, before.name);

    let seen_by_operator = async || {
        let organizations = local.organizations().organizations();
        let found = organizations.get(local.organization_id()).await.unwrap();
        found.branding.unwrap().logo_url
    };
    assert!(seen_by_operator().await.is_some());
    let branding = OrgBranding::new().logo_url(Nullable::Null).colors(colors);
    let change = OrgDetailsRequest::new().branding(branding);
    let after = details.update(change).await.unwrap();
    assert_eq!(logo(&after), Some(&Nullable::Null));
    assert_eq!(seen_by_operator().await, None);
    assert_eq!(after.display_name.as_deref(), Some("Acme Inc"));
    assert_eq!(as_json(&details.get().await.unwrap()), as_json(&after));
}

#[tokio::test]
async fn update_has_no_tag_then_the_server_accepts_it_and_keeps_the_strategy() {
    let local = local().await;
    let client = local.my_organization();
    let id = first_provider(&client).await;
    let providers = client.organization().identity_providers();
    // The document forbids `strategy` in updates, and responses are validated against it.
    let change = IdpOktaUpdateRequest::new()
        .display_name("Acme")
        .is_enabled(false);
    let IdpKnownResponse::Okta(after) = providers.update(&id, change).await.unwrap() else {
        panic!("expected okta");
    };
    assert_eq!(
        (after.is_enabled, after.show_as_button),
        (Some(false.into()), Some(true.into()))
    );
    assert_eq!(after.display_name.as_deref(), Some("Acme"));
}

#[tokio::test]
async fn provider_of_each_strategy_is_created_then_it_is_returned_with_that_strategy() {
    let local = local().await;
    let providers = local.my_organization().organization().identity_providers();
    let adfs = IdpAdfsOptionsRequestAdfsServer::with_adfs_server("adfs.acme.test");
    let saml = IdpSamlpOptionsRequestAutomatic::new(IdpSamlpOptionsRequestAutomaticRequired {
        metadata_url: "https://login.acme.test/metadata",
        sign_saml_request: true,
    });
    let ping = IdpPingFederateOptionsRequest::new(IdpPingFederateOptionsRequestRequired {
        digest_algorithm: IdpSignAlgDigestTypeEnum::Sha256,
        ping_federate_base_url: "https://ping.acme.test",
        sign_saml_request: true,
        signature_algorithm: IdpSignAlgTypeEnum::RsaSha256,
        signing_cert: "PEM",
    });
    let okta = IdpOktaOptionsRequest::new(IdpOktaOptionsRequestRequired {
        client_id: "c",
        client_secret: "s3cret",
        domain: "okta.acme.test",
    });
    let google = IdpGoogleAppsOptionsRequest::new(IdpGoogleAppsOptionsRequestRequired {
        client_id: "c",
        client_secret: "s3cret",
        domain: "acme.test",
    });
    let waad = IdpWaadOptionsRequest::new(IdpWaadOptionsRequestRequired {
        client_id: "c",
        client_secret: "s3cret",
        tenant_domain: "acme.onmicrosoft.com",
    });
    let requests: [(&str, IdpKnownRequest); 7] = [
        (
            "adfs",
            IdpAdfsRequest::new(IdpAdfsRequestRequired {
                name: "one-adfs",
                options: adfs,
            })
            .into(),
        ),
        (
            "google-apps",
            IdpGoogleAppsRequest::new(IdpGoogleAppsRequestRequired {
                name: "one-google",
                options: google,
            })
            .into(),
        ),
        (
            "oidc",
            IdpOidcRequest::new(IdpOidcRequestRequired {
                name: "one-oidc",
                options: oidc(),
            })
            .into(),
        ),
        (
            "okta",
            IdpOktaRequest::new(IdpOktaRequestRequired {
                name: "one-okta",
                options: okta,
            })
            .into(),
        ),
        (
            "pingfederate",
            IdpPingFederateRequest::new(IdpPingFederateRequestRequired {
                name: "one-ping",
                options: ping,
            })
            .into(),
        ),
        (
            "samlp",
            IdpSamlpRequest::new(IdpSamlpRequestRequired {
                name: "one-samlp",
                options: saml,
            })
            .into(),
        ),
        (
            "waad",
            IdpWaadRequest::new(IdpWaadRequestRequired {
                name: "one-waad",
                options: waad,
            })
            .into(),
        ),
    ];
    for (strategy, request) in requests {
        let created = providers.create(request).await.unwrap();
        assert_eq!(created.strategy(), Some(strategy));
        let read = providers.get(created.id().unwrap()).await.unwrap();
        assert_eq!(as_json(&read), as_json(&created));
        // Secrets that were sent are not returned.
        assert!(!serde_json::to_string(&read).unwrap().contains("s3cret"));
    }
    let list = providers.list().await.unwrap().identity_providers;
    let strategies: Vec<_> = list.iter().filter_map(|one| one.strategy()).collect();
    assert_eq!(
        strategies,
        [
            "okta",
            "adfs",
            "google-apps",
            "oidc",
            "okta",
            "pingfederate",
            "samlp",
            "waad"
        ]
    );
}

#[tokio::test]
async fn strategy_is_unknown_to_the_client_then_the_list_decodes_and_the_provider_can_be_sent_back()
{
    let local = local().await;
    let client = local.my_organization();
    let provider = json!({
        "id": "con_0000000000000001",
        "name": "new",
        "strategy": "keycloak",
        "options": {"realm": ["acme", null]},
        "access_level": "full",
        "is_enabled": true,
    });
    let list = json!({"identity_providers": [provider]});
    let response = Effect::Response(Reply::new(200).json(list));
    local
        .fail(
            Fault::of("ListOrganizationIdentityProviders")
                .call(1)
                .then(response),
        )
        .unwrap();
    let providers = client.organization().identity_providers();
    let list = providers.list().await.unwrap().identity_providers;
    let IdpListItemResponse::Other(unlisted) = &list[0] else {
        panic!("found {list:?}");
    };
    assert_eq!(list[0].strategy(), Some("keycloak"));
    assert_eq!(serde_json::to_value(&list).unwrap(), json!([provider]));
    // The server does not know the strategy either and rejects it, but the request was sent unchanged.
    let unlisted: Unlisted = unlisted.clone();
    let error = providers
        .create(IdpKnownRequest::Other(unlisted))
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
}

#[tokio::test]
async fn person_is_invited_again_then_the_first_invitation_is_gone() {
    let local = local().await;
    let invitations = local.my_organization().organization().invitations();
    let request = || {
        let invitee = CreateMemberInvitationInvitee::with_email("jo@acme.test");
        CreateMemberInvitationRequestContent::with_invitees([invitee])
    };
    let first = invitations.create(request()).await.unwrap();
    let second = invitations.create(request()).await.unwrap();
    let open = invitations.list().await.unwrap().invitations;
    assert_eq!(as_json(&open), as_json(&second));
    let first = first[0].id.as_deref().unwrap();
    let error = invitations.get(first).await.unwrap_err();
    assert!(error.is_not_found());
    // The invitation link grants access, so it must not be printed.
    let link = second[0].invitation_url.as_ref().unwrap();
    assert!(!format!("{open:?}").contains(link.secret()));
}

#[tokio::test]
async fn fields_are_selected_then_only_they_are_returned() {
    let local = local().await;
    let members = local.my_organization().organization().members();
    let page = members.list().fields("user_id,email").await.unwrap();
    let member = &page.members[0];
    assert!(member.user_id.is_some() && member.email.is_some());
    assert!(member.name.is_none() && member.roles.is_none());
    let page = members
        .list()
        .fields("email")
        .include_fields(false)
        .await
        .unwrap();
    let member = &page.members[0];
    assert!(member.user_id.is_some() && member.email.is_none());
}
