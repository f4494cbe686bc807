//! One program that uses every operation.

use auth0_management::resources::organizations_members_effective_roles_sources_groups::OrganizationsMembersEffectiveRolesSourcesGroupsListRequired as OfRole;

use auth0_management::operations;
use auth0_management::types::*;

use super::*;
use crate::support::assert_operations;

#[tokio::test]
async fn program_uses_the_whole_api_then_every_operation_succeeds() {
    let local = local().await;
    let client = local.organizations();
    let organizations = client.organizations();

    let id = create(&client, "acme").await;
    let read = organizations.get(&id).await.unwrap();
    assert_eq!(read.name.as_deref(), Some("acme"));
    let named = organizations.get_by_name("acme").await.unwrap();
    assert_eq!(as_json(&named), as_json(&read));
    let change = UpdateOrganizationRequestContent::new().display_name("Acme");
    let updated = organizations.update(&id, change).await.unwrap();
    assert_eq!(updated.display_name.as_deref(), Some("Acme"));
    assert_eq!(organizations.list().await.unwrap().organizations.len(), 4);

    use_connections(&client, &id).await;
    use_domains(&client, &id).await;
    use_members(&local, &client, &id).await;
    use_groups(&local, &client).await;
    use_grants(&local, &client, &id).await;
    organizations.delete(&id).await.unwrap();

    let succeeded = local.succeeded();
    assert_operations(succeeded.iter().map(String::as_str), operations::ALL, &[]);
    let requests = local.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.status.is_some_and(|status| status < 300))
    );
}

async fn use_connections(client: &Client, id: &str) {
    let known = connections(client).await;
    let (first, second) = (&known[0], &known[1]);
    let all = client.organizations().connections();
    let request =
        CreateOrganizationAllConnectionRequestContent::with_connection_id(first).is_enabled(false);
    let created = all.create(id, request).await.unwrap();
    assert_eq!(created.is_enabled, Some(false.into()));
    let read = all.get(id, first).await.unwrap();
    assert_eq!(as_json(&read), as_json(&created));

    // Only the newer operations show disabled connections.
    let enabled = client.organizations().enabled_connections();
    assert!(
        enabled
            .list(id)
            .await
            .unwrap()
            .enabled_connections
            .is_empty()
    );
    assert_eq!(all.list(id).await.unwrap().connections.len(), 1);
    assert_eq!(
        all.list(id)
            .is_enabled(true)
            .await
            .unwrap()
            .connections
            .len(),
        0
    );
    let change = UpdateOrganizationAllConnectionRequestContent::new().is_enabled(true);
    let updated = all.update(id, first, change).await.unwrap();
    assert_eq!(updated.is_enabled, Some(true.into()));
    assert_eq!(enabled.list(id).await.unwrap().enabled_connections.len(), 1);

    let request =
        AddOrganizationConnectionRequestContent::with_connection_id(second).show_as_button(false);
    let added = enabled.add(id, request).await.unwrap();
    assert_eq!(added.show_as_button, Some(false.into()));
    let change = UpdateOrganizationConnectionRequestContent::new().show_as_button(true);
    let updated = enabled.update(id, second, change).await.unwrap();
    assert_eq!(updated.show_as_button, Some(true.into()));
    let read = enabled.get(id, second).await.unwrap();
    assert_eq!(as_json(&read), as_json(&updated));
    enabled.delete(id, second).await.unwrap();
    all.delete(id, first).await.unwrap();
    assert!(all.list(id).await.unwrap().connections.is_empty());
}

async fn use_domains(client: &Client, id: &str) {
    let domains = client.organizations().discovery_domains();
    let request = CreateOrganizationDiscoveryDomainRequestContent::with_domain("acme.test")
        .status(OrganizationDiscoveryDomainStatus::Pending);
    let created = domains.create(id, request).await.unwrap();
    let change = UpdateOrganizationDiscoveryDomainRequestContent::new()
        .status(OrganizationDiscoveryDomainStatus::Verified);
    let updated = domains.update(id, &created.id, change).await.unwrap();
    assert_eq!(updated.status, OrganizationDiscoveryDomainStatus::Verified);
    let read = domains.get(id, &created.id).await.unwrap();
    assert_eq!(as_json(&read), as_json(&updated));
    let named = domains.get_by_name(id, "acme.test").await.unwrap();
    assert_eq!(as_json(&named), as_json(&read));
    assert_eq!(domains.list(id).await.unwrap().domains.len(), 1);
    domains.delete(id, &created.id).await.unwrap();
    assert!(domains.list(id).await.unwrap().domains.is_empty());
}

async fn use_members(local: &Local, client: &Client, id: &str) {
    let all = client.organizations().members();
    let person = members(client, local.organization_id()).await.remove(2);
    let request = CreateOrganizationMemberRequestContent::with_members([&person]);
    all.create(id, request).await.unwrap();
    assert_eq!(members(client, id).await, std::slice::from_ref(&person));

    // The roles of the tenant are found through its other members.
    let admin = members(client, local.organization_id()).await.remove(0);
    let roles = all.roles().list(local.organization_id(), &admin).await;
    let role = roles.unwrap().roles[0].id.clone().unwrap();
    let request = AssignOrganizationMemberRolesRequestContent::with_roles([&role]);
    all.roles().assign(id, &person, request).await.unwrap();
    let effective = all.effective_roles().list(id, &person).await.unwrap();
    let sources = &effective.roles[0].sources;
    assert_eq!(sources[..], [OrganizationMemberEffectiveRoleSource::Direct]);
    let of_role = async || {
        let roles = client.organizations().roles();
        let page = roles.members().list(id, &role).await.unwrap();
        let ids = page
            .members
            .into_iter()
            .map(|member| member.user_id.unwrap().into());
        ids.collect::<Vec<String>>()
    };
    assert_eq!(of_role().await, std::slice::from_ref(&person));
    let request = DeleteOrganizationMemberRolesRequestContent::with_roles([&role]);
    all.roles().delete(id, &person, request).await.unwrap();
    assert!(of_role().await.is_empty());
    assert!(
        all.roles()
            .list(id, &person)
            .await
            .unwrap()
            .roles
            .is_empty()
    );

    let invitations = client.organizations().invitations();
    let invitee = OrganizationInvitationInvitee::with_email("jo@acme.test");
    let inviter = OrganizationInvitationInviter::with_name("Ada");
    let request = CreateOrganizationInvitationRequestContent::new(
        CreateOrganizationInvitationRequestContentRequired {
            client_id: local.client_id(),
            invitee,
            inviter,
        },
    )
    .roles([&role]);
    let created = invitations.create(id, request.clone()).await.unwrap();
    let first = created.id.clone().unwrap();
    let read = invitations.get(id, &first).await.unwrap();
    assert_eq!(as_json(&read), as_json(&created));
    // The invitation link must not be printed.
    let link = created.invitation_url.as_ref().unwrap();
    assert!(!format!("{created:?}").contains(link.secret()));
    let user = local.accept_organization_invitation(&first).unwrap();
    assert_eq!(members(client, id).await.len(), 2);
    let again = invitations.create(id, request).await.unwrap().id.unwrap();
    assert_eq!(invitations.list(id).await.unwrap().invitations.len(), 1);
    invitations.delete(id, &again).await.unwrap();
    assert!(invitations.list(id).await.unwrap().invitations.is_empty());

    let request = DeleteOrganizationMembersRequestContent::with_members([&person, &user.id]);
    all.delete(id, request).await.unwrap();
    assert!(members(client, id).await.is_empty());
}

/// Only seeded organizations have groups.
async fn use_groups(local: &Local, client: &Client) {
    let id = local.organization_id();
    let groups = client.organizations().groups();
    let group = groups.list(id).await.unwrap().groups.remove(0);
    let group_id = group.id.clone().unwrap();
    let roles = groups.roles().list(id, &group_id).await.unwrap().roles;
    let role = roles[0].id.clone().unwrap();

    let member = members(client, id).await.remove(0);
    let effective = client.organizations().members().effective_roles();
    let sources = effective.sources().groups();
    let from = sources
        .list(id, &member, OfRole { role_id: &role })
        .await
        .unwrap();
    assert_eq!(as_json(&from.groups[0]), as_json(&group));

    let request = DeleteOrganizationGroupRolesRequestContent::with_roles([&role]);
    groups.roles().delete(id, &group_id, request).await.unwrap();
    assert!(
        groups
            .roles()
            .list(id, &group_id)
            .await
            .unwrap()
            .roles
            .is_empty()
    );
    let from = sources
        .list(id, &member, OfRole { role_id: &role })
        .await
        .unwrap();
    assert!(from.groups.is_empty());
    let request = CreateOrganizationGroupRolesRequestContent::with_roles([&role]);
    groups.roles().create(id, &group_id, request).await.unwrap();
    let own = effective.list(id, &member).await.unwrap().roles;
    let own = own.iter().find(|own| own.id == role).unwrap();
    assert_eq!(
        own.sources[..],
        [OrganizationMemberEffectiveRoleSource::Groups]
    );
}

async fn use_grants(local: &Local, client: &Client, id: &str) {
    let grants = client.organizations().client_grants();
    let grant = client_grants(local).await.remove(0);
    let request = AssociateOrganizationClientGrantRequestContent::with_grant_id(&grant);
    let created = grants.create(id, request).await.unwrap();
    assert_eq!(created.client_id.as_deref(), Some(local.client_id()));
    let list = grants.list(id).grant_ids([&grant]).await.unwrap();
    assert_eq!(list.client_grants.len(), 1);
    grants.delete(id, &grant).await.unwrap();
    assert!(grants.list(id).await.unwrap().client_grants.is_empty());
}
