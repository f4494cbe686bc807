use super::support::*;
use crate::limit::{Class, Rate};

#[test]
fn unused_organizations_with_recovered_limits_are_removed() {
    paused(async {
        let (limiter, _) = limiter(slow().organization(Rate::per_minute(1), Rate::per_minute(1)));
        let handle = |id: usize| limiter.for_organization(format!("org_{id}")).handle(HOST);
        let known = || limiter.snapshot().hosts[HOST].organizations.len();
        let held = handle(0);
        handle(1).observe(rate_limited(Class::Write, Some(s(90))));
        assert!(is_granted(&handle(2), Class::Read));
        for id in 3..64 {
            handle(id);
        }
        assert_eq!(known(), 64);
        handle(64);
        assert_eq!(known(), 4, "in use, paused, not yet replenished, and new");

        for id in 65..125 {
            handle(id);
        }
        advance(s(60)).await;
        assert_eq!(known(), 64);
        handle(125);
        assert_eq!(known(), 3, "the bucket is replenished");
        assert!(!is_granted(&handle(1), Class::Write));
        drop(held);
    });
}

#[test]
fn clients_of_one_organization_share_its_limits() {
    paused(async {
        let (limiter, _) = limiter(fast().organization(Rate::per_second(1), Rate::per_second(1)));
        let handle = |id: &str| limiter.for_organization(id).handle(HOST);
        assert!(is_granted(&handle("a"), Class::Read));
        assert!(!is_granted(&handle("a"), Class::Read));
        assert!(is_granted(&handle("b"), Class::Read));
    });
}

#[test]
fn organization_size_matches_the_documentation() {
    let size = size_of::<crate::limit::queue::Scope>();
    assert!((384..640).contains(&size), "{size} bytes");
}
