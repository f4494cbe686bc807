//! Listings with pages, read to their end.

use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::organization;
use super::samples::*;
use crate::support::*;

/// A server whose first page has one item and whose second page has no list.
async fn two_pages(list: &'static str, item: Value) -> MockServer {
    mock_server_with(move |request| match query(request, "from").as_deref() {
        None => json(200, &json!({list: [item.clone()], "next": "cursor-2"})),
        Some("cursor-2") => json(200, &json!({list: []})),
        Some(other) => json(500, &json!({"title": other})),
    })
    .await
}

#[tokio::test]
async fn listing_is_streamed_then_each_page_is_requested_with_the_filters() {
    let server = two_pages("members", member()).await;
    let call = organization(&server)
        .organization()
        .members()
        .list()
        .fields("user_id");
    let members: Vec<_> = call.stream().try_collect().await.unwrap();
    assert_eq!(members.len(), 1);
    let sent = requests(&server).await;
    let queries: Vec<_> = sent
        .iter()
        .map(|request| request.url.query().unwrap_or_default())
        .collect();
    assert_eq!(queries, ["fields=user_id", "fields=user_id&from=cursor-2"]);

    let server = two_pages("organization_domains", domain("pending")).await;
    let domains: Vec<_> = organization(&server)
        .organization()
        .domains()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(domains[0].verification_txt, "dove_text=abc");

    let server = two_pages("invitations", json!({"id": INVITATION_ID})).await;
    let list = organization(&server).organization().invitations().list();
    let invitations: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(invitations[0].id.as_deref(), Some(INVITATION_ID));

    for of_member in [true, false] {
        let server = two_pages("roles", role()).await;
        let org = organization(&server).organization();
        let roles: Vec<_> = match of_member {
            true => org
                .members()
                .roles()
                .list(USER_ID)
                .stream()
                .try_collect()
                .await
                .unwrap(),
            false => org.roles().list().stream().try_collect().await.unwrap(),
        };
        assert_eq!(roles[0].name, "Admin");
    }
}

#[tokio::test]
async fn page_has_no_list_then_it_is_an_error_and_null_is_an_empty_list() {
    let server = mock_server_json(200, json!({"error": "sandbox"})).await;
    let list = organization(&server).organization().invitations().list();
    let error = list.stream().try_next().await.unwrap_err();
    assert!(error.is_undecodable(), "{error}");
    assert_eq!(&error.body().unwrap()[..], br#"{"error":"sandbox"}"#);

    let server = mock_server_json(200, json!({"invitations": null})).await;
    let list = organization(&server).organization().invitations().list();
    let invitations: Vec<_> = list.stream().try_collect().await.unwrap();
    assert!(invitations.is_empty());
}
