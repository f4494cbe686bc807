//! The activity log: what is in it from the beginning, and windows of it.

use auth0_sandbox::Sandbox;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{Running, start, started, texts};

const LOG: &str = "/api/activity/logs";

async fn window(sandbox: &Running, since: Option<&str>, until: Option<&str>) -> Vec<String> {
    let mut query = "take=50".to_owned();
    for (name, value) in [("since", since), ("until", until)] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", value.replace('+', "%2B")));
        }
    }
    texts(&json!(sandbox.all(LOG, "logs", &query).await), "id")
}

#[tokio::test]
async fn log_is_listed_then_the_newest_comes_first() {
    let sandbox = start().await;
    let entries = sandbox.all(LOG, "logs", "take=7").await;
    assert_eq!(entries.len(), 60);
    let times = texts(&json!(entries), "created_at");
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(entries[0]["actor"]["isMember"], true);
}

#[tokio::test]
async fn windows_meet_at_exact_times_then_they_tile() {
    let sandbox = start().await;
    for name in ["a@example.com", "b@example.com", "c@example.com"] {
        let body = json!({"email": name, "role": "teams_contributor"});
        sandbox.post("/api/members", body).await.expect(201);
    }
    let entries = sandbox.all(LOG, "logs", "").await;
    let all = texts(&json!(entries), "id");
    let times = texts(&json!(entries), "created_at");
    // Between two entries, and at the very time of each: what is cut there belongs to one side and to one only.
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
async fn times_are_written_in_other_ways_then_they_mean_the_same() {
    let sandbox = start().await;
    let entries = sandbox.all(LOG, "logs", "").await;
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
async fn log_is_filtered_then_it_holds_all_that_match_and_nothing_else() {
    let sandbox = started(Sandbox::builder().activity(120)).await;
    let all = sandbox.all(LOG, "logs", "").await;
    for (query, names) in [
        ("status=Failure", vec![("status", "Failure")]),
        ("type=Tenant%20Member", vec![("type", "Tenant Member")]),
        (
            "type=Team+Member&status=Success",
            vec![("type", "Team Member"), ("status", "Success")],
        ),
    ] {
        let found = sandbox.all(LOG, "logs", &format!("take=5&{query}")).await;
        let matches = |entry: &&Value| names.iter().all(|(name, value)| entry[*name] == *value);
        let expected: Vec<_> = all.iter().filter(matches).cloned().collect();
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(found, expected, "{query}");
    }
    assert!(
        sandbox
            .all(LOG, "logs", "type=Token%20Activity")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn team_began_with_much_then_nothing_lies_in_the_future() {
    let sandbox = started(Sandbox::builder().tenants(4_000).activity(20_000)).await;
    let now = Utc::now().to_rfc3339();
    let newest = sandbox.get("/api/tenants?take=1").await.expect(200);
    assert!(newest["tenants"][0]["created_at"].as_str().unwrap() < now.as_str());
    let newest = sandbox.get("/api/activity/logs?take=1").await.expect(200);
    assert!(newest["logs"][0]["created_at"].as_str().unwrap() < now.as_str());
}
