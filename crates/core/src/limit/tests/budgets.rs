//! Several processes that share a budget; here they are limiters.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::*;
use crate::BoxFuture;
use crate::limit::{Class, Draw, Drawn, Limiter, LimiterHandle, Limits, Rate, SharedBudget};
use crate::time::Clock;

/// A budget in memory, which says at once what it has, or later, or nothing.
#[derive(Debug, Clone)]
struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    time: Arc<TestTime>,
    /// By host, organization and class: when the bucket is full again.
    full_at: Mutex<BTreeMap<String, Duration>>,
    is_away: AtomicBool,
    latency: Mutex<Duration>,
    draws: AtomicUsize,
}

impl Pool {
    fn new(time: &Arc<TestTime>) -> Self {
        Self(Arc::new(Inner {
            time: time.clone(),
            full_at: Mutex::default(),
            is_away: AtomicBool::new(false),
            latency: Mutex::new(ms(1)),
            draws: AtomicUsize::new(0),
        }))
    }

    fn take(&self, draw: &Draw) -> Drawn {
        let now = self.0.time.monotonic();
        let mut known = self.0.full_at.lock().unwrap();
        let mut buckets: Vec<_> = draw
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
        while waits.len() < draw.permits as usize && wait(&buckets) <= draw.horizon {
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
        Drawn { waits, next }
    }
}

impl SharedBudget for Pool {
    fn draw<'a>(&'a self, draw: &'a Draw) -> BoxFuture<'a, Option<Drawn>> {
        Box::pin(async move {
            self.0.draws.fetch_add(1, Ordering::Relaxed);
            let latency = *self.0.latency.lock().unwrap();
            pass(latency / 2).await;
            let drawn = (!self.0.is_away.load(Ordering::Relaxed)).then(|| self.take(draw));
            pass(latency / 2).await;
            drawn
        })
    }
}

/// So many processes that share a budget.
fn fleet(limits: Limits, processes: usize) -> (Vec<Limiter>, Pool, Arc<TestTime>) {
    let (first, time) = limiter(limits);
    let pool = Pool::new(&time);
    let share = 1.0 / processes as f64;
    let shared = || first.clone().sharing(pool.clone(), share).unwrap();
    ((0..processes).map(|_| shared()).collect(), pool, time)
}

/// When the requests of callers that never stop went out in so much time, in order.
async fn departures(
    lanes: Vec<LimiterHandle>,
    callers: usize,
    time: &Arc<TestTime>,
    until: Duration,
) -> Vec<Duration> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let callers = lanes
        .iter()
        .flat_map(|handle| (0..callers).map(move |_| handle.clone()));
    let tasks: Vec<_> = callers
        .map(|handle| {
            let (seen, time) = (seen.clone(), time.clone());
            tokio::spawn(async move {
                loop {
                    let _permit = acquire(&handle, Class::Read).await;
                    seen.lock().unwrap().push(time.monotonic());
                    pass(ms(5)).await;
                }
            })
        })
        .collect();
    pass(until).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    seen
}

/// The largest number by which a window holds more than burst and rate allow.
fn excess(departures: &[Duration], per_second: f64, burst: f64) -> f64 {
    // The same as a bucket that may go below zero: how far does it go?
    let (mut level, mut last, mut lowest) = (burst, Duration::ZERO, 0.0_f64);
    for &at in departures {
        level = (level + (at - last).as_secs_f64() * per_second).min(burst) - 1.0;
        last = at;
        lowest = lowest.min(level);
    }
    -lowest
}

#[test]
fn processes_all_call_then_they_keep_the_rate_together_and_use_it() {
    for (per_second, burst) in [(200, 50), (20, 4), (2, 1), (10, 1)] {
        paused(async {
            let rate = Rate::per_second(per_second).burst(burst);
            let (fleet, _, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
            let lanes = fleet.iter().map(|limiter| limiter.handle(HOST)).collect();
            let seen = departures(lanes, 20, &time, s(30)).await;
            let (per_second, burst) = (f64::from(per_second), f64::from(burst));
            // Of a burst of one nothing can be kept back for permits that are used a little late.
            let late = if burst == 1.0 { per_second * 0.1 } else { 0.0 };
            let excess = excess(&seen, per_second, burst);
            assert!(excess <= late + 1e-6, "{per_second}, {burst}: {excess}");
            let used = seen.len() as f64 / (per_second * 30.0);
            assert!(used >= 0.95, "{per_second}, {burst}: {used}");
        });
    }
}

#[test]
fn organizations_share_a_host_then_both_limits_are_kept_by_all_together() {
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
            assert!(excess(seen, 16.0, 8.0) <= 1e-6);
            assert!(seen.len() >= 100, "{}", seen.len());
        }
        let mut all = [one, two, three].concat();
        all.sort();
        assert!(excess(&all, 40.0, 20.0) <= 1e-6);
        assert!(all.len() as f64 >= 0.9 * 40.0 * 20.0, "{}", all.len());
    });
}

#[test]
fn calls_come_one_after_the_other_then_few_of_them_wait_for_the_budget() {
    paused(async {
        let rate = Rate::per_second(1_000);
        let (fleet, pool, _) = fleet(Limits::new(rate, rate), 1);
        let handle = fleet[0].handle(HOST);
        for _ in 0..1_000 {
            drop(acquire(&handle, Class::Read).await);
            pass(ms(5)).await;
        }
        let draws = pool.0.draws.load(Ordering::Relaxed);
        assert!(draws < 150, "{draws}");
    });
}

#[test]
fn budget_is_away_then_each_process_takes_its_share_and_comes_back_by_itself() {
    paused(async {
        let rate = Rate::per_second(40).burst(8);
        let (fleet, pool, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
        pool.0.is_away.store(true, Ordering::Relaxed);
        let lanes: Vec<_> = fleet.iter().map(|limiter| limiter.handle(HOST)).collect();
        for handle in &lanes {
            let start = time.monotonic();
            let mut seen = departures(vec![handle.clone()], 5, &time, s(10)).await;
            seen.iter_mut().for_each(|at| *at -= start);
            assert!(excess(&seen, 10.0, 2.0) <= 1e-6);
            assert!(seen.len() >= 100, "{}", seen.len());
        }
        // It begins with what they used meanwhile, so no burst comes on top.
        pool.0.is_away.store(false, Ordering::Relaxed);
        let start = time.monotonic();
        let mut seen = departures(lanes, 5, &time, s(10)).await;
        seen.iter_mut().for_each(|at| *at -= start);
        let used = seen.len();
        assert!((380..=402).contains(&used), "{used}");
    });
}

#[test]
fn permits_arrive_too_late_to_be_used_then_the_process_goes_on_by_itself() {
    paused(async {
        let rate = Rate::per_second(40).burst(8);
        let (fleet, pool, time) = fleet(Limits::new(rate, rate).headroom(0.0), 4);
        *pool.0.latency.lock().unwrap() = ms(240);
        let seen = departures(vec![fleet[0].handle(HOST)], 5, &time, s(10)).await;
        assert!(excess(&seen, 10.0, 2.0) <= 1e-6);
        assert!(seen.len() >= 60, "{}", seen.len());
    });
}

#[test]
fn caller_goes_away_while_the_budget_is_asked_then_the_next_one_goes() {
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
fn permit_is_not_used_in_time_then_another_is_asked_for() {
    paused(async {
        let (fleet, pool, _) = fleet(fast(), 2);
        let handle = fleet[0].handle(HOST);
        for _ in 0..4 {
            drop(acquire(&handle, Class::Read).await);
        }
        let before = pool.0.draws.load(Ordering::Relaxed);
        assert!(passes(&handle, Class::Read), "there are some ahead");
        pass(ms(150)).await;
        assert!(!passes(&handle, Class::Read), "they are old");
        assert_eq!(pool.0.draws.load(Ordering::Relaxed), before + 1);
    });
}

#[test]
fn limits_count_reads_and_writes_together_then_so_does_the_budget() {
    paused(async {
        let rate = Rate::per_second(10).burst(2);
        let (fleet, pool, _) = fleet(Limits::shared(rate).headroom(0.0), 2);
        for limiter in &fleet {
            let handle = limiter.handle(HOST);
            drop(acquire(&handle, Class::Read).await);
            drop(acquire(&handle, Class::Write).await);
        }
        let known = pool.0.full_at.lock().unwrap();
        let names: Vec<_> = known.keys().collect();
        assert_eq!(names, [&format!("{HOST} None all")]);
    });
}

#[test]
fn share_is_out_of_range_then_it_is_refused() {
    let (limiter, time) = paused(async { limiter(fast()) });
    let sharing = |share| limiter.clone().sharing(Pool::new(&time), share);
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
fn long_pause_comes_while_the_budget_is_asked_or_a_place_is_awaited_then_the_caller_fails_at_once()
{
    for latency in [s(0), s(30)] {
        paused(async {
            let (limiters, pool, _) = fleet(fast().max_in_flight(1), 2);
            let handle = limiters[0].handle(HOST);
            // The place is held, or the budget takes long to answer.
            let mut under_way = Some(acquire(&handle, Class::Read).await);
            if !latency.is_zero() {
                under_way = None;
                pass(s(1)).await;
                *pool.0.latency.lock().unwrap() = latency;
            }
            let waiting = handle.clone();
            let waiting = tokio::spawn(async move {
                let result = waiting.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            });
            settle().await;
            handle.observe(refusal(Class::Read, Some(s(3600))));
            let given_up = tokio::time::timeout(s(1), waiting).await;
            assert_eq!(given_up.unwrap().unwrap(), Err(s(3600)), "{latency:?}");
            drop(under_way);
        });
    }
}
