//! Updates with set, null and absent fields, and the shapes of responses.

use std::time::Duration;

use auth0_management::types::*;
use auth0_management::{Nullable, Open};
use serde_json::json;

use super::*;

#[tokio::test]
async fn null_is_sent_for_metadata_and_quota_then_they_are_removed_and_absent_fields_stay() {
    let local = local().await;
    let organizations = local.organizations().organizations();
    let quota = TokenQuotaClientCredentials::new()
        .per_hour(10)
        .enforce(true);
    let request = CreateOrganizationRequestContent::with_name("acme")
        .display_name("Acme")
        .metadata([("plan", "gold"), ("region", "eu")].map(entry).into())
        .token_quota(CreateTokenQuota::with_client_credentials(quota));
    let id = organizations.create(request).await.unwrap().id.unwrap();

    // Absent fields stay unchanged.
    let change = UpdateOrganizationRequestContent::new().display_name("Acme Inc");
    let after = organizations.update(&id, change).await.unwrap();
    assert_eq!(after.metadata.as_ref().unwrap().len(), 2);
    assert!(after.token_quota.is_some());
    assert_eq!(after.name.as_deref(), Some("acme"));

    // One entry is removed, one is changed, one is added; the others stay.
    let metadata = [
        ("plan".to_owned(), None),
        entry(("region", "us")),
        entry(("since", "2026")),
    ];
    let change = UpdateOrganizationRequestContent::new()
        .metadata(metadata.into())
        .token_quota(Nullable::Null);
    let after = organizations.update(&id, change).await.unwrap();
    let metadata = after.metadata.as_ref().unwrap();
    assert_eq!(
        serde_json::to_value(metadata).unwrap(),
        json!({"region": "us", "since": "2026"})
    );
    assert!(after.token_quota.is_none());
    assert_eq!(after.display_name.as_deref(), Some("Acme Inc"));
    let read = organizations.get(&id).await.unwrap();
    assert_eq!(as_json(&read), as_json(&after));
}

fn entry((name, value): (&str, &str)) -> (String, Option<String>) {
    (name.to_owned(), Some(value.to_owned()))
}

#[tokio::test]
async fn null_is_sent_for_connection_names_then_they_are_removed() {
    let local = local().await;
    let client = local.organizations();
    let id = create(&client, "acme").await;
    let connection = connections(&client).await.remove(0);
    let all = client.organizations().connections();
    let request = CreateOrganizationAllConnectionRequestContent::with_connection_id(&connection)
        .organization_connection_name("Our login")
        .organization_access_level(OrganizationAccessLevelEnum::Limited)
        .is_enabled(false);
    all.create(&id, request).await.unwrap();

    let change = UpdateOrganizationAllConnectionRequestContent::new().show_as_button(false);
    let after = all.update(&id, &connection, change).await.unwrap();
    assert_eq!(
        after.organization_connection_name.as_deref(),
        Some("Our login")
    );
    assert_eq!(after.is_enabled, Some(false.into()));

    let change = UpdateOrganizationAllConnectionRequestContent::new()
        .organization_connection_name(Nullable::Null)
        .is_enabled(Nullable::Null);
    let after = all.update(&id, &connection, change).await.unwrap();
    assert_eq!(after.organization_connection_name, None);
    assert_eq!(
        after.is_enabled,
        Some(true.into()),
        "the server default applies"
    );
    let level = after.organization_access_level.unwrap();
    assert_eq!(level, OrganizationAccessLevelEnum::Limited);
}

fn known(count: &Open<i64>) -> i64 {
    *count.known().unwrap()
}

#[tokio::test]
async fn list_has_any_of_three_shapes_then_it_decodes_to_one_type() {
    let local = Local::start(Sandbox::builder().organizations(7).organization_members(6)).await;
    let all = local.organizations().organizations();
    let raw_server = all.list().await.unwrap();
    let counted = all
        .list()
        .per_page(2)
        .page(1)
        .include_totals(true)
        .await
        .unwrap();
    let checkpoint = all.list().take(2).await.unwrap();
    let shapes = [&raw_server, &counted, &checkpoint].map(|page| {
        (
            page.organizations.len(),
            [&page.start, &page.limit, &page.total].map(|count| count.as_ref().map(known)),
            page.next.is_some(),
        )
    });
    assert_eq!(shapes[0], (7, [None; 3], false));
    assert_eq!(shapes[1], (2, [Some(2), Some(2), Some(7)], false));
    assert_eq!(shapes[2], (2, [None; 3], true));
    assert_eq!(raw_server.organizations[2].id, counted.organizations[0].id);
    assert_eq!(
        raw_server.organizations[0].id,
        checkpoint.organizations[0].id
    );

    let id = local.organization_id();
    let all = all.members();
    let raw_server = all.list(id).await.unwrap();
    let counted = all
        .list(id)
        .per_page(4)
        .page(1)
        .include_totals(true)
        .await
        .unwrap();
    let checkpoint = all.list(id).take(4).await.unwrap();
    assert_eq!(
        (
            raw_server.members.len(),
            raw_server.total.as_ref().map(known)
        ),
        (6, None)
    );
    assert_eq!(
        (counted.members.len(), counted.total.as_ref().map(known)),
        (2, Some(6))
    );
    assert!(checkpoint.members.len() == 4 && checkpoint.next.is_some());
}

#[tokio::test]
async fn fields_are_selected_then_only_they_are_returned_and_roles_only_if_named() {
    let local = local().await;
    let client = local.organizations();
    let (id, all) = (local.organization_id(), client.organizations());
    let member = &all.members().list(id).await.unwrap().members[0];
    assert!(member.email.is_some() && member.roles.is_none());
    let page = all
        .members()
        .list(id)
        .fields("user_id,roles")
        .await
        .unwrap();
    let member = &page.members[0];
    assert!(member.user_id.is_some() && member.email.is_none());
    let roles = member.roles.as_ref().unwrap();
    assert_eq!(roles[0].name.as_deref(), Some("Admin"));
    let page = all.members().list(id).fields("email").include_fields(false);
    let member = &page.await.unwrap().members[0];
    assert!(member.user_id.is_some() && member.email.is_none());

    let invitee = OrganizationInvitationInvitee::with_email("jo@acme.test");
    let inviter = OrganizationInvitationInviter::with_name("Ada");
    let request = CreateOrganizationInvitationRequestContent::new(
        CreateOrganizationInvitationRequestContentRequired {
            client_id: local.client_id(),
            invitee,
            inviter,
        },
    );
    // The document says 200 here, not 201.
    let created = all.invitations().create(id, request).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 200);
    let invitation = created.value().id.clone().unwrap();
    let read = all
        .invitations()
        .get(id, &invitation)
        .fields("id,invitee")
        .await
        .unwrap();
    assert!(read.invitee.is_some() && read.invitation_url.is_none());
}

#[tokio::test]
async fn member_list_is_eventually_consistent_then_an_added_member_appears_later() {
    let local = Local::start(Sandbox::builder().member_list_lag(Duration::from_secs(30))).await;
    let client = local.organizations();
    let id = create(&client, "acme").await;
    let person = &local.organization_member().unwrap().id;
    let request = CreateOrganizationMemberRequestContent::with_members([person]);
    client
        .organizations()
        .members()
        .create(&id, request)
        .await
        .unwrap();
    assert!(members(&client, &id).await.is_empty());
    local.timer.advance(Duration::from_secs(31));
    assert_eq!(members(&client, &id).await, std::slice::from_ref(person));
}
