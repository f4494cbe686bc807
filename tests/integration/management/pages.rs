//! Listings: the shapes of their responses, the two page styles, and how they end.

use auth0_management::resources::organizations_members_effective_roles_sources_groups::OrganizationsMembersEffectiveRolesSourcesGroupsListRequired as OfRole;
use std::fmt::Debug;
use std::sync::Arc;

use auth0_core::codegen::{Page, Position};
use auth0_core::{BoxFuture, Items, Paging};
use auth0_management::types::*;
use auth0_management::{Client, Cursor, Error, operations};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::tenant;
use crate::support::*;

/// The number of items that the server returns at most with offset paging.
const LIMIT: u64 = 1_000;

/// A listing of the mock server.
struct ListingSpec {
    path: &'static str,
    /// The property that holds the items.
    items: &'static str,
    by_checkpoints: bool,
    counted: bool,
    /// Whether pages of offset paging report the total.
    total: bool,
    /// The maximum number of items of an offset page.
    most: u64,
}

const fn listing_spec(path: &'static str, items: &'static str, styles: Paging) -> ListingSpec {
    ListingSpec {
        path,
        items,
        by_checkpoints: matches!(styles, Paging::Checkpoint | Paging::CheckpointOrOffset),
        counted: styles.counts(),
        total: true,
        most: 100,
    }
}

const ORGANIZATIONS: ListingSpec = listing_spec(
    "/organizations",
    "organizations",
    Paging::CheckpointOrOffset,
);
const MEMBERS: ListingSpec = listing_spec(
    "/organizations/org_1/members",
    "members",
    Paging::CheckpointOrOffset,
);
const INVITATIONS: ListingSpec = ListingSpec {
    total: false,
    ..listing_spec(
        "/organizations/org_1/invitations",
        "invitations",
        Paging::Offset,
    )
};

/// An item with the fields that any of the listings requires.
fn item(number: u64) -> Value {
    json!({
        "id": number.to_string(),
        "connection_id": "con_1",
        "domain": "acme.example",
        "status": "pending",
        "verification_host": "_auth0.acme.example",
        "verification_txt": "auth0-domain-verification=1",
        "name": "acme",
        "description": "",
        "sources": ["direct"],
    })
}

/// Serves a listing with `count` items. With checkpoint paging the last cursor leads to an empty page; with offset
/// paging pages are bare lists or have totals, up to the limit. Invalid queries get a 400.
fn response(listing: &ListingSpec, count: u64, request: &Request) -> ResponseTemplate {
    let number = |name: &str| query(request, name).map(|text| text.parse::<u64>().unwrap());
    let bad_request = |why: &str| {
        json(
            400,
            &json!({"statusCode": 400, "error": "Bad Request", "message": why}),
        )
    };
    let items = |from: u64, size: u64| -> Vec<Value> {
        let numbers = from..count.min(from + size);
        numbers.map(item).collect()
    };
    if request.url.path() != format!("/api/v2{}", listing.path) {
        return bad_request("another path");
    }
    let (take, from) = (number("take"), number("from"));
    if take.is_some() || from.is_some() {
        let Some(take) = take.filter(|_| listing.by_checkpoints) else {
            return bad_request("from without take, or no checkpoint paging");
        };
        if ["page", "per_page", "include_totals"]
            .iter()
            .any(|name| query(request, name).is_some())
        {
            return bad_request("both page styles");
        }
        let from = from.unwrap_or(0);
        let mut page = json!({ listing.items: items(from, take) });
        if from < count {
            page["next"] = json!((from + take).to_string());
        }
        return json(200, &page);
    }
    if !listing.counted {
        return bad_request("no offset paging");
    }
    let (page, size) = (
        number("page").unwrap_or(0),
        number("per_page").unwrap_or(50),
    );
    let start = page * size;
    if start + size > LIMIT {
        return bad_request("past the limit");
    }
    let size = size.min(listing.most);
    let items = items(start, size);
    if query(request, "include_totals").as_deref() != Some("true") {
        return json(200, &json!(items));
    }
    let mut page = json!({ listing.items: items, "start": start, "limit": size });
    if listing.total {
        page["total"] = json!(count);
    }
    json(200, &page)
}

async fn paged_server(listing: ListingSpec, count: u64) -> wiremock::MockServer {
    let listing = Arc::new(listing);
    mock_server_with(move |request| response(&listing, count, request)).await
}

type CountItems = fn(&Client) -> BoxFuture<'static, Result<u64, Error>>;

/// Each listing of the crate, with a function that counts the items of its stream.
fn listings() -> Vec<(ListingSpec, &'static str, CountItems)> {
    use Paging::{Checkpoint, CheckpointOrOffset, Offset};

    fn counting<T: Debug + Send + 'static>(
        items: Items<T>,
    ) -> BoxFuture<'static, Result<u64, Error>> {
        Box::pin(async move {
            let mut items = items.read_ahead();
            let mut count = 0;
            while items.try_next().await?.is_some() {
                count += 1;
            }
            Ok(count)
        })
    }
    let org = "/organizations/org_1";
    assert_eq!(MEMBERS.path, format!("{org}/members"));
    let listings: [(ListingSpec, &str, CountItems); 13] = [
        (ORGANIZATIONS, "get_organizations", |c| {
            counting(c.organizations().list().stream())
        }),
        (MEMBERS, "get_organization_members", |c| {
            counting(c.organizations().members().list("org_1").stream())
        }),
        (INVITATIONS, "get_invitations", |c| {
            counting(c.organizations().invitations().list("org_1").stream())
        }),
        (
            listing_spec(
                "/organizations/org_1/client-grants",
                "client_grants",
                Offset,
            ),
            "get_organization-client-grants",
            |c| counting(c.organizations().client_grants().list("org_1").stream()),
        ),
        (
            listing_spec("/organizations/org_1/connections", "connections", Offset),
            "get_organization_connections",
            |c| counting(c.organizations().connections().list("org_1").stream()),
        ),
        (
            listing_spec(
                "/organizations/org_1/enabled_connections",
                "enabled_connections",
                Offset,
            ),
            "get_enabled_connections",
            |c| {
                counting(
                    c.organizations()
                        .enabled_connections()
                        .list("org_1")
                        .stream(),
                )
            },
        ),
        (
            listing_spec(
                "/organizations/org_1/members/auth0%7Cu/roles",
                "roles",
                Offset,
            ),
            "get_organization_member_roles",
            |c| {
                counting(
                    c.organizations()
                        .members()
                        .roles()
                        .list("org_1", "auth0|u")
                        .stream(),
                )
            },
        ),
        (
            listing_spec(
                "/organizations/org_1/discovery-domains",
                "domains",
                Checkpoint,
            ),
            "get_discovery-domains",
            |c| counting(c.organizations().discovery_domains().list("org_1").stream()),
        ),
        (
            listing_spec("/organizations/org_1/groups", "groups", Checkpoint),
            "get_organization_groups",
            |c| counting(c.organizations().groups().list("org_1").stream()),
        ),
        (
            listing_spec(
                "/organizations/org_1/groups/grp_1/roles",
                "roles",
                Checkpoint,
            ),
            "get_organization_group_roles",
            |c| {
                counting(
                    c.organizations()
                        .groups()
                        .roles()
                        .list("org_1", "grp_1")
                        .stream(),
                )
            },
        ),
        (
            listing_spec(
                "/organizations/org_1/members/auth0%7Cu/effective-roles",
                "roles",
                Checkpoint,
            ),
            "get_organization_member_effective_roles",
            |c| {
                counting(
                    c.organizations()
                        .members()
                        .effective_roles()
                        .list("org_1", "auth0|u")
                        .stream(),
                )
            },
        ),
        (
            listing_spec(
                "/organizations/org_1/members/auth0%7Cu/effective-roles/sources/groups",
                "groups",
                Checkpoint,
            ),
            "get_organization_member_role_source_groups",
            |c| {
                let sources = c.organizations().members().effective_roles().sources();
                let role = OfRole { role_id: "rol_1" };
                counting(sources.groups().list("org_1", "auth0|u", role).stream())
            },
        ),
        (
            listing_spec(
                "/organizations/org_1/roles/rol_1/members",
                "members",
                Checkpoint,
            ),
            "get_organization_role_members",
            |c| {
                let members = c.organizations().roles().members();
                counting(members.list("org_1", "rol_1").stream())
            },
        ),
    ];
    let listings = listings.into_iter();
    listings
        .inspect(|(listing, id, _)| {
            let operation = operations::ALL
                .iter()
                .find(|operation| operation.id() == *id)
                .unwrap();
            let styles = match (listing.by_checkpoints, listing.counted) {
                (true, true) => CheckpointOrOffset,
                (true, false) => Checkpoint,
                _ => Offset,
            };
            assert_eq!(operation.paging(), styles, "{id}");
            assert_eq!(
                operation.paging_limit(),
                listing.counted.then_some(LIMIT),
                "{id}"
            );
        })
        .collect()
}

#[tokio::test]
async fn listing_is_read_in_either_page_style_then_all_items_are_yielded() {
    let paged = operations::ALL
        .iter()
        .filter(|operation| operation.paging() != Paging::None);
    assert_eq!(paged.count(), listings().len());
    for count in [0, 1, 50, 120] {
        for (listing, id, read) in listings() {
            let server = paged_server(listing, count).await;
            let found = read(&tenant(&server))
                .await
                .unwrap_or_else(|error| panic!("{id}: {error:?}"));
            assert_eq!(found, count, "{id}");
        }
    }
}

#[tokio::test]
async fn server_returns_fewer_items_than_requested_then_all_items_are_yielded() {
    for most in [1, 7, 49] {
        for (listing, id, read) in listings() {
            let server = paged_server(ListingSpec { most, ..listing }, 120).await;
            let found = read(&tenant(&server)).await;
            assert_eq!(found.unwrap(), 120, "{id}, {most} at most");
        }
    }
}

#[tokio::test]
async fn offset_listing_is_resumed_with_another_page_size_then_it_lists_exactly_the_rest() {
    let server = paged_server(INVITATIONS, 120).await;
    let list = || {
        let client = tenant(&server);
        client.organizations().invitations().list("org_1")
    };
    let mut pages = list().page_size(30).pages();
    pages.try_next().await.unwrap();
    let cursor = pages.cursor().unwrap();
    assert_eq!(cursor.position(), &Position::Offset(30));
    for size in [1, 7, 29, 30, 31, 100] {
        for resumed in [
            list().page_size(size).resume(cursor.clone()).unwrap(),
            list().per_page(size).resume(cursor.clone()).unwrap(),
            list().resume(cursor.clone()).unwrap().page_size(size),
            list().resume(cursor.clone()).unwrap().per_page(size),
        ] {
            let mut stream = resumed.stream();
            let mut found = Vec::new();
            while let Some(invitation) = stream.try_next().await.unwrap() {
                found.push(invitation.id.unwrap().parse::<u64>().unwrap());
            }
            assert_eq!(found, (30..120).collect::<Vec<_>>(), "pages of {size}");
        }
    }
    // The page size that is set last applies.
    let page = list()
        .resume(cursor.clone())
        .unwrap()
        .page(0)
        .await
        .unwrap();
    assert_eq!(page.invitations[0].id.as_deref(), Some("0"));
    // A single page is the one that contains the position.
    let page = list().resume(cursor).unwrap().page_size(20).await.unwrap();
    assert_eq!(page.invitations[0].id.as_deref(), Some("20"));
}

#[tokio::test]
async fn server_returns_fewer_organizations_than_its_total_then_the_stream_ends_with_an_error() {
    let server = mock_server_json(
        200,
        json!({"organizations": [item(0)], "start": 0, "limit": 50, "total": 2}),
    )
    .await;
    let mut organizations = tenant(&server).organizations().list().page(0).stream();
    assert!(organizations.try_next().await.unwrap().is_some());
    let error = organizations.try_next().await.unwrap_err();
    assert!(error.is_incomplete_listing(), "{error:?}");
    assert!(error.cursor().is_some() && organizations.cursor().is_some());
}

#[tokio::test]
async fn page_size_is_set_then_the_page_style_decides_its_parameter_name() {
    let server = paged_server(MEMBERS, 3).await;
    let list = tenant(&server).organizations().members().list("org_1");
    for call in [
        list.clone().page_size(7),
        list.clone().take(3).page_size(7),
        list.clone().page_size(7).page(0),
        list.clone().page(0).page_size(7),
        list.clone().per_page(3).page_size(7),
        list.clone().page_size(7).include_totals(false),
    ] {
        call.stream().try_next().await.unwrap();
    }
    let paged = list.clone().per_page(3).pages().page_size(7);
    paged.read_ahead().try_next().await.unwrap();
    let mut items = list.clone().stream().page_size(7);
    items.try_next().await.unwrap();
    list.clone().page_size(7).await.unwrap();
    assert_eq!(
        sent_queries(&server).await,
        [
            "take=7",
            "take=7",
            "include_totals=true&page=0&per_page=7",
            "include_totals=true&page=0&per_page=7",
            "include_totals=true&per_page=7",
            "include_totals=false&per_page=7",
            "include_totals=true&per_page=7",
            "take=7",
            "take=7",
        ]
    );
    let error = list.page_size(101).await.unwrap_err();
    assert_eq!(error.violations()[0].field(), "take");
}

#[tokio::test]
async fn offset_listing_exceeds_the_server_limit_then_its_stream_ends_with_an_error() {
    for (listing, id, read) in listings() {
        let (by_checkpoints, total) = (listing.by_checkpoints, listing.total);
        let server = paged_server(listing, 1_001).await;
        let read = read(&tenant(&server)).await;
        if by_checkpoints {
            assert_eq!(read.unwrap(), 1_001, "{id}");
            continue;
        }
        let error = read.unwrap_err();
        assert!(error.is_paging_limit(), "{id}: {error:?}");
        assert_eq!(error.cursor().unwrap().position(), &Position::Offset(LIMIT));
        assert_eq!(requests(&server).await.len(), 20, "{id}, total: {total}");
    }
}

#[tokio::test]
async fn offset_listing_has_exactly_the_server_limit_then_it_is_an_error_only_without_a_total() {
    for (listing, id, read) in listings() {
        let total = listing.total;
        let server = paged_server(listing, LIMIT).await;
        match read(&tenant(&server)).await {
            Ok(count) => assert!(total && count == LIMIT, "{id}"),
            Err(error) => assert!(!total && error.is_paging_limit(), "{id}: {error:?}"),
        }
    }
}

/// The queries of the requests, in order.
async fn sent_queries(server: &wiremock::MockServer) -> Vec<String> {
    let requests = requests(server).await;
    let query = |request: &Request| request.url.query().unwrap_or_default().to_owned();
    requests.iter().map(query).collect()
}

#[tokio::test]
async fn no_parameter_is_set_then_checkpoint_pages_are_requested_with_their_size() {
    let server = paged_server(ORGANIZATIONS, 120).await;
    let list = tenant(&server).organizations().list();
    let page = list.clone().await.unwrap();
    assert_eq!(
        (page.organizations.len(), page.next.as_deref()),
        (50, Some("50"))
    );
    assert_eq!((page.start, page.limit, page.total), (None, None, None));
    let mut pages = list.sort("name:1").pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        sizes.push(page.organizations.len());
    }
    assert_eq!(sizes, [50, 50, 20, 0], "`next` may lead to an empty page");
    assert_eq!(
        sent_queries(&server).await,
        [
            "take=50",
            "sort=name%3A1&take=50",
            "from=50&sort=name%3A1&take=50",
            "from=100&sort=name%3A1&take=50",
            "from=150&sort=name%3A1&take=50",
        ]
    );
}

#[tokio::test]
async fn offset_parameter_is_set_then_offset_pages_are_requested_with_the_total() {
    let server = paged_server(MEMBERS, 120).await;
    let list = tenant(&server).organizations().members().list("org_1");
    let page = list.clone().per_page(40).page(2).await.unwrap();
    assert_eq!((page.members.len(), page.next), (40, None));
    assert_eq!(
        (page.start, page.limit, page.total),
        (Some(80.into()), Some(40.into()), Some(120.into()))
    );
    let page = list.clone().include_totals(false).await.unwrap();
    assert_eq!((page.members.len(), page.total), (50, None));
    let mut items = list.page(1).stream();
    let mut count = 0;
    while items.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 70);
    assert_eq!(
        sent_queries(&server).await,
        [
            "include_totals=true&page=2&per_page=40",
            "include_totals=false",
            "include_totals=true&page=1",
            "include_totals=true&page=2&per_page=50",
        ]
    );
}

#[tokio::test]
async fn offset_stream_ends_at_the_limit_then_the_error_recommends_checkpoints() {
    let server = paged_server(ORGANIZATIONS, 1_500).await;
    let mut items = tenant(&server)
        .organizations()
        .list()
        .per_page(100)
        .stream();
    let error = loop {
        if let Err(error) = items.try_next().await {
            break error;
        }
    };
    assert!(error.is_paging_limit());
    assert!(
        error.to_string().contains("use checkpoint pagination"),
        "{error}"
    );
    assert_eq!(sent_queries(&server).await.len(), 10);
}

#[tokio::test]
async fn both_page_styles_are_set_then_the_call_is_rejected_before_it_is_sent() {
    let server = paged_server(ORGANIZATIONS, 3).await;
    let list = || tenant(&server).organizations().list();
    for (call, field, other) in [
        (list().take(5).page(0), "page", "take"),
        (list().from("a").per_page(5), "per_page", "from"),
        (
            list().take(5).include_totals(true),
            "include_totals",
            "take",
        ),
    ] {
        let expected = format!(
            "{field}: selects counted pagination, expected it without `{other}`, which selects checkpoint pagination"
        );
        for error in [
            call.clone().await.unwrap_err(),
            call.clone().stream().try_next().await.unwrap_err(),
            call.pages().read_ahead().try_next().await.unwrap_err(),
        ] {
            assert!(error.is_invalid_request());
            assert_eq!(error.violations()[0].to_string(), expected);
        }
    }
    assert!(sent_queries(&server).await.is_empty());
}

#[tokio::test]
async fn page_number_or_size_is_out_of_bounds_then_the_stream_fails_without_adjusting_it() {
    let server = paged_server(INVITATIONS, 3).await;
    let list = || tenant(&server).organizations().invitations().list("org_1");
    for (call, violation) in [
        (list().page(-1), "page: too small, expected at least 0"),
        (
            list().per_page(0),
            "per_page: too small, expected at least 1",
        ),
        (
            list().per_page(101),
            "per_page: too large, expected at most 100",
        ),
    ] {
        let error = call.stream().try_next().await.unwrap_err();
        assert_eq!(error.violations()[0].to_string(), violation);
    }
    assert!(sent_queries(&server).await.is_empty());
}

/// The cursor after `pages` pages, deserialized from its stored form.
async fn stored<P: Debug + Send + 'static>(
    mut listing: auth0_core::Pages<P>,
    pages: usize,
) -> Cursor {
    for _ in 0..pages {
        listing.try_next().await.unwrap().unwrap();
    }
    let stored = serde_json::to_string(&listing.cursor().unwrap()).unwrap();
    serde_json::from_str(&stored).unwrap()
}

async fn ids(mut items: Items<Organization>) -> Vec<u64> {
    let mut ids = Vec::new();
    while let Some(organization) = items.try_next().await.unwrap() {
        ids.push(organization.id.unwrap().parse().unwrap());
    }
    ids
}

#[tokio::test]
async fn cursor_is_resumed_then_its_page_style_is_used() {
    let server = paged_server(ORGANIZATIONS, 20).await;
    let list = || tenant(&server).organizations().list();
    let checkpoint = stored(list().take(6).pages(), 2).await;
    let offset = stored(list().per_page(6).pages(), 2).await;
    let already_sent = sent_queries(&server).await.len();
    let rest: Vec<u64> = (12..20).collect();

    // The page size that was set applies to the other page style, too.
    let resumed = list().per_page(4).resume(checkpoint.clone()).unwrap();
    assert_eq!(ids(resumed.stream()).await, rest);
    assert_eq!(sent_queries(&server).await[already_sent], "from=12&take=4");
    let already_sent = sent_queries(&server).await.len();
    let resumed = list().take(4).resume(offset.clone()).unwrap();
    assert_eq!(ids(resumed.stream()).await, rest);
    assert_eq!(
        sent_queries(&server).await[already_sent],
        "include_totals=true&page=3&per_page=4"
    );

    assert_eq!(
        ids(list().resume(checkpoint.clone()).unwrap().stream()).await,
        rest
    );
    // The page of 50 starts at item 0; the items before the position are dropped.
    assert_eq!(ids(list().resume(offset).unwrap().stream()).await, rest);
    let error = list().sort("name:1").resume(checkpoint).unwrap_err();
    assert!(error.is_invalid_request());
}

#[test]
fn listing_has_any_of_its_shapes_then_it_decodes_to_one_type() {
    let organizations = json!([{"id": "org_1", "name": "acme"}]);
    let page =
        |shape: &Value| serde_json::from_value::<ListOrganizationsResponseContent>(shape.clone());
    let raw_server = page(&organizations).unwrap();
    let counted = json!({"organizations": organizations, "start": 0, "limit": 50, "total": 1});
    let counted = page(&counted).unwrap();
    let checkpoint =
        page(&json!({"organizations": organizations, "next": "abc", "new": {}})).unwrap();
    for page in [&raw_server, &counted, &checkpoint] {
        assert_eq!(page.organizations[0].id.as_deref(), Some("org_1"));
        assert!(!page.is_empty());
    }
    assert_eq!(
        (
            &raw_server.total,
            &raw_server.start,
            &raw_server.limit,
            &raw_server.next
        ),
        (&None, &None, &None, &None)
    );
    assert_eq!(
        (&counted.total, &counted.start, &counted.limit),
        (&Some(1.into()), &Some(0.into()), &Some(50.into()))
    );
    assert_eq!(Page::total(&counted), Some(1));
    assert_eq!(
        Page::next(&checkpoint),
        Some(Position::Checkpoint("abc".to_owned()))
    );
    // A page without its list is an error; a page whose list is null is empty.
    for body in [json!({"next": "abc"}), json!({"error": "x"}), json!(null)] {
        assert!(page(&body).is_err(), "{body}");
    }
    let null = page(&json!({"organizations": null, "next": "abc"}));
    assert!(null.unwrap().is_empty());
    assert!(page(&json!([])).unwrap().is_empty());
    // Serializing the value yields the object form.
    assert_eq!(
        serde_json::to_value(&raw_server).unwrap(),
        json!({"organizations": organizations})
    );
}

#[tokio::test]
async fn page_does_not_decode_then_the_error_names_the_path() {
    for (body, place) in [
        (json!([{"id": "org_1"}, 7]), "[1]"),
        (json!({"organizations": ["none"]}), "organizations[0]"),
        (
            json!({"organizations": [{"branding": {"colors": 7}}]}),
            "organizations[0].branding.colors",
        ),
        (json!({"organizations": "none"}), "organizations"),
        (json!("none"), ""),
    ] {
        let server = mock_server_json(200, body).await;
        let error = tenant(&server).organizations().list().await.unwrap_err();
        assert!(error.is_undecodable(), "{error:?}");
        assert_eq!(error.undecodable().unwrap().path(), place);
    }
}
