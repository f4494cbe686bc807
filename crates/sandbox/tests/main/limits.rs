//! Rate limits.

use std::time::Duration;

use auth0_sandbox::{RateLimits, Sandbox};
use serde_json::json;

use crate::support::{Reply, Running, start, started};

const READ: &str = "/api/environments";

async fn write(sandbox: &Running) -> Reply {
    sandbox.delete("/api/members/nobody").await
}

fn number(answer: &Reply, name: &str) -> u64 {
    answer.header(name).unwrap().parse().unwrap()
}

/// A sandbox whose buckets fill so slowly that the machine's time does not matter.
async fn slow() -> Running {
    // The rate is one a second, and no test of six requests takes so long; what it regains is counted.
    started(Sandbox::builder().rate_limits(RateLimits::per_second(1, 1).burst(3))).await
}

#[tokio::test]
async fn nothing_was_asked_for_then_there_are_no_limits_and_no_headers() {
    let sandbox = start().await;
    for _ in 0..200 {
        let answer = sandbox.get(READ).await;
        assert_eq!(answer.header("x-ratelimit-limit"), None);
        answer.expect(200);
    }
}

#[tokio::test]
async fn plan_is_chosen_then_reads_and_writes_have_its_limits() {
    for (plan, read, write_limit) in [
        ("free", 4, 2),
        ("public-self-service", 8, 4),
        ("public-enterprise", 40, 20),
        ("private-basic", 40, 20),
        ("private-performance", 160, 80),
    ] {
        let limits: RateLimits = plan.parse().unwrap();
        let sandbox = started(Sandbox::builder().rate_limits(limits)).await;
        let answer = sandbox.get(READ).await;
        assert_eq!(number(&answer, "x-ratelimit-limit"), read, "{plan}");
        assert_eq!(number(&answer, "x-ratelimit-remaining"), read - 1, "{plan}");
        let answer = write(&sandbox).await;
        assert_eq!(number(&answer, "x-ratelimit-limit"), write_limit, "{plan}");
        assert_eq!(
            number(&answer, "x-ratelimit-remaining"),
            write_limit - 1,
            "{plan}"
        );
    }
    let wrong = "gold".parse::<RateLimits>().unwrap_err();
    insta::assert_snapshot!(wrong, @"expected a plan, found `gold`; there are free, public-self-service, public-enterprise, private-basic, private-performance");
}

#[tokio::test]
async fn limit_is_reached_then_it_is_refused_until_the_clock_moves_on() {
    let sandbox = slow().await;
    let mut refused = sandbox.get(READ).await;
    let mut let_in = 0;
    while refused.status == 200 {
        let_in += 1;
        refused = sandbox.get(READ).await;
    }
    // Three at once, and those that the time on the way brought.
    assert!(let_in >= 3, "{let_in}");
    assert_eq!(refused.problem(), (429, "TOO_MANY_REQUESTS"));
    assert_eq!(number(&refused, "retry-after"), 1);
    assert_eq!(number(&refused, "x-ratelimit-limit"), 3);
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    let date = chrono::DateTime::parse_from_rfc2822(refused.header("date").unwrap()).unwrap();
    let reset = i64::try_from(number(&refused, "x-ratelimit-reset")).unwrap();
    assert!((1..=2).contains(&(reset - date.timestamp())), "{refused:?}");

    // Writes have a bucket of their own.
    assert_eq!(write(&sandbox).await.status, 404);
    sandbox.advance(Duration::from_secs(1));
    sandbox.get(READ).await.expect(200);
    sandbox.advance(Duration::from_secs(60));
    let full = sandbox.get(READ).await;
    assert_eq!(number(&full, "x-ratelimit-remaining"), 2);
}

#[tokio::test]
async fn call_is_one_too_many_then_it_does_nothing() {
    let sandbox = started(
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
async fn limit_is_nothing_then_it_counts_as_one() {
    let sandbox =
        started(Sandbox::builder().rate_limits(RateLimits::per_second(0, 0).burst(0))).await;
    let answer = sandbox.get(READ).await;
    assert_eq!(number(&answer, "x-ratelimit-limit"), 1);
    answer.expect(200);
}
