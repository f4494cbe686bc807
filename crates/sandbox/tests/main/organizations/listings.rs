//! Listings of the Management API: their three shapes, and how far they reach.

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{error, operator, plain, start, text};

#[tokio::test]
async fn listing_is_asked_for_in_three_ways_then_it_has_three_shapes() {
    let sandbox = start(Sandbox::builder().organizations(5)).await;
    let operator = operator(&sandbox, "").await;
    for (path, name) in [
        ("/organizations".to_owned(), "organizations"),
        (operator.own("/members"), "members"),
    ] {
        let get = async |query: &str| operator.get(&format!("{path}?{query}")).await.expect(200);
        let bare = get("").await;
        assert_eq!(bare.as_array().unwrap().len(), 5);
        let totals = get("include_totals=true&per_page=2&page=1").await;
        let expected = json!({"start": 2, "limit": 2, "total": 5, name: [bare[2], bare[3]]});
        assert_eq!(totals, expected);
        let first = get("take=3").await;
        assert_eq!(first[name].as_array().unwrap().len(), 3);
        let members: Vec<&String> = first.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 2);
        let next = text(&first, "next");
        let last = get(&format!("take=3&from={next}")).await;
        assert_eq!(last, json!({ name: [bare[3], bare[4]] }));
        // Beside `take` the number of a page counts for nothing, and there is no total.
        assert_eq!(
            get("take=3&page=1&include_totals=true&per_page=1").await,
            first
        );
        let beyond = get("page=3&per_page=2").await;
        assert_eq!(beyond, json!([]));
    }
}

#[tokio::test]
async fn numbered_page_lies_beyond_a_thousand_records_then_it_is_refused() {
    let sandbox = start(
        Sandbox::builder()
            .organizations(1200)
            .organization_members(1100),
    )
    .await;
    let operator = operator(&sandbox, "").await;
    for path in ["/organizations".to_owned(), operator.own("/members")] {
        let page = async |query: &str| operator.get(&format!("{path}?{query}")).await;
        let last = page("page=9&per_page=100").await.expect(200);
        assert_eq!(last.as_array().unwrap().len(), 100);
        for query in ["page=10&per_page=100", "page=20", "page=999&per_page=2"] {
            assert_eq!(
                error(&page(query).await),
                (400, "invalid_paging"),
                "{query}"
            );
        }
        assert_eq!(
            error(&page("page=1001&per_page=1").await),
            (400, "invalid_query_string")
        );
    }
    let (all, pages) = operator
        .all("/organizations?take=100", "organizations")
        .await;
    assert_eq!((all.len(), pages), (1200, 12));
    let path = operator.own("/members?take=100");
    assert_eq!(operator.all(&path, "members").await.0.len(), 1100);
}

#[tokio::test]
async fn listing_knows_one_way_only_then_the_other_is_refused() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let member = &sandbox.organization_member().unwrap().id;
    let roles = format!("/members/{member}/roles");
    let numbered = [
        "/invitations",
        "/enabled_connections",
        "/connections",
        "/client-grants",
        &roles,
    ];
    for path in numbered {
        let totals = operator
            .get(&operator.own(&format!("{path}?include_totals=true")))
            .await;
        let totals = totals.expect(200);
        assert_eq!(
            totals.get("total").is_some(),
            path != "/invitations",
            "{path}"
        );
        for query in ["take=1", "from=x"] {
            let answer = operator
                .get(&operator.own(&format!("{path}?{query}")))
                .await;
            assert_eq!(error(&answer), (400, "invalid_query_string"), "{path}");
        }
    }
    let effective = format!("/members/{member}/effective-roles");
    for path in ["/discovery-domains", "/groups", &effective] {
        operator
            .get(&operator.own(&format!("{path}?take=1")))
            .await
            .expect(200);
        for query in ["page=0", "include_totals=true"] {
            let answer = operator
                .get(&operator.own(&format!("{path}?{query}")))
                .await;
            assert_eq!(error(&answer), (400, "invalid_query_string"), "{path}");
        }
    }
}

#[tokio::test]
async fn order_is_asked_for_then_pages_of_both_kinds_keep_to_it() {
    let sandbox = start(Sandbox::builder().organizations(20)).await;
    let operator = operator(&sandbox, "").await;
    let names = |items: &[Value]| {
        let names = items.iter().map(|item| text(item, "name").to_owned());
        names.collect::<Vec<String>>()
    };
    let created = operator.get("/organizations").await.expect(200);
    let created = names(created.as_array().unwrap());
    let mut sorted = created.clone();
    sorted.sort();
    for (sort, expected) in [
        ("name:1", sorted.clone()),
        ("name:-1", sorted.into_iter().rev().collect()),
        ("created_at:1", created.clone()),
        ("created_at:-1", created.into_iter().rev().collect()),
    ] {
        let bare = operator
            .get(&format!("/organizations?sort={sort}"))
            .await
            .expect(200);
        assert_eq!(names(bare.as_array().unwrap()), expected, "{sort}");
        let path = format!("/organizations?take=7&sort={sort}");
        let (all, pages) = operator.all(&path, "organizations").await;
        assert_eq!((names(&all), pages), (expected, 3), "{sort}");
    }
    let wrong = operator.get("/organizations?sort=id:1").await;
    assert_eq!(error(&wrong), (400, "invalid_query_string"));
}

#[tokio::test]
async fn there_are_a_hundred_thousand_then_they_are_listed_all_the_same() {
    let builder = Sandbox::builder()
        .organizations(100_000)
        .organization_members(100_000);
    let sandbox = start(builder).await;
    let operator = operator(&sandbox, "").await;
    let totals = operator
        .get("/organizations?include_totals=true&per_page=1")
        .await;
    assert_eq!(totals.expect(200)["total"], 100_000);
    let page = operator.get("/organizations?take=100").await.expect(200);
    assert_eq!(page["organizations"].as_array().unwrap().len(), 100);
    let last = operator
        .get("/organizations/name/wingtip-12499")
        .await
        .expect(200);
    let path = format!("/organizations/{}/members?take=100", text(&last, "id"));
    let page = operator.get(&path).await.expect(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 100);
}
