//! Listings of both page styles, page by page.

use auth0_core::{Cursor, Items, Pages};
use auth0_management::resources::organizations_members_effective_roles_sources_groups::OrganizationsMembersEffectiveRolesSourcesGroupsListRequired as OfRole;
use auth0_management::types::*;
use auth0_sandbox::{Application, SandboxBuilder};
use futures_util::TryStreamExt as _;

use super::*;

/// Listings with checkpoint paging, and listings with offset paging.
const CHECKPOINT: [&str; 7] = [
    "organizations",
    "members",
    "domains",
    "groups",
    "group roles",
    "effective roles",
    "source groups",
];
const OFFSET: [&str; 5] = [
    "client grants",
    "invitations",
    "connections",
    "enabled connections",
    "member roles",
];

/// A tenant whose first organization has more of every resource than fits on a page of two.
async fn populated(builder: SandboxBuilder) -> (Local, Client) {
    let builder = builder
        .organizations(7)
        .organization_members(7)
        .connections(6);
    // Each application has a grant for each of the two APIs.
    let builder = ["one", "two", "three"]
        .into_iter()
        .fold(builder, |builder, name| {
            builder.application(Application::new(name, "s3cret").any_organization())
        });
    let local = Local::start(builder).await;
    let client = local.organizations();
    let (id, all) = (local.organization_id(), client.organizations());
    for grant in client_grants(&local).await {
        let request = AssociateOrganizationClientGrantRequestContent::with_grant_id(grant);
        all.client_grants().create(id, request).await.unwrap();
    }
    for number in 0..4 {
        let domain = format!("acme-{number}.test");
        let request = CreateOrganizationDiscoveryDomainRequestContent::with_domain(domain);
        all.discovery_domains().create(id, request).await.unwrap();
        let invitee = OrganizationInvitationInvitee::with_email(format!("p{number}@acme.test"));
        let inviter = OrganizationInvitationInviter::with_name("Ada");
        let request = CreateOrganizationInvitationRequestContent::new(
            CreateOrganizationInvitationRequestContentRequired {
                client_id: local.client_id(),
                invitee,
                inviter,
            },
        );
        all.invitations().create(id, request).await.unwrap();
    }
    let own = all.connections().list(id).await.unwrap().connections;
    for connection in connections(&client).await {
        if own.iter().all(|one| one.connection_id != connection) {
            let request =
                CreateOrganizationAllConnectionRequestContent::with_connection_id(connection);
            all.connections().create(id, request).await.unwrap();
        }
    }
    let member = members(&client, id).await.remove(0);
    let roles = roles(&local).await;
    let request = AssignOrganizationMemberRolesRequestContent::with_roles(&roles[1..5]);
    all.members()
        .roles()
        .assign(id, &member, request)
        .await
        .unwrap();
    for group in all.groups().list(id).await.unwrap().groups {
        let request = CreateOrganizationGroupRolesRequestContent::with_roles(&roles[5..9]);
        let into = all.groups().roles();
        into.create(id, group.id.unwrap(), request).await.unwrap();
    }
    local.forget_requests();
    (local, client)
}

/// The ids of all roles of the tenant, which only the My Organization API lists.
async fn roles(local: &Local) -> Vec<String> {
    let listing = local.my_organization().organization().roles().list();
    let roles = listing.await.unwrap().roles.into_iter();
    roles.map(|role| role.id.into()).collect()
}

/// The number of items that a listing of [`filled`] has.
fn item_count(listing: &str) -> usize {
    match listing {
        "organizations" | "members" => 7,
        "client grants" | "connections" | "enabled connections" => 6,
        "domains" | "member roles" | "group roles" => 5,
        "invitations" => 4,
        "groups" => 3,
        "effective roles" => 9,
        // The first member is in one group.
        _ => 1,
    }
}

/// What a test reads of a listing, with pages of two items.
enum ReadMode {
    /// All items, or all items after a cursor.
    All(Option<Cursor>),
    /// The first page and the serialized cursor after it.
    FirstPage,
}

/// The result of a [`Reading`].
struct ReadResult {
    ids: Vec<String>,
    stored: String,
}

macro_rules! read {
    ($reading:expr, $listing:expr, $id:expr) => {
        match $reading {
            ReadMode::All(None) => all($listing.stream(), $id).await,
            ReadMode::All(Some(cursor)) => all($listing.resume(cursor)?.stream(), $id).await,
            ReadMode::FirstPage => Ok(first($listing.pages()).await),
        }
    };
}

async fn all<T>(items: Items<T>, id: fn(T) -> Option<String>) -> Result<ReadResult, Error> {
    let items: Vec<T> = items.try_collect().await?;
    let ids = items.into_iter().map(|item| id(item).unwrap()).collect();
    let stored = String::new();
    Ok(ReadResult { ids, stored })
}

async fn first<P: 'static>(mut pages: Pages<P>) -> ReadResult {
    pages.try_next().await.unwrap().unwrap();
    let stored = serde_json::to_string(&pages.cursor().unwrap()).unwrap();
    let ids = Vec::new();
    ReadResult { ids, stored }
}

async fn read(
    client: &Client,
    id: &str,
    listing: &str,
    reading: ReadMode,
) -> Result<ReadResult, Error> {
    let organizations = client.organizations();
    let groups = organizations.groups();
    let of_members = organizations.members();
    let member = || async { members(client, id).await.remove(0) };
    match listing {
        "organizations" => read!(reading, organizations.list().take(2), |item| item
            .id
            .map(Into::into)),
        "members" => read!(reading, of_members.list(id).take(2), |item| item
            .user_id
            .map(Into::into)),
        "domains" => {
            let call = organizations.discovery_domains().list(id).take(2);
            read!(reading, call, |item| Some(item.id.into()))
        }
        "groups" => read!(reading, groups.list(id).take(2), |item| item
            .id
            .map(Into::into)),
        "group roles" => {
            let group = groups.list(id).await?.groups.remove(0).id.unwrap();
            let call = groups.roles().list(id, group).take(2);
            read!(reading, call, |item| item.id.map(Into::into))
        }
        "effective roles" => {
            let call = of_members
                .effective_roles()
                .list(id, member().await)
                .take(2);
            read!(reading, call, |item| Some(item.id.into()))
        }
        "source groups" => {
            let group = groups.list(id).await?.groups.remove(0).id.unwrap();
            let role = groups.roles().list(id, group).await?.roles.remove(0).id;
            let sources = of_members.effective_roles().sources().groups();
            let role = OfRole {
                role_id: role.unwrap(),
            };
            let call = sources.list(id, member().await, role).take(2);
            read!(reading, call, |item| item.id.map(Into::into))
        }
        "invitations" => {
            let call = organizations.invitations().list(id).per_page(2);
            read!(reading, call, |item| item.id.map(Into::into))
        }
        "client grants" => {
            let call = organizations.client_grants().list(id).per_page(2);
            read!(reading, call, |item| item.id.map(Into::into))
        }
        "connections" => {
            let call = organizations.connections().list(id).per_page(2);
            read!(reading, call, |item| Some(item.connection_id.into()))
        }
        "enabled connections" => {
            let call = organizations.enabled_connections().list(id).per_page(2);
            read!(reading, call, |item| item.connection_id.map(Into::into))
        }
        _ => {
            let call = of_members.roles().list(id, member().await).per_page(2);
            read!(reading, call, |item| item.id.map(Into::into))
        }
    }
}

fn assert_different(ids: &[String], listing: &str) {
    let mut sorted = ids.to_vec();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "{listing}");
}

#[tokio::test]
async fn listing_has_several_pages_then_the_stream_yields_each_item_once() {
    let (local, client) = populated(Sandbox::builder()).await;
    for listing in [&CHECKPOINT[..], &OFFSET].concat() {
        let id = local.organization_id();
        let found = read(&client, id, listing, ReadMode::All(None))
            .await
            .unwrap();
        assert_eq!(found.ids.len(), item_count(listing), "{listing}");
        assert_different(&found.ids, listing);
    }
}

#[tokio::test]
async fn stored_cursor_is_resumed_by_another_client_then_it_lists_exactly_the_rest() {
    let (local, client) = populated(Sandbox::builder()).await;
    let id = local.organization_id();
    for listing in [&CHECKPOINT[..6], &OFFSET].concat() {
        let all = read(&client, id, listing, ReadMode::All(None))
            .await
            .unwrap();
        let first = read(&client, id, listing, ReadMode::FirstPage)
            .await
            .unwrap();
        let cursor = serde_json::from_str(&first.stored).unwrap();
        let other = local.organizations();
        let rest = read(&other, id, listing, ReadMode::All(Some(cursor))).await;
        assert_eq!(rest.unwrap().ids, all.ids[2..], "{listing}");
    }
}

#[tokio::test]
async fn pages_are_short_or_the_last_is_empty_then_no_item_is_missing() {
    let (plain, client) = populated(Sandbox::builder()).await;
    let builder = Sandbox::builder().short_pages().empty_last_pages();
    let (local, short_page_client) = populated(builder).await;
    for listing in CHECKPOINT {
        local.forget_requests();
        let id = local.organization_id();
        let found = read(&short_page_client, id, listing, ReadMode::All(None))
            .await
            .unwrap();
        assert_eq!(found.ids.len(), item_count(listing), "{listing}");
        // One item per page, and one page that is empty.
        let requests = local.requests();
        let is_page = |query: &str| query.contains("take=2");
        let pages = requests
            .iter()
            .filter(|one| one.query.as_deref().is_some_and(is_page));
        assert_eq!(pages.count(), found.ids.len() + 1, "{listing}");
        let id = plain.organization_id();
        let expected = read(&client, id, listing, ReadMode::All(None))
            .await
            .unwrap();
        // Ids of created domains differ between sandboxes.
        assert_eq!(found.ids, expected.ids, "{listing}");
    }
}

#[tokio::test]
async fn stream_has_no_parameters_then_it_reaches_the_end() {
    let builder = Sandbox::builder()
        .organizations(120)
        .organization_members(120);
    let local = Local::start(builder).await;
    let all = local.organizations().organizations();
    let found: Vec<_> = all.list().stream().try_collect().await.unwrap();
    assert_eq!(found.len(), 120);
    let id = local.organization_id();
    let found: Vec<_> = all.members().list(id).stream().try_collect().await.unwrap();
    assert_eq!(found.len(), 120);
}

#[tokio::test]
async fn list_exceeds_the_offset_limit_then_checkpoints_list_all_and_offsets_end_with_an_error() {
    let builder = Sandbox::builder()
        .organizations(1_050)
        .organization_members(1_001);
    let local = Local::start(builder).await;
    let all = local.organizations().organizations();
    let found: Vec<_> = all.list().take(100).stream().try_collect().await.unwrap();
    assert_eq!(found.len(), 1_050);

    let id = local.organization_id();
    let (mut organizations, mut members) = (0, 0);
    let mut stream = all.list().per_page(100).stream();
    let error = loop {
        match stream.try_next().await {
            Ok(item) => organizations += usize::from(item.expect("no silent end").id.is_some()),
            Err(error) => break error,
        }
    };
    let mut stream = all.members().list(id).per_page(50).stream();
    let of_members = loop {
        match stream.try_next().await {
            Ok(item) => members += usize::from(item.expect("no silent end").user_id.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!((organizations, members), (1_000, 1_000));
    for error in [error, of_members] {
        assert!(error.is_paging_limit(), "{error:?}");
        let message = error.to_string();
        assert!(
            message.contains("1000 items") && message.contains("use checkpoint pagination"),
            "{message}"
        );
    }
    // The client detects this without sending a request.
    assert!(
        local
            .requests()
            .iter()
            .all(|request| request.status == Some(200))
    );
}

#[tokio::test]
async fn list_has_exactly_the_offset_limit_then_it_ends_if_the_total_is_known() {
    let builder = Sandbox::builder()
        .organizations(1_000)
        .organization_members(999);
    let local = Local::start(builder).await;
    let all = local.organizations().organizations();
    let id = local.organization_id();
    let members: Vec<_> = all
        .members()
        .list(id)
        .per_page(100)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(members.len(), 999);
    // With a total the client knows that there are no more items.
    let stream = all.list().per_page(100).include_totals(true).stream();
    let found: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(found.len(), 1_000);
}

#[tokio::test]
async fn cursor_belongs_to_another_organization_then_it_is_rejected() {
    let (local, client) = populated(Sandbox::builder()).await;
    let id = local.organization_id();
    let first = read(&client, id, "members", ReadMode::FirstPage)
        .await
        .unwrap();
    let cursor = serde_json::from_str(&first.stored).unwrap();
    let other = create(&client, "acme").await;
    let error = read(&client, &other, "members", ReadMode::All(Some(cursor))).await;
    let error = error.err().unwrap();
    assert!(error.is_invalid_request(), "{error:?}");
    assert!(!error.to_string().contains(&other), "{error}");
}
