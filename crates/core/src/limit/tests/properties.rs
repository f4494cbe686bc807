//! What has to hold for any limits and any callers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::support::*;
use crate::limit::{Class, Limits, Rate};
use crate::time::Clock as _;

/// A rate as it is set, and what it comes to once the headroom is taken off.
#[derive(Debug, Clone, Copy)]
struct Allowed {
    rate: Rate,
    per_second: f64,
    burst: u32,
}

impl Allowed {
    /// The most that may go out in a window.
    fn within(&self, window: Duration, headroom: f64) -> f64 {
        let share = 1.0 - headroom;
        let burst = (f64::from(self.burst) * share + 1e-9).floor().max(1.0);
        burst + self.per_second * share * window.as_secs_f64() + 1e-6
    }
}

fn allowed() -> impl Strategy<Value = Allowed> {
    let burst = 1u32..20;
    let per_second = (1u32..50, burst.clone()).prop_map(|(count, burst)| Allowed {
        rate: Rate::per_second(count).burst(burst),
        per_second: f64::from(count),
        burst,
    });
    let per_minute = (60u32..600, burst).prop_map(|(count, burst)| Allowed {
        rate: Rate::per_minute(count).burst(burst),
        per_second: f64::from(count) / 60.0,
        burst,
    });
    let unset = (1u32..20).prop_map(|count| Allowed {
        rate: Rate::per_second(count),
        per_second: f64::from(count),
        burst: count,
    });
    prop_oneof![per_second, per_minute, unset]
}

#[derive(Debug, Clone)]
struct World {
    /// Read and write of the host, read and write of each organization.
    host: [Allowed; 2],
    organization: Option<[Allowed; 2]>,
    headroom: f64,
    max_in_flight: u32,
}

impl World {
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

fn world() -> impl Strategy<Value = World> {
    (
        [allowed(), allowed()],
        prop::option::of([allowed(), allowed()]),
        prop_oneof![Just(0.0), Just(0.1), Just(0.25), Just(0.5)],
        1u32..12,
    )
        .prop_map(|(host, organization, headroom, max_in_flight)| World {
            host,
            organization,
            headroom,
            max_in_flight,
        })
}

/// One request: who sends it and when, how long its answer takes, and when its caller gives up.
#[derive(Debug, Clone)]
struct Request {
    organization: Option<u8>,
    class: Class,
    at: u64,
    takes: u64,
    patience: Option<u64>,
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
        .prop_map(|(organization, class, at, takes, patience)| Request {
            organization,
            class,
            at,
            takes,
            patience,
        })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec(request(), 1..60)
}

/// A refusal that comes at some moment.
#[derive(Debug, Clone)]
struct Refusal {
    organization: Option<u8>,
    class: Class,
    global: bool,
    at: u64,
    wait: u64,
}

fn refusals() -> impl Strategy<Value = Vec<Refusal>> {
    let refusal = (
        prop::option::of(0u8..3),
        class(),
        prop::bool::weighted(0.2),
        0u64..4_000,
        0u64..3_000,
    );
    let refusal = refusal.prop_map(|(organization, class, global, at, wait)| Refusal {
        organization,
        class,
        global,
        at,
        wait,
    });
    prop::collection::vec(refusal, 0..6)
}

/// What became of a request.
#[derive(Debug, Clone)]
struct Fate {
    /// Its number in the list of requests.
    index: usize,
    request: Request,
    /// The order in which callers began to wait.
    arrival: usize,
    granted: Option<Duration>,
}

/// Lets it all happen; the fates are in the order of grants, and those who gave up stand where they did so.
fn run(world: &World, requests: &[Request], refusals: &[Refusal]) -> Vec<Fate> {
    paused(async {
        let (limiter, time) = limiter(world.limits());
        let handle = |organization: Option<u8>| match organization {
            Some(id) => limiter.for_organization(format!("org_{id}")).handle(HOST),
            None => limiter.handle(HOST),
        };
        // Known even if nobody calls.
        limiter.handle(HOST);
        let arrivals = Arc::new(Mutex::new(0));
        let fates = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (index, request) in requests.iter().cloned().enumerate() {
            let handle = handle(request.organization);
            let (arrivals, fates, time) = (arrivals.clone(), fates.clone(), time.clone());
            tasks.push(tokio::spawn(async move {
                pass(ms(request.at)).await;
                let arrival = {
                    let mut arrivals = arrivals.lock().unwrap();
                    *arrivals += 1;
                    *arrivals
                };
                let takes = ms(request.takes);
                let patience = request.patience.map_or(s(1_000_000), ms);
                let permit = tokio::select! {
                    biased;
                    permit = acquire(&handle, request.class) => Some(permit),
                    () = pass(patience) => None,
                };
                fates.lock().unwrap().push(Fate {
                    index,
                    request,
                    arrival,
                    granted: permit.is_some().then(|| time.monotonic()),
                });
                pass(takes).await;
            }));
        }
        for refused in refusals.iter().cloned() {
            let handle = handle(refused.organization);
            tasks.push(tokio::spawn(async move {
                pass(ms(refused.at)).await;
                handle.observe(crate::limit::Observation {
                    global: refused.global,
                    ..refusal(refused.class, Some(ms(refused.wait)))
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
        let fates = std::mem::take(&mut *fates.lock().unwrap());
        let counted = fates.iter().filter(|fate| fate.granted.is_some()).count();
        assert_eq!(granted, counted as u64);
        fates
    })
}

/// When requests that `of` tells apart were let through.
fn grants<K: Ord>(
    fates: &[Fate],
    of: impl Fn(&Request) -> Option<K>,
) -> BTreeMap<K, Vec<(Duration, usize)>> {
    let mut grants: BTreeMap<K, Vec<(Duration, usize)>> = BTreeMap::new();
    for fate in fates {
        if let (Some(key), Some(at)) = (of(&fate.request), fate.granted) {
            grants.entry(key).or_default().push((at, fate.arrival));
        }
    }
    grants
}

fn no_window_holds_too_much(
    grants: &[(Duration, usize)],
    allowed: &Allowed,
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
    fn any_callers_then_no_window_of_any_bucket_holds_more_than_allowed(
        (world, requests, refusals) in (world(), requests(), refusals())
    ) {
        let fates = run(&world, &requests, &refusals);
        let of_host = grants(&fates, |request| Some(request.class as usize));
        for (class, grants) in of_host {
            no_window_holds_too_much(&grants, &world.host[class], world.headroom)?;
        }
        let Some(organization) = world.organization else { return Ok(()) };
        let of_organizations = grants(&fates, |request| {
            request.organization.map(|id| (id, request.class as usize))
        });
        for ((_, class), grants) in of_organizations {
            no_window_holds_too_much(&grants, &organization[class], world.headroom)?;
        }
    }

    #[test]
    fn any_callers_then_each_group_is_served_in_order_and_everybody_is_served(
        (world, requests, refusals) in (world(), requests(), refusals())
    ) {
        let fates = run(&world, &requests, &refusals);
        let groups = grants(&fates, |request| Some((request.organization, request.class as usize)));
        for (group, grants) in groups {
            prop_assert!(
                grants.windows(2).all(|pair| pair[0].1 < pair[1].1),
                "{group:?}: {grants:?}"
            );
        }
        for fate in &fates {
            prop_assert!(fate.granted.is_some() || fate.request.patience.is_some());
        }
        prop_assert_eq!(fates.len(), requests.len());
    }

    #[test]
    fn any_pause_is_on_then_nothing_goes_out_before_its_end(
        (world, requests, mut refusals) in (world(), requests(), refusals())
    ) {
        // Those of the same moment come in no certain order, so a refusal gets one to itself.
        for refusal in &mut refusals {
            refusal.at = refusal.at * 2 + 1;
        }
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            at: request.at * 2,
            ..request
        }).collect();
        let fates = run(&world, &requests, &refusals);
        for refusal in &refusals {
            let (from, to) = (ms(refusal.at), ms(refusal.at + refusal.wait));
            let concerns = |request: &Request| {
                refusal.global
                    || request.class == refusal.class
                        && (refusal.organization.is_none()
                            || request.organization == refusal.organization)
            };
            for fate in fates.iter().filter(|fate| concerns(&fate.request)) {
                let within = fate.granted.is_some_and(|at| from < at && at < to);
                prop_assert!(!within, "{fate:?} in {refusal:?}");
            }
        }
    }

    #[test]
    fn group_is_paused_for_long_then_nobody_else_starves(
        (world, requests, organization, class) in (world(), requests(), 0u8..3, class())
    ) {
        let pause = Refusal { organization: Some(organization), class, global: false, at: 0, wait: 3_000_000 };
        let fates = run(&world, &requests, std::slice::from_ref(&pause));
        for fate in &fates {
            let paused = fate.request.organization == Some(organization) && fate.request.class == class;
            match fate.granted {
                // Everything could be done in two minutes by the slowest of these limits.
                Some(at) if !paused => prop_assert!(at < s(150), "{fate:?}"),
                Some(at) => prop_assert!(at.is_zero() || at >= s(3_000), "{fate:?}"),
                None => prop_assert!(fate.request.patience.is_some()),
            }
        }
    }

    #[test]
    fn class_is_paused_for_long_then_the_other_is_served_as_if_it_were_alone(
        (world, requests, class) in (world(), requests(), class())
    ) {
        // Places are shared, so there have to be enough.
        let world = World { max_in_flight: 100, ..world };
        let pause = Refusal { organization: None, class, global: false, at: 0, wait: 3_000_000 };
        // What comes in the same moment as the pause may still come before it.
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            at: request.at + 1,
            ..request
        }).collect();
        let alone: Vec<_> = requests.iter().filter(|request| request.class != class).cloned().collect();
        let times = |fates: Vec<Fate>| {
            let mut times: Vec<_> = fates.into_iter()
                .filter(|fate| fate.request.class != class)
                .map(|fate| fate.granted)
                .collect();
            times.sort();
            times
        };
        prop_assert_eq!(times(run(&world, &requests, &[pause])), times(run(&world, &alone, &[])));
    }

    #[test]
    fn callers_give_up_then_all_others_of_the_group_go_as_if_they_had_never_come(
        (world, requests, class) in (world(), requests(), class())
    ) {
        let requests: Vec<_> = requests.into_iter().map(|request| Request {
            organization: Some(0),
            class,
            ..request
        }).collect();
        let fates = run(&world, &requests, &[]);
        let served: Vec<_> = fates.iter().filter(|fate| fate.granted.is_some()).cloned().collect();
        let stayed: Vec<_> = requests.iter().enumerate()
            .filter(|(index, _)| served.iter().any(|fate| fate.index == *index))
            .map(|(_, request)| Request { patience: None, ..request.clone() })
            .collect();
        let times = |fates: &[Fate]| fates.iter().map(|fate| fate.granted).collect::<Vec<_>>();
        prop_assert_eq!(times(&served), times(&run(&world, &stayed, &[])));
    }
}
