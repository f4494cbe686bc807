use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::support::*;
use crate::BoxFuture;
use crate::limit::{Class, Limiter, LimiterHandle, Limits, Rate};
use crate::time::{Clock, Sleeper};

#[test]
fn all_slots_taken_then_the_next_request_waits() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(2));
        let handle = limiter.handle(HOST);
        let first = acquire(&handle, Class::Read).await;
        let _second = acquire(&handle, Class::Write).await;
        assert!(!is_granted(&handle, Class::Read));
        assert!(!is_granted(
            &limiter.for_organization("a").handle(HOST),
            Class::Write
        ));
        assert!(is_granted(
            &limiter.handle("other.us.auth0.com"),
            Class::Read
        ));
        drop(first);
        assert!(is_granted(&handle, Class::Read));
    });
}

#[test]
fn class_waiting_for_its_rate_holds_no_slot() {
    paused(async {
        let reads = Rate::per_second(1_000);
        let (limiter, _) = limiter(Limits::new(reads, Rate::per_second(1)).max_in_flight(1));
        let handle = limiter.handle(HOST);
        assert!(is_granted(&handle, Class::Write));
        let write = caller(&handle, Class::Write);
        settle().await;
        for _ in 0..100 {
            assert!(is_granted(&handle, Class::Read));
        }
        drop(write.await.unwrap());
    });
}

#[test]
fn organization_takes_turns_with_many_callers_of_the_host() {
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
fn organizations_waiting_for_the_host_take_turns() {
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
        // The first caller of a found an empty queue, so the second of a is before the first of b.
        let rest: Vec<_> = order[1..17].iter().map(|(_, _, name)| *name).collect();
        assert_eq!(rest, organizations.repeat(4));
    });
}

#[test]
fn caller_polled_late_is_not_overtaken() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = |organization: &str| limiter.for_organization(organization).handle(HOST);
        let (first, second) = (handle("a"), handle("b"));
        assert!(is_granted(&first, Class::Read));
        let mut late = pin!(acquire(&first, Class::Read));
        assert!(poll(&mut late).is_pending());
        advance(s(5)).await;
        assert!(!is_granted(&second, Class::Read));
        assert!(poll(&mut late).is_ready());
        assert_eq!(wait_of(&second, Class::Read).await, s(1));
    });
}

/// Where a caller waits: a name, the preparation, and how many milliseconds the next caller waits after a cancellation.
type Stage = (&'static str, fn(&LimiterHandle, &Limiter), u64);

#[test]
fn dropped_caller_leaves_the_queue_and_takes_nothing() {
    let stages: [Stage; 3] = [
        (
            "the organization's bucket",
            |handle, _| assert!(is_granted(handle, Class::Read)),
            4_000,
        ),
        (
            "the organization's pause",
            |handle, _| handle.observe(rate_limited(Class::Read, Some(s(3)))),
            3_000,
        ),
        (
            "the host's bucket",
            |_, limiter| {
                let other = limiter.for_organization("other").handle(HOST);
                assert!(is_granted(&other, Class::Read));
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
                advance(ms(300)).await;
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
fn caller_dropped_while_waiting_for_a_slot_takes_nothing() {
    paused(async {
        let (limiter, _) = limiter(slow().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let in_flight = acquire(&handle, Class::Read).await;
        {
            let mut waiting = pin!(acquire(&handle, Class::Write));
            assert!(poll(&mut waiting).is_pending());
            drop(in_flight);
            // The slot is assigned to the caller, which has not been polled yet.
        }
        assert_eq!(limiter.snapshot().hosts[HOST].in_flight, 0);
        assert!(is_granted(&handle, Class::Write), "its token was not taken");
    });
}

#[test]
fn first_of_several_callers_dropped_then_the_next_proceeds() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = limiter.handle(HOST);
        assert!(is_granted(&handle, Class::Read));
        let callers = [0; 3].map(|_| caller(&handle, Class::Read));
        advance(ms(500)).await;
        let [first, second, third] = callers;
        first.abort();
        assert_eq!(second.await.unwrap().0, s(1));
        assert_eq!(third.await.unwrap().0, s(2));
    });
}

/// Time that never advances, and sleeps that never end.
#[derive(Debug)]
struct StoppedTime;

impl Clock for StoppedTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

impl Sleeper for StoppedTime {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn concurrent_threads_take_every_token_exactly_once() {
    let rate = Rate::per_second(1).burst(20_000);
    let limits = Limits::new(rate, rate)
        .organization(rate.burst(9_000), rate)
        .headroom(0.0)
        .max_in_flight(3);
    let limiter =
        Limiter::with_timer(limits, Arc::new(StoppedTime), Arc::new(StoppedTime)).unwrap();
    let handles = ["a", "b", "c", "a"].map(|id| limiter.for_organization(id).handle(HOST));
    let granted: usize = std::thread::scope(|scope| {
        let threads = handles.each_ref().map(|handle| {
            scope.spawn(|| {
                (0..4_000)
                    .filter(|_| is_granted(handle, Class::Read))
                    .count()
            })
        });
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    });
    let host = limiter.snapshot().hosts[HOST].clone();
    assert_eq!(host.read.granted, granted as u64);
    assert_eq!((host.read.waiting, host.in_flight), (0, 0));
    let rest = |handle| {
        (0..20_000)
            .take_while(|_| is_granted(handle, Class::Read))
            .count()
    };
    let rest: usize = handles.iter().map(rest).sum();
    assert_eq!(granted + rest, 20_000);
    let of_a = limiter.snapshot().hosts[HOST].organizations["a"]
        .read
        .granted;
    assert!(of_a <= 9_000, "{of_a}");
}

#[test]
fn shared_limits_use_one_rate_for_reads_and_writes() {
    paused(async {
        let limits = Limits::shared(Rate::per_second(1).burst(2)).headroom(0.0);
        let (limiter, _) = limiter(limits);
        let handle = limiter.handle(HOST);
        assert!(is_granted(&handle, Class::Read));
        assert!(is_granted(&handle, Class::Write));
        assert!(!is_granted(&handle, Class::Read));
        assert!(!is_granted(&handle, Class::Write));
        let write = caller(&handle, Class::Write);
        settle().await;
        let read = caller(&handle, Class::Read);
        assert_eq!(write.await.unwrap().0, s(1));
        assert_eq!(read.await.unwrap().0, s(2));
        let host = &limiter.snapshot().hosts[HOST];
        assert_eq!((host.read.granted, host.write.granted), (4, 4));
    });
}
