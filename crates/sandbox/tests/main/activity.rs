//! Time windows of the activity log.

use auth0_sandbox::Sandbox;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::support::{TestSandbox, start, start_with, string_fields};

const LOG: &str = "/api/activity/logs";

async fn window(sandbox: &TestSandbox, since: Option<&str>, until: Option<&str>) -> Vec<String> {
    let mut query = "take=50".to_owned();
    for (name, value) in [("since", since), ("until", until)] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", value.replace('+', "%2B")));
        }
    }
    string_fields(&json!(sandbox.list_all(LOG, "logs", &query).await), "id")
}

#[tokio::test]
async fn adjacent_windows_cover_every_entry_once() {
    let sandbox = start().await;
    for name in ["a@example.com", "b@example.com", "c@example.com"] {
        let body = json!({"email": name, "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    }
    let entries = sandbox.list_all(LOG, "logs", "").await;
    let all = string_fields(&json!(entries), "id");
    let times = string_fields(&json!(entries), "created_at");
    // Each entry at or between the edges belongs to exactly one side.
    for edge in &times {
        let newer = window(&sandbox, Some(edge), None).await;
        let older = window(&sandbox, None, Some(edge)).await;
        assert_eq!([newer.clone(), older].concat(), all, "{edge}");
        let first = times.iter().position(|time| time == edge).unwrap();
        // `since` is inclusive: the entry itself is among the newer ones.
        assert!(newer.contains(&all[first]), "{edge}");
    }
    let edges: Vec<_> = times.iter().step_by(9).collect();
    let mut tiles = window(&sandbox, Some(edges[0]), None).await;
    for pair in edges.windows(2) {
        tiles.extend(window(&sandbox, Some(pair[1]), Some(pair[0])).await);
    }
    tiles.extend(window(&sandbox, None, edges.last().map(|edge| edge.as_str())).await);
    assert_eq!(tiles, all);
}

#[tokio::test]
async fn equivalent_time_formats_select_the_same_entries() {
    let sandbox = start().await;
    let entries = sandbox.list_all(LOG, "logs", "").await;
    let time = entries[20]["created_at"].as_str().unwrap();
    let expected = window(&sandbox, Some(time), None).await;
    assert_eq!(expected.len(), 21);
    let at: DateTime<Utc> = time.parse().unwrap();
    let east = at.with_timezone(&chrono::FixedOffset::east_opt(7200).unwrap());
    for same in [
        east.to_rfc3339(),
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true),
    ] {
        assert_eq!(
            window(&sandbox, Some(&same), None).await,
            expected,
            "{same}"
        );
    }
    assert!(window(&sandbox, Some(time), Some(time)).await.is_empty());
    assert!(
        window(&sandbox, Some("2999-01-01T00:00:00Z"), None)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn large_initial_state_contains_no_future_times() {
    let sandbox = start_with(Sandbox::builder().tenants(4_000).activity(20_000)).await;
    let now = Utc::now().to_rfc3339();
    let newest = sandbox.get("/api/tenants?take=1").await.expect(200);
    assert!(newest["tenants"][0]["created_at"].as_str().unwrap() < now.as_str());
    let newest = sandbox.get("/api/activity/logs?take=1").await.expect(200);
    assert!(newest["logs"][0]["created_at"].as_str().unwrap() < now.as_str());
}
