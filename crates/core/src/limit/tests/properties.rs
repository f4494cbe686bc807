//! Properties for arbitrary limits and callers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::support::*;
use crate::limit::{Class, Limits, Rate};
use crate::time::Clock as _;

/// A rate as configured, with its numbers before the headroom.
#[derive(Debug, Clone, Copy)]
struct AllowedRate {
    rate: Rate,
    per_second: f64,
    burst: u32,
}

impl AllowedRate {
    /// The maximum number of requests in a window.
    fn within(&self, window: Duration, headroom: f64) -> f64 {
        let share = 1.0 - headroom;
        let burst = (f64::from(self.burst) * share + 1e-9).floor().max(1.0);
        burst + self.per_second * share * window.as_secs_f64() + 1e-6
    }
}

fn allowed() -> impl Strategy<Value = AllowedRate> {
    let burst = 1u32..20;
    let per_second = (1u32..50, burst.clone()).prop_map(|(count, burst)| AllowedRate {
        rate: Rate::per_second(count).burst(burst),
        per_second: f64::from(count),
        burst,
    });
    let per_minute = (60u32..600, burst).prop_map(|(count, burst)| AllowedRate {
        rate: Rate::per_minute(count).burst(burst),
        per_second: f64::from(count) / 60.0,
        burst,
    });
    let unset = (1u32..20).prop_map(|count| AllowedRate {
        rate: Rate::per_second(count),
        per_second: f64::from(count),
        burst: count,
    });
    prop_oneof![per_second, per_minute, unset]
}

#[derive(Debug, Clone)]
struct Scenario {
    /// Read and write rates of the host, then those of each organization.
    host: [AllowedRate; 2],
    organization: Option<[AllowedRate; 2]>,
    headroom: f64,
    max_in_flight: u32,
}

impl Scenario {
    fn limits(&self) -> Limits {
        let [read, write] = self.host.map(|allowed| allowed.rate);
        let limits = Limits::new(read, write)
            .headroom(self.headroom)
            .max_in_flight(self.max_in_flight);
        match self.organization {
            Some([read, write]) => limits.organization(read.rate, write.rate),
            None => limits,
        }
    }
}

fn scenario() -> impl Strategy<Value = Scenario> {
    (
        [allowed(), allowed()],
        prop::option::of([allowed(), allowed()]),
        prop_oneof![Just(0.0), Just(0.1), Just(0.25), Just(0.5)],
        1u32..12,
    )
        .prop_map(|(host, organization, headroom, max_in_flight)| Scenario {
            host,
            organization,
            headroom,
            max_in_flight,
        })
}

/// One request: who sends it and when, how long its response takes, and when its caller gives up.
#[derive(Debug, Clone)]
struct Request {
    organization: Option<u8>,
    class: Class,
    at: u64,
    takes: u64,
    max_wait: Option<u64>,
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Read), Just(Class::Write)]
}

fn request() -> impl Strategy<Value = Request> {
    (
        prop::option::of(0u8..3),
        class(),
        0u64..3_000,
        0u64..400,
        prop::option::weighted(0.3, 0u64..2_000),
    )
        .prop_map(|(organization, class, at, takes, max_wait)| Request {
            organization,
            class,
            at,
            takes,
            max_wait,
        })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec(request(), 1..60)
}

/// A 429 response at some time.
#[derive(Debug, Clone)]
struct RateLimitResponse {
    organization: Option<u8>,
    class: Class,
    global: bool,
    at: u64,
    wait: u64,
}

fn rate_limits() -> impl Strategy<Value = Vec<RateLimitResponse>> {
    let rate_limit = (
        prop::option::of(0u8..3),
        class(),
        prop::bool::weighted(0.2),
        0u64..4_000,
        0u64..3_000,
    );
    let rate_limit =
        rate_limit.prop_map(
            |(organization, class, global, at, wait)| RateLimitResponse {
                organization,
                class,
                global,
                at,
                wait,
            },
        );
    prop::collection::vec(rate_limit, 0..6)
}

/// The outcome of a request.
#[derive(Debug, Clone)]
struct RequestOutcome {
    /// The index in the list of requests.
    index: usize,
    request: Request,
    /// The order in which callers began to wait.
    arrival: usize,
    granted: Option<Duration>,
}

/// Runs all requests. The outcomes are in the order of grants and cancellations.
fn run(
    scenario: &Scenario,
    requests: &[Request],
    rate_limits: &[RateLimitResponse],
) -> Vec<RequestOutcome> {
    paused(async {
        let (limiter, time) = limiter(scenario.limits());
        let handle = |organization: Option<u8>| match organization {
            Some(id) => limiter.for_organization(format!("org_{id}")).handle(HOST),
            None => limiter.handle(HOST),
        };
        // Creates the host even without requests.
        limiter.handle(HOST);
        let arrivals = Arc::new(Mutex::new(0));
        let outcomes = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (index, request) in requests.iter().cloned().enumerate() {
            let handle = handle(request.organization);
            let (arrivals, outcomes, time) = (arrivals.clone(), outcomes.clone(), time.clone());
            tasks.push(tokio::spawn(async move {
                advance(ms(request.at)).await;
                let arrival = {
                    let mut arrivals = arrivals.lock().unwrap();
                    *arrivals += 1;
                    *arrivals
                };
                let takes = ms(request.takes);
                let max_wait = request.max_wait.map_or(s(1_000_000), ms);
                let permit = tokio::select! {
                    biased;
                    permit = acquire(&handle, request.class) => Some(permit),
                    () = advance(max_wait) => None,
                };
                outcomes.lock().unwrap().push(RequestOutcome {
                    index,
                    request,
                    arrival,
                    granted: permit.is_some().then(|| time.monotonic()),
                });
                advance(takes).await;
            }));
        }
        for rate_limit in rate_limits.iter().cloned() {
            let handle = handle(rate_limit.organization);
            tasks.push(tokio::spawn(async move {
                advance(ms(rate_limit.at)).await;
                handle.observe(crate::limit::Observation {
                    global: rate_limit.global,
                    ..rate_limited(rate_limit.class, Some(ms(rate_limit.wait)))
                });
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let host = limiter.snapshot().hosts[HOST].clone();
        assert_eq!(host.in_flight, 0);
        for class in [&host.read, &host.write] {
            assert_eq!(class.waiting, 0);
        }
        let granted = host.read.granted + host.write.granted;
        let outcomes = std::mem::take(&mut *outcomes.lock().unwrap());
        let counted = outcomes
            .iter()
            .filter(|outcome| outcome.granted.is_some())
            .count();
        assert_eq!(granted, counted as u64);
        outcomes
    })
}

/// The times of granted requests, grouped by `of`.
fn grants<K: Ord>(
    outcomes: &[RequestOutcome],
    of: impl Fn(&Request) -> Option<K>,
) -> BTreeMap<K, Vec<(Duration, usize)>> {
    let mut grants: BTreeMap<K, Vec<(Duration, usize)>> = BTreeMap::new();
    for outcome in outcomes {
        if let (Some(key), Some(at)) = (of(&outcome.request), outcome.granted) {
            grants.entry(key).or_default().push((at, outcome.arrival));
        }
    }
    grants
}

fn check_every_window(
    grants: &[(Duration, usize)],
    allowed: &AllowedRate,
    headroom: f64,
) -> Result<(), TestCaseError> {
    for (first, (start, _)) in grants.iter().enumerate() {
        for (last, (end, _)) in grants.iter().enumerate().skip(first) {
            let window = *end - *start;
            let count = (last - first + 1) as f64;
            let most = allowed.within(window, headroom);
            prop_assert!(count <= most, "{count} in {window:?}, allowed {most}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_exceeds_any_limit(
        (scenario, requests, rate_limits) in (scenario(), requests(), rate_limits())
    ) {
        let outcomes = run(&scenario, &requests, &rate_limits);
        let of_host = grants(&outcomes, |request| Some(request.class as usize));
        for (class, grants) in of_host {
            check_every_window(&grants, &scenario.host[class], scenario.headroom)?;
        }
        let Some(organization) = scenario.organization else { return Ok(()) };
        let of_organizations = grants(&outcomes, |request| {
            request.organization.map(|id| (id, request.class as usize))
        });
        for ((_, class), grants) in of_organizations {
            check_every_window(&grants, &organization[class], scenario.headroom)?;
        }
    }

    #[test]
    fn groups_are_served_in_order_and_no_caller_starves(
        (scenario, requests, rate_limits) in (scenario(), requests(), rate_limits())
    ) {
        let outcomes = run(&scenario, &requests, &rate_limits);
        let groups = grants(&outcomes, |request| Some((request.organization, request.class as usize)));
        for (group, grants) in groups {
            prop_assert!(
                grants.windows(2).all(|pair| pair[0].1 < pair[1].1),
                "{group:?}: {grants:?}"
            );
        }
        for outcome in &outcomes {
            prop_assert!(outcome.granted.is_some() || outcome.request.max_wait.is_some());
        }
        prop_assert_eq!(outcomes.len(), requests.len());
    }

    #[test]
    fn no_request_is_sent_during_a_pause(
        (scenario, requests, mut rate_limits) in (scenario(), requests(), rate_limits())
    ) {
        // Events at the same time have no defined order, so 429 responses get odd times.
        for rate_limit in &mut rate_limits {
            rate_limit.at = rate_limit.at * 2 + 1;
        }
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            at: request.at * 2,
            ..request
        }).collect();
        let outcomes = run(&scenario, &requests, &rate_limits);
        for rate_limit in &rate_limits {
            let (from, to) = (ms(rate_limit.at), ms(rate_limit.at + rate_limit.wait));
            let concerns = |request: &Request| {
                rate_limit.global
                    || request.class == rate_limit.class
                        && (rate_limit.organization.is_none()
                            || request.organization == rate_limit.organization)
            };
            for outcome in outcomes.iter().filter(|outcome| concerns(&outcome.request)) {
                let within = outcome.granted.is_some_and(|at| from < at && at < to);
                prop_assert!(!within, "{outcome:?} in {rate_limit:?}");
            }
        }
    }

    #[test]
    fn long_pause_of_one_group_starves_no_other(
        (scenario, requests, organization, class) in (scenario(), requests(), 0u8..3, class())
    ) {
        let pause = RateLimitResponse { organization: Some(organization), class, global: false, at: 0, wait: 3_000_000 };
        let outcomes = run(&scenario, &requests, std::slice::from_ref(&pause));
        for outcome in &outcomes {
            let paused = outcome.request.organization == Some(organization) && outcome.request.class == class;
            match outcome.granted {
                // The slowest of these limits grants all requests within two minutes.
                Some(at) if !paused => prop_assert!(at < s(150), "{outcome:?}"),
                Some(at) => prop_assert!(at.is_zero() || at >= s(3_000), "{outcome:?}"),
                None => prop_assert!(outcome.request.max_wait.is_some()),
            }
        }
    }

    #[test]
    fn long_pause_of_one_class_does_not_affect_the_other(
        (scenario, requests, class) in (scenario(), requests(), class())
    ) {
        // Both classes share the slots, so there have to be enough.
        let scenario = Scenario { max_in_flight: 100, ..scenario };
        let pause = RateLimitResponse { organization: None, class, global: false, at: 0, wait: 3_000_000 };
        // A request at the time of the pause may be granted before it.
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            at: request.at + 1,
            ..request
        }).collect();
        let remaining: Vec<_> = requests.iter().filter(|request| request.class != class).cloned().collect();
        let times = |outcomes: Vec<RequestOutcome>| {
            let mut times: Vec<_> = outcomes.into_iter()
                .filter(|outcome| outcome.request.class != class)
                .map(|outcome| outcome.granted)
                .collect();
            times.sort();
            times
        };
        prop_assert_eq!(times(run(&scenario, &requests, &[pause])), times(run(&scenario, &remaining, &[])));
    }

    #[test]
    fn cancelled_callers_do_not_affect_others_of_the_group(
        (scenario, requests, class) in (scenario(), requests(), class())
    ) {
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            organization: Some(0),
            class,
            ..request
        }).collect();
        let outcomes = run(&scenario, &requests, &[]);
        let served: Vec<_> = outcomes.iter().filter(|outcome| outcome.granted.is_some()).cloned().collect();
        let stayed: Vec<_> = requests.iter().enumerate()
            .filter(|(index, _)| served.iter().any(|outcome| outcome.index == *index))
            .map(|(_, request)| Request { max_wait: None, ..request.clone() })
            .collect();
        let times = |outcomes: &[RequestOutcome]| outcomes.iter().map(|outcome| outcome.granted).collect::<Vec<_>>();
        prop_assert_eq!(times(&served), times(&run(&scenario, &stayed, &[])));
    }
}
