//! The five listings, page by page.

use std::collections::BTreeSet;

use auth0_core::{Cursor, Items, Pages};
use auth0_my_organization::types::*;
use auth0_sandbox::SandboxBuilder;
use futures_util::TryStreamExt as _;

use super::*;

const LISTINGS: [&str; 5] = ["domains", "invitations", "member roles", "members", "roles"];

/// An organization with more of every resource than fits on a page of two.
async fn populated(builder: SandboxBuilder) -> (Local, Client) {
    let local = Local::start(builder.organization_members(7)).await;
    let client = local.my_organization();
    let org = client.organization();
    for number in 0..4 {
        let domain =
            CreateOrganizationDomainRequestContent::with_domain(format!("acme-{number}.test"));
        org.domains().create(domain).await.unwrap();
    }
    let people =
        (0..5).map(|n| CreateMemberInvitationInvitee::with_email(format!("p{n}@acme.test")));
    let request = CreateMemberInvitationRequestContent::with_invitees(people);
    org.invitations().create(request).await.unwrap();
    let roles = org.roles().list().await.unwrap().roles;
    let change = OrganizationMemberRolesChangeRequestContent::with_role_ids(
        roles[3..8].iter().map(|role| &role.id),
    );
    let member = first_member(&client).await;
    org.members().roles().assign(&member, change).await.unwrap();
    local.forget_requests();
    (local, client)
}

/// The number of items that a listing of [`filled`] has.
fn item_count(listing: &str) -> usize {
    match listing {
        "domains" | "invitations" => 5,
        "member roles" => 6,
        "members" => 7,
        _ => 12,
    }
}

/// The cursor from which a listing starts.
type Start = Option<Cursor>;

macro_rules! resumed {
    ($listing:expr, $start:expr) => {
        match $start {
            Some(cursor) => $listing.resume(cursor).unwrap(),
            None => $listing,
        }
    };
}

async fn ids<T>(items: Items<T>, id: fn(T) -> Option<String>) -> Result<Vec<String>, Error> {
    let items: Vec<T> = items.try_collect().await?;
    Ok(items.into_iter().map(|item| id(item).unwrap()).collect())
}

/// The ids of a listing starting at `from`, with pages of two items.
async fn read(client: &Client, listing: &str, start: Start) -> Result<Vec<String>, Error> {
    let org = client.organization();
    match listing {
        "domains" => {
            let call = resumed!(org.domains().list().take(2), start);
            ids(call.stream(), |item| Some(item.id.into())).await
        }
        "invitations" => {
            let call = resumed!(org.invitations().list().take(2), start);
            ids(call.stream(), |item| item.id.map(Into::into)).await
        }
        "member roles" => {
            let member = first_member(client).await;
            let call = resumed!(org.members().roles().list(member).take(2), start);
            ids(call.stream(), |item| Some(item.id.into())).await
        }
        "members" => {
            let call = resumed!(org.members().list().take(2), start);
            ids(call.stream(), |item| item.user_id.map(Into::into)).await
        }
        _ => {
            let call = resumed!(org.roles().list().take(2), start);
            ids(call.stream(), |item| Some(item.id.into())).await
        }
    }
}

/// The cursor after the first page, serialized as a program stores it between two runs.
async fn stored<P: 'static>(mut pages: Pages<P>) -> String {
    pages.try_next().await.unwrap().unwrap();
    serde_json::to_string(&pages.cursor().unwrap()).unwrap()
}

async fn cursor_after_first_page(client: &Client, listing: &str) -> Cursor {
    let org = client.organization();
    let text = match listing {
        "domains" => stored(org.domains().list().take(2).pages()).await,
        "invitations" => stored(org.invitations().list().take(2).pages()).await,
        "member roles" => {
            let member = first_member(client).await;
            stored(org.members().roles().list(member).take(2).pages()).await
        }
        "members" => stored(org.members().list().take(2).pages()).await,
        _ => stored(org.roles().list().take(2).pages()).await,
    };
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn listing_has_several_pages_then_the_stream_yields_each_item_once() {
    let (_local, client) = populated(Sandbox::builder()).await;
    for listing in LISTINGS {
        let ids = read(&client, listing, None).await.unwrap();
        assert_eq!(ids.len(), item_count(listing), "{listing}");
        let different: BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{listing}");
    }
}

#[tokio::test]
async fn stored_cursor_is_resumed_by_another_client_then_it_lists_exactly_the_rest() {
    let (local, client) = populated(Sandbox::builder()).await;
    for listing in LISTINGS {
        let all = read(&client, listing, None).await.unwrap();
        let cursor = cursor_after_first_page(&client, listing).await;
        let rest = read(&local.my_organization(), listing, Some(cursor)).await;
        assert_eq!(rest.unwrap(), all[2..], "{listing}");
    }
}

#[tokio::test]
async fn pages_are_short_or_the_last_is_empty_then_no_item_is_missing() {
    let (_plain, client) = populated(Sandbox::builder()).await;
    let short_page_client = Sandbox::builder().short_pages().empty_last_pages();
    let (local, short_page_client) = populated(short_page_client).await;
    for listing in LISTINGS {
        local.forget_requests();
        let ids = read(&short_page_client, listing, None).await.unwrap();
        assert_eq!(ids.len(), item_count(listing), "{listing}");
        // One item per page, and one page that is empty.
        let requests = local.requests();
        let pages = requests.iter().filter(|request| {
            request
                .query
                .as_deref()
                .is_some_and(|query| query.contains("take=2"))
        });
        assert_eq!(pages.count(), ids.len() + 1, "{listing}");
        if listing != "domains" && listing != "invitations" {
            assert_eq!(
                ids,
                read(&client, listing, None).await.unwrap(),
                "{listing}"
            );
        }
    }
}

#[tokio::test]
async fn cursor_belongs_to_another_organization_or_listing_then_it_is_rejected() {
    let (local, client) = populated(Sandbox::builder()).await;
    let cursor = cursor_after_first_page(&client, "members").await;
    let error = client
        .organization()
        .roles()
        .list()
        .resume(cursor)
        .unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert!(local.requests_of("ListRoles").is_empty());
}
