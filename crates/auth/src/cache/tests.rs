use std::sync::atomic::AtomicUsize;
use std::task::Poll;

use auth0_core::time::Clock;
use futures_util::future;

use super::*;

#[derive(Debug)]
struct StillClock(Mutex<SystemTime>);

impl StillClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(SystemTime::UNIX_EPOCH)))
    }

    fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

impl Clock for StillClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }
}

const TIMING: Timing = Timing {
    leeway: Duration::from_secs(60),
    fallback_lifetime: Duration::from_secs(300),
    refusal: Duration::from_secs(10),
};

fn grant(token: String) -> Grant {
    Grant {
        token: token.into(),
        lifetime: Some(Duration::from_secs(3600)),
        scopes: None,
        obtained_at: None,
        stale: None,
        key: None,
    }
}

/// A cache whose fetches are made by `fetch` from their number.
fn cache(
    clock: &Arc<StillClock>,
    fetch: impl Fn(usize) -> BoxFuture<'static, Result<Grant, Error>> + Send + Sync + 'static,
) -> Cache {
    let count = AtomicUsize::new(0);
    let fetch = Box::new(move || fetch(count.fetch_add(1, Ordering::Relaxed) + 1));
    Cache::new(fetch, clock.clone(), TIMING)
}

/// Polls once; the future is dropped, as that of a cancelled caller.
fn poll_once(cache: &Cache) -> Option<Result<AccessToken, Error>> {
    cache.token().now_or_never()
}

fn text(result: Option<Result<AccessToken, Error>>) -> String {
    result.unwrap().unwrap().secret().to_owned()
}

#[test]
fn request_is_abandoned_for_long_then_it_is_dropped_for_a_new_one() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| match number {
        1 => Box::pin(future::pending()),
        _ => Box::pin(future::ready(Ok(grant(format!("token-{number}"))))),
    });
    assert!(poll_once(&cache).is_none());
    clock.advance(ABANDONED);
    assert!(poll_once(&cache).is_none(), "it may still be answered");
    clock.advance(Duration::from_secs(1));
    assert_eq!(text(poll_once(&cache)), "token-2");
}

#[test]
fn request_takes_long_and_somebody_waits_then_no_other_is_made() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| match number {
        1 => Box::pin(future::pending()),
        _ => Box::pin(future::ready(Ok(grant(format!("token-{number}"))))),
    });
    let mut waiting = Box::pin(cache.token());
    assert!((&mut waiting).now_or_never().is_none());
    clock.advance(ABANDONED * 10);
    assert!(poll_once(&cache).is_none());
}

#[test]
fn waiter_comes_back_late_then_it_changes_nothing() {
    let clock = StillClock::new();
    let landed = Arc::new(AtomicUsize::new(0));
    let seen = landed.clone();
    let cache = cache(&clock, move |number| {
        let seen = seen.clone();
        Box::pin(future::poll_fn(move |_| {
            if seen.load(Ordering::Relaxed) < number {
                return Poll::Pending;
            }
            Poll::Ready(Ok(grant(format!("token-{number}"))))
        }))
    });
    let (mut prompt, mut late) = (Box::pin(cache.token()), Box::pin(cache.token()));
    assert!((&mut prompt).now_or_never().is_none());
    assert!((&mut late).now_or_never().is_none());
    landed.store(1, Ordering::Relaxed);
    let token = prompt.now_or_never().unwrap().unwrap();

    // Before the late one looks, the token is revoked and the next request is on its way.
    cache.accepted(token.id());
    assert!(cache.rejected(token.id()));
    let mut next = Box::pin(cache.token());
    assert!((&mut next).now_or_never().is_none());
    assert_eq!(text(late.now_or_never()), "token-1");

    assert!(poll_once(&cache).is_none(), "the revoked token is not back");
    landed.store(2, Ordering::Relaxed);
    assert_eq!(text(next.now_or_never()), "token-2");
    assert_eq!(text(poll_once(&cache)), "token-2");
}

#[test]
fn fetch_panics_then_that_flight_alone_fails() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| {
        Box::pin(async move {
            assert_ne!(number, 1, "planned");
            Ok(grant(format!("token-{number}")))
        })
    });
    let error = poll_once(&cache).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the token request panicked");
    assert_eq!(text(poll_once(&cache)), "token-2");
}

#[test]
fn clock_is_set_back_then_a_little_is_fresh_and_a_lot_is_not() {
    let clock = StillClock::new();
    clock.advance(Duration::from_secs(10_000));
    let cache = cache(&clock, |number| {
        Box::pin(future::ready(Ok(grant(format!("token-{number}")))))
    });
    let token = poll_once(&cache).unwrap().unwrap();
    *clock.0.lock().unwrap() -= Duration::from_secs(1);
    assert!(!cache.rejected(token.id()));
    *clock.0.lock().unwrap() -= Duration::from_secs(5_000);
    assert!(cache.rejected(token.id()));
}

#[test]
fn lead_then_it_is_the_capped_leeway_and_up_to_a_quarter_more() {
    let seconds = Duration::from_secs;
    for (lifetime, leeway, draw, expected) in [
        (3600, 60, 0.0, 60),
        (3600, 60, 1.0, 75),
        (3600, 60, 0.5, 67),
        (100, 60, 0.0, 10),
        (100, 60, 1.0, 12),
        (3600, 0, 1.0, 0),
        (3600, u64::MAX, 1.0, 450),
    ] {
        assert_eq!(
            lead(seconds(lifetime), seconds(leeway), draw).as_secs(),
            expected
        );
    }
}

#[test]
fn jitter_is_drawn_then_it_is_once_for_each_token() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| {
        Box::pin(future::ready(Ok(grant(format!("token-{number}")))))
    });
    let leads: std::collections::BTreeSet<_> = (0..20)
        .map(|_| {
            text(poll_once(&cache));
            let held = cache.state().held.clone().unwrap();
            text(poll_once(&cache));
            assert!(Arc::ptr_eq(&held, cache.state().held.as_ref().unwrap()));
            clock.advance(Duration::from_secs(3600));
            held.valid_until.duration_since(held.refresh_at).unwrap()
        })
        .collect();
    assert!(leads.len() > 1);
    assert!(leads.iter().all(|lead| (60..=75).contains(&lead.as_secs())));
}
