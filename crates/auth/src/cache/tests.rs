use std::sync::atomic::AtomicUsize;

use auth0_core::time::Clock;
use futures_util::future;
use tokio::sync::watch;

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
    rejection: Duration::from_secs(10),
};

fn grant(token: String) -> Grant {
    Grant {
        token: token.into(),
        lifetime: Some(Duration::from_secs(3600)),
        scopes: None,
        obtained_at: None,
        key: None,
    }
}

/// Creates a cache whose fetches `fetch` creates from their number.
fn cache(
    clock: &Arc<StillClock>,
    fetch: impl Fn(usize) -> BoxFuture<'static, Result<Grant, Error>> + Send + Sync + 'static,
) -> Cache {
    let count = AtomicUsize::new(0);
    let fetch = Box::new(move |_| fetch(count.fetch_add(1, Ordering::Relaxed) + 1));
    let owner = ("acme.us.auth0.com".to_owned(), "client".to_owned());
    Cache::new(fetch, clock.clone(), TIMING, owner)
}

/// Creates a cache whose fetches complete when the sent number reaches their own.
fn gated(clock: &Arc<StillClock>) -> (Cache, watch::Sender<usize>) {
    let (gate, landed) = watch::channel(0);
    let cache = cache(clock, move |number| {
        let mut landed = landed.clone();
        Box::pin(async move {
            landed.wait_for(|landed| *landed >= number).await.unwrap();
            Ok(grant(format!("token-{number}")))
        })
    });
    (cache, gate)
}

fn number_of_fetches(cache: &Cache) -> u64 {
    cache.0.state().last_number
}

/// Polls once and drops the future, like a cancelled caller.
fn poll_once(cache: &Cache) -> Option<Result<AccessToken, Error>> {
    cache.token().now_or_never()
}

async fn text(cache: &Cache) -> String {
    cache.token().await.unwrap().secret().to_owned()
}

#[tokio::test]
async fn next_caller_joins_the_fetch_of_cancelled_callers() {
    let clock = StillClock::new();
    let (cache, gate) = gated(&clock);
    for _ in 0..3 {
        assert!(poll_once(&cache).is_none());
        clock.advance(Duration::from_secs(60));
    }
    gate.send_replace(1);
    assert_eq!(text(&cache).await, "token-1");
    assert_eq!(number_of_fetches(&cache), 1);
}

#[tokio::test]
async fn stuck_fetch_is_aborted_and_replaced() {
    let clock = StillClock::new();
    let alive = Arc::new(());
    let cached = alive.clone();
    let cache = cache(&clock, move |number| {
        let cached = cached.clone();
        Box::pin(async move {
            if number == 1 {
                future::pending::<()>().await;
            }
            drop(cached);
            Ok(grant(format!("token-{number}")))
        })
    });
    let mut stuck = Box::pin(cache.token());
    assert!((&mut stuck).now_or_never().is_none());
    clock.advance(FETCH_TIMEOUT);
    assert!(poll_once(&cache).is_none());
    assert_eq!(number_of_fetches(&cache), 1, "the fetch may still complete");
    clock.advance(Duration::from_secs(1));
    assert_eq!(text(&cache).await, "token-2");
    assert_eq!(
        stuck.await.unwrap_err().to_string(),
        "the task of the token request did not finish"
    );
    // The aborted fetch has released its value. The remaining two are this one and that of the closure.
    assert_eq!(Arc::strong_count(&alive), 2);
    assert_eq!(text(&cache).await, "token-2");
}

#[tokio::test]
async fn callers_wait_for_a_hanging_refresh_only_after_the_expiry() {
    let clock = StillClock::new();
    let (cache, gate) = gated(&clock);
    gate.send_replace(1);
    assert_eq!(text(&cache).await, "token-1");
    clock.advance(Duration::from_secs(3600 - 50));
    for _ in 0..10 {
        let token = poll_once(&cache).expect("callers do not wait").unwrap();
        assert_eq!(token.secret(), "token-1");
        clock.advance(Duration::from_secs(4));
    }
    assert_eq!(number_of_fetches(&cache), 2, "one task refreshes it");
    clock.advance(Duration::from_secs(10));
    assert!(poll_once(&cache).is_none(), "the token has expired");
    gate.send_replace(2);
    assert_eq!(text(&cache).await, "token-2");
    assert_eq!(number_of_fetches(&cache), 2);
}

#[tokio::test]
async fn failed_refresh_keeps_the_valid_token_and_delays_the_next() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| {
        Box::pin(future::ready(match number {
            1 => Ok(grant("token-1".into())),
            _ => Err(Error::panicked()),
        }))
    });
    text(&cache).await;
    clock.advance(Duration::from_secs(3600 - 40));
    for expected in [2, 2, 2] {
        assert_eq!(text(&cache).await, "token-1");
        cache.wait_for_fetch().await;
        assert_eq!(number_of_fetches(&cache), expected);
    }
    clock.advance(Duration::from_secs(10));
    text(&cache).await;
    cache.wait_for_fetch().await;
    assert_eq!(
        number_of_fetches(&cache),
        3,
        "the next refresh starts after a quarter of the remaining time"
    );
    clock.advance(Duration::from_secs(30));
    assert_eq!(
        cache.token().await.unwrap_err().to_string(),
        "the token request panicked"
    );
}

#[tokio::test]
async fn late_waiter_does_not_restore_a_revoked_token() {
    let clock = StillClock::new();
    let (cache, gate) = gated(&clock);
    let (mut prompt, mut late) = (Box::pin(cache.token()), Box::pin(cache.token()));
    assert!((&mut prompt).now_or_never().is_none());
    assert!((&mut late).now_or_never().is_none());
    gate.send_replace(1);
    let token = prompt.await.unwrap();

    // Before the late caller is polled, the token is revoked and the next request is in flight.
    cache.accepted(token.id());
    assert!(cache.rejected(token.id()));
    let mut next = Box::pin(cache.token());
    assert!((&mut next).now_or_never().is_none());
    assert_eq!(late.await.unwrap().secret(), "token-1");

    assert!(
        poll_once(&cache).is_none(),
        "the revoked token is not restored"
    );
    gate.send_replace(2);
    assert_eq!(next.await.unwrap().secret(), "token-2");
    assert_eq!(text(&cache).await, "token-2");
}

#[tokio::test]
async fn panicking_fetch_fails_only_its_own_callers() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| {
        Box::pin(async move {
            assert_ne!(number, 1, "planned");
            Ok(grant(format!("token-{number}")))
        })
    });
    let error = cache.token().await.unwrap_err();
    assert_eq!(error.to_string(), "the token request panicked");
    assert_eq!(text(&cache).await, "token-2");
}

/// A runtime that makes progress only within `block_on`.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn idle_or_ended_runtime_does_not_block_other_callers() {
    for ends in [false, true] {
        let clock = StillClock::new();
        let (cache, gate) = gated(&clock);
        let first = runtime();
        first.block_on(async { assert!(poll_once(&cache).is_none()) });
        let idle = match ends {
            true => {
                drop(first);
                None
            }
            false => Some(first),
        };
        gate.send_replace(1);
        let other = std::thread::spawn({
            let cache = cache.clone();
            let limited = async move {
                let limit = Duration::from_secs(20);
                tokio::time::timeout(limit, text(&cache)).await
            };
            move || runtime().block_on(limited)
        });
        assert_eq!(other.join().unwrap().unwrap(), "token-1");
        assert_eq!(number_of_fetches(&cache), 1);
        drop(idle);
    }
}

#[tokio::test]
async fn token_age_tolerates_small_clock_changes() {
    let clock = StillClock::new();
    clock.advance(Duration::from_secs(10_000));
    let cache = cache(&clock, |number| {
        Box::pin(future::ready(Ok(grant(format!("token-{number}")))))
    });
    let token = cache.token().await.unwrap();
    *clock.0.lock().unwrap() -= Duration::from_secs(1);
    assert!(!cache.rejected(token.id()));
    *clock.0.lock().unwrap() -= Duration::from_secs(5_000);
    assert!(cache.rejected(token.id()));
}

#[test]
fn refresh_lead_is_the_capped_leeway_plus_jitter() {
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

#[tokio::test]
async fn jitter_is_drawn_once_per_token() {
    let clock = StillClock::new();
    let cache = cache(&clock, |number| {
        Box::pin(future::ready(Ok(grant(format!("token-{number}")))))
    });
    let cached = || cache.0.state().cached.clone().unwrap();
    let mut leads = std::collections::BTreeSet::new();
    for _ in 0..20 {
        text(&cache).await;
        let first = cached();
        text(&cache).await;
        assert!(Arc::ptr_eq(&first, &cached()));
        clock.advance(Duration::from_secs(3600));
        leads.insert(first.valid_until.duration_since(first.refresh_at).unwrap());
    }
    assert!(leads.len() > 1);
    assert!(leads.iter().all(|lead| (60..=75).contains(&lead.as_secs())));
}
