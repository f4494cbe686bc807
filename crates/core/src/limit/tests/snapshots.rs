use std::time::{Duration, SystemTime};

use super::support::*;
use crate::limit::{Class, Observation, ReportedLimit};
use crate::time::Clock as _;

#[test]
fn callers_wait_then_the_snapshot_counts_them_and_their_time() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let handle = limiter.for_organization("a").handle(HOST);
        let callers: Vec<_> = (0..4).map(|_| caller(&handle, Class::Read)).collect();
        pass(ms(1_500)).await;
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
        pass(ms(500)).await;
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
fn server_reports_its_limit_then_the_snapshot_says_what_it_said_last() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.for_organization("a").handle(HOST);
        let report = |remaining, wait| Observation {
            limit: Some(10),
            remaining: Some(remaining),
            wait,
            ..answer(Class::Write)
        };
        let reset = time.now() + s(60);
        handle.observe(report(7, None));
        handle.observe(report(6, Some(s(60))));
        handle.observe(answer(Class::Write));
        pass(s(90)).await;
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
fn wall_clock_stands_at_its_start_then_the_snapshot_leaves_out_what_came_before() {
    paused(async {
        let (limiter, time) = limiter(fast());
        let handle = limiter.handle(HOST);
        handle.observe(Observation {
            limit: Some(1),
            wait: Some(Duration::ZERO),
            ..answer(Class::Read)
        });
        pass(s(1)).await;
        time.set_wall(SystemTime::UNIX_EPOCH + s(1));
        let read = limiter.snapshot().hosts[HOST].read.clone();
        assert_eq!(read.reported.unwrap().reset, Some(SystemTime::UNIX_EPOCH));
    });
}

#[test]
fn snapshot_and_limiter_are_printed_then_no_organization_is_named() {
    paused(async {
        let (limiter, _) = limiter(fast());
        let organization = limiter.for_organization("org_planted");
        assert!(passes(&organization.handle(HOST), Class::Read));
        let printed = format!("{:?} {organization:?}", limiter.snapshot());
        assert!(printed.contains("granted: 1"), "{printed}");
        assert!(!printed.contains("org_planted"), "{printed}");
    });
}
