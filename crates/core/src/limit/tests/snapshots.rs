use std::time::{Duration, SystemTime};

use super::support::*;
use crate::limit::{Class, Observation, ReportedLimit};
use crate::time::Clock as _;

#[test]
fn snapshot_counts_waiting_callers_and_wait_times() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = limiter.for_organization("a").handle(HOST);
        let callers: Vec<_> = (0..4).map(|_| caller(&handle, Class::Read)).collect();
        advance(ms(1_500)).await;
        let host = limiter.snapshot().hosts[HOST].clone();
        for class in [&host.read, &host.organizations["a"].read] {
            assert_eq!((class.waiting, class.granted), (2, 2));
            assert_eq!((class.total_wait, class.longest_wait), (s(1), s(1)));
            assert_eq!(class.paused_until, None);
            assert_eq!(class.reported, None);
        }
        assert_eq!((host.write.waiting, host.write.granted), (0, 0));
        assert_eq!(host.in_flight, 2);
        for caller in callers {
            drop(caller.await.unwrap());
        }
        advance(ms(500)).await;
        assert_eq!(wait_of(&handle, Class::Read).await, ms(500));
        let host = limiter.snapshot().hosts[HOST].clone();
        assert_eq!((host.read.waiting, host.read.granted), (0, 5));
        assert_eq!(
            (host.read.total_wait, host.read.longest_wait),
            (ms(6_500), s(3))
        );
        assert_eq!(host.in_flight, 0);
    });
}

#[test]
fn snapshot_contains_the_limit_reported_last() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.for_organization("a").handle(HOST);
        let report = |remaining, wait| Observation {
            limit: Some(10),
            remaining: Some(remaining),
            wait,
            ..response(Class::Write)
        };
        let reset = time.now() + s(60);
        handle.observe(report(7, None));
        handle.observe(report(6, Some(s(60))));
        handle.observe(response(Class::Write));
        advance(s(90)).await;
        let host = limiter.snapshot().hosts[HOST].clone();
        let expected = |remaining, reset| ReportedLimit {
            limit: Some(10),
            remaining: Some(remaining),
            reset,
        };
        let reported = host.organizations["a"].write.reported.clone();
        assert_eq!(reported, Some(expected(6, Some(reset))));
        assert_eq!(host.write.reported, None);

        handle.observe(Observation {
            limited: true,
            global: true,
            ..report(0, None)
        });
        let host = limiter.snapshot().hosts[HOST].clone();
        assert_eq!(host.write.reported, Some(expected(0, None)));
        for class in [&host.read, &host.write] {
            assert_eq!(class.paused_until, Some(time.now() + s(1)));
        }
    });
}

#[test]
fn snapshot_omits_times_before_the_epoch() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(Observation {
            limit: Some(1),
            wait: Some(Duration::ZERO),
            ..response(Class::Read)
        });
        advance(s(1)).await;
        time.set_wall(SystemTime::UNIX_EPOCH + s(1));
        let read = limiter.snapshot().hosts[HOST].read.clone();
        assert_eq!(read.reported.unwrap().reset, Some(SystemTime::UNIX_EPOCH));
    });
}

#[test]
fn debug_output_names_no_organization() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let organization = limiter.for_organization("org_planted");
        assert!(is_granted(&organization.handle(HOST), Class::Read));
        let printed = format!("{:?} {organization:?}", limiter.snapshot());
        assert!(printed.contains("granted: 1"), "{printed}");
        assert!(!printed.contains("org_planted"), "{printed}");
    });
}
