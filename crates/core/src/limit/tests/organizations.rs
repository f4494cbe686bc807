use super::support::*;
use crate::limit::{Class, Rate};

#[test]
fn organizations_are_left_then_those_with_untouched_limits_are_forgotten() {
    paused(async {
        let (limiter, _) = limiter(slow().organization(Rate::per_minute(1), Rate::per_minute(1)));
        let handle = |id: usize| limiter.for_organization(format!("org_{id}")).handle(HOST);
        let known = || limiter.snapshot().hosts[HOST].organizations.len();
        let held = handle(0);
        handle(1).observe(refusal(Class::Write, Some(s(90))));
        assert!(passes(&handle(2), Class::Read));
        for id in 3..64 {
            handle(id);
        }
        assert_eq!(known(), 64);
        handle(64);
        assert_eq!(known(), 4, "in use, paused, not full again, and new");

        for id in 65..125 {
            handle(id);
        }
        pass(s(60)).await;
        assert_eq!(known(), 64);
        handle(125);
        assert_eq!(known(), 3, "the bucket is full again");
        assert!(!passes(&handle(1), Class::Write));
        drop(held);
    });
}

#[test]
fn organization_is_in_use_then_all_its_clients_share_its_limits() {
    paused(async {
        let (limiter, _) = limiter(fast().organization(Rate::per_second(1), Rate::per_second(1)));
        let handle = |id: &str| limiter.for_organization(id).handle(HOST);
        assert!(passes(&handle("a"), Class::Read));
        assert!(!passes(&handle("a"), Class::Read));
        assert!(passes(&handle("b"), Class::Read));
    });
}

#[test]
fn organization_is_made_then_it_costs_what_the_documentation_says() {
    let size = size_of::<crate::limit::queue::Scope>();
    assert!((384..640).contains(&size), "{size} bytes");
}
