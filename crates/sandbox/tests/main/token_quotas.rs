//! Token quotas.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, TokenQuota};

use crate::support::{TestResponse, TestSandbox, client};

/// Starts a sandbox with two applications, whose clock is in the first minute of a day, so that no window ends during a
/// test.
async fn at_midnight(quota: TokenQuota) -> TestSandbox {
    let sandbox = Sandbox::builder()
        .application(Application::new("first", "one"))
        .application(Application::new("second", "two"))
        .token_quota(quota)
        .check_responses();
    // `start_with` would use the quota.
    let sandbox = sandbox.start().await.unwrap();
    let response = client().get(sandbox.url()).send().await.unwrap();
    let date = response.headers()["date"].to_str().unwrap().to_owned();
    let now = chrono::DateTime::parse_from_rfc2822(&date).unwrap();
    let passed = u64::try_from(now.timestamp()).unwrap() % 86_400;
    let settled = Duration::from_secs(86_400 - passed + 10);
    sandbox.advance(settled);
    TestSandbox::without_token(sandbox)
}

/// Name, quota, remaining tokens and seconds until the reset of each window in the header.
fn windows(response: &TestResponse) -> Vec<(String, u64, u64, u64)> {
    let header = response.header("auth0-client-quota-limit").unwrap();
    let windows = header.split(',').map(|window| {
        let part = |name: &str| {
            let parts = window.split(';').filter_map(|part| part.split_once('='));
            let mut found = parts.filter(|(key, _)| *key == name);
            found.next().unwrap().1.to_owned()
        };
        let number = |name: &str| part(name).parse().unwrap();
        (part("b"), number("q"), number("r"), number("t"))
    });
    windows.collect()
}

fn remaining(response: &TestResponse) -> Vec<u64> {
    windows(response)
        .into_iter()
        .map(|window| window.2)
        .collect()
}

#[tokio::test]
async fn quota_headers_count_down() {
    let sandbox = at_midnight(TokenQuota::per_hour(2).per_day(3)).await;
    let first = sandbox.request_default_token("").await;
    assert_eq!(first.status, 200);
    let [hour, day] = &windows(&first)[..] else {
        panic!("{first:?}")
    };
    assert_eq!((hour.0.as_str(), hour.1, hour.2), ("per_hour", 2, 1));
    assert_eq!((day.0.as_str(), day.1, day.2), ("per_day", 3, 2));
    assert!((3500..=3600).contains(&hour.3), "{hour:?}");
    assert_eq!(day.3 - hour.3, 82_800);
    assert_eq!(remaining(&sandbox.request_default_token("").await), [0, 1]);
}

#[tokio::test]
async fn exhausted_quota_rejects_requests_until_retry_after() {
    let sandbox = at_midnight(TokenQuota::per_hour(2).per_day(3)).await;
    for _ in 0..2 {
        sandbox.request_default_token("").await.expect(200);
    }
    let rejected = sandbox.request_default_token("").await;
    assert_eq!(rejected.body["error"], "too_many_requests");
    assert_eq!(rejected.status, 429);
    assert_eq!(rejected.header("cache-control"), Some("no-store"));
    assert_eq!(remaining(&rejected), [0, 1]);
    let wait: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, windows(&rejected)[0].3);
    sandbox.advance(Duration::from_secs(wait - 5));
    sandbox.request_default_token("").await.expect(429);
    sandbox.advance(Duration::from_secs(5));
    assert_eq!(remaining(&sandbox.request_default_token("").await), [1, 0]);

    // The daily quota is exhausted, so the wait is not that of the hour.
    let rejected = sandbox.request_default_token("").await;
    assert_eq!(rejected.status, 429);
    let wait: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
    assert!((82_000..=82_800).contains(&wait), "{wait}");
    sandbox.advance(Duration::from_secs(wait));
    assert_eq!(remaining(&sandbox.request_default_token("").await), [1, 2]);
}

#[tokio::test]
async fn rejected_request_does_not_use_the_quota() {
    let sandbox = at_midnight(TokenQuota::per_hour(1)).await;
    for _ in 0..3 {
        let response = sandbox.request_default_token("none:such").await;
        assert_eq!(response.status, 403);
    }
    let response = sandbox.request_default_token("").await;
    assert_eq!((response.status, remaining(&response)), (200, vec![0]));
}

#[tokio::test]
async fn quotas_of_applications_are_separate() {
    let sandbox = at_midnight(TokenQuota::per_hour(1)).await;
    sandbox.request_default_token("").await.expect(200);
    sandbox.request_default_token("").await.expect(429);
    let second = sandbox
        .request_token(&[
            ("grant_type", "client_credentials"),
            ("client_id", "second"),
            ("client_secret", "two"),
            ("audience", sandbox.audience()),
        ])
        .await;
    second.expect(200);
}

#[tokio::test]
async fn longest_exhausted_window_determines_the_wait() {
    let sandbox = at_midnight(TokenQuota::per_hour(1).per_day(1)).await;
    sandbox.request_default_token("").await.expect(200);
    let rejected = sandbox.request_default_token("").await;
    let wait: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, windows(&rejected)[1].3);
    assert!(wait > 80_000, "{wait}");
}
