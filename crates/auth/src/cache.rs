//! The in-memory cache of one token, shared by all callers of a source.
//!
//! The cache does not know how a token is obtained: it calls a function that fetches one. It decides when to call that
//! function and who uses the result.
//!
//! - A valid token is returned at once. Within the leeway before its expiry, one task fetches the next one while
//!   callers use the cached one.
//! - Callers wait only if there is no valid token. One request serves all of them.
//! - Every fetch is a task of the [background runtime](crate::background). It does not depend on any caller: one that is
//!   cancelled, or whose runtime idles or ends, neither stops the fetch nor delays the others.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::time::SharedClock;
use auth0_core::{AccessToken, BoxFuture};
use futures_util::FutureExt as _;

use crate::background::SharedTask;
use crate::error::Error;
use crate::token_response::Grant;

#[cfg(test)]
mod tests;

/// A rejected token that is not older than this, and that no API has accepted, is not replaced: a new one would be rejected as
/// well, and tokens are billed.
const FRESH: Duration = Duration::from_secs(60);

/// The timeout of a fetch, after which another one starts. Requests have their own timeouts; a custom signer or store may
/// have none.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The maximum time that an exceeded quota is cached: it may be raised meanwhile.
const MAX_QUOTA_CACHE_TIME: Duration = Duration::from_secs(60);

/// The longest lifetime that Auth0 grants is 30 days. The cap keeps an absurd lifetime from overflowing the clock.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Obtains a token. The future does nothing until it is polled.
pub(crate) type Fetch = Box<dyn Fn(Need) -> BoxFuture<'static, Result<Grant, Error>> + Send + Sync>;

/// The purpose of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Callers wait: any valid token is sufficient, even a stored one that expires soon.
    Valid,
    /// Callers use the cached token, which expires soon: it has to be replaced.
    Fresh,
}

/// When tokens are refreshed and how long rejections are cached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// The maximum time before the expiry.
    pub(crate) leeway: Duration,
    /// The lifetime of a token that came without one.
    pub(crate) fallback_lifetime: Duration,
    /// How long a rejection is cached.
    pub(crate) rejection: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            leeway: Duration::from_secs(60),
            fallback_lifetime: Duration::from_secs(300),
            rejection: Duration::from_secs(10),
        }
    }
}

/// The cache of one token. Clones share it.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    fetch: Fetch,
    owner: (String, String),
    clock: SharedClock,
    timing: Timing,
    state: Mutex<State>,
    /// The number of the newest token that an API accepted, 0 for none. Outside the lock, because it is written
    /// after every successful call.
    accepted: AtomicU64,
}

#[derive(Default)]
struct State {
    cached: Option<Arc<CachedToken>>,
    flight: Option<InFlight>,
    /// When the next early refresh may start, after a failed one.
    next_refresh_at: Option<SystemTime>,
    /// A cached rejection and its expiry.
    rejection: Option<(Error, SystemTime)>,
    /// The number of the last fetch, which is also the number of its token.
    last_number: u64,
}

/// A fetch in flight.
struct InFlight {
    number: u64,
    /// The start on the monotonic clock.
    started_at: Duration,
    flight: SharedTask<Arc<CachedToken>>,
}

/// A token and its times, counted from before the request was sent, so that they are rather early.
struct CachedToken {
    token: AccessToken,
    obtained_at: SystemTime,
    refresh_at: SystemTime,
    valid_until: SystemTime,
}

impl CachedToken {
    /// `draw` is a random number between 0 and 1.
    fn new(number: u64, grant: Grant, started_at: SystemTime, timing: Timing, draw: f64) -> Self {
        let obtained_at = grant.obtained_at.unwrap_or(started_at);
        let (refresh_at, valid_until) = timing.times(obtained_at, grant.lifetime, draw);
        let mut token = AccessToken::new(grant.token, number);
        if grant.lifetime.is_some() {
            token = token.expires_at(valid_until);
        }
        if let Some(scopes) = grant.scopes {
            token = token.with_scopes(scopes);
        }
        if let Some(key) = grant.key {
            token = token.bound_to(Arc::new(key));
        }
        Self {
            token,
            obtained_at,
            refresh_at,
            valid_until,
        }
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        now < self.valid_until
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        // If the clock was set back a little, the age is negative, which is no reason to fetch a token. If it was set back
        // a lot, the age is unknown.
        let age = now
            .duration_since(self.obtained_at)
            .unwrap_or_else(|error| error.duration());
        age <= FRESH
    }
}

/// Returns how long before its expiry a token is refreshed: `leeway`, capped at a tenth of the lifetime, plus up to 25 % random
/// jitter, so that programs that started together do not refresh together.
fn lead(lifetime: Duration, leeway: Duration, draw: f64) -> Duration {
    let leeway = leeway.min(lifetime / 10);
    leeway + leeway.mul_f64(draw / 4.0)
}

enum Lookup {
    Use(AccessToken),
    Wait(SharedTask<Arc<CachedToken>>),
}

impl Cache {
    /// `owner` is the domain and the client ID for log events.
    pub(crate) fn new(
        fetch: Fetch,
        clock: SharedClock,
        timing: Timing,
        owner: (String, String),
    ) -> Self {
        Self(Arc::new(Inner {
            fetch,
            owner,
            clock,
            timing,
            state: Mutex::default(),
            accepted: AtomicU64::new(0),
        }))
    }

    /// Returns a valid token.
    pub(crate) async fn token(&self) -> Result<AccessToken, Error> {
        match self.lookup()? {
            Lookup::Use(token) => Ok(token),
            Lookup::Wait(flight) => Ok(flight.join().await?.token.clone()),
        }
    }

    /// Waits for the fetch in flight, if there is one.
    pub(crate) async fn wait_for_fetch(&self) {
        let flight = self.0.state().flight.as_ref().map(|it| it.flight.clone());
        if let Some(flight) = flight {
            // The next caller that needs a token gets the error.
            let _ = flight.join().await;
        }
    }

    /// Records that an API accepted the token with this number.
    pub(crate) fn accepted(&self, number: u64) {
        // Only the newest counts: a slow call may report an older token later. Reading first keeps the cache line shared on
        // the common path.
        if self.0.accepted.load(Ordering::Relaxed) < number {
            self.0.accepted.fetch_max(number, Ordering::Relaxed);
        }
    }

    /// Records that an API rejected the token with this number. Returns whether the next token will be another one.
    pub(crate) fn rejected(&self, number: u64) -> bool {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        let replace = match &state.cached {
            Some(cached) if cached.token.id() == number => {
                self.0.accepted.load(Ordering::Relaxed) == number || !cached.is_fresh(now)
            }
            // It was already dropped or replaced.
            _ => return true,
        };
        if replace {
            state.cached = None;
        }
        replace
    }

    /// Returns the cached token, or the fetch to wait for. Starts a fetch if one is due.
    fn lookup(&self) -> Result<Lookup, Error> {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        // A fetch removes itself when it ends, unless it failed to start or is stuck.
        let has_ended = |it: &mut InFlight| it.has_ended(self.0.clock.monotonic());
        if let Some(ended) = state.flight.take_if(has_ended) {
            ended.flight.abort();
        }
        let rejected = state.rejection.as_ref().filter(|(_, until)| now < *until);
        if let Some(cached) = state.cached.as_ref().filter(|cached| cached.is_valid(now)) {
            let token = cached.token.clone();
            let refresh_is_due = cached.refresh_at <= now
                && state.next_refresh_at.is_none_or(|at| at <= now)
                && rejected.is_none()
                && state.flight.is_none();
            if refresh_is_due {
                self.start(&mut state, Need::Fresh, now);
            }
            return Ok(Lookup::Use(token));
        }
        if let Some((error, _)) = rejected {
            return Err(error.clone());
        }
        Ok(Lookup::Wait(match &state.flight {
            Some(it) => it.flight.clone(),
            None => self.start(&mut state, Need::Valid, now),
        }))
    }

    fn start(
        &self,
        state: &mut State,
        need: Need,
        now: SystemTime,
    ) -> SharedTask<Arc<CachedToken>> {
        state.last_number += 1;
        let (cache, number, timing) = (self.clone(), state.last_number, self.0.timing);
        // Panics are caught: otherwise the fetch would never be removed.
        let grant = AssertUnwindSafe((self.0.fetch)(need)).catch_unwind();
        let span = match need {
            Need::Valid => tracing::Span::current(),
            // The call that noticed does not wait for the refresh, and its span has to end with the call.
            Need::Fresh => tracing::Span::none(),
        };
        let flight = SharedTask::start_in(span, async move {
            let result = grant.await.unwrap_or_else(|_| Err(Error::panicked()));
            let cached = |grant| {
                Arc::new(CachedToken::new(
                    number,
                    grant,
                    now,
                    timing,
                    fastrand::f64(),
                ))
            };
            let result = result.map(cached);
            cache.complete(number, &result);
            result
        });
        state.flight = Some(InFlight {
            number,
            started_at: self.0.clock.monotonic(),
            flight: flight.clone(),
        });
        flight
    }

    /// Records the result of a fetch before callers get it.
    fn complete(&self, number: u64, result: &Result<Arc<CachedToken>, Error>) {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        if state.flight.take_if(|it| it.number == number).is_none() {
            // The fetch timed out and another one was started.
            return;
        }
        match result {
            Ok(cached) => {
                state.cached = Some(cached.clone());
                state.next_refresh_at = None;
                state.rejection = None;
            }
            Err(error) => {
                state.cache_rejection(error, now, &self.0.timing);
                let cached = state.cached.as_ref().filter(|cached| cached.is_valid(now));
                if let Some(valid_until) = cached.map(|cached| cached.valid_until) {
                    let pause = pause(error, valid_until, now);
                    state.next_refresh_at = Some(now + pause);
                    // Callers do not get the error while the token is valid.
                    let ((domain, client_id), pause_s) = (&self.0.owner, pause.as_secs());
                    tracing::warn!(
                        domain,
                        client_id,
                        %error,
                        pause_s,
                        "early refresh failed, the token is still valid"
                    );
                }
            }
        }
    }
}

impl InFlight {
    fn has_ended(&self, now: Duration) -> bool {
        now.saturating_sub(self.started_at) > FETCH_TIMEOUT || self.flight.is_finished()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic in the middle of a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Caches an error that an immediate retry would repeat.
    fn cache_rejection(&mut self, error: &Error, now: SystemTime, timing: &Timing) {
        let time = timing.cache_time(error);
        self.rejection = time.map(|time| (error.clone(), now + time));
    }
}

impl Timing {
    /// Returns when a token that was requested at `obtained_at` is refreshed, and when it expires.
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

    /// Returns how long an error is cached, or `None` if it is not.
    fn cache_time(&self, error: &Error) -> Option<Duration> {
        if error.is_quota_used_up() {
            return error
                .retry_after()
                .map(|wait| wait.min(MAX_QUOTA_CACHE_TIME));
        }
        error
            .is_permanent()
            .then_some(self.rejection.min(MAX_LIFETIME))
    }
}

/// Returns how long to wait after a failed early refresh: a quarter of the remaining lifetime, so that there are a few attempts
/// and not one per call, and at least as long as the server asks. It is capped at the remaining lifetime: after that, a
/// new request is needed in any case.
fn pause(error: &Error, valid_until: SystemTime, now: SystemTime) -> Duration {
    let left = valid_until.duration_since(now).unwrap_or_default();
    (left / 4)
        .max(Duration::from_secs(1))
        .max(error.retry_after().unwrap_or_default())
        .min(left)
}
