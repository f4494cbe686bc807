use std::time::Duration;

use super::support::*;
use crate::limit::bucket::Bucket;
use crate::limit::{Class, Limiter, Limits, Rate};

fn quota(rate: Rate, headroom: f64) -> (u64, u32) {
    let limits = Limits::new(rate, rate).headroom(headroom);
    let quota = limits.quotas(None).unwrap().host.read.whole.unwrap();
    (
        quota.replenish_interval().as_nanos() as u64,
        quota.burst_size().get(),
    )
}

#[test]
fn headroom_reduces_rate_and_burst() {
    for (rate, headroom, expected) in [
        (Rate::per_second(4), 0.0, (250_000_000, 4)),
        (Rate::per_second(10), 0.1, (111_111_112, 9)),
        (Rate::per_second(16).burst(50), 0.1, (69_444_445, 45)),
        (Rate::per_second(10), 0.9, (1_000_000_000, 1)),
        (Rate::per_second(10).burst(30), 0.9, (1_000_000_000, 3)),
        (Rate::per_minute(100), 0.0, (600_000_000, 1)),
        (Rate::per_minute(600).burst(20), 0.5, (200_000_000, 10)),
        // A burst never falls below one.
        (Rate::per_second(1), 0.5, (2_000_000_000, 1)),
    ] {
        assert_eq!(quota(rate, headroom), expected, "{rate:?} {headroom}");
    }
    let unset = Limits::new(Rate::per_second(10), Rate::per_second(10));
    assert_eq!(unset, unset.headroom(0.1));
}

#[test]
fn limit_out_of_range_is_named_by_the_error() {
    let rate = Rate::per_second(1);
    let limits = Limits::new(rate, rate);
    for (limits, expected) in [
        (
            Limits::new(Rate::per_second(0), rate),
            "limits: read: expected a rate of at least 1, found 0",
        ),
        (
            Limits::new(rate, Rate::per_minute(0)),
            "limits: write: expected a rate of at least 1, found 0",
        ),
        (
            Limits::new(rate.burst(0), rate),
            "limits: read: expected a burst from 1 to 1000000, found 0",
        ),
        (
            Limits::new(rate, rate.burst(1_000_001)),
            "limits: write: expected a burst from 1 to 1000000, found 1000001",
        ),
        (
            limits.organization(Rate::per_second(0), rate),
            "limits: organization read: expected a rate of at least 1, found 0",
        ),
        (
            limits.organization(rate, rate.burst(0)),
            "limits: organization write: expected a burst from 1 to 1000000, found 0",
        ),
        (
            limits.headroom(1.0),
            "limits: headroom: expected a share from 0 to 0.99, found 1",
        ),
        (
            limits.headroom(-0.1),
            "limits: headroom: expected a share from 0 to 0.99, found -0.1",
        ),
        (
            limits.headroom(f64::NAN),
            "limits: headroom: expected a share from 0 to 0.99, found NaN",
        ),
        (
            limits.max_in_flight(0),
            "limits: max_in_flight: expected at least 1 request, found 0",
        ),
    ] {
        let error = Limiter::new(limits).unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn largest_allowed_numbers_do_not_overflow() {
    let limits = |rate: Rate| Limits::new(rate, rate).headroom(0.99);
    for rate in [
        Rate::per_minute(1).burst(1_000_000),
        Rate::per_second(u32::MAX),
    ] {
        let bucket = Bucket::new(limits(rate).quotas(None).unwrap().host.read.whole.unwrap());
        for now in [Duration::ZERO, s(1 << 40), Duration::MAX] {
            bucket.take(now);
            bucket.wait(now);
        }
    }
}

#[test]
fn checking_the_wait_takes_no_token() {
    let bucket = Bucket::new(slow().quotas(None).unwrap().host.read.whole.unwrap());
    assert_eq!(bucket.wait(s(5)), Duration::ZERO);
    assert_eq!(bucket.wait(s(5)), Duration::ZERO);
    bucket.take(s(5));
    assert_eq!(bucket.wait(s(5)), s(1));
    assert_eq!(bucket.wait(ms(5_400)), ms(600));
    assert_eq!(bucket.wait(s(6)), Duration::ZERO);
}

#[test]
fn organization_rate_applies_in_addition_to_the_host_rate() {
    paused(async {
        let (limiter, _) = limiter(
            Limits::new(Rate::per_second(2), Rate::per_second(2))
                .organization(Rate::per_second(1), Rate::per_second(1))
                .headroom(0.0),
        );
        let handle = |organization: &str| limiter.for_organization(organization).handle(HOST);
        let (a, b, c) = (handle("a"), handle("b"), handle("c"));
        assert!(is_granted(&a, Class::Read));
        assert!(!is_granted(&a, Class::Read), "the limit of a is used up");
        assert!(is_granted(&b, Class::Read));
        assert!(
            !is_granted(&c, Class::Read),
            "the limit of the host is used up"
        );
        assert_eq!(wait_of(&c, Class::Read).await, ms(500));
        assert!(
            is_granted(&c, Class::Write),
            "writes are counted separately"
        );
        // The failed attempt of c took no token from its own bucket.
        assert_eq!(wait_of(&c, Class::Read).await, s(1));
    });
}
