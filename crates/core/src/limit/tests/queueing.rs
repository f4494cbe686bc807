use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::support::*;
use crate::BoxFuture;
use crate::limit::{Class, Limiter, LimiterHandle, Limits, Rate};
use crate::time::{Clock, Sleeper};

#[test]
fn all_places_are_taken_then_the_next_waits_for_one() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(2));
        let handle = limiter.handle(HOST);
        let first = acquire(&handle, Class::Read).await;
        let _second = acquire(&handle, Class::Write).await;
        assert!(!passes(&handle, Class::Read));
        assert!(!passes(
            &limiter.for_organization("a").handle(HOST),
            Class::Write
        ));
        assert!(passes(&limiter.handle("other.us.auth0.com"), Class::Read));
        drop(first);
        assert!(passes(&handle, Class::Read));
    });
}

#[test]
fn class_waits_for_its_rate_then_it_holds_no_place() {
    paused(async {
        let reads = Rate::per_second(1_000);
        let (limiter, _) = limiter(Limits::new(reads, Rate::per_second(1)).max_in_flight(1));
        let handle = limiter.handle(HOST);
        assert!(passes(&handle, Class::Write));
        let write = caller(&handle, Class::Write);
        settle().await;
        for _ in 0..100 {
            assert!(passes(&handle, Class::Read));
        }
        drop(write.await.unwrap());
    });
}

#[test]
fn callers_of_the_host_are_many_then_an_organization_takes_turns_with_them() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let organization = limiter.for_organization("a").handle(HOST);
        let many: Vec<_> = (0..50)
            .map(|_| caller(&limiter.handle(HOST), Class::Read))
            .collect();
        settle().await;
        let first = caller(&organization, Class::Read);
        let second = caller(&organization, Class::Read);
        assert_eq!(first.await.unwrap().0, s(2));
        assert_eq!(second.await.unwrap().0, s(4));
        for caller in many {
            drop(caller.await.unwrap());
        }
    });
}

#[test]
fn organizations_all_wait_for_the_host_then_they_take_turns() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let organizations = ["a", "b", "c", "d"];
        let mut callers = Vec::new();
        for organization in organizations {
            let handle = limiter.for_organization(organization).handle(HOST);
            for turn in 0..5 {
                callers.push((organization, turn, caller(&handle, Class::Read)));
            }
            settle().await;
        }
        let mut order = Vec::new();
        for (organization, turn, caller) in callers {
            order.push((caller.await.unwrap().0, turn, organization));
        }
        order.sort();
        // The first of a was alone when it came, so its second stands before the first of b.
        let rest: Vec<_> = order[1..17].iter().map(|(_, _, name)| *name).collect();
        assert_eq!(rest, organizations.repeat(4));
    });
}

#[test]
fn caller_is_late_to_take_its_turn_at_the_host_then_nobody_overtakes_it() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = |organization: &str| limiter.for_organization(organization).handle(HOST);
        let (first, second) = (handle("a"), handle("b"));
        assert!(passes(&first, Class::Read));
        let mut late = pin!(acquire(&first, Class::Read));
        assert!(poll(&mut late).is_pending());
        pass(s(5)).await;
        assert!(!passes(&second, Class::Read));
        assert!(poll(&mut late).is_ready());
        assert_eq!(wait_of(&second, Class::Read).await, s(1));
    });
}

/// A place where a caller waits: what leads there, and how long the next one then waits if the caller gives up.
type Stage = (&'static str, fn(&LimiterHandle, &Limiter), u64);

#[test]
fn waiter_is_dropped_then_its_place_is_free_and_nothing_was_taken() {
    let stages: [Stage; 3] = [
        (
            "the organization's bucket",
            |handle, _| assert!(passes(handle, Class::Read)),
            4_000,
        ),
        (
            "the organization's pause",
            |handle, _| handle.observe(refusal(Class::Read, Some(s(3)))),
            3_000,
        ),
        (
            "the host's bucket",
            |_, limiter| {
                let other = limiter.for_organization("other").handle(HOST);
                assert!(passes(&other, Class::Read));
            },
            1_000,
        ),
    ];
    for (stage, prepare, expected) in stages {
        paused(async {
            let rate = Rate::per_second(1);
            let (limiter, _) = limiter(slow().organization(Rate::per_minute(15), rate));
            let handle = limiter.for_organization("a").handle(HOST);
            prepare(&handle, &limiter);
            let granted = limiter.snapshot().hosts[HOST].read.granted;
            let started = tokio::time::Instant::now();
            {
                let mut first = pin!(acquire(&handle, Class::Read));
                let mut second = pin!(acquire(&handle, Class::Read));
                assert!(poll(&mut first).is_pending(), "{stage}");
                assert!(poll(&mut second).is_pending(), "{stage}");
                assert_eq!(limiter.snapshot().hosts[HOST].read.waiting, 2);
                pass(ms(300)).await;
            }
            let host = limiter.snapshot().hosts[HOST].clone();
            assert_eq!(host.read.waiting, 0, "{stage}");
            assert_eq!(host.organizations["a"].read.waiting, 0, "{stage}");
            assert_eq!(host.read.granted, granted, "{stage}");
            assert_eq!(host.in_flight, 0, "{stage}");
            wait_of(&handle, Class::Read).await;
            assert_eq!(started.elapsed(), ms(expected), "{stage}");
        });
    }
}

#[test]
fn waiter_for_a_place_is_dropped_then_it_took_nothing() {
    paused(async {
        let (limiter, _) = limiter(slow().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let under_way = acquire(&handle, Class::Read).await;
        {
            let mut waiting = pin!(acquire(&handle, Class::Write));
            assert!(poll(&mut waiting).is_pending());
            drop(under_way);
            // The place is its own by now, though it has not looked yet.
        }
        assert_eq!(limiter.snapshot().hosts[HOST].in_flight, 0);
        assert!(passes(&handle, Class::Write), "its cell is still there");
    });
}

#[test]
fn first_of_several_waiters_is_dropped_then_the_next_takes_its_turn() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = limiter.handle(HOST);
        assert!(passes(&handle, Class::Read));
        let callers = [0; 3].map(|_| caller(&handle, Class::Read));
        pass(ms(500)).await;
        let [first, second, third] = callers;
        first.abort();
        assert_eq!(second.await.unwrap().0, s(1));
        assert_eq!(third.await.unwrap().0, s(2));
    });
}

/// Time stands, and nobody wakes.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Sleeper for Still {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn callers_come_from_several_threads_at_once_then_no_cell_is_taken_twice_or_lost() {
    let rate = Rate::per_second(1).burst(20_000);
    let limits = Limits::new(rate, rate)
        .organization(rate.burst(9_000), rate)
        .headroom(0.0)
        .max_in_flight(3);
    let limiter = Limiter::with_timer(limits, Arc::new(Still), Arc::new(Still)).unwrap();
    let lanes = ["a", "b", "c", "a"].map(|id| limiter.for_organization(id).handle(HOST));
    let granted: usize = std::thread::scope(|scope| {
        let threads = lanes.each_ref().map(|handle| {
            scope.spawn(|| (0..4_000).filter(|_| passes(handle, Class::Read)).count())
        });
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    });
    let host = limiter.snapshot().hosts[HOST].clone();
    assert_eq!(host.read.granted, granted as u64);
    assert_eq!((host.read.waiting, host.in_flight), (0, 0));
    let rest = |handle| {
        (0..20_000)
            .take_while(|_| passes(handle, Class::Read))
            .count()
    };
    let rest: usize = lanes.iter().map(rest).sum();
    assert_eq!(granted + rest, 20_000);
    let of_a = limiter.snapshot().hosts[HOST].organizations["a"]
        .read
        .granted;
    assert!(of_a <= 9_000, "{of_a}");
}

#[test]
fn host_counts_reads_and_writes_together_then_both_take_of_one_rate() {
    paused(async {
        let limits = Limits::shared(Rate::per_second(1).burst(2)).headroom(0.0);
        let (limiter, _) = limiter(limits);
        let handle = limiter.handle(HOST);
        assert!(passes(&handle, Class::Read));
        assert!(passes(&handle, Class::Write));
        assert!(!passes(&handle, Class::Read));
        assert!(!passes(&handle, Class::Write));
        let write = caller(&handle, Class::Write);
        settle().await;
        let read = caller(&handle, Class::Read);
        assert_eq!(write.await.unwrap().0, s(1));
        assert_eq!(read.await.unwrap().0, s(2));
        let host = &limiter.snapshot().hosts[HOST];
        assert_eq!((host.read.granted, host.write.granted), (4, 4));
    });
}
