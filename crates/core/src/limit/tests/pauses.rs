use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::support::*;
use crate::limit::{Class, Observation};

#[test]
fn status_429_pauses_its_class_only() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Write, Some(s(7))));
        assert!(is_granted(&handle, Class::Read));
        assert!(is_granted(
            &limiter.handle("other.us.auth0.com"),
            Class::Write
        ));
        assert_eq!(wait_of(&handle, Class::Write).await, s(7));
    });
}

#[test]
fn status_429_without_a_duration_pauses_for_one_second() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, None));
        assert_eq!(wait_of(&handle, Class::Read).await, s(1));
    });
}

#[test]
fn no_requests_remain_then_the_class_waits_for_the_reset() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        let reporting = |remaining, wait| Observation {
            remaining: Some(remaining),
            wait,
            ..response(Class::Read)
        };
        handle.observe(reporting(1, Some(s(3))));
        handle.observe(reporting(0, None));
        assert!(
            is_granted(&handle, Class::Read),
            "no duration was specified"
        );
        handle.observe(reporting(0, Some(s(3))));
        assert!(is_granted(&handle, Class::Write));
        assert_eq!(wait_of(&handle, Class::Read).await, s(3));
    });
}

#[test]
fn global_rate_limit_pauses_both_classes_of_all_organizations() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let (a, b) = (limiter.for_organization("a"), limiter.for_organization("b"));
        let handles = [limiter.handle(HOST), a.handle(HOST), b.handle(HOST)];
        handles[1].observe(Observation {
            global: true,
            ..rate_limited(Class::Read, Some(s(4)))
        });
        for handle in &handles {
            assert!(!is_granted(handle, Class::Read));
            assert!(!is_granted(handle, Class::Write));
        }
        assert!(is_granted(&a.handle("other.us.auth0.com"), Class::Read));
        assert_eq!(wait_of(&handles[2], Class::Write).await, s(4));
    });
}

#[test]
fn paused_organization_does_not_block_others() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let a = limiter.for_organization("a").handle(HOST);
        let b = limiter.for_organization("b").handle(HOST);
        a.observe(rate_limited(Class::Read, Some(s(4))));
        let waiting = caller(&a, Class::Read);
        settle().await;
        assert!(is_granted(&b, Class::Read));
        assert!(is_granted(&limiter.handle(HOST), Class::Read));
        assert!(is_granted(&a, Class::Write));
        assert_eq!(waiting.await.unwrap().0, s(4));
    });
}

#[test]
fn paused_host_pauses_its_organizations() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let a = limiter.for_organization("a").handle(HOST);
        limiter
            .handle(HOST)
            .observe(rate_limited(Class::Read, Some(s(4))));
        assert!(is_granted(&a, Class::Write));
        assert_eq!(wait_of(&a, Class::Read).await, s(4));
    });
}

#[test]
fn shorter_pause_does_not_replace_a_longer_one() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, Some(s(10))));
        handle.observe(rate_limited(Class::Read, Some(s(2))));
        handle.observe(rate_limited(Class::Read, Some(Duration::ZERO)));
        handle.observe(response(Class::Read));
        assert_eq!(wait_of(&handle, Class::Read).await, s(10));
    });
}

#[test]
fn pause_extended_while_callers_wait_then_they_wait_longer() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, Some(s(2))));
        let waiting = caller(&handle, Class::Read);
        advance(s(1)).await;
        handle.observe(rate_limited(Class::Read, Some(s(5))));
        assert_eq!(waiting.await.unwrap().0, s(6));
    });
}

#[test]
fn pause_is_limited_to_one_hour() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, Some(Duration::MAX)));
        assert_eq!(wait_of(&handle, Class::Read).await, s(3600));
    });
}

#[test]
fn wall_clock_set_back_does_not_extend_a_pause() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, Some(s(10))));
        let waiting = caller(&handle, Class::Read);
        advance(s(4)).await;
        time.set_wall(SystemTime::UNIX_EPOCH + s(500));
        let paused_until = limiter.snapshot().hosts[HOST].read.paused_until;
        assert_eq!(paused_until, Some(SystemTime::UNIX_EPOCH + s(506)));
        assert_eq!(waiting.await.unwrap().0, s(10));
        assert_eq!(limiter.snapshot().hosts[HOST].read.paused_until, None);
    });
}

#[test]
fn organization_paused_in_the_host_queue_lets_others_pass() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let a = limiter.for_organization("a").handle(HOST);
        let b = limiter.for_organization("b").handle(HOST);
        assert!(is_granted(&b, Class::Read));
        // a is first in the host's queue.
        let first = caller(&a, Class::Read);
        settle().await;
        let second = caller(&b, Class::Read);
        settle().await;
        a.observe(rate_limited(Class::Read, Some(s(30))));
        assert_eq!(second.await.unwrap().0, s(1));
        assert_eq!(first.await.unwrap().0, s(30));
    });
}

#[test]
fn pause_while_waiting_for_a_slot_leaves_the_slot_free() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let in_flight = acquire(&handle, Class::Read).await;
        let write = caller(&handle, Class::Write);
        settle().await;
        handle.observe(rate_limited(Class::Write, Some(s(9))));
        drop(in_flight);
        settle().await;
        assert!(is_granted(&handle, Class::Read), "the slot is free");
        assert_eq!(write.await.unwrap().0, s(9));
    });
}

#[test]
fn pause_exceeds_max_wait_then_all_waiting_callers_fail() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(rate_limited(Class::Read, Some(s(2))));
        let impatient = || {
            let handle = handle.clone();
            tokio::spawn(async move {
                let result = handle.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            })
        };
        let callers = [impatient(), impatient()];
        let patient = caller(&handle, Class::Read);
        advance(s(1)).await;
        handle.observe(rate_limited(Class::Read, Some(s(60))));
        let start = Instant::now();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Err(s(60)));
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(patient.await.unwrap().0, s(61));
        assert_eq!(limiter.snapshot().hosts[HOST].read.waiting, 0);
    });
}

#[test]
fn long_pause_while_queued_behind_a_patient_caller_fails_at_once() {
    for (head_acts_for, caller_acts_for) in [("a", "a"), ("a", "b")] {
        paused(async {
            let (limiter, _) = limiter(fast());
            let head = limiter.for_organization(head_acts_for).handle(HOST);
            let handle = limiter.for_organization(caller_acts_for).handle(HOST);
            let host = limiter.handle(HOST);
            host.observe(rate_limited(Class::Read, Some(s(10))));
            let patient = caller(&head, Class::Read);
            settle().await;
            let queued = tokio::spawn(async move {
                let result = handle.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            });
            advance(s(1)).await;
            let start = Instant::now();
            host.observe(rate_limited(Class::Read, Some(s(3600))));
            assert_eq!(queued.await.unwrap(), Err(s(3600)));
            assert_eq!(start.elapsed(), Duration::ZERO);
            assert_eq!(patient.await.unwrap().0, s(3601));
        });
    }
}

#[test]
fn long_pause_while_waiting_for_a_slot_fails_at_once() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let _in_flight = acquire(&handle, Class::Read).await;
        let waiting = handle.clone();
        let waiting = tokio::spawn(async move {
            let result = waiting.acquire(Class::Read, || s(20)).await;
            result.map(drop).map_err(|paused| paused.wait)
        });
        settle().await;
        handle.observe(rate_limited(Class::Read, Some(s(3600))));
        let result = tokio::time::timeout(s(1), waiting).await;
        assert_eq!(result.unwrap().unwrap(), Err(s(3600)));
    });
}

#[test]
fn max_wait_does_not_bound_the_wait_in_the_queue() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = limiter.handle(HOST);
        for waits in [0, 1, 1] {
            let start = tokio::time::Instant::now();
            drop(
                handle
                    .acquire(Class::Read, || Duration::ZERO)
                    .await
                    .unwrap(),
            );
            assert_eq!(start.elapsed(), s(waits));
        }
    });
}
