//! Rate limits of a plan, shared by reads and writes.

use std::sync::Arc;

use auth0_management::{Limiter, Limits, limits};
use auth0_sandbox::RateLimitPlan;
use futures_util::future::join_all;

use super::*;

const CALLS: usize = 120;

fn plan() -> RateLimitPlan {
    "public-enterprise".parse().unwrap()
}

/// Sends all reads and writes concurrently. Returns how many got a 429.
async fn send_concurrently(client: &Client) -> usize {
    let calls = (0..CALLS).map(|number| async move {
        if number % 4 == 0 {
            let request = CreateOrganizationRequestContent::with_name(format!("acme-{number}"));
            client.organizations().create(request).await.map(drop)
        } else {
            client.organizations().list().await.map(drop)
        }
    });
    let results = join_all(calls).await;
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(errors.iter().all(Error::is_rate_limited), "{errors:?}");
    errors.len()
}

async fn send_under(plan: RateLimitPlan, limits: Limits) -> usize {
    let local = Local::start(Sandbox::builder().rate_limit_plan(plan)).await;
    // A sleep moves the fake clock for all calls, so only one request is in flight at a time.
    let timer = || Arc::new(local.timer.clone());
    let limiter = Limiter::with_timer(limits.max_in_flight(1), timer(), timer()).unwrap();
    let client = local.organizations_with().limiter(limiter).build().unwrap();
    let rate_limited = send_concurrently(&client).await;
    assert!(
        !local.timer.slept().is_empty(),
        "the limiter never delayed a call"
    );
    rate_limited
}

#[tokio::test]
async fn limiter_has_the_limits_of_the_plan_then_no_call_gets_a_429() {
    let production = limits::PUBLIC_ENTERPRISE_PRODUCTION;
    assert_eq!(send_under(plan().production(), production).await, 0);
    let other = limits::PUBLIC_ENTERPRISE_OTHER;
    assert_eq!(send_under(plan(), other).await, 0);
}

#[tokio::test]
async fn limiter_has_higher_limits_than_the_plan_then_it_learns_from_responses() {
    let production = limits::PUBLIC_ENTERPRISE_PRODUCTION;
    // The response headers announce an exhausted quota, so almost no call has to learn of it from a 429.
    assert!(send_under(plan(), production).await <= CALLS / 20);
}

#[tokio::test]
async fn no_limiter_is_used_then_many_calls_get_a_429() {
    let local = Local::start(Sandbox::builder().rate_limit_plan(plan())).await;
    // The sandbox admits a burst of ten calls, and more for each second that the machine needs.
    let rate_limited = send_concurrently(&local.organizations()).await;
    assert!(rate_limited > CALLS / 2, "{rate_limited}");
}
