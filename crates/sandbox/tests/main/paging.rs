//! Pages and cursors, of all listings.

use auth0_sandbox::{Application, Sandbox};
use serde_json::{Value, json};

use crate::support::{Running, member, start, started, texts};

/// How many items each listing has. With 50 to a page, one is left for a second page.
const SIZE: u64 = 51;

/// The listings: path, name of the items, name of what tells them apart.
async fn listings(sandbox: &Running) -> Vec<(String, &'static str, &'static str)> {
    let tenant = sandbox.tenant_ids().await.remove(0);
    for id in sandbox.member_ids().await {
        let body = json!({"tenants": [tenant], "roles": ["viewer-users"]});
        sandbox.put(&format!("{}/tenants", member(&id)), body).await;
    }
    vec![
        ("/api/members".to_owned(), "members", "id"),
        ("/api/tenants".to_owned(), "tenants", "tenant_id"),
        (format!("/api/tenants/{tenant}/members"), "members", "id"),
        ("/api/activity/logs".to_owned(), "logs", "id"),
    ]
}

async fn sized() -> Running {
    let sandbox = Sandbox::builder().members(SIZE).tenants(SIZE);
    // Filling a tenant with members writes as many entries again.
    started(sandbox.activity(0)).await
}

#[tokio::test]
async fn pages_have_any_size_then_every_item_comes_once_and_in_order() {
    let sandbox = sized().await;
    for (path, name, id) in listings(&sandbox).await {
        let whole = texts(&json!(sandbox.all(&path, name, "").await), id);
        assert_eq!(whole.len(), 51, "{path}");
        for take in 1..=50 {
            let mut from = String::new();
            let mut found = Vec::new();
            loop {
                let page = sandbox
                    .get(&format!("{path}?take={take}{from}"))
                    .await
                    .expect(200);
                let items = texts(&page[name], id);
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
async fn last_page_is_full_then_it_names_no_next_one() {
    let sandbox = started(Sandbox::builder().members(20).tenants(50)).await;
    let page = sandbox.get("/api/members?take=20").await.expect(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 20);
    assert!(page.get("next").is_none());
    // 50 is the most that a page holds, and what it holds where nothing is said.
    let page = sandbox.get("/api/tenants").await.expect(200);
    assert_eq!(page["tenants"].as_array().unwrap().len(), 50);
    assert!(page.get("next").is_none());
}

#[tokio::test]
async fn listing_is_empty_then_so_is_its_only_page() {
    let sandbox = started(Sandbox::builder().tenants(0).activity(0)).await;
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

/// The second page of `take` items, which `change` comes before.
async fn second_page(
    sandbox: &Running,
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
async fn members_leave_and_join_between_pages_then_nobody_is_missed_or_seen_twice() {
    let sandbox = started(Sandbox::builder().members(12).accept_invitations()).await;
    let ids = sandbox.member_ids().await;
    let second = second_page(&sandbox, "/api/members?take=4", "members", async |_| {
        // Before the cursor, the one that it names, and the first after it.
        for place in [2, 3, 4] {
            sandbox.delete(&member(&ids[place])).await.expect(204);
        }
        let body = json!({"email": "new@example.com", "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    });
    assert_eq!(texts(&json!(second.await), "id"), ids[5..9]);
    assert_eq!(sandbox.member_ids().await.len(), 10);
}

#[tokio::test]
async fn tenants_go_and_come_between_pages_then_none_is_missed_or_seen_twice() {
    for (sort, ascending) in [("created_at:1", true), ("created_at:-1", false)] {
        let sandbox = started(Sandbox::builder().tenants(6)).await;
        let path = format!("/api/tenants?take=3&sort={sort}");
        let mut ids = sandbox.tenant_ids().await;
        if !ascending {
            ids.reverse();
        }
        let second = second_page(&sandbox, &path, "tenants", async |_| {
            // All that come after the cursor in one direction, and the one that it names.
            for id in &ids[1..5] {
                sandbox
                    .delete(&format!("/api/tenants/{id}"))
                    .await
                    .expect(204);
            }
            let body = json!({"admin_email": sandbox.first_member().email, "locality": "eu", "tenant_name": "newest"});
            sandbox.post("/api/tenants", body).await.expect(201);
        });
        let names = texts(&json!(second.await), "tenant_name");
        // The newest comes last where the oldest come first, and is on the first page otherwise.
        let expected: &[&str] = if ascending {
            &["acme-6", "newest"]
        } else {
            &["acme-1"]
        };
        assert_eq!(names, expected, "{sort}");
    }
}

#[tokio::test]
async fn newest_tenants_go_and_another_comes_then_the_cursor_leads_to_it() {
    let sandbox = started(Sandbox::builder().tenants(5)).await;
    let ids = sandbox.tenant_ids().await;
    // The cursor names the fourth; it and all after it are gone when it is used.
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
    assert_eq!(texts(&json!(second.await), "tenant_name"), ["newest"]);
}

#[tokio::test]
async fn log_grows_between_pages_then_the_cursor_leads_to_what_is_older() {
    let sandbox = started(Sandbox::builder().activity(6)).await;
    let ids = texts(
        &json!(sandbox.all("/api/activity/logs", "logs", "").await),
        "id",
    );
    let second = second_page(&sandbox, "/api/activity/logs?take=3", "logs", async |_| {
        let body = json!({"email": "new@example.com", "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    });
    assert_eq!(texts(&json!(second.await), "id"), ids[3..]);
}

#[tokio::test]
async fn size_of_the_page_changes_on_the_way_then_the_cursor_stays_valid() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let page = sandbox.get("/api/members?take=2").await.expect(200);
    let next = page["next"].as_str().unwrap();
    let page = sandbox
        .get(&format!("/api/members?from={next}&take=5"))
        .await
        .expect(200);
    assert_eq!(texts(&page["members"], "id"), ids[2..7]);
    let application = Application::new("other", "s3cret");
    let other = started(Sandbox::builder().application(application)).await;
    let page = other.get(&format!("/api/members?from={next}")).await;
    // Both have the same seed, and a cursor says nothing about who asks.
    assert_eq!(texts(&page.expect(200)["members"], "id"), ids[2..]);
}

#[tokio::test]
async fn cursor_is_of_no_page_of_the_listing_then_it_is_refused() {
    let sandbox = started(Sandbox::builder().tenants(20)).await;
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
            let answer = sandbox.get(&format!("{path}from={cursor}")).await;
            assert_eq!(
                answer.problem(),
                (404, "CURSOR_NOT_FOUND"),
                "{path} {cursor}"
            );
            assert!(
                answer.details().starts_with("from: "),
                "{}",
                answer.details()
            );
        }
    }
    // The log's operation documents no 404.
    for cursor in [&*of_members, "garbage"] {
        let answer = sandbox
            .get(&format!("/api/activity/logs?from={cursor}"))
            .await;
        assert_eq!(answer.problem(), (403, "CURSOR_NOT_FOUND"));
    }
    let filtered = format!("/api/activity/logs?status=Success&from={of_log}");
    assert_eq!(sandbox.get(&filtered).await.status, 403);
}
