//! Several processes that share a budget, each represented by a limiter.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::*;
use crate::BoxFuture;
use crate::limit::{
    Class, Limiter, LimiterHandle, Limits, PermitGrant, PermitRequest, Rate, SharedBudget,
};
use crate::time::Clock;

/// A budget in memory with a latency, which can be made unavailable.
#[derive(Debug, Clone)]
struct MemoryBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    time: Arc<TestTime>,
    /// By host, organization and class: when the bucket is full again.
    full_at: Mutex<BTreeMap<String, Duration>>,
    is_unavailable: AtomicBool,
    latency: Mutex<Duration>,
    requests: AtomicUsize,
}

impl MemoryBudget {
    fn new(time: &Arc<TestTime>) -> Self {
        Self(Arc::new(Inner {
            time: time.clone(),
            full_at: Mutex::default(),
            is_unavailable: AtomicBool::new(false),
            latency: Mutex::new(ms(1)),
            requests: AtomicUsize::new(0),
        }))
    }

    fn take(&self, request: &PermitRequest) -> PermitGrant {
        let now = self.0.time.monotonic();
        let mut known = self.0.full_at.lock().unwrap();
        let mut buckets: Vec<_> = request
            .buckets
            .iter()
            .map(|bucket| {
                let name = format!("{} {:?} {}", bucket.host, bucket.organization, bucket.class);
                let full_in = bucket.interval * bucket.burst;
                let full_at = known.get(&name).copied().unwrap_or_default().max(now);
                let spent = bucket.interval * bucket.spent.min(bucket.burst);
                let full_at = (full_at + spent).min((now + full_in).max(full_at));
                (name, bucket.interval, full_in, full_at)
            })
            .collect();
        let wait = |buckets: &[(String, Duration, Duration, Duration)]| {
            let waits = buckets.iter().map(|(_, interval, full_in, full_at)| {
                (*full_at + *interval).saturating_sub(now + *full_in)
            });
            waits.max().unwrap()
        };
        let mut waits = Vec::new();
        while waits.len() < request.permits as usize && wait(&buckets) <= request.horizon {
            waits.push(wait(&buckets));
            buckets
                .iter_mut()
                .for_each(|(_, interval, _, full_at)| *full_at += *interval);
        }
        let next = wait(&buckets);
        known.extend(
            buckets
                .into_iter()
                .map(|(name, _, _, full_at)| (name, full_at)),
        );
        PermitGrant { waits, next }
    }
}

impl SharedBudget for MemoryBudget {
    fn acquire<'a>(&'a self, request: &'a PermitRequest) -> BoxFuture<'a, Option<PermitGrant>> {
        Box::pin(async move {
            self.0.requests.fetch_add(1, Ordering::Relaxed);
            let latency = *self.0.latency.lock().unwrap();
            advance(latency / 2).await;
            let grant =
                (!self.0.is_unavailable.load(Ordering::Relaxed)).then(|| self.take(request));
            advance(latency / 2).await;
            grant
        })
    }
}

/// Creates `processes` limiters that share a budget.
fn fleet(limits: Limits, processes: usize) -> (Vec<Limiter>, MemoryBudget, Arc<TestTime>) {
    let (first, time) = limiter(limits);
    let budget = MemoryBudget::new(&time);
    let share = 1.0 / processes as f64;
    let shared = || {
        first
            .clone()
            .with_shared_budget(budget.clone(), share)
            .unwrap()
    };
    ((0..processes).map(|_| shared()).collect(), budget, time)
}

/// Runs callers that send requests continuously until `until`, and returns the times of all requests in order.
async fn departures(
    handles: Vec<LimiterHandle>,
    callers: usize,
    time: &Arc<TestTime>,
    until: Duration,
) -> Vec<Duration> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let callers = handles
        .iter()
        .flat_map(|handle| (0..callers).map(move |_| handle.clone()));
    let tasks: Vec<_> = callers
        .map(|handle| {
            let (seen, time) = (seen.clone(), time.clone());
            tokio::spawn(async move {
                loop {
                    let _permit = acquire(&handle, Class::Read).await;
                    seen.lock().unwrap().push(time.monotonic());
                    advance(ms(5)).await;
                }
            })
        })
        .collect();
    advance(until).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    seen
}

/// The largest number by which a window exceeds what burst and rate allow.
fn max_excess(departures: &[Duration], per_second: f64, burst: f64) -> f64 {
    // Equivalent to how far a bucket without a lower bound falls below zero.
    let (mut level, mut last, mut lowest) = (burst, Duration::ZERO, 0.0_f64);
    for &at in departures {
        level = (level + (at - last).as_secs_f64() * per_second).min(burst) - 1.0;
        last = at;
        lowest = lowest.min(level);
    }
    -lowest
}

#[test]
fn processes_together_stay_within_the_rate_and_use_it_fully() {
    for (per_second, burst) in [(200, 50), (20, 4), (2, 1), (10, 1)] {
        paused(async {
            let rate = Rate::per_second(per_second).burst(burst);
            let (fleet, _, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
            let handles = fleet.iter().map(|limiter| limiter.handle(HOST)).collect();
            let seen = departures(handles, 20, &time, s(30)).await;
            let (per_second, burst) = (f64::from(per_second), f64::from(burst));
            // A burst of one cannot be reduced to compensate for permits that are used late.
            let late = if burst == 1.0 { per_second * 0.1 } else { 0.0 };
            let max_excess = max_excess(&seen, per_second, burst);
            assert!(
                max_excess <= late + 1e-6,
                "{per_second}, {burst}: {max_excess}"
            );
            let used = seen.len() as f64 / (per_second * 30.0);
            assert!(used >= 0.95, "{per_second}, {burst}: {used}");
        });
    }
}

#[test]
fn processes_together_stay_within_host_and_organization_limits() {
    paused(async {
        let rate = |count| Rate::per_second(count).burst(count / 2);
        let limits = Limits::new(rate(40), rate(20))
            .organization(rate(16), rate(8))
            .headroom(0.0);
        let (fleet, _, time) = fleet(limits, 4);
        let handle = |limiter: &Limiter, id: &str| limiter.for_organization(id).handle(HOST);
        let of = |id: &str| {
            fleet
                .iter()
                .map(|limiter| handle(limiter, id))
                .collect::<Vec<_>>()
        };
        let (one, two, three) = tokio::join!(
            departures(of("one"), 5, &time, s(20)),
            departures(of("two"), 5, &time, s(20)),
            departures(of("three"), 5, &time, s(20)),
        );
        for seen in [&one, &two, &three] {
            assert!(max_excess(seen, 16.0, 8.0) <= 1e-6);
            assert!(seen.len() >= 100, "{}", seen.len());
        }
        let mut all = [one, two, three].concat();
        all.sort();
        assert!(max_excess(&all, 40.0, 20.0) <= 1e-6);
        assert!(all.len() as f64 >= 0.9 * 40.0 * 20.0, "{}", all.len());
    });
}

#[test]
fn sequential_calls_rarely_wait_for_the_budget() {
    paused(async {
        let rate = Rate::per_second(1_000);
        let (fleet, budget, _) = fleet(Limits::new(rate, rate), 1);
        let handle = fleet[0].handle(HOST);
        for _ in 0..1_000 {
            drop(acquire(&handle, Class::Read).await);
            advance(ms(5)).await;
        }
        let requests = budget.0.requests.load(Ordering::Relaxed);
        assert!(requests < 150, "{requests}");
    });
}

#[test]
fn budget_unavailable_then_each_process_uses_its_share_and_recovers() {
    paused(async {
        let rate = Rate::per_second(40).burst(8);
        let (fleet, budget, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
        budget.0.is_unavailable.store(true, Ordering::Relaxed);
        let handles: Vec<_> = fleet.iter().map(|limiter| limiter.handle(HOST)).collect();
        for handle in &handles {
            let start = time.monotonic();
            let mut seen = departures(vec![handle.clone()], 5, &time, s(10)).await;
            seen.iter_mut().for_each(|at| *at -= start);
            assert!(max_excess(&seen, 10.0, 2.0) <= 1e-6);
            assert!(seen.len() >= 100, "{}", seen.len());
        }
        // The budget counts what was used in the meantime, so no additional burst is granted.
        budget.0.is_unavailable.store(false, Ordering::Relaxed);
        let start = time.monotonic();
        let mut seen = departures(handles, 5, &time, s(10)).await;
        seen.iter_mut().for_each(|at| *at -= start);
        let used = seen.len();
        assert!((380..=402).contains(&used), "{used}");
    });
}

#[test]
fn permits_expired_on_arrival_then_the_process_uses_its_share() {
    paused(async {
        let rate = Rate::per_second(40).burst(8);
        let (fleet, budget, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
        *budget.0.latency.lock().unwrap() = ms(240);
        let seen = departures(vec![fleet[0].handle(HOST)], 5, &time, s(10)).await;
        assert!(max_excess(&seen, 10.0, 2.0) <= 1e-6);
        assert!(seen.len() >= 60, "{}", seen.len());
    });
}

#[test]
fn caller_dropped_during_a_budget_request_then_the_next_proceeds() {
    paused(async {
        let (fleet, _, _) = fleet(slow(), 2);
        let handle = fleet[0].handle(HOST);
        {
            let mut first = pin!(acquire(&handle, Class::Read));
            assert!(poll(&mut first).is_pending());
        }
        assert_eq!(fleet[0].snapshot().hosts[HOST].read.waiting, 0);
        assert!(wait_of(&handle, Class::Read).await <= ms(3));
    });
}

#[test]
fn expired_permit_is_requested_again() {
    paused(async {
        let (fleet, budget, _) = fleet(fast(), 2);
        let handle = fleet[0].handle(HOST);
        for _ in 0..4 {
            drop(acquire(&handle, Class::Read).await);
        }
        let before = budget.0.requests.load(Ordering::Relaxed);
        assert!(is_granted(&handle, Class::Read), "permits remain");
        advance(ms(150)).await;
        assert!(
            !is_granted(&handle, Class::Read),
            "all permits have expired"
        );
        assert_eq!(budget.0.requests.load(Ordering::Relaxed), before + 1);
    });
}

#[test]
fn shared_limits_use_one_budget_bucket() {
    paused(async {
        let rate = Rate::per_second(10).burst(2);
        let (fleet, budget, _) = fleet(Limits::shared(rate).headroom(0.0), 2);
        for limiter in &fleet {
            let handle = limiter.handle(HOST);
            drop(acquire(&handle, Class::Read).await);
            drop(acquire(&handle, Class::Write).await);
        }
        let known = budget.0.full_at.lock().unwrap();
        let names: Vec<_> = known.keys().collect();
        assert_eq!(names, [&format!("{HOST} None all")]);
    });
}

#[test]
fn share_out_of_range_is_rejected() {
    let (limiter, time) = paused(async { limiter(fast()) });
    let sharing = |share| {
        limiter
            .clone()
            .with_shared_budget(MemoryBudget::new(&time), share)
    };
    for share in [0.0, 0.000_9, 1.1, f64::NAN] {
        let error = sharing(share).unwrap_err().to_string();
        assert!(
            error.contains("limits: share: expected a share from 0.001 to 1, found"),
            "{error}"
        );
    }
    assert!(sharing(1.0).is_ok() && sharing(0.001).is_ok());
}

#[test]
fn long_pause_during_a_budget_request_or_slot_wait_fails_at_once() {
    for latency in [s(0), s(30)] {
        paused(async {
            let (limiters, budget, _) = fleet(fast().max_in_flight(1), 2);
            let handle = limiters[0].handle(HOST);
            // Either the slot is taken, or the budget responds slowly.
            let mut in_flight = Some(acquire(&handle, Class::Read).await);
            if !latency.is_zero() {
                in_flight = None;
                advance(s(1)).await;
                *budget.0.latency.lock().unwrap() = latency;
            }
            let waiting = handle.clone();
            let waiting = tokio::spawn(async move {
                let result = waiting.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            });
            settle().await;
            handle.observe(rate_limited(Class::Read, Some(s(3600))));
            let result = tokio::time::timeout(s(1), waiting).await;
            assert_eq!(result.unwrap().unwrap(), Err(s(3600)), "{latency:?}");
            drop(in_flight);
        });
    }
}
