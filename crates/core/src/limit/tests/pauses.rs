use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::support::*;
use crate::limit::{Class, Observation};

#[test]
fn answer_is_429_then_its_class_waits_and_the_other_does_not() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Write, Some(s(7))));
        assert!(passes(&handle, Class::Read));
        assert!(passes(&limiter.handle("other.us.auth0.com"), Class::Write));
        assert_eq!(wait_of(&handle, Class::Write).await, s(7));
    });
}

#[test]
fn answer_429_does_not_say_how_long_then_it_is_a_second() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, None));
        assert_eq!(wait_of(&handle, Class::Read).await, s(1));
    });
}

#[test]
fn nothing_remains_then_its_class_waits_for_the_reset() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        let answer = |remaining, wait| Observation {
            remaining: Some(remaining),
            wait,
            ..answer(Class::Read)
        };
        handle.observe(answer(1, Some(s(3))));
        handle.observe(answer(0, None));
        assert!(passes(&handle, Class::Read), "nothing said how long");
        handle.observe(answer(0, Some(s(3))));
        assert!(passes(&handle, Class::Write));
        assert_eq!(wait_of(&handle, Class::Read).await, s(3));
    });
}

#[test]
fn limit_of_the_whole_host_is_hit_then_both_classes_of_all_wait() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let (a, b) = (limiter.for_organization("a"), limiter.for_organization("b"));
        let lanes = [limiter.handle(HOST), a.handle(HOST), b.handle(HOST)];
        lanes[1].observe(Observation {
            global: true,
            ..refusal(Class::Read, Some(s(4)))
        });
        for handle in &lanes {
            assert!(!passes(handle, Class::Read));
            assert!(!passes(handle, Class::Write));
        }
        assert!(passes(&a.handle("other.us.auth0.com"), Class::Read));
        assert_eq!(wait_of(&lanes[2], Class::Write).await, s(4));
    });
}

#[test]
fn organization_is_paused_then_all_others_go_on() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let a = limiter.for_organization("a").handle(HOST);
        let b = limiter.for_organization("b").handle(HOST);
        a.observe(refusal(Class::Read, Some(s(4))));
        let waiting = caller(&a, Class::Read);
        settle().await;
        assert!(passes(&b, Class::Read));
        assert!(passes(&limiter.handle(HOST), Class::Read));
        assert!(passes(&a, Class::Write));
        assert_eq!(waiting.await.unwrap().0, s(4));
    });
}

#[test]
fn host_is_paused_then_its_organizations_are_as_well() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let a = limiter.for_organization("a").handle(HOST);
        limiter
            .handle(HOST)
            .observe(refusal(Class::Read, Some(s(4))));
        assert!(passes(&a, Class::Write));
        assert_eq!(wait_of(&a, Class::Read).await, s(4));
    });
}

#[test]
fn shorter_pause_comes_later_then_the_longer_one_stays() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, Some(s(10))));
        handle.observe(refusal(Class::Read, Some(s(2))));
        handle.observe(refusal(Class::Read, Some(Duration::ZERO)));
        handle.observe(answer(Class::Read));
        assert_eq!(wait_of(&handle, Class::Read).await, s(10));
    });
}

#[test]
fn longer_pause_comes_while_callers_wait_then_they_wait_for_it() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, Some(s(2))));
        let waiting = caller(&handle, Class::Read);
        pass(s(1)).await;
        handle.observe(refusal(Class::Read, Some(s(5))));
        assert_eq!(waiting.await.unwrap().0, s(6));
    });
}

#[test]
fn pause_is_absurd_then_it_is_an_hour() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, Some(Duration::MAX)));
        assert_eq!(wait_of(&handle, Class::Read).await, s(3600));
    });
}

#[test]
fn wall_clock_is_set_back_then_the_pause_ends_as_before() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, Some(s(10))));
        let waiting = caller(&handle, Class::Read);
        pass(s(4)).await;
        time.set_wall(SystemTime::UNIX_EPOCH + s(500));
        let paused_until = limiter.snapshot().hosts[HOST].read.paused_until;
        assert_eq!(paused_until, Some(SystemTime::UNIX_EPOCH + s(506)));
        assert_eq!(waiting.await.unwrap().0, s(10));
        assert_eq!(limiter.snapshot().hosts[HOST].read.paused_until, None);
    });
}

#[test]
fn organization_is_paused_before_its_turn_at_the_host_then_it_lets_others_pass() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let a = limiter.for_organization("a").handle(HOST);
        let b = limiter.for_organization("b").handle(HOST);
        assert!(passes(&b, Class::Read));
        // a comes first at the gate of the host and waits there.
        let first = caller(&a, Class::Read);
        settle().await;
        let second = caller(&b, Class::Read);
        settle().await;
        a.observe(refusal(Class::Read, Some(s(30))));
        assert_eq!(second.await.unwrap().0, s(1));
        assert_eq!(first.await.unwrap().0, s(30));
    });
}

#[test]
fn pause_comes_while_a_caller_waits_for_a_place_then_it_waits_and_leaves_the_place() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let under_way = acquire(&handle, Class::Read).await;
        let write = caller(&handle, Class::Write);
        settle().await;
        handle.observe(refusal(Class::Write, Some(s(9))));
        drop(under_way);
        settle().await;
        assert!(passes(&handle, Class::Read), "the place is free");
        assert_eq!(write.await.unwrap().0, s(9));
    });
}

#[test]
fn pause_gets_longer_than_a_waiting_caller_may_wait_then_it_gives_up_and_so_do_those_behind_it() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(refusal(Class::Read, Some(s(2))));
        let impatient = || {
            let handle = handle.clone();
            tokio::spawn(async move {
                let result = handle.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            })
        };
        let callers = [impatient(), impatient()];
        let patient = caller(&handle, Class::Read);
        pass(s(1)).await;
        handle.observe(refusal(Class::Read, Some(s(60))));
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
fn long_pause_comes_while_a_caller_is_queued_behind_a_patient_one_then_it_fails_at_once() {
    for (head_acts_for, caller_acts_for) in [("a", "a"), ("a", "b")] {
        paused(async {
            let (limiter, _) = limiter(fast());
            let head = limiter.for_organization(head_acts_for).handle(HOST);
            let handle = limiter.for_organization(caller_acts_for).handle(HOST);
            let host = limiter.handle(HOST);
            host.observe(refusal(Class::Read, Some(s(10))));
            let patient = caller(&head, Class::Read);
            settle().await;
            let queued = tokio::spawn(async move {
                let result = handle.acquire(Class::Read, || s(20)).await;
                result.map(drop).map_err(|paused| paused.wait)
            });
            pass(s(1)).await;
            let start = Instant::now();
            host.observe(refusal(Class::Read, Some(s(3600))));
            assert_eq!(queued.await.unwrap(), Err(s(3600)));
            assert_eq!(start.elapsed(), Duration::ZERO);
            assert_eq!(patient.await.unwrap().0, s(3601));
        });
    }
}

#[test]
fn long_pause_comes_while_a_caller_waits_for_a_place_then_it_fails_at_once() {
    paused(async {
        let (limiter, _) = limiter(fast().max_in_flight(1));
        let handle = limiter.handle(HOST);
        let _under_way = acquire(&handle, Class::Read).await;
        let waiting = handle.clone();
        let waiting = tokio::spawn(async move {
            let result = waiting.acquire(Class::Read, || s(20)).await;
            result.map(drop).map_err(|paused| paused.wait)
        });
        settle().await;
        handle.observe(refusal(Class::Read, Some(s(3600))));
        let given_up = tokio::time::timeout(s(1), waiting).await;
        assert_eq!(given_up.unwrap().unwrap(), Err(s(3600)));
    });
}

#[test]
fn queue_is_longer_than_a_caller_may_wait_for_a_pause_then_it_waits_for_its_turn() {
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
