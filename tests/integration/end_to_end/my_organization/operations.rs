//! One program that uses every operation.

use auth0_my_organization::operations;
use auth0_my_organization::types::*;

use super::*;
use crate::my_organization::EXCLUDED_FROM_SDKS;
use crate::support::assert_operations;

#[tokio::test]
async fn program_uses_the_whole_api_then_every_operation_with_a_method_succeeds() {
    let local = local().await;
    let client = local.my_organization();
    let org = client.organization();

    let details = client.organization_details().get().await.unwrap();
    assert_eq!(details.id.as_deref(), Some(local.organization_id()));
    let change = OrgDetailsRequest::new().display_name("Acme");
    let details = client.organization_details().update(change).await.unwrap();
    assert_eq!(details.display_name.as_deref(), Some("Acme"));
    let configuration = org.configuration().get().await.unwrap();
    assert_eq!(configuration.allowed_strategies.unwrap().len(), 7);
    let of_providers = org
        .configuration()
        .identity_providers()
        .get()
        .await
        .unwrap();
    assert!(of_providers.organization.can_set_show_as_button.is_true());

    use_domains_and_providers(&local, &client).await;
    use_provisioning(&client).await;
    use_members(&local, &client).await;

    client.organization_details().delete().await.unwrap();
    let succeeded = local.succeeded();
    assert_operations(
        succeeded.iter().map(String::as_str),
        operations::ALL,
        &EXCLUDED_FROM_SDKS,
    );
    let requests = local.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.status.is_some_and(|status| status < 300))
    );
}

async fn use_domains_and_providers(local: &Local, client: &Client) {
    let org = client.organization();
    let (domains, providers) = (org.domains(), org.identity_providers());

    let domain = CreateOrganizationDomainRequestContent::with_domain("acme.test");
    let domain = domains.create(domain).await.unwrap();
    assert_eq!(domain.status, OrgDomainStatusEnum::Pending);
    let pending = domains.verify().create(&domain.id).await.unwrap();
    assert_eq!(pending.status, OrgDomainStatusEnum::Pending);
    local.publish_dns_record(&domain.verification_host, &domain.verification_txt);
    let verified = domains.verify().create(&domain.id).await.unwrap();
    assert_eq!(verified.status, OrgDomainStatusEnum::Verified);
    let read = domains.get(&domain.id).await.unwrap();
    assert_eq!(as_json(&read), as_json(&verified));
    assert_eq!(domains.list().await.unwrap().organization_domains.len(), 2);

    let request = IdpOidcRequest::new(IdpOidcRequestRequired {
        name: "acme-login",
        options: oidc(),
    });
    let provider = providers.create(request).await.unwrap();
    let id = provider.id().unwrap();
    let change = CreateIdpDomainRequestContent::with_domain("acme.test");
    let added = providers.domains().create(id, change).await.unwrap();
    assert_eq!(added.domain, "acme.test");
    let users = domains.identity_providers().list(&domain.id).await.unwrap();
    assert_eq!(users.identity_providers[0].id, id);
    providers.domains().delete(id, "acme.test").await.unwrap();
    let users = domains.identity_providers().list(&domain.id).await.unwrap();
    assert!(users.identity_providers.is_empty());

    let change = IdpOidcUpdateRequest::new().display_name("Acme");
    let updated = providers.update(id, change).await.unwrap();
    assert_eq!(updated.display_name(), Some("Acme"));
    providers.update_attributes(id).await.unwrap();
    let IdpKnownResponse::Oidc(read) = providers.get(id).await.unwrap() else {
        panic!("expected the strategy that was sent");
    };
    assert_eq!(read.options.client_id.as_deref(), Some("auth0"));
    assert_eq!(providers.list().await.unwrap().identity_providers.len(), 2);
    providers.delete(id).await.unwrap();

    domains.delete(&domain.id).await.unwrap();
    let request = IdpOidcRequest::new(IdpOidcRequestRequired {
        name: "other-login",
        options: oidc(),
    });
    let other = providers.create(request).await.unwrap();
    providers.detach(other.id().unwrap()).await.unwrap();
    assert_eq!(providers.list().await.unwrap().identity_providers.len(), 1);
}

async fn use_provisioning(client: &Client) {
    let id = first_provider(client).await;
    let provisioning = client.organization().identity_providers().provisioning();
    let created = provisioning.create(&id).await.unwrap();
    let read = provisioning.get(&id).await.unwrap();
    assert_eq!(as_json(&read), as_json(&created));
    provisioning.update_attributes(&id).await.unwrap();

    let tokens = provisioning.scim_tokens();
    let request = CreateIdpProvisioningScimTokenRequestContent::new().token_lifetime(3600);
    let token = tokens.create(&id, request).await.unwrap();
    let token_id = token.token_id.clone();
    assert!(token.token.secret().len() > 20);
    // The token is returned only once and must not be printed.
    assert!(!format!("{token:?}").contains(token.token.secret()));
    let listed = tokens.list(&id).await.unwrap().scim_tokens;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].token_id, token_id);
    tokens.delete(&id, &token_id).await.unwrap();
    assert!(tokens.list(&id).await.unwrap().scim_tokens.is_empty());
    provisioning.delete(&id).await.unwrap();
}

async fn use_members(local: &Local, client: &Client) {
    let org = client.organization();
    let roles = org.roles().list().name("Billing").await.unwrap().roles;
    let role = roles[0].id.clone();

    let stores = org.user_stores().list().await.unwrap().user_stores;
    assert_eq!(stores.len(), 1);

    let invitees = ["jo@acme.test", "kay@acme.test"]
        .map(|email| CreateMemberInvitationInvitee::with_email(email).roles([&role]));
    let request = CreateMemberInvitationRequestContent::with_invitees(invitees).ttl_sec(3600);
    let invitations = org.invitations().create(request).await.unwrap();
    let ids = invitations
        .iter()
        .map(|one| one.id.as_deref().unwrap().to_owned());
    let ids: Vec<String> = ids.collect();
    let read = org.invitations().get(&ids[0]).await.unwrap();
    assert_eq!(as_json(&read), as_json(&invitations[0]));
    let of_invitation = org.invitations().roles().list(&ids[0]).await.unwrap();
    assert_eq!(of_invitation.roles[0].id, role);
    assert_eq!(org.invitations().list().await.unwrap().invitations.len(), 2);
    let user = local.accept_organization_invitation(&ids[0]).unwrap();
    let request = DeleteMemberInvitationsRequestContent::with_invitations([&ids[1]]);
    org.invitations().delete(request).await.unwrap();
    assert!(
        org.invitations()
            .list()
            .await
            .unwrap()
            .invitations
            .is_empty()
    );

    let members = org.members();
    assert_eq!(members.list().await.unwrap().members.len(), 6);
    let member = members.get(&user.id).await.unwrap();
    assert_eq!(member.email.as_deref(), Some("jo@acme.test"));
    let own = async || {
        let page = members.roles().list(&user.id).await.unwrap();
        page.roles.len()
    };
    assert_eq!(own().await, 1);
    let change = || OrganizationMemberRolesChangeRequestContent::with_role_ids([&role]);
    members.roles().unassign(&user.id, change()).await.unwrap();
    assert_eq!(own().await, 0);
    members.roles().assign(&user.id, change()).await.unwrap();
    assert_eq!(own().await, 1);
    let request = DeleteOrganizationMembershipsRequestContent::with_members([&user.id]);
    org.memberships().delete(request).await.unwrap();
    assert_eq!(members.list().await.unwrap().members.len(), 5);
}
