//! Listings page by page: complete, in order, and ended by the last page or the first error.

use auth0_core::codegen::Position;
use auth0_teams::{Client, Error, Open};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::samples::*;
use crate::support::*;

/// The four listings by name.
pub(crate) const LISTINGS: [&str; 4] = ["members", "tenants", "tenant members", "activity"];

pub(crate) async fn read(client: &Client, listing: &str) -> (Vec<String>, Option<Error>) {
    match listing {
        "members" => {
            all(client.members().list().page_size(2).stream(), |item| {
                item.id.into()
            })
            .await
        }
        "tenants" => {
            all(client.tenants().list().page_size(2).stream(), |item| {
                item.tenant_name.into()
            })
            .await
        }
        "tenant members" => {
            let listing = client.tenants().members().list(tenant_id()).page_size(2);
            all(listing.stream(), |item| item.id.into()).await
        }
        _ => {
            all(client.activity().list().page_size(2).stream(), |item| {
                item.current_event.into()
            })
            .await
        }
    }
}

pub(crate) async fn all<T>(
    mut items: auth0_core::Items<T>,
    name: fn(T) -> String,
) -> (Vec<String>, Option<Error>) {
    let mut names = Vec::new();
    loop {
        match items.try_next().await {
            Ok(Some(item)) => names.push(name(item)),
            Ok(None) => return (names, None),
            Err(error) => {
                assert!(
                    matches!(items.try_next().await, Ok(None)),
                    "a listing continues after an error"
                );
                return (names, Some(error));
            }
        }
    }
}

/// A page with `names` and, optionally, a cursor.
fn page(listing: &str, names: &[&str], next: Option<&str>) -> Value {
    let (key, item): (_, fn(&str) -> Value) = match listing {
        "members" => ("members", member),
        "tenants" => ("tenants", tenant),
        "tenant members" => ("members", tenant_member),
        _ => ("logs", |name| {
            let mut entry = activity();
            entry["current_event"] = json!(name);
            entry
        }),
    };
    let items: Vec<_> = names.iter().map(|name| item(name)).collect();
    match next {
        Some(next) => json!({key: items, "next": next}),
        None => json!({key: items}),
    }
}

/// A server that returns pages by cursor; the first page has none. Any other cursor gets a 400.
pub(crate) async fn paged_server(pages: Vec<(Option<&'static str>, Value)>) -> MockServer {
    mock_server_with(move |request| response(&pages, query(request, "from").as_deref())).await
}

pub(crate) fn response(pages: &[(Option<&str>, Value)], from: Option<&str>) -> ResponseTemplate {
    match pages.iter().find(|(cursor, _)| *cursor == from) {
        Some((_, page)) => json(200, page),
        None => json(400, &problem(400)),
    }
}

/// The cursors of the requests.
async fn cursors(server: &MockServer) -> Vec<Option<String>> {
    let requests = requests(server).await;
    assert!(
        requests
            .iter()
            .all(|request| query(request, "take").as_deref() == Some("2"))
    );
    requests
        .iter()
        .map(|request| query(request, "from"))
        .collect()
}

/// Three pages of a listing, with one, two and one items.
pub(crate) fn three_pages(listing: &str) -> Vec<(Option<&'static str>, Value)> {
    vec![
        (None, page(listing, &["a"], Some("2"))),
        (Some("2"), page(listing, &["b", "c"], Some("3"))),
        (Some("3"), page(listing, &["d"], None)),
    ]
}

#[tokio::test]
async fn listing_has_three_pages_then_it_reads_them_in_order() {
    for listing in LISTINGS {
        let server = paged_server(vec![
            (None, page(listing, &["a", "b"], Some("to 2/+&=ü"))),
            (Some("to 2/+&=ü"), page(listing, &["c", "d"], Some("3"))),
            (Some("3"), page(listing, &["e"], None)),
        ])
        .await;
        let (names, error) = read(&client(&server), listing).await;
        assert!(error.is_none(), "{listing}: {error:?}");
        assert_eq!(names, ["a", "b", "c", "d", "e"], "{listing}");
        let expected = [None, Some("to 2/+&=ü".to_owned()), Some("3".to_owned())];
        assert_eq!(cursors(&server).await, expected, "{listing}");
    }
}

#[tokio::test]
async fn page_in_the_middle_is_empty_or_short_then_the_listing_continues() {
    for listing in LISTINGS {
        let server = paged_server(vec![
            (None, page(listing, &["a"], Some("2"))),
            (Some("2"), page(listing, &[], Some("3"))),
            (Some("3"), page(listing, &["b", "c"], Some("4"))),
            (Some("4"), page(listing, &[], None)),
        ])
        .await;
        let (names, error) = read(&client(&server), listing).await;
        assert!(error.is_none(), "{listing}: {error:?}");
        assert_eq!(names, ["a", "b", "c"], "{listing}");
        assert_eq!(cursors(&server).await.len(), 4, "{listing}");
    }
}

#[tokio::test]
async fn next_is_null_or_empty_then_the_listing_ends() {
    for next in [json!(null), json!("")] {
        let mut only = page("members", &["a"], None);
        only["next"] = next;
        let server = mock_server_json(200, only).await;
        let (names, error) = read(&client(&server), "members").await;
        assert!(error.is_none() && names == ["a"], "{error:?}");
        assert_eq!(requests(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn cursor_is_repeated_then_items_are_yielded_once_and_the_listing_ends_with_an_error() {
    for listing in LISTINGS {
        let server = paged_server(vec![
            (None, page(listing, &["a"], Some("2"))),
            (Some("2"), page(listing, &["b"], Some("2"))),
        ])
        .await;
        let (names, error) = read(&client(&server), listing).await;
        assert_eq!(names, ["a", "b"], "{listing}");
        let error = error.unwrap();
        assert!(error.is_repeated_cursor(), "{listing}: {error:?}");
        assert_eq!(cursors(&server).await.len(), 2, "{listing}");
    }
}

#[tokio::test]
async fn page_in_the_middle_fails_then_earlier_items_are_kept_and_the_error_has_a_cursor() {
    for listing in LISTINGS {
        let server = paged_server(vec![
            (None, page(listing, &["a"], Some("2"))),
            (Some("2"), page(listing, &["b"], Some("gone"))),
        ])
        .await;
        let (names, error) = read(&client(&server), listing).await;
        assert_eq!(names, ["a", "b"], "{listing}");
        assert_eq!(
            error.unwrap().status().map(|status| status.as_u16()),
            Some(400)
        );
    }
    let server = paged_server(vec![(None, page("members", &["a"], Some("gone")))]).await;
    let members = client(&server).members().list().stream();
    let error = members.try_collect::<Vec<_>>().await.unwrap_err();
    let gone = Position::Checkpoint("gone".to_owned());
    assert_eq!(error.cursor().unwrap().position(), &gone);
}

#[tokio::test]
async fn listing_starts_at_a_cursor_then_it_continues_from_there() {
    let server = paged_server(vec![
        (Some("2"), page("members", &["b"], Some("3"))),
        (Some("3"), page("members", &["c"], None)),
    ])
    .await;
    let listing = client(&server).members().list().take(2).from("2");
    let (names, error) = all(listing.stream(), |item| item.id.into()).await;
    assert!(error.is_none() && names == ["b", "c"], "{error:?}");
    assert_eq!(
        cursors(&server).await,
        [Some("2".to_owned()), Some("3".to_owned())]
    );
}

#[tokio::test]
async fn filters_are_set_then_every_page_is_requested_with_them() {
    let server = paged_server(vec![
        (None, page("tenants", &["a"], Some("2"))),
        (Some("2"), page("tenants", &["b"], None)),
    ])
    .await;
    let listing = client(&server)
        .tenants()
        .list()
        .take(2)
        .locality("us")
        .sort("created_at:1");
    all(listing.stream(), |item| item.tenant_name.into()).await;
    for request in requests(&server).await {
        assert_eq!(query(&request, "locality").as_deref(), Some("us"));
        assert_eq!(query(&request, "sort").as_deref(), Some("created_at:1"));
    }
}

#[tokio::test]
async fn page_size_is_set_then_every_page_has_it_and_the_stream_is_not_limited() {
    for of_the_call in [true, false] {
        let server = paged_server(three_pages("members")).await;
        let listing = client(&server).members().list();
        let stream = match of_the_call {
            true => listing.page_size(1).stream(),
            false => listing.take(5).stream().page_size(1),
        };
        let found: Vec<_> = stream.try_collect().await.unwrap();
        assert!(found.len() > 1);
        let requests = requests(&server).await;
        assert_eq!(requests.len(), 3);
        for request in requests {
            assert_eq!(query(&request, "take").as_deref(), Some("1"));
        }
    }
}

#[tokio::test]
async fn listing_is_not_polled_then_nothing_is_sent_and_pages_are_fetched_only_when_needed() {
    let server = paged_server(vec![
        (None, page("members", &["a", "b"], Some("2"))),
        (Some("2"), page("members", &["c"], None)),
    ])
    .await;
    let mut members = client(&server).members().list().page_size(2).stream();
    assert_eq!(requests(&server).await.len(), 0);
    members.try_next().await.unwrap();
    members.try_next().await.unwrap();
    assert_eq!(requests(&server).await.len(), 1);
    members.try_next().await.unwrap();
    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn listing_is_read_by_items_or_by_pages_then_the_items_are_the_same() {
    let server = paged_server(vec![
        (None, page("members", &["a", "b"], Some("2"))),
        (Some("2"), page("members", &["c"], None)),
    ])
    .await;
    let listing = client(&server).members().list().page_size(2);
    let names: Vec<_> = listing
        .clone()
        .stream()
        .map_ok(|member| member.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names, ["a", "b", "c"]);
    let pages: Vec<_> = listing
        .pages()
        .map(|page| page.unwrap().members.len())
        .collect()
        .await;
    assert_eq!(pages, [2, 1]);
}

#[tokio::test]
async fn item_has_unexpected_values_then_the_listing_continues() {
    let mut unexpected = page("members", &["b"], Some("3"));
    unexpected["members"][0]["role"] = json!({"new": "shape"});
    let server = paged_server(vec![
        (None, page("members", &["a"], Some("2"))),
        (Some("2"), unexpected),
        (Some("3"), page("members", &["c"], None)),
    ])
    .await;
    let members: Vec<_> = client(&server)
        .members()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(members.len(), 3);
    assert!(matches!(members[1].role, Open::Other(_)));
}

#[tokio::test]
async fn listing_is_read_ahead_then_requests_and_items_are_the_same() {
    let server = paged_server(three_pages("tenant members")).await;
    let listing = client(&server)
        .tenants()
        .members()
        .list(tenant_id())
        .take(2);
    let (names, error) = all(listing.stream().read_ahead(), |item| item.id.into()).await;
    assert!(
        error.is_none() && names == ["a", "b", "c", "d"],
        "{error:?}"
    );
    let expected = [None, Some("2".to_owned()), Some("3".to_owned())];
    assert_eq!(cursors(&server).await, expected);
}
