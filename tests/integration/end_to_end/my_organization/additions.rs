//! What official SDKs have and the published document lacks.

use auth0_my_organization::types::*;

use super::*;

#[tokio::test]
async fn user_stores_are_filtered_and_an_invitation_names_one() {
    let local = local().await;
    let client = local.my_organization();
    let org = client.organization();

    let stores = org.user_stores().list().is_enabled(true);
    let stores = stores.member_access_level([OrganizationAccessLevelEnum::Full]);
    let stores = stores.await.unwrap().user_stores;
    let [store] = stores.as_slice() else {
        panic!("expected one user store, found {stores:?}");
    };
    assert_eq!(
        store.name.as_deref(),
        Some("Username-Password-Authentication")
    );
    assert_eq!(
        store.member_access_level,
        Some(OrganizationMemberAccessLevelEnum::Full.into())
    );
    for call in [
        org.user_stores().list().is_enabled(false),
        org.user_stores()
            .list()
            .member_access_level([OrganizationAccessLevelEnum::None]),
    ] {
        assert!(call.await.unwrap().user_stores.is_empty());
    }

    let id = store.id.as_deref().unwrap();
    let invitee = CreateMemberInvitationInvitee::with_email("jo@acme.test");
    let request = CreateMemberInvitationRequestContent::with_invitees([invitee]).user_store_id(id);
    let invitations = org.invitations().create(request).await.unwrap();
    assert_eq!(invitations[0].user_store_id.as_deref(), Some(id));
    assert_eq!(invitations[0].identity_provider_id, None);

    let provider = first_provider(&client).await;
    let invitee = CreateMemberInvitationInvitee::with_email("kay@acme.test");
    let request = CreateMemberInvitationRequestContent::with_invitees([invitee]);
    let error = org
        .invitations()
        .create(request.user_store_id(provider))
        .await;
    assert_eq!(
        rejection(&error.unwrap_err()),
        (404, "The user store does not exist")
    );
}

#[tokio::test]
async fn totals_are_counted_on_request_and_capped() {
    let local = Local::start(Sandbox::builder().organization_members(1001)).await;
    let client = local.my_organization();
    let org = client.organization();
    let invitees = ["jo@acme.test", "kay@acme.test"].map(CreateMemberInvitationInvitee::with_email);
    let request = CreateMemberInvitationRequestContent::with_invitees(invitees);
    org.invitations().create(request).await.unwrap();

    let page = org.members().list().take(2).await.unwrap();
    assert_eq!((page.total, page.total_is_capped), (None, None));
    let page = org
        .members()
        .list()
        .take(2)
        .include_totals(true)
        .await
        .unwrap();
    assert_eq!(page.members.len(), 2);
    assert_eq!(page.total, Some(1000.into()));
    assert_eq!(page.total_is_capped, Some(true.into()));
    let page = org
        .invitations()
        .list()
        .take(1)
        .include_totals(true)
        .await
        .unwrap();
    assert_eq!(
        (page.total, page.total_is_capped),
        (Some(2.into()), Some(false.into()))
    );

    // The total never ends a listing: it may be a lower bound.
    let mut members = org.members().list().take(100).include_totals(true).stream();
    let mut count = 0;
    while members.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 1001);
}

#[tokio::test]
async fn third_party_and_cross_app_access_are_configured_set_and_kept_by_other_changes() {
    let local = local().await;
    let client = local.my_organization();
    let org = client.organization();

    let access = org
        .configuration()
        .get()
        .await
        .unwrap()
        .third_party_client_access
        .unwrap();
    assert_eq!(access.default_value, OrgThirdPartyClientAccessEnum::Block);
    let strategies = org
        .configuration()
        .identity_providers()
        .get()
        .await
        .unwrap()
        .strategies;
    let okta = strategies.okta.unwrap();
    let cross_app = okta.cross_app_access_resource_app.unwrap().status;
    assert_eq!(
        cross_app.default_value,
        CrossAppAccessResourceAppStatusEnum::Disabled
    );
    let scim = okta.provisioning.unwrap().scim.unwrap();
    assert_eq!(scim.tokens.default_expiry, None);
    assert!(strategies.adfs.unwrap().provisioning.is_none());

    let details = client.organization_details().get().await.unwrap();
    assert_eq!(
        details.third_party_client_access,
        Some(OrgThirdPartyClientAccessEnum::Block.into())
    );
    let change =
        OrgDetailsRequest::new().third_party_client_access(OrgThirdPartyClientAccessEnum::Allow);
    client.organization_details().update(change).await.unwrap();
    let details = client.organization_details().get().await.unwrap();
    assert_eq!(
        details.third_party_client_access,
        Some(OrgThirdPartyClientAccessEnum::Allow.into())
    );

    let request = IdpOidcRequest::new(IdpOidcRequestRequired {
        name: "acme-login",
        options: oidc(),
    });
    let enabled =
        CrossAppAccessResourceApp::with_status(CrossAppAccessResourceAppStatusEnum::Enabled);
    let request = request.use_for_third_party_client_access(true);
    let request = request.cross_app_access_resource_app(enabled);
    let created = org.identity_providers().create(request).await.unwrap();
    let change = IdpOidcUpdateRequest::new().display_name("Acme");
    let updated = org
        .identity_providers()
        .update(created.id().unwrap(), change)
        .await
        .unwrap();
    let IdpKnownResponse::Oidc(provider) = updated else {
        panic!("expected the strategy that was sent");
    };
    assert_eq!(
        provider.use_for_third_party_client_access,
        Some(true.into())
    );
    let cross_app = provider.cross_app_access_resource_app.unwrap();
    assert_eq!(
        cross_app.status,
        CrossAppAccessResourceAppStatusEnum::Enabled
    );
}
