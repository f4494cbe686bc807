//! A client's access to the limiter: its host, and the organization that it acts for.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::budget::{PermitRequest, SharedBudget, Supply};
use super::class::Class;
use super::host::Host;
use super::queue::{Queue, ReportedQuota, Scope, State};
use crate::retry::hint;
use crate::time::{SharedClock, SharedSleeper};

/// Shorter waits are not recorded: passing through the limiter alone takes some time.
const MIN_RECORDED_WAIT: Duration = Duration::from_millis(1);

/// The pause after a 429 that does not specify one.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, in case a server sends an absurd value.
const MAX_PAUSE: Duration = Duration::from_secs(60 * 60);

/// A client's handle of the limiter. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LimiterHandle {
    /// The budget that is shared with other processes, if any.
    pub(super) budget: Option<Arc<dyn SharedBudget>>,
    pub(super) clock: SharedClock,
    pub(super) sleeper: SharedSleeper,
    pub(super) host: Arc<Host>,
    /// The organization, or the callers that act for none. They queue here first, so that each group has at most one
    /// caller in the host's queue and no group starves the others.
    pub(super) group: Arc<Scope>,
}

/// Allows one request, which counts as in flight until the permit is dropped.
#[must_use = "the request counts as in flight only while the permit is held"]
pub(crate) struct Permit {
    _slot: OwnedSemaphorePermit,
}

/// What a response reports about rate limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// The class of the request.
    pub(crate) class: Class,
    /// Whether the status is 429.
    pub(crate) limited: bool,
    /// Whether the limit of the whole host was exceeded: `X-Auth0-Error-Kind: global-rate-limit`.
    pub(crate) global: bool,
    /// `X-RateLimit-Limit`.
    pub(crate) limit: Option<u64>,
    /// `X-RateLimit-Remaining`.
    pub(crate) remaining: Option<u64>,
    /// How long until the server allows more requests, if specified.
    pub(crate) wait: Option<Duration>,
}

/// The server pauses a class for longer than the caller may wait.
#[derive(Debug)]
pub(crate) struct Paused {
    /// The remaining time of the pause.
    pub(crate) wait: Duration,
}

/// Whether a request may be sent.
enum Readiness {
    Clear,
    /// Group and host are ready, but a permit of the shared budget is missing.
    Unpermitted,
    /// The group has to wait.
    Group(Duration),
    /// The group is ready, but the host has to wait.
    Host(Duration),
}

impl Observation {
    /// Reads the headers of the response to a request of `class`, received at `now` by the local clock.
    pub(crate) fn of(
        class: Class,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Self {
        let wait = hint::requested_wait(headers, status, now)
            .or_else(|| hint::until_reset(headers, now))
            // A time in the past is treated as missing.
            .filter(|wait| !wait.is_zero());
        Self {
            class,
            limited: status == StatusCode::TOO_MANY_REQUESTS,
            global: headers
                .get("x-auth0-error-kind")
                .is_some_and(|kind| kind == "global-rate-limit"),
            limit: hint::number(headers, "x-ratelimit-limit"),
            remaining: hint::number(headers, "x-ratelimit-remaining"),
            wait,
        }
    }
}

impl LimiterHandle {
    /// Returns the remaining pause of `class`: that of the group or that of the host, whichever is longer.
    pub(crate) fn pause(&self, class: Class) -> Duration {
        let now = self.clock.monotonic();
        let of_group = self.group.queue(class).state().pause_left(now);
        of_group.max(self.host.scope.queue(class).state().pause_left(now))
    }

    /// Waits until a request may be sent. Callers of one group and class are served in order. Dropping the future leaves
    /// the queue and takes nothing.
    ///
    /// Fails if a pause lasts longer than `max_wait`, also if it begins while waiting. The wait for the limiter's own
    /// rates depends on the callers ahead and has no such bound.
    pub(crate) async fn acquire(
        &self,
        class: Class,
        max_wait: impl Fn() -> Duration,
    ) -> Result<Permit, Paused> {
        let check_pause = || self.check_pause(class, &max_wait);
        check_pause()?;
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let _waiting = (group.enter(), host.enter());
        let since = self.clock.monotonic();
        let turn = self.wait_unless_paused(class, &max_wait, group.gate.lock());
        let _group_turn = turn.await?;
        'group: loop {
            // Outside the host's queue, so that a waiting group does not block other groups.
            loop {
                check_pause()?;
                match self.readiness(group, host) {
                    Readiness::Group(wait) => {
                        let slept = self.sleeper.sleep(wait);
                        self.wait_unless_paused(class, &max_wait, slept).await?;
                    }
                    Readiness::Unpermitted => {
                        let permits_requested = self.request_permits(class);
                        self.wait_unless_paused(class, &max_wait, permits_requested)
                            .await?;
                    }
                    Readiness::Host(_) | Readiness::Clear => break,
                }
            }
            let turn = self.wait_unless_paused(class, &max_wait, host.gate.lock());
            let _host_turn = turn.await?;
            loop {
                check_pause()?;
                match self.readiness(group, host) {
                    // A pause began in the meantime, or a permit expired.
                    Readiness::Group(_) | Readiness::Unpermitted => continue 'group,
                    Readiness::Host(wait) => {
                        let slept = self.sleeper.sleep(wait);
                        self.wait_unless_paused(class, &max_wait, slept).await?;
                    }
                    Readiness::Clear => {
                        // The slot is taken last: a class that waits for its rate must not hold a slot that the other
                        // class could use.
                        let slot = self.host.acquire_slot();
                        let slot = self.wait_unless_paused(class, &max_wait, slot).await?;
                        if let Some(waited) = self.take(group, host, since) {
                            self.log_wait(class, waited);
                            return Ok(Permit { _slot: slot });
                        }
                    }
                }
            }
        }
    }

    fn check_pause(&self, class: Class, max_wait: impl Fn() -> Duration) -> Result<(), Paused> {
        match self.pause(class) {
            wait if wait > max_wait() => Err(Paused { wait }),
            _ => Ok(()),
        }
    }

    /// Waits for `wait`, and fails as soon as a pause lasts longer than `max_wait`.
    async fn wait_unless_paused<T>(
        &self,
        class: Class,
        max_wait: impl Fn() -> Duration,
        wait: impl Future<Output = T>,
    ) -> Result<T, Paused> {
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let mut wait = pin!(wait);
        loop {
            // Created before the check, so that no pause is missed between the check and the wait.
            let (of_group, of_host) = (group.paused.notified(), host.paused.notified());
            let (mut of_group, mut of_host) = (pin!(of_group), pin!(of_host));
            let done = poll_fn(|cx| {
                if let Poll::Ready(done) = wait.as_mut().poll(cx) {
                    return Poll::Ready(Ok(Some(done)));
                }
                self.check_pause(class, &max_wait)?;
                let is_paused = of_group.as_mut().poll(cx).is_ready();
                match of_host.as_mut().poll(cx).is_ready() || is_paused {
                    true => Poll::Ready(Ok(None)),
                    false => Poll::Pending,
                }
            });
            if let Some(done) = done.await? {
                return Ok(done);
            }
        }
    }

    /// Requests permits from the shared budget, as the first caller of the group. If the future is dropped meanwhile, the
    /// permits are lost, which is acceptable because they expire soon.
    async fn request_permits(&self, class: Class) {
        let Some(budget) = &self.budget else {
            return;
        };
        if self.host.free_slots() == 0 {
            // Permits would expire before a slot is free.
            drop(self.host.acquire_slot().await);
        }
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let free = self.host.free_slots();
        let (request, permit_lifetime) = {
            let (of_group, of_host) = (group.state(), host.state());
            let (Some(of_group), Some(of_host)) = (&of_group.permit_pool, &of_host.permit_pool)
            else {
                return;
            };
            let lifetimes = [of_group.permit_lifetime(), of_host.permit_lifetime()];
            let permit_lifetime = lifetimes.into_iter().flatten().min().unwrap_or_default();
            let name = match self.host.scope.is_shared() {
                true => "all",
                false => class.name(),
            };
            let organization = self.group.organization.as_ref();
            let buckets = [
                of_host.bucket(&self.host.name, None, name, permit_lifetime),
                of_group.bucket(&self.host.name, organization, class.name(), permit_lifetime),
            ];
            let request = PermitRequest {
                buckets: buckets.into_iter().flatten().collect(),
                permits: of_group.wanted(group.waiting(), free),
                horizon: permit_lifetime,
            };
            (request, permit_lifetime)
        };
        let requested_at = self.clock.monotonic();
        let grant = budget.acquire(&request).await;
        let now = self.clock.monotonic();
        let (mut group, mut host) = (group.state(), host.state());
        if let (Some(group), Some(host)) = (&mut group.permit_pool, &mut host.permit_pool) {
            if grant.is_some() {
                for bucket in &request.buckets {
                    match bucket.organization {
                        Some(_) => group.clear_spent(bucket.spent),
                        None => host.clear_spent(bucket.spent),
                    }
                }
            }
            group.receive(grant, requested_at, now, permit_lifetime);
        }
    }

    /// Updates limits and pauses from a response.
    pub(crate) fn observe(&self, observation: Observation) {
        let now = self.clock.monotonic();
        let Observation { class, limited, .. } = observation;
        let wait = observation.wait.map(|wait| wait.min(MAX_PAUSE));
        // Without an organization, the limits are those of the host.
        let of_host = observation.global || self.group.organization.is_none();
        let scope = if of_host {
            &self.host.scope
        } else {
            &*self.group
        };
        if observation.limit.is_some() || observation.remaining.is_some() {
            scope.queue(class).state().set_reported(ReportedQuota {
                limit: observation.limit,
                remaining: observation.remaining,
                reset: wait.map(|wait| now.saturating_add(wait)),
            });
        }
        let (pause, reason) = if limited {
            (wait.unwrap_or(DEFAULT_PAUSE), "status 429")
        } else if let (Some(0), Some(wait)) = (observation.remaining, wait) {
            (wait, "no requests remain")
        } else {
            return;
        };
        let classes = match limited && observation.global {
            true => Class::ALL.as_slice(),
            false => &[class],
        };
        for class in classes {
            if scope.queue(*class).pause(now, pause) {
                self.log_pause(*class, of_host, pause, reason);
            }
        }
    }

    fn readiness(&self, group: &Queue, host: &Queue) -> Readiness {
        let now = self.clock.monotonic();
        readiness(&mut group.state(), &host.state(), now)
    }

    /// Takes a token from each bucket and returns how long the caller waited; `None` if a bucket is not ready.
    fn take(&self, group: &Queue, host: &Queue, since: Duration) -> Option<Duration> {
        let now = self.clock.monotonic();
        let (mut group, mut host) = (group.state(), host.state());
        let Readiness::Clear = readiness(&mut group, &host, now) else {
            return None;
        };
        let waited = now.saturating_sub(since);
        let waited = if waited < MIN_RECORDED_WAIT {
            Duration::ZERO
        } else {
            waited
        };
        let is_local = !group.local_for(now).is_zero();
        group.grant(now, waited, is_local);
        host.grant(now, waited, is_local);
        Some(waited)
    }

    fn log_wait(&self, class: Class, waited: Duration) {
        if waited.is_zero() {
            return;
        }
        let (class, waited_ms) = (class.name(), waited.as_millis() as u64);
        tracing::debug!(target: "auth0_core", class, waited_ms, "waited for the rate limit");
        if let Some(organization) = self.group.organization.as_deref() {
            tracing::trace!(target: "auth0_core", class, waited_ms, organization, "waited for the rate limit");
        }
    }

    fn log_pause(&self, class: Class, of_host: bool, pause: Duration, reason: &str) {
        let until = self.clock.now().checked_add(pause);
        let until = until.and_then(|until| until.duration_since(SystemTime::UNIX_EPOCH).ok());
        let until_unix_s = until.map(|until| until.as_secs());
        let class = class.name();
        tracing::debug!(target: "auth0_core", class, of_host, until_unix_s, reason, "paused");
        if let Some(organization) = self.group.organization.as_deref().filter(|_| !of_host) {
            tracing::trace!(target: "auth0_core", class, until_unix_s, reason, organization, "paused");
        }
    }
}

fn readiness(group: &mut State, host: &State, now: Duration) -> Readiness {
    let local_for = group.local_for(now);
    let is_local = !local_for.is_zero();
    // Without the budget, callers wake up when it may be contacted again.
    let until_next_check = |wait: Duration| match is_local {
        true => wait.min(local_for),
        false => wait,
    };
    match (group.wait(now, is_local), host.wait(now, is_local)) {
        (Duration::ZERO, Duration::ZERO) if is_local => Readiness::Clear,
        (Duration::ZERO, Duration::ZERO) => match group.supply(now) {
            Supply::Permit => Readiness::Clear,
            Supply::Wait(wait) => Readiness::Group(wait),
            Supply::Request => Readiness::Unpermitted,
        },
        (Duration::ZERO, wait) => Readiness::Host(until_next_check(wait)),
        (wait, _) => Readiness::Group(until_next_check(wait)),
    }
}
