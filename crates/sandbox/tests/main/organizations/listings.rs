//! Listings of the Management API: their three response formats and their limits.

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{error_code, management, start, start_default, str_field};

#[tokio::test]
async fn listing_parameters_select_one_of_three_response_formats() {
    let sandbox = start(Sandbox::builder().organizations(5)).await;
    let management = management(&sandbox, "").await;
    for (path, name) in [
        ("/organizations".to_owned(), "organizations"),
        (management.organization_path("/members"), "members"),
    ] {
        let get = async |query: &str| management.get(&format!("{path}?{query}")).await.expect(200);
        let bare = get("").await;
        assert_eq!(bare.as_array().unwrap().len(), 5);
        let totals = get("include_totals=true&per_page=2&page=1").await;
        let expected = json!({"start": 2, "limit": 2, "total": 5, name: [bare[2], bare[3]]});
        assert_eq!(totals, expected);
        let first = get("take=3").await;
        assert_eq!(first[name].as_array().unwrap().len(), 3);
        let members: Vec<&String> = first.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 2);
        let next = str_field(&first, "next");
        let last = get(&format!("take=3&from={next}")).await;
        assert_eq!(last, json!({ name: [bare[3], bare[4]] }));
        // `take` overrides the parameters of numbered pages, including the total.
        assert_eq!(
            get("take=3&page=1&include_totals=true&per_page=1").await,
            first
        );
        let beyond = get("page=3&per_page=2").await;
        assert_eq!(beyond, json!([]));
    }
}

#[tokio::test]
async fn numbered_page_beyond_a_thousand_records_is_rejected() {
    let sandbox = start(
        Sandbox::builder()
            .organizations(1200)
            .organization_members(1100),
    )
    .await;
    let management = management(&sandbox, "").await;
    for path in [
        "/organizations".to_owned(),
        management.organization_path("/members"),
    ] {
        let page = async |query: &str| management.get(&format!("{path}?{query}")).await;
        let last = page("page=9&per_page=100").await.expect(200);
        assert_eq!(last.as_array().unwrap().len(), 100);
        for query in ["page=10&per_page=100", "page=20", "page=999&per_page=2"] {
            assert_eq!(
                error_code(&page(query).await),
                (400, "invalid_paging"),
                "{query}"
            );
        }
        assert_eq!(
            error_code(&page("page=1001&per_page=1").await),
            (400, "invalid_query_string")
        );
    }
    let (all, pages) = management
        .list_all("/organizations?take=100", "organizations")
        .await;
    assert_eq!((all.len(), pages), (1200, 12));
    let path = management.organization_path("/members?take=100");
    assert_eq!(management.list_all(&path, "members").await.0.len(), 1100);
}

#[tokio::test]
async fn unsupported_kind_of_page_is_rejected() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
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
        let totals = management
            .get(&management.organization_path(&format!("{path}?include_totals=true")))
            .await;
        let totals = totals.expect(200);
        assert_eq!(
            totals.get("total").is_some(),
            path != "/invitations",
            "{path}"
        );
        for query in ["take=1", "from=x"] {
            let response = management
                .get(&management.organization_path(&format!("{path}?{query}")))
                .await;
            assert_eq!(
                error_code(&response),
                (400, "invalid_query_string"),
                "{path}"
            );
        }
    }
    let effective = format!("/members/{member}/effective-roles");
    for path in ["/discovery-domains", "/groups", &effective] {
        management
            .get(&management.organization_path(&format!("{path}?take=1")))
            .await
            .expect(200);
        for query in ["page=0", "include_totals=true"] {
            let response = management
                .get(&management.organization_path(&format!("{path}?{query}")))
                .await;
            assert_eq!(
                error_code(&response),
                (400, "invalid_query_string"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn both_kinds_of_pages_follow_the_sort_order() {
    let sandbox = start(Sandbox::builder().organizations(20)).await;
    let management = management(&sandbox, "").await;
    let names = |items: &[Value]| {
        let names = items.iter().map(|item| str_field(item, "name").to_owned());
        names.collect::<Vec<String>>()
    };
    let created = management.get("/organizations").await.expect(200);
    let created = names(created.as_array().unwrap());
    let mut sorted = created.clone();
    sorted.sort();
    for (sort, expected) in [
        ("name:1", sorted.clone()),
        ("name:-1", sorted.into_iter().rev().collect()),
        ("created_at:1", created.clone()),
        ("created_at:-1", created.into_iter().rev().collect()),
    ] {
        let bare = management
            .get(&format!("/organizations?sort={sort}"))
            .await
            .expect(200);
        assert_eq!(names(bare.as_array().unwrap()), expected, "{sort}");
        let path = format!("/organizations?take=7&sort={sort}");
        let (all, pages) = management.list_all(&path, "organizations").await;
        assert_eq!((names(&all), pages), (expected, 3), "{sort}");
    }
    let invalid = management.get("/organizations?sort=id:1").await;
    assert_eq!(error_code(&invalid), (400, "invalid_query_string"));
}

#[tokio::test]
async fn hundred_thousand_organizations_and_members_are_listed() {
    let builder = Sandbox::builder()
        .organizations(100_000)
        .organization_members(100_000);
    let sandbox = start(builder).await;
    let management = management(&sandbox, "").await;
    let totals = management
        .get("/organizations?include_totals=true&per_page=1")
        .await;
    assert_eq!(totals.expect(200)["total"], 100_000);
    let page = management.get("/organizations?take=100").await.expect(200);
    assert_eq!(page["organizations"].as_array().unwrap().len(), 100);
    let last = management
        .get("/organizations/name/wingtip-12499")
        .await
        .expect(200);
    let path = format!("/organizations/{}/members?take=100", str_field(&last, "id"));
    let page = management.get(&path).await.expect(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 100);
}
