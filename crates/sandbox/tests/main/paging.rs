//! Pages and cursors of all listings.

use auth0_sandbox::{Application, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestSandbox, member_path, start, start_with, string_fields};

/// Number of items in each listing. With 50 items per page, one item is left for a second page.
const SIZE: u64 = 51;

/// The listings: path, name of the items, name of the id.
async fn listings(sandbox: &TestSandbox) -> Vec<(String, &'static str, &'static str)> {
    let tenant = sandbox.tenant_ids().await.remove(0);
    for id in sandbox.member_ids().await {
        let body = json!({"tenants": [tenant], "roles": ["viewer-users"]});
        sandbox
            .put(&format!("{}/tenants", member_path(&id)), body)
            .await;
    }
    vec![
        ("/api/members".to_owned(), "members", "id"),
        ("/api/tenants".to_owned(), "tenants", "tenant_id"),
        (format!("/api/tenants/{tenant}/members"), "members", "id"),
        ("/api/activity/logs".to_owned(), "logs", "id"),
    ]
}

async fn start_with_full_listings() -> TestSandbox {
    let sandbox = Sandbox::builder().members(SIZE).tenants(SIZE);
    // Adding members to a tenant writes the same number of log entries.
    start_with(sandbox.activity(0)).await
}

#[tokio::test]
async fn every_page_size_returns_each_item_once_in_order() {
    let sandbox = start_with_full_listings().await;
    for (path, name, id) in listings(&sandbox).await {
        let whole = string_fields(&json!(sandbox.list_all(&path, name, "").await), id);
        assert_eq!(whole.len(), 51, "{path}");
        for take in 1..=50 {
            let mut from = String::new();
            let mut found = Vec::new();
            loop {
                let page = sandbox
                    .get(&format!("{path}?take={take}{from}"))
                    .await
                    .expect(200);
                let items = string_fields(&page[name], id);
                assert!(items.len() <= take, "{path} {take}");
                found.extend(items);
                match page["next"].as_str() {
                    Some(next) => {
                        assert_eq!(found.len() % take, 0, "{path} {take}");
                        from = format!("&from={next}");
                    }
                    None => break,
                }
            }
            assert_eq!(found, whole, "{path} {take}");
        }
    }
}

#[tokio::test]
async fn full_last_page_has_no_next_cursor() {
    let sandbox = start_with(Sandbox::builder().members(20).tenants(50)).await;
    let page = sandbox.get("/api/members?take=20").await.expect(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 20);
    assert!(page.get("next").is_none());
    // 50 is the maximum and the default page size.
    let page = sandbox.get("/api/tenants").await.expect(200);
    assert_eq!(page["tenants"].as_array().unwrap().len(), 50);
    assert!(page.get("next").is_none());
}

#[tokio::test]
async fn empty_listing_has_one_empty_page() {
    let sandbox = start_with(Sandbox::builder().tenants(0).activity(0)).await;
    assert_eq!(
        sandbox.get("/api/tenants").await.expect(200),
        json!({"tenants": []})
    );
    assert_eq!(
        sandbox.get("/api/activity/logs").await.expect(200),
        json!({"logs": []})
    );
    let environments = sandbox.get("/api/environments").await.expect(200);
    assert_eq!(environments, json!({"environments": []}));
}

/// Returns the second page. `change` runs between the two requests.
async fn second_page(
    sandbox: &TestSandbox,
    path: &str,
    name: &str,
    change: impl AsyncFnOnce(&[Value]),
) -> Vec<Value> {
    let first = sandbox.get(path).await.expect(200);
    change(first[name].as_array().unwrap()).await;
    let next = first["next"].as_str().unwrap();
    let page = sandbox
        .get(&format!("{path}&from={next}"))
        .await
        .expect(200);
    page[name].as_array().unwrap().clone()
}

#[tokio::test]
async fn changes_of_members_between_pages_neither_skip_nor_repeat_anyone() {
    let sandbox = start_with(Sandbox::builder().members(12).accept_invitations()).await;
    let ids = sandbox.member_ids().await;
    let second = second_page(&sandbox, "/api/members?take=4", "members", async |_| {
        // One before the cursor, the one at the cursor, and the first after it.
        for place in [2, 3, 4] {
            sandbox.delete(&member_path(&ids[place])).await.expect(204);
        }
        let body = json!({"email": "new@example.com", "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    });
    assert_eq!(string_fields(&json!(second.await), "id"), ids[5..9]);
    assert_eq!(sandbox.member_ids().await.len(), 10);
}

#[tokio::test]
async fn changes_of_tenants_between_pages_neither_skip_nor_repeat_any() {
    for (sort, ascending) in [("created_at:1", true), ("created_at:-1", false)] {
        let sandbox = start_with(Sandbox::builder().tenants(6)).await;
        let path = format!("/api/tenants?take=3&sort={sort}");
        let mut ids = sandbox.tenant_ids().await;
        if !ascending {
            ids.reverse();
        }
        let second = second_page(&sandbox, &path, "tenants", async |_| {
            // Items on both sides of the cursor, and the one at the cursor.
            for id in &ids[1..5] {
                sandbox
                    .delete(&format!("/api/tenants/{id}"))
                    .await
                    .expect(204);
            }
            let body = json!({"admin_email": sandbox.first_member().email, "locality": "eu", "tenant_name": "newest"});
            sandbox.post("/api/tenants", body).await.expect(201);
        });
        let names = string_fields(&json!(second.await), "tenant_name");
        // In ascending order the newest tenant comes last; in descending order it belongs to the first page.
        let expected: &[&str] = if ascending {
            &["acme-6", "newest"]
        } else {
            &["acme-1"]
        };
        assert_eq!(names, expected, "{sort}");
    }
}

#[tokio::test]
async fn cursor_of_deleted_tenants_leads_to_a_newer_tenant() {
    let sandbox = start_with(Sandbox::builder().tenants(5)).await;
    let ids = sandbox.tenant_ids().await;
    // The cursor names the fourth tenant, which is deleted together with all later ones before the cursor is used.
    let path = "/api/tenants?take=4&sort=created_at:1";
    let second = second_page(&sandbox, path, "tenants", async |_| {
        for id in &ids[3..] {
            sandbox
                .delete(&format!("/api/tenants/{id}"))
                .await
                .expect(204);
        }
        let body = json!({"admin_email": sandbox.first_member().email, "locality": "eu", "tenant_name": "newest"});
        sandbox.post("/api/tenants", body).await.expect(201);
    });
    assert_eq!(
        string_fields(&json!(second.await), "tenant_name"),
        ["newest"]
    );
}

#[tokio::test]
async fn new_log_entries_do_not_shift_the_cursor() {
    let sandbox = start_with(Sandbox::builder().activity(6)).await;
    let ids = string_fields(
        &json!(sandbox.list_all("/api/activity/logs", "logs", "").await),
        "id",
    );
    let second = second_page(&sandbox, "/api/activity/logs?take=3", "logs", async |_| {
        let body = json!({"email": "new@example.com", "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    });
    assert_eq!(string_fields(&json!(second.await), "id"), ids[3..]);
}

#[tokio::test]
async fn cursor_stays_valid_for_another_page_size_and_client() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let page = sandbox.get("/api/members?take=2").await.expect(200);
    let next = page["next"].as_str().unwrap();
    let page = sandbox
        .get(&format!("/api/members?from={next}&take=5"))
        .await
        .expect(200);
    assert_eq!(string_fields(&page["members"], "id"), ids[2..7]);
    let application = Application::new("other", "s3cret");
    let other = start_with(Sandbox::builder().application(application)).await;
    let page = other.get(&format!("/api/members?from={next}")).await;
    // Both sandboxes have the same seed, and a cursor does not depend on the client.
    assert_eq!(string_fields(&page.expect(200)["members"], "id"), ids[2..]);
}

#[tokio::test]
async fn cursor_of_another_listing_is_rejected() {
    let sandbox = start_with(Sandbox::builder().tenants(20)).await;
    let tenant = sandbox.tenant_ids().await.remove(0);
    let cursor = async |path: &str| {
        let page = sandbox.get(path).await.expect(200);
        page["next"].as_str().unwrap().to_owned()
    };
    let of_members = cursor("/api/members?take=1").await;
    let of_tenants = cursor("/api/tenants?take=1").await;
    let of_sorted = cursor("/api/tenants?take=1&sort=created_at:1").await;
    let of_some = cursor("/api/tenants?take=1&environment_tag=staging").await;
    let of_tenant = cursor(&format!("/api/tenants/{tenant}/members?take=1")).await;
    let of_log = cursor("/api/activity/logs?take=1").await;
    let cut = &of_members[..of_members.len() - 2];
    for (path, cursors) in [
        (
            "/api/members?",
            vec![
                &*of_tenants,
                &of_log,
                &of_tenant,
                "garbage",
                "",
                "a",
                cut,
                "%00",
                "%FF",
            ],
        ),
        (
            "/api/tenants?",
            vec![&*of_members, &of_sorted, &of_some, "1", "0"],
        ),
        (
            "/api/tenants?sort=created_at:1&",
            vec![&*of_tenants, &of_some],
        ),
        ("/api/tenants?environment_tag=production&", vec![&*of_some]),
        (
            &format!("/api/tenants/{tenant}/members?"),
            vec![&*of_members],
        ),
    ] {
        for cursor in cursors {
            let response = sandbox.get(&format!("{path}from={cursor}")).await;
            assert_eq!(
                response.status_and_type(),
                (404, "CURSOR_NOT_FOUND"),
                "{path} {cursor}"
            );
            assert!(
                response.details().starts_with("from: "),
                "{}",
                response.details()
            );
        }
    }
    // The operation of the log documents no 404.
    for cursor in [&*of_members, "garbage"] {
        let response = sandbox
            .get(&format!("/api/activity/logs?from={cursor}"))
            .await;
        assert_eq!(response.status_and_type(), (403, "CURSOR_NOT_FOUND"));
    }
    let filtered = format!("/api/activity/logs?status=Success&from={of_log}");
    assert_eq!(sandbox.get(&filtered).await.status, 403);
}
