//! One token, shared by all who need it.
//!
//! The cache knows nothing of how a token is had: it is given a function that makes a request. What it adds is
//! when that function is called, and by whom its future is polled.
//!
//! A request in flight is a future that all waiters share. Nobody owns it: whoever waits polls it, so a waiter that
//! is cancelled takes nothing with it, no task has to be spawned, and the cache needs no runtime to be made in.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::time::SharedClock;
use auth0_core::{AccessToken, BoxFuture};
use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::answer::Grant;
use crate::error::Error;

#[cfg(test)]
mod tests;

/// A refused token that is no older than this, and that no API ever took, is not replaced: a new one would be
/// refused as well, and tokens are billed.
const FRESH: Duration = Duration::from_secs(60);

/// A request that nobody polls any more is taken up again by the next caller within this time. Later its connection
/// is likely dead, and its answer old.
const ABANDONED: Duration = Duration::from_secs(30);

/// A used-up quota is believed for this long at the most: somebody may raise it.
const MAX_QUOTA: Duration = Duration::from_secs(60);

/// Auth0 grants no access token for longer than 30 days. The cap keeps an absurd lifetime from overflowing the clock.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How a token is had. The future does nothing until it is polled.
pub(crate) type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<Grant, Error>> + Send + Sync>;

/// When a token is replaced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// How long before its end, at most.
    pub(crate) leeway: Duration,
    /// The lifetime of a token that came without one.
    pub(crate) fallback_lifetime: Duration,
    /// How long a refusal is remembered.
    pub(crate) refusal: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            leeway: Duration::from_secs(60),
            fallback_lifetime: Duration::from_secs(300),
            refusal: Duration::from_secs(10),
        }
    }
}

/// The cache of one token.
pub(crate) struct Cache {
    fetch: Fetch,
    clock: SharedClock,
    timing: Timing,
    state: Mutex<State>,
    /// The number of the newest token that an API took, 0 for none. It stands outside the lock because it is written
    /// after every successful call.
    accepted: AtomicU64,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    flight: Option<Flight>,
    /// After a failed early refresh: when the next one may start.
    next_refresh_at: Option<SystemTime>,
    /// A refusal that would only be repeated, and until when it is not.
    refusal: Option<(Error, SystemTime)>,
    /// The number of the last flight, which is also the number of the token that it brings.
    last_number: u64,
}

/// A request under way.
#[derive(Clone)]
struct Flight {
    number: u64,
    started_at: SystemTime,
    landing: Shared<BoxFuture<'static, Result<Arc<Held>, Error>>>,
}

impl Flight {
    /// Whether somebody waits for it, which is to say polls it.
    fn is_driven(&self) -> bool {
        // One count is the cache's own.
        self.landing.strong_count().is_some_and(|count| count > 1)
    }
}

/// A token and its times. They count from before the request was sent, so that they err towards the early side.
struct Held {
    token: AccessToken,
    obtained_at: SystemTime,
    refresh_at: SystemTime,
    valid_until: SystemTime,
    /// Why it was not replaced, though it was time to.
    stale: Option<Error>,
}

impl Held {
    /// `draw` is a random number from 0 to 1.
    fn new(number: u64, grant: Grant, started_at: SystemTime, timing: Timing, draw: f64) -> Self {
        let obtained_at = grant.obtained_at.unwrap_or(started_at);
        let (refresh_at, valid_until) = timing.times(obtained_at, grant.lifetime, draw);
        let mut token = AccessToken::new(grant.token, number);
        if grant.lifetime.is_some() {
            token = token.expires_at(valid_until);
        }
        if let Some(scopes) = grant.scopes {
            token = token.granting(scopes);
        }
        if let Some(key) = grant.key {
            token = token.bound_to(Arc::new(key));
        }
        Self {
            token,
            obtained_at,
            refresh_at,
            valid_until,
            stale: grant.stale,
        }
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        now < self.valid_until
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        // A clock that was set back a little makes the age negative, which is no reason to buy a token; one that was
        // set back a lot tells nothing about the age.
        let age = now
            .duration_since(self.obtained_at)
            .unwrap_or_else(|error| error.duration());
        age <= FRESH
    }
}

/// How long before its end a token is replaced: `leeway`, but at most a tenth of the lifetime, and up to a quarter
/// of that on top, by lot, so that programs that were started together do not ask together.
fn lead(lifetime: Duration, leeway: Duration, draw: f64) -> Duration {
    let leeway = leeway.min(lifetime / 10);
    leeway + leeway.mul_f64(draw / 4.0)
}

enum Step {
    Use(AccessToken),
    Fail(Error),
    Wait(Flight),
}

impl Cache {
    pub(crate) fn new(fetch: Fetch, clock: SharedClock, timing: Timing) -> Self {
        Self {
            fetch,
            clock,
            timing,
            state: Mutex::default(),
            accepted: AtomicU64::new(0),
        }
    }

    /// A token that is valid now.
    pub(crate) async fn token(&self) -> Result<AccessToken, Error> {
        match self.step() {
            Step::Use(token) => Ok(token),
            Step::Fail(error) => Err(error),
            Step::Wait(flight) => {
                let result = flight.landing.await;
                self.settle(flight.number, result)
            }
        }
    }

    /// An API took the token with this number.
    pub(crate) fn accepted(&self, number: u64) {
        // The newest counts: a slow call may report an older token after a newer one was taken. Reading first keeps
        // the cache line shared on the common path.
        if self.accepted.load(Ordering::Relaxed) < number {
            self.accepted.fetch_max(number, Ordering::Relaxed);
        }
    }

    /// An API refused the token with this number; whether the next one will be another.
    pub(crate) fn rejected(&self, number: u64) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let replace = match &state.held {
            Some(held) if held.token.id() == number => {
                self.accepted.load(Ordering::Relaxed) == number || !held.is_fresh(now)
            }
            // It was thrown away or replaced already.
            _ => return true,
        };
        if replace {
            state.held = None;
        }
        replace
    }

    /// Decides what a caller does: use the held token, or wait for a flight, which is started where there is none.
    fn step(&self) -> Step {
        let now = self.clock.now();
        let mut state = self.state();
        let refused = state.refusal.as_ref().filter(|(_, until)| now < *until);
        if let Some(held) = state.held.as_ref().filter(|held| held.is_valid(now)) {
            let refresh_due = held.refresh_at <= now
                && state.next_refresh_at.is_none_or(|at| at <= now)
                && refused.is_none()
                // While the token is valid one caller is enough to wait for the next.
                && !state.flight.as_ref().is_some_and(Flight::is_driven);
            if !refresh_due {
                return Step::Use(held.token.clone());
            }
        }
        if let Some((error, _)) = refused {
            return Step::Fail(error.clone());
        }
        if state.flight.as_ref().is_some_and(|flight| {
            !flight.is_driven()
                && now
                    .duration_since(flight.started_at)
                    .is_ok_and(|age| age > ABANDONED)
        }) {
            state.flight = None;
        }
        let State {
            flight,
            last_number,
            ..
        } = &mut *state;
        Step::Wait(
            flight
                .get_or_insert_with(|| {
                    *last_number += 1;
                    self.start(*last_number, now)
                })
                .clone(),
        )
    }

    fn start(&self, number: u64, now: SystemTime) -> Flight {
        // A panic would otherwise poison the shared future, and with it this cache, for good.
        let grant = AssertUnwindSafe((self.fetch)()).catch_unwind();
        let timing = self.timing;
        let landing: BoxFuture<'static, _> = Box::pin(async move {
            let grant = grant.await.unwrap_or_else(|_| Err(Error::panicked()))?;
            Ok(Arc::new(Held::new(
                number,
                grant,
                now,
                timing,
                fastrand::f64(),
            )))
        });
        Flight {
            number,
            started_at: now,
            landing: landing.shared(),
        }
    }

    /// Takes note of a landing. All waiters come here, the first one acts.
    fn settle(&self, number: u64, result: Result<Arc<Held>, Error>) -> Result<AccessToken, Error> {
        let now = self.clock.now();
        let mut state = self.state();
        let first = state
            .flight
            .as_ref()
            .is_some_and(|flight| flight.number == number);
        if first {
            state.flight = None;
        }
        match result {
            Ok(held) => {
                let token = held.token.clone();
                if first {
                    let stale = held.stale.clone();
                    let valid_until = held.valid_until;
                    state.held = Some(held);
                    state.next_refresh_at = None;
                    state.refusal = None;
                    if let Some(error) = stale {
                        state.refresh_failed(&error, valid_until, now, &self.timing);
                    }
                }
                Ok(token)
            }
            Err(error) => {
                let Some(held) = state.held.clone().filter(|held| held.is_valid(now)) else {
                    if first {
                        state.refuse(&error, now, &self.timing);
                    }
                    return Err(error);
                };
                if first {
                    state.refresh_failed(&error, held.valid_until, now, &self.timing);
                }
                Ok(held.token.clone())
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic half-way through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes note of an error that would only be repeated.
    fn refuse(&mut self, error: &Error, now: SystemTime, timing: &Timing) {
        let time = timing.remembered(error);
        self.refusal = time.map(|time| (error.clone(), now + time));
    }

    /// Takes note of an early refresh that failed.
    fn refresh_failed(
        &mut self,
        error: &Error,
        valid_until: SystemTime,
        now: SystemTime,
        timing: &Timing,
    ) {
        self.refuse(error, now, timing);
        let pause = pause(error, valid_until, now);
        tracing::warn!(
            %error,
            pause_s = pause.as_secs(),
            "early refresh failed, the token is still valid"
        );
        self.next_refresh_at = Some(now + pause);
    }
}

impl Timing {
    /// When a token is replaced that was asked for at `obtained_at`, and when it ends.
    pub(crate) fn times(
        &self,
        obtained_at: SystemTime,
        lifetime: Option<Duration>,
        draw: f64,
    ) -> (SystemTime, SystemTime) {
        let lifetime = lifetime.unwrap_or(self.fallback_lifetime).min(MAX_LIFETIME);
        let early = lifetime - lead(lifetime, self.leeway, draw);
        (obtained_at + early, obtained_at + lifetime)
    }

    /// How long an error stands for all further requests, if it does.
    fn remembered(&self, error: &Error) -> Option<Duration> {
        if error.is_quota_used_up() {
            return error.retry_after().map(|wait| wait.min(MAX_QUOTA));
        }
        error.is_lasting().then_some(self.refusal.min(MAX_LIFETIME))
    }
}

/// How long to wait after a failed early refresh: a quarter of what is left of the token, so that there are a few
/// attempts and not one with every call, and no less than the server asks for. Once the token has ended there is no
/// choice but to ask again, so it is never more than what is left.
fn pause(error: &Error, valid_until: SystemTime, now: SystemTime) -> Duration {
    let left = valid_until.duration_since(now).unwrap_or_default();
    (left / 4)
        .max(Duration::from_secs(1))
        .max(error.retry_after().unwrap_or_default())
        .min(left)
}
