//! Cursors that are stored, and listings that resume from them.

use std::sync::atomic::{AtomicBool, Ordering};

use auth0_teams::resources::activity::ListActivityLogs;
use auth0_teams::types::ActivityLogStatusEnum;
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Cursor, Open};

use crate::listings::{LISTINGS, all, paged_server, read, response, three_pages};
use crate::samples::*;
use crate::support::*;

/// The serialized cursor, as a program stores it between two runs.
fn stored(cursor: &Cursor) -> String {
    serde_json::to_string(cursor).unwrap()
}

fn restored(text: &str) -> Cursor {
    serde_json::from_str(text).unwrap()
}

/// Lists activity with a date filter, a documented filter value, and an undocumented one.
fn filtered(client: &Client) -> ListActivityLogs {
    let since = "2026-01-08T10:00:00Z".parse().unwrap();
    let listing = client.activity().list().since(since);
    let listing = listing.status(ActivityLogStatusEnum::Failure);
    listing.type_(Open::other("new type")).take(2)
}

#[tokio::test]
async fn stored_cursor_is_resumed_by_a_new_client_then_it_lists_exactly_the_rest() {
    let server = paged_server(three_pages("activity")).await;
    let mut pages = filtered(&client(&server)).pages();
    pages.try_next().await.unwrap();
    let text = stored(&pages.cursor().unwrap());
    drop(pages);

    let rest = filtered(&client(&server)).resume(restored(&text)).unwrap();
    let (names, error) = all(rest.stream(), |item| item.current_event.into()).await;
    assert!(error.is_none() && names == ["b", "c", "d"], "{error:?}");
    let filters = requests(&server)
        .await
        .into_iter()
        .map(|request| ["since", "status", "type"].map(|name| query(&request, name).unwrap()));
    assert!(
        filters
            .collect::<Vec<_>>()
            .windows(2)
            .all(|pair| pair[0] == pair[1])
    );
}

#[tokio::test]
async fn listing_fails_in_the_middle_then_it_resumes_from_the_cursor_of_the_error() {
    for listing in LISTINGS {
        let pages = three_pages(listing);
        let fails_next = AtomicBool::new(true);
        let server = mock_server_with(move |request| {
            let from = query(request, "from");
            if from.as_deref() == Some("3") && fails_next.swap(false, Ordering::SeqCst) {
                return json(400, &problem(400));
            }
            response(&pages, from.as_deref())
        })
        .await;
        let client = client(&server);
        let (names, error) = read(&client, listing).await;
        assert_eq!(names, ["a", "b", "c"], "{listing}");
        let cursor = restored(&stored(error.unwrap().cursor().unwrap()));

        let (names, error) = match listing {
            "members" => {
                let rest = client.members().list().take(2).resume(cursor).unwrap();
                all(rest.stream(), |item| item.id.into()).await
            }
            "tenants" => {
                let rest = client.tenants().list().take(2).resume(cursor).unwrap();
                all(rest.stream(), |item| item.tenant_name.into()).await
            }
            "tenant members" => {
                let rest = client.tenants().members().list(tenant_id()).take(2);
                all(rest.resume(cursor).unwrap().stream(), |item| item.id.into()).await
            }
            _ => {
                let rest = client.activity().list().take(2).resume(cursor).unwrap();
                all(rest.stream(), |item| item.current_event.into()).await
            }
        };
        assert!(error.is_none() && names == ["d"], "{listing}: {error:?}");
    }
}

#[tokio::test]
async fn cursor_is_resumed_with_other_filters_then_the_error_names_them_and_nothing_is_sent() {
    let server = paged_server(three_pages("tenants")).await;
    let client = client(&server);
    let american = client.tenants().list().locality("us").sort("created_at:1");
    let cursor = american.clone().stream().cursor().unwrap();
    assert!(american.clone().take(7).resume(cursor.clone()).is_ok());

    let other = client
        .tenants()
        .list()
        .locality("eu")
        .environment("private");
    let error = other.resume(cursor).unwrap_err();
    assert!(error.is_invalid_request());
    insta::assert_snapshot!(error, @"tenants().list: the request is invalid and was not sent: cursor: parameter `environment`: found no value, expected that of the request; cursor: parameter `locality`: found another value, expected that of the request; cursor: parameter `sort`: found a value, expected none");
    assert_eq!(requests(&server).await.len(), 0);
}

#[tokio::test]
async fn cursor_belongs_to_another_team_operation_or_tenant_then_it_is_rejected() {
    let server = paged_server(three_pages("members")).await;
    let client = client(&server);
    let cursor = client.members().list().stream().cursor().unwrap();
    let other_team = client_at("https://other.teams.auth0.com");
    let error = other_team
        .members()
        .list()
        .resume(cursor.clone())
        .unwrap_err();
    assert!(error.to_string().contains("found base URL"), "{error}");

    let error = client.activity().list().resume(cursor).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("found operation `listMembers`, expected `listActivityLogs`"),
        "{error}"
    );

    let cursor = client
        .tenants()
        .members()
        .list(tenant_id())
        .stream()
        .cursor()
        .unwrap();
    let other = client.tenants().members().list(Uuid::nil());
    let error = other.resume(cursor).unwrap_err().to_string();
    assert!(
        error.contains("parameter `tenantId`: found another value"),
        "{error}"
    );
    assert!(!error.contains(&tenant_id().to_string()), "{error}");
}
