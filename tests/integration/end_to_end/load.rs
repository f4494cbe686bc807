//! Many concurrent calls.

use std::sync::Arc;

use auth0_sandbox::RateLimits;
use auth0_teams::{Limiter, Limits, Rate};
use futures_util::future::join_all;

use super::*;

const CALLS: usize = 200;

/// A sandbox that enforces the limits of a plan: 4 reads and 2 writes per second.
async fn limited() -> Local {
    let limits: RateLimits = "free".parse().unwrap();
    Local::start(Sandbox::builder().rate_limits(limits)).await
}

/// Sends all reads and writes concurrently. Returns how many got a 429.
async fn send_concurrently(local: &Local, client: &Client) -> usize {
    let id = &local.first_member().id;
    let calls = (0..CALLS).map(|number| async move {
        let members = client.members();
        if number % 4 == 0 {
            let body = UpdateMembersRequestContent::with_role(TeamRole::TeamsOwner);
            members.update(id, body).await.map(|_| ())
        } else {
            members.get(id).await.map(|_| ())
        }
    });
    let results = join_all(calls).await;
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(errors.iter().all(Error::is_rate_limited), "{errors:?}");
    errors.len()
}

#[tokio::test]
async fn limiter_has_the_limits_of_the_plan_then_no_call_gets_a_429() {
    let local = limited().await;
    // A sleep moves the fake clock for all calls, including those in flight, so only one request is in flight at a
    // time.
    let limits = Limits::new(Rate::per_second(4), Rate::per_second(2)).max_in_flight(1);
    let timer = || Arc::new(local.timer.clone());
    let limiter = Limiter::with_timer(limits, timer(), timer()).unwrap();
    let client = local.builder().limiter(limiter.clone()).build().unwrap();
    assert_eq!(send_concurrently(&local, &client).await, 0);

    let requests = local.requests();
    let done = requests
        .iter()
        .filter(|request| request.acted && request.operation.as_deref() != Some("token"));
    assert_eq!(done.count(), CALLS);
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    assert_eq!((host.read.granted, host.write.granted), (150, 50));
    assert!(
        !local.timer.slept().is_empty(),
        "the limiter never delayed a call"
    );
}

#[tokio::test]
async fn no_limiter_is_used_then_many_calls_get_a_429() {
    let local = limited().await;
    let rate_limited = send_concurrently(&local, &local.client).await;
    // The sandbox's clock runs in real time, so how many calls it admits depends on the machine.
    assert!(rate_limited > CALLS / 2, "{rate_limited}");
    let statuses = [
        local.statuses("getMember"),
        local.statuses("updateMemberRole"),
    ]
    .concat();
    assert_eq!(
        statuses
            .iter()
            .filter(|status| **status == Some(429))
            .count(),
        rate_limited
    );
}
