//! Rate limits of a plan, for the tenant and for each organization.

use std::sync::Arc;

use auth0_my_organization::types::OrgDetailsRequest;
use auth0_my_organization::{Limiter, Limits, Rate, limits};
use futures_util::future::join_all;

use super::*;

const CALLS: usize = 40;

async fn limited() -> Local {
    let plan = "public-self-service".parse().unwrap();
    Local::start(Sandbox::builder().rate_limit_plan(plan)).await
}

/// Clients of three organizations that share `limiter`, if there is one.
async fn clients(local: &Local, limiter: Option<&Limiter>) -> Vec<Client> {
    let source = |id: &str| {
        let source = local.credentials_for(local.my_organization_audience());
        source.organization(id).build().unwrap()
    };
    let all = local
        .organizations()
        .organizations()
        .list()
        .take(3)
        .await
        .unwrap();
    let ids = all.organizations.into_iter().map(|one| one.id.unwrap());
    let clients = ids.map(|id| {
        let client = local.my_organization_with(source(&id));
        match limiter {
            Some(limiter) => client.limiter(limiter.for_organization(&id)),
            None => client,
        }
    });
    clients.map(|client| client.build().unwrap()).collect()
}

/// Sends reads and writes of all organizations concurrently. Returns how many got a 429.
async fn send_concurrently(clients: &[Client]) -> usize {
    let calls = (0..CALLS * clients.len()).map(|number| async move {
        let details = clients[number % clients.len()].organization_details();
        if number % 4 == 0 {
            let change = OrgDetailsRequest::new().display_name("Acme");
            details.update(change).await.map(drop)
        } else {
            details.get().await.map(drop)
        }
    });
    let results = join_all(calls).await;
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(errors.iter().all(Error::is_rate_limited), "{errors:?}");
    errors.len()
}

#[tokio::test]
async fn limiter_has_the_limits_of_the_plan_then_no_organization_gets_a_429() {
    let local = limited().await;
    // A sleep moves the fake clock for all calls, so only one request is in flight at a time.
    let limits = limits::PUBLIC_SELF_SERVICE.max_in_flight(1);
    let timer = || Arc::new(local.timer.clone());
    let limiter = Limiter::with_timer(limits, timer(), timer()).unwrap();
    let clients = clients(&local, Some(&limiter)).await;
    assert_eq!(send_concurrently(&clients).await, 0);
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    let granted = (host.read.granted, host.write.granted);
    assert_eq!(granted, (90, 30));
    assert_eq!(host.organizations.len(), 3);
    for (id, organization) in &host.organizations {
        let granted = organization.read.granted + organization.write.granted;
        assert_eq!(granted, CALLS as u64, "{id}");
    }
    assert!(
        !local.timer.slept().is_empty(),
        "the limiter never delayed a call"
    );
}

#[tokio::test]
async fn limiter_lacks_organization_limits_then_it_learns_them_from_responses() {
    let local = limited().await;
    let of_tenant = Limits::new(Rate::per_second(8), Rate::per_second(4));
    let timer = || Arc::new(local.timer.clone());
    let limiter = Limiter::with_timer(of_tenant.max_in_flight(1), timer(), timer()).unwrap();
    // Only one organization calls: the limits of the tenant are higher than its own.
    let clients = clients(&local, Some(&limiter)).await;
    // The response headers announce an exhausted quota, so almost no call has to learn of it from a 429.
    assert!(send_concurrently(&clients[..1]).await <= CALLS / 20);
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    let organization = host.organizations.values().next().unwrap();
    assert_eq!(organization.read.reported.as_ref().unwrap().limit, Some(4));
}

#[tokio::test]
async fn no_limiter_is_used_then_each_429_names_organization_or_tenant() {
    let local = limited().await;
    let clients = clients(&local, None).await;
    let rate_limited = send_concurrently(&clients).await;
    assert!(rate_limited > CALLS, "{rate_limited}");
    // The sandbox's clock runs in real time, so how many calls it admits depends on the machine. Which limit rejected
    // them does not.
    let mut of_one = 0;
    for _ in 0..20 {
        match clients[0].organization_details().get().await {
            Err(error) if error.is_rate_limited() => {
                let headers = error.headers().unwrap();
                assert!(headers.contains_key("retry-after"));
                of_one += usize::from(!headers.contains_key("x-auth0-error-kind"));
            }
            _ => {}
        }
    }
    assert!(of_one > 0);
}
