//! Pages that go on by a cursor.

use auth0_sandbox::Sandbox;
use serde_json::json;

use super::{administrator, code, error, operator, plain, start, text};

#[tokio::test]
async fn take_is_out_of_bounds_then_it_is_refused() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    for path in ["/members", "/roles", "/domains", "/member-invitations"] {
        for take in ["0", "101", "-1", "x", "1.5"] {
            let answer = inside.get(&format!("{path}?take={take}")).await;
            assert_eq!(code(&answer), (400, "A0E-400-0003"), "{path} {take}");
            let error = &answer.body["validation_errors"][0];
            assert_eq!(
                (&error["field"], &error["source"]),
                (&json!("take"), &json!("query"))
            );
        }
        for take in ["1", "100"] {
            inside.get(&format!("{path}?take={take}")).await.expect(200);
        }
    }
}

#[tokio::test]
async fn listing_goes_on_then_nothing_is_missed_or_seen_twice() {
    let sandbox = start(Sandbox::builder().organization_members(23)).await;
    let inside = administrator(&sandbox).await;
    for (path, name, count) in [("/members", "members", 23_usize), ("/roles", "roles", 12)] {
        for take in [1, 5, 23, 100] {
            let (items, pages) = inside.all(&format!("{path}?take={take}"), name).await;
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
async fn cursor_belongs_to_another_listing_then_it_is_refused() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let next = async |path: &str| {
        let page = inside.get(path).await.expect(200);
        text(&page, "next").to_owned()
    };
    let members = next("/members?take=1").await;
    inside
        .get(&format!("/members?take=3&from={members}"))
        .await
        .expect(200);
    // The document of the roles knows no 404.
    for (path, expected) in [
        ("/roles?", (403, "A0E-403-0001")),
        ("/members?fields=email&", (404, "A0E-404-0002")),
    ] {
        let answer = inside.get(&format!("{path}from={members}")).await;
        assert_eq!(code(&answer), expected, "{path}");
    }
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    let other = super::inside(&sandbox, text(&all[1], "id"), "").await;
    assert_eq!(
        other.get(&format!("/members?from={members}")).await.status,
        404
    );
    let path = operator.own(&format!("/members?from={members}"));
    assert_eq!(error(&operator.get(&path).await), (404, "cursor_not_found"));
}

#[tokio::test]
async fn quirks_are_set_then_pages_are_short_and_the_last_one_is_empty() {
    let builder = Sandbox::builder().organization_members(8).short_pages();
    let sandbox = start(builder).await;
    let inside = administrator(&sandbox).await;
    let (items, pages) = inside.all("/members?take=4", "members").await;
    assert_eq!((items.len(), pages), (8, 4));
    let sandbox = start(
        Sandbox::builder()
            .organization_members(8)
            .empty_last_pages(),
    )
    .await;
    let inside = administrator(&sandbox).await;
    let operator = operator(&sandbox, "").await;
    let (items, pages) = inside.all("/members?take=4", "members").await;
    assert_eq!((items.len(), pages), (8, 3));
    let (items, pages) = operator
        .all(&operator.own("/members?take=8"), "members")
        .await;
    assert_eq!((items.len(), pages), (8, 2));
}

#[tokio::test]
async fn members_change_on_the_way_then_the_cursor_still_holds() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let page = inside.get("/members?take=2").await.expect(200);
    for member in page["members"].as_array().unwrap() {
        let body = json!({"members": [member["user_id"]]});
        inside.post("/delete-memberships", body).await.expect(204);
    }
    let rest = inside
        .get(&format!("/members?take=9&from={}", text(&page, "next")))
        .await;
    assert_eq!(rest.expect(200)["members"].as_array().unwrap().len(), 3);
}
