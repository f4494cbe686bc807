//! Listings with cursors.

use auth0_sandbox::Sandbox;
use serde_json::json;

use super::{administrator, error_code, error_type, management, start, start_default, str_field};

#[tokio::test]
async fn take_out_of_range_is_rejected() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    for path in ["/members", "/roles", "/domains", "/member-invitations"] {
        for take in ["0", "101", "-1", "x", "1.5"] {
            let response = my_organization.get(&format!("{path}?take={take}")).await;
            assert_eq!(
                error_type(&response),
                (400, "A0E-400-0003"),
                "{path} {take}"
            );
            let error = &response.body["validation_errors"][0];
            assert_eq!(
                (&error["field"], &error["source"]),
                (&json!("take"), &json!("query"))
            );
        }
        for take in ["1", "100"] {
            my_organization
                .get(&format!("{path}?take={take}"))
                .await
                .expect(200);
        }
    }
}

#[tokio::test]
async fn listing_neither_skips_nor_repeats_items() {
    let sandbox = start(Sandbox::builder().organization_members(23)).await;
    let my_organization = administrator(&sandbox).await;
    for (path, name, count) in [("/members", "members", 23_usize), ("/roles", "roles", 12)] {
        for take in [1, 5, 23, 100] {
            let (items, pages) = my_organization
                .list_all(&format!("{path}?take={take}"), name)
                .await;
            let mut ids: Vec<String> = items.iter().map(|item| item.to_string()).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(
                (ids.len(), pages),
                (count, count.div_ceil(take)),
                "{path} {take}"
            );
        }
    }
}

#[tokio::test]
async fn cursor_of_another_listing_is_rejected() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let next = async |path: &str| {
        let page = my_organization.get(path).await.expect(200);
        str_field(&page, "next").to_owned()
    };
    let members = next("/members?take=1").await;
    my_organization
        .get(&format!("/members?take=3&from={members}"))
        .await
        .expect(200);
    // The operation of the roles documents no 404.
    for (path, expected) in [
        ("/roles?", (403, "A0E-403-0001")),
        ("/members?fields=email&", (404, "A0E-404-0002")),
    ] {
        let response = my_organization.get(&format!("{path}from={members}")).await;
        assert_eq!(error_type(&response), expected, "{path}");
    }
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    let other = super::my_organization(&sandbox, str_field(&all[1], "id"), "").await;
    assert_eq!(
        other.get(&format!("/members?from={members}")).await.status,
        404
    );
    let path = management.organization_path(&format!("/members?from={members}"));
    assert_eq!(
        error_code(&management.get(&path).await),
        (404, "cursor_not_found")
    );
}

#[tokio::test]
async fn listing_quirks_produce_short_and_empty_pages() {
    let builder = Sandbox::builder().organization_members(8).short_pages();
    let sandbox = start(builder).await;
    let my_organization = administrator(&sandbox).await;
    let (items, pages) = my_organization.list_all("/members?take=4", "members").await;
    assert_eq!((items.len(), pages), (8, 4));
    let sandbox = start(
        Sandbox::builder()
            .organization_members(8)
            .empty_last_pages(),
    )
    .await;
    let my_organization = administrator(&sandbox).await;
    let management = management(&sandbox, "").await;
    let (items, pages) = my_organization.list_all("/members?take=4", "members").await;
    assert_eq!((items.len(), pages), (8, 3));
    let (items, pages) = management
        .list_all(&management.organization_path("/members?take=8"), "members")
        .await;
    assert_eq!((items.len(), pages), (8, 2));
}

#[tokio::test]
async fn cursor_stays_valid_when_members_leave() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let page = my_organization.get("/members?take=2").await.expect(200);
    for member in page["members"].as_array().unwrap() {
        let body = json!({"members": [member["user_id"]]});
        my_organization
            .post("/delete-memberships", body)
            .await
            .expect(204);
    }
    let rest = my_organization
        .get(&format!(
            "/members?take=9&from={}",
            str_field(&page, "next")
        ))
        .await;
    assert_eq!(rest.expect(200)["members"].as_array().unwrap().len(), 3);
}
