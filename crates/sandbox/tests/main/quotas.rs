//! Quotas of tokens.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, TokenQuota};

use crate::support::{Reply, Running, client};

/// A sandbox with two applications, whose clock shows the first minute of a day: no window ends by accident.
async fn at_midnight(quota: TokenQuota) -> Running {
    let sandbox = Sandbox::builder()
        .application(Application::new("first", "one"))
        .application(Application::new("second", "two"))
        .token_quota(quota)
        .check_responses();
    // The quota would be used by what `started` does.
    let sandbox = sandbox.start().await.unwrap();
    let response = client().get(sandbox.url()).send().await.unwrap();
    let date = response.headers()["date"].to_str().unwrap().to_owned();
    let now = chrono::DateTime::parse_from_rfc2822(&date).unwrap();
    let passed = u64::try_from(now.timestamp()).unwrap() % 86_400;
    let settled = Duration::from_secs(86_400 - passed + 10);
    sandbox.advance(settled);
    Running::without_token(sandbox)
}

/// Remaining tokens and seconds to the reset of each window, by the header.
fn windows(answer: &Reply) -> Vec<(String, u64, u64, u64)> {
    let header = answer.header("auth0-client-quota-limit").unwrap();
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

fn remaining(answer: &Reply) -> Vec<u64> {
    windows(answer).into_iter().map(|window| window.2).collect()
}

#[tokio::test]
async fn tokens_are_granted_then_the_headers_count_down() {
    let sandbox = at_midnight(TokenQuota::per_hour(2).per_day(3)).await;
    let first = sandbox.ask_as_usual("").await;
    assert_eq!(first.status, 200);
    let [hour, day] = &windows(&first)[..] else {
        panic!("{first:?}")
    };
    assert_eq!((hour.0.as_str(), hour.1, hour.2), ("per_hour", 2, 1));
    assert_eq!((day.0.as_str(), day.1, day.2), ("per_day", 3, 2));
    assert!((3500..=3600).contains(&hour.3), "{hour:?}");
    assert_eq!(day.3 - hour.3, 82_800);
    assert_eq!(remaining(&sandbox.ask_as_usual("").await), [0, 1]);
}

#[tokio::test]
async fn quota_is_used_up_then_it_is_refused_until_retry_after_has_passed() {
    let sandbox = at_midnight(TokenQuota::per_hour(2).per_day(3)).await;
    for _ in 0..2 {
        sandbox.ask_as_usual("").await.expect(200);
    }
    let refused = sandbox.ask_as_usual("").await;
    assert_eq!(refused.body["error"], "too_many_requests");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(remaining(&refused), [0, 1]);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, windows(&refused)[0].3);
    sandbox.advance(Duration::from_secs(wait - 5));
    sandbox.ask_as_usual("").await.expect(429);
    sandbox.advance(Duration::from_secs(5));
    assert_eq!(remaining(&sandbox.ask_as_usual("").await), [1, 0]);

    // Now it is the day that is used up, and the hour is not what to wait for.
    let refused = sandbox.ask_as_usual("").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((82_000..=82_800).contains(&wait), "{wait}");
    sandbox.advance(Duration::from_secs(wait));
    assert_eq!(remaining(&sandbox.ask_as_usual("").await), [1, 2]);
}

#[tokio::test]
async fn request_is_refused_then_it_uses_nothing() {
    let sandbox = at_midnight(TokenQuota::per_hour(1)).await;
    for _ in 0..3 {
        let answer = sandbox.ask_as_usual("none:such").await;
        assert_eq!(answer.status, 403);
    }
    let answer = sandbox.ask_as_usual("").await;
    assert_eq!((answer.status, remaining(&answer)), (200, vec![0]));
}

#[tokio::test]
async fn one_application_has_none_left_then_another_still_has() {
    let sandbox = at_midnight(TokenQuota::per_hour(1)).await;
    sandbox.ask_as_usual("").await.expect(200);
    sandbox.ask_as_usual("").await.expect(429);
    let second = sandbox
        .ask(&[
            ("grant_type", "client_credentials"),
            ("client_id", "second"),
            ("client_secret", "two"),
            ("audience", sandbox.audience()),
        ])
        .await;
    second.expect(200);
}

#[tokio::test]
async fn hour_and_day_are_used_up_then_the_wait_is_the_longer_one() {
    let sandbox = at_midnight(TokenQuota::per_hour(1).per_day(1)).await;
    sandbox.ask_as_usual("").await.expect(200);
    let refused = sandbox.ask_as_usual("").await;
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, windows(&refused)[1].3);
    assert!(wait > 80_000, "{wait}");
}
