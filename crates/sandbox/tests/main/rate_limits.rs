//! Rate limits of the Teams API.

use std::time::Duration;

use auth0_sandbox::{RateLimits, Sandbox};
use serde_json::json;

use crate::support::{TestResponse, TestSandbox, start, start_with};

const READ: &str = "/api/environments";

async fn write(sandbox: &TestSandbox) -> TestResponse {
    sandbox.delete("/api/members/nobody").await
}

fn header_number(response: &TestResponse, name: &str) -> u64 {
    response.header(name).unwrap().parse().unwrap()
}

/// Starts a sandbox whose buckets refill so slowly that the duration of the test does not matter.
async fn start_with_slow_refill() -> TestSandbox {
    // One request per second is refilled; additional accepted requests are counted.
    start_with(Sandbox::builder().rate_limits(RateLimits::per_second(1, 1).burst(3))).await
}

#[tokio::test]
async fn default_has_no_limits_and_no_headers() {
    let sandbox = start().await;
    for _ in 0..200 {
        let response = sandbox.get(READ).await;
        assert_eq!(response.header("x-ratelimit-limit"), None);
        response.expect(200);
    }
}

#[tokio::test]
async fn plan_determines_read_and_write_limits() {
    for (plan, read, write_limit) in [
        ("free", 4, 2),
        ("public-self-service", 8, 4),
        ("public-enterprise", 40, 20),
        ("private-basic", 40, 20),
        ("private-performance", 160, 80),
    ] {
        let limits: RateLimits = plan.parse().unwrap();
        let sandbox = start_with(Sandbox::builder().rate_limits(limits)).await;
        let response = sandbox.get(READ).await;
        assert_eq!(
            header_number(&response, "x-ratelimit-limit"),
            read,
            "{plan}"
        );
        assert_eq!(
            header_number(&response, "x-ratelimit-remaining"),
            read - 1,
            "{plan}"
        );
        let response = write(&sandbox).await;
        assert_eq!(
            header_number(&response, "x-ratelimit-limit"),
            write_limit,
            "{plan}"
        );
        assert_eq!(
            header_number(&response, "x-ratelimit-remaining"),
            write_limit - 1,
            "{plan}"
        );
    }
    let invalid = "gold".parse::<RateLimits>().unwrap_err();
    insta::assert_snapshot!(invalid, @"expected one of the plans free, public-self-service, public-enterprise, private-basic, private-performance, found `gold`");
}

#[tokio::test]
async fn exceeded_limit_recovers_with_the_clock() {
    let sandbox = start_with_slow_refill().await;
    let mut rejected = sandbox.get(READ).await;
    let mut accepted = 0;
    while rejected.status == 200 {
        accepted += 1;
        rejected = sandbox.get(READ).await;
    }
    // A burst of three, and the requests that were refilled in the meantime.
    assert!(accepted >= 3, "{accepted}");
    assert_eq!(rejected.status_and_type(), (429, "TOO_MANY_REQUESTS"));
    assert_eq!(header_number(&rejected, "retry-after"), 1);
    assert_eq!(header_number(&rejected, "x-ratelimit-limit"), 3);
    assert_eq!(header_number(&rejected, "x-ratelimit-remaining"), 0);
    let date = chrono::DateTime::parse_from_rfc2822(rejected.header("date").unwrap()).unwrap();
    let reset = i64::try_from(header_number(&rejected, "x-ratelimit-reset")).unwrap();
    assert!(
        (1..=2).contains(&(reset - date.timestamp())),
        "{rejected:?}"
    );

    // Writes have a separate bucket.
    assert_eq!(write(&sandbox).await.status, 404);
    sandbox.advance(Duration::from_secs(1));
    sandbox.get(READ).await.expect(200);
    sandbox.advance(Duration::from_secs(60));
    let full = sandbox.get(READ).await;
    assert_eq!(header_number(&full, "x-ratelimit-remaining"), 2);
}

#[tokio::test]
async fn rate_limited_call_has_no_effect() {
    let sandbox = start_with(
        Sandbox::builder()
            .rate_limits(RateLimits::per_second(100, 1))
            .activity(0),
    )
    .await;
    let invite = async |email: &str| {
        let body = json!({"email": email, "role": "teams_contributor"});
        sandbox.post("/api/members", body).await
    };
    let mut invited = 0;
    loop {
        match invite(&format!("{invited}@example.com")).await.status {
            201 => invited += 1,
            status => break assert_eq!(status, 429),
        }
    }
    assert_eq!(sandbox.invitations().len(), invited);
    let log = sandbox.get("/api/activity/logs").await.expect(200);
    assert_eq!(log["logs"].as_array().unwrap().len(), invited);
    let last = sandbox.requests_of("inviteMember").pop().unwrap();
    assert_eq!((last.status, last.acted), (Some(429), false));
}

#[tokio::test]
async fn limit_of_zero_counts_as_one() {
    let sandbox =
        start_with(Sandbox::builder().rate_limits(RateLimits::per_second(0, 0).burst(0))).await;
    let response = sandbox.get(READ).await;
    assert_eq!(header_number(&response, "x-ratelimit-limit"), 1);
    response.expect(200);
}
