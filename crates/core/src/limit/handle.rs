//! The way of a client's requests through the limiter: its host, and the organization that it acts for.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::budget::{Draw, SharedBudget, Supply};
use super::class::Class;
use super::host::Host;
use super::queue::{Queue, ReportedQuota, Scope, State};
use crate::retry::hint;
use crate::time::{SharedClock, SharedSleeper};

/// A wait that is shorter is none: nobody notices, and merely passing through takes some time.
const NOTICEABLE: Duration = Duration::from_millis(1);

/// How long a 429 pauses that does not say.
const UNSAID_PAUSE: Duration = Duration::from_secs(1);

/// A server that asks for more is asked again after this. Nobody should wait for a header with a typing error.
const MAX_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The way of a client's requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LimiterHandle {
    /// What this process shares with others, where it shares anything.
    pub(super) budget: Option<Arc<dyn SharedBudget>>,
    pub(super) clock: SharedClock,
    pub(super) sleeper: SharedSleeper,
    pub(super) host: Arc<Host>,
    /// The organization, or the callers of the host who act for none. They queue here first, so that each of these
    /// groups has one caller at a time in the host's queue, and none crowds the others out.
    pub(super) group: Arc<Scope>,
}

/// Lets one request go out, and counts it as under way until it is dropped.
#[must_use = "the request counts as under way only while this is held"]
pub(crate) struct Permit {
    _place: OwnedSemaphorePermit,
}

/// What an answer says of limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// The class of the request.
    pub(crate) class: Class,
    /// Whether it was refused for its rate: status 429.
    pub(crate) limited: bool,
    /// Whether it was the limit of the whole host that refused it: `X-Auth0-Error-Kind: global-rate-limit`.
    pub(crate) global: bool,
    /// `X-RateLimit-Limit`.
    pub(crate) limit: Option<u64>,
    /// `X-RateLimit-Remaining`.
    pub(crate) remaining: Option<u64>,
    /// How long until the server allows more, if it says.
    pub(crate) wait: Option<Duration>,
}

/// The server pauses the requests of a class for longer than a caller waits.
#[derive(Debug)]
pub(crate) struct Paused {
    /// How long the pause lasts from now on.
    pub(crate) wait: Duration,
}

/// What stands before a request.
enum Readiness {
    Clear,
    /// Both are ready, and there is no permit of the shared budget.
    Unpermitted,
    /// The group has to wait this long.
    Group(Duration),
    /// The group is ready, and the host has to wait this long.
    Host(Duration),
}

impl Observation {
    /// What the answer to a request of `class` says, at `now` by the clock here.
    pub(crate) fn of(
        class: Class,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Self {
        let wait = hint::wait_asked_for(headers, status, now)
            .or_else(|| hint::until_reset(headers, now))
            // A moment that has passed is as good as none.
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
    /// How long the server pauses the requests of `class` from now on: those of the group, of the host, or both.
    pub(crate) fn pause(&self, class: Class) -> Duration {
        let now = self.clock.monotonic();
        let of_group = self.group.queue(class).state().pause_left(now);
        of_group.max(self.host.scope.queue(class).state().pause_left(now))
    }

    /// Waits until a request may go out. Callers of one group and class go in the order in which they came; dropping
    /// the future gives up the place in the queue and takes nothing.
    ///
    /// A pause that lasts longer than `patience` is not waited for, be it that it begins meanwhile. The wait for the limiter's own rates, which depends
    /// on the callers ahead, has no such bound.
    pub(crate) async fn acquire(
        &self,
        class: Class,
        patience: impl Fn() -> Duration,
    ) -> Result<Permit, Paused> {
        let within_patience = || self.within(class, &patience);
        within_patience()?;
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let _entered = (group.enter(), host.enter());
        let since = self.clock.monotonic();
        let turn = self.unless_paused(class, &patience, group.gate.lock());
        let _first_of_group = turn.await?;
        'group: loop {
            // While the group has to wait, other groups pass.
            loop {
                within_patience()?;
                match self.readiness(group, host) {
                    Readiness::Group(wait) => {
                        let slept = self.sleeper.sleep(wait);
                        self.unless_paused(class, &patience, slept).await?;
                    }
                    Readiness::Unpermitted => {
                        let drawn = self.draw(class);
                        self.unless_paused(class, &patience, drawn).await?;
                    }
                    Readiness::Host(_) | Readiness::Clear => break,
                }
            }
            let turn = self.unless_paused(class, &patience, host.gate.lock());
            let _first_of_host = turn.await?;
            loop {
                within_patience()?;
                match self.readiness(group, host) {
                    // A pause came in the meantime, or a permit got old.
                    Readiness::Group(_) | Readiness::Unpermitted => continue 'group,
                    Readiness::Host(wait) => {
                        let slept = self.sleeper.sleep(wait);
                        self.unless_paused(class, &patience, slept).await?;
                    }
                    Readiness::Clear => {
                        // The place is taken last: a class that waits for its rate must not hold places that the
                        // other class could use.
                        let place = self.host.place();
                        let place = self.unless_paused(class, &patience, place).await?;
                        if let Some(waited) = self.take(group, host, since) {
                            self.tell_wait(class, waited);
                            return Ok(Permit { _place: place });
                        }
                    }
                }
            }
        }
    }

    fn within(&self, class: Class, patience: impl Fn() -> Duration) -> Result<(), Paused> {
        match self.pause(class) {
            wait if wait > patience() => Err(Paused { wait }),
            _ => Ok(()),
        }
    }

    /// Waits for `wait`, but no longer than until a pause begins that lasts longer than `patience`.
    async fn unless_paused<T>(
        &self,
        class: Class,
        patience: impl Fn() -> Duration,
        wait: impl Future<Output = T>,
    ) -> Result<T, Paused> {
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let mut wait = pin!(wait);
        loop {
            // They count every pause from here on, so none is missed between the check and the wait for them.
            let (of_group, of_host) = (group.paused.notified(), host.paused.notified());
            let (mut of_group, mut of_host) = (pin!(of_group), pin!(of_host));
            let done = poll_fn(|cx| {
                if let Poll::Ready(done) = wait.as_mut().poll(cx) {
                    return Poll::Ready(Ok(Some(done)));
                }
                self.within(class, &patience)?;
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

    /// Asks the shared budget for permits, as the first of its group. If the future is dropped while it is asked, what it
    /// gives gets lost; nobody else can use it, and it would be old in a moment anyway.
    async fn draw(&self, class: Class) {
        let Some(budget) = &self.budget else {
            return;
        };
        if self.host.free_places() == 0 {
            // Permits would get old until a place is free.
            drop(self.host.place().await);
        }
        let (group, host) = (self.group.queue(class), self.host.scope.queue(class));
        let free = self.host.free_places();
        let (draw, patience) = {
            let (of_group, of_host) = (group.state(), host.state());
            let (Some(of_group), Some(of_host)) = (&of_group.permit_pool, &of_host.permit_pool)
            else {
                return;
            };
            let patiences = [of_group.patience(), of_host.patience()];
            let patience = patiences.into_iter().flatten().min().unwrap_or_default();
            let name = match self.host.scope.is_shared() {
                true => "all",
                false => class.name(),
            };
            let organization = self.group.organization.as_ref();
            let buckets = [
                of_host.bucket(&self.host.name, None, name, patience),
                of_group.bucket(&self.host.name, organization, class.name(), patience),
            ];
            let draw = Draw {
                buckets: buckets.into_iter().flatten().collect(),
                permits: of_group.wanted(group.waiting(), free),
                horizon: patience,
            };
            (draw, patience)
        };
        let asked_at = self.clock.monotonic();
        let drawn = budget.draw(&draw).await;
        let now = self.clock.monotonic();
        let (mut group, mut host) = (group.state(), host.state());
        if let (Some(group), Some(host)) = (&mut group.permit_pool, &mut host.permit_pool) {
            if drawn.is_some() {
                for bucket in &draw.buckets {
                    match bucket.organization {
                        Some(_) => group.told(bucket.spent),
                        None => host.told(bucket.spent),
                    }
                }
            }
            group.receive(drawn, asked_at, now, patience);
        }
    }

    /// Takes note of an answer.
    pub(crate) fn observe(&self, observation: Observation) {
        let now = self.clock.monotonic();
        let Observation { class, limited, .. } = observation;
        let wait = observation.wait.map(|wait| wait.min(MAX_PAUSE));
        // Where there is no organization the limits are those of the host.
        let of_host = observation.global || self.group.organization.is_none();
        let scope = if of_host {
            &self.host.scope
        } else {
            &*self.group
        };
        if observation.limit.is_some() || observation.remaining.is_some() {
            scope.queue(class).state().note(ReportedQuota {
                limit: observation.limit,
                remaining: observation.remaining,
                reset: wait.map(|wait| now.saturating_add(wait)),
            });
        }
        let (pause, why) = if limited {
            (wait.unwrap_or(UNSAID_PAUSE), "status 429")
        } else if let (Some(0), Some(wait)) = (observation.remaining, wait) {
            (wait, "nothing remains")
        } else {
            return;
        };
        let classes = match limited && observation.global {
            true => Class::ALL.as_slice(),
            false => &[class],
        };
        for class in classes {
            if scope.queue(*class).pause(now, pause) {
                self.tell_pause(*class, of_host, pause, why);
            }
        }
    }

    fn readiness(&self, group: &Queue, host: &Queue) -> Readiness {
        let now = self.clock.monotonic();
        readiness(&mut group.state(), &host.state(), now)
    }

    /// Takes a cell of each bucket, or none; how long the caller waited.
    fn take(&self, group: &Queue, host: &Queue, since: Duration) -> Option<Duration> {
        let now = self.clock.monotonic();
        let (mut group, mut host) = (group.state(), host.state());
        let Readiness::Clear = readiness(&mut group, &host, now) else {
            return None;
        };
        let waited = now.saturating_sub(since);
        let waited = if waited < NOTICEABLE {
            Duration::ZERO
        } else {
            waited
        };
        let is_alone = !group.alone_for(now).is_zero();
        group.grant(now, waited, is_alone);
        host.grant(now, waited, is_alone);
        Some(waited)
    }

    fn tell_wait(&self, class: Class, waited: Duration) {
        if waited.is_zero() {
            return;
        }
        let (class, waited_ms) = (class.name(), waited.as_millis() as u64);
        tracing::debug!(target: "auth0_core", class, waited_ms, "waited for the rate limit");
        if let Some(organization) = self.group.organization.as_deref() {
            tracing::trace!(target: "auth0_core", class, waited_ms, organization, "waited for the rate limit");
        }
    }

    fn tell_pause(&self, class: Class, of_host: bool, pause: Duration, why: &str) {
        let until = self.clock.now().checked_add(pause);
        let until = until.and_then(|until| until.duration_since(SystemTime::UNIX_EPOCH).ok());
        let until_unix_s = until.map(|until| until.as_secs());
        let class = class.name();
        tracing::debug!(target: "auth0_core", class, of_host, until_unix_s, why, "paused");
        if let Some(organization) = self.group.organization.as_deref().filter(|_| !of_host) {
            tracing::trace!(target: "auth0_core", class, until_unix_s, why, organization, "paused");
        }
    }
}

fn readiness(group: &mut State, host: &State, now: Duration) -> Readiness {
    let alone_for = group.alone_for(now);
    let is_alone = !alone_for.is_zero();
    // Who goes on by itself looks up when the budget may be asked again.
    let until_then = |wait: Duration| match is_alone {
        true => wait.min(alone_for),
        false => wait,
    };
    match (group.wait(now, is_alone), host.wait(now, is_alone)) {
        (Duration::ZERO, Duration::ZERO) if is_alone => Readiness::Clear,
        (Duration::ZERO, Duration::ZERO) => match group.supply(now) {
            Supply::Permit => Readiness::Clear,
            Supply::Wait(wait) => Readiness::Group(wait),
            Supply::Ask => Readiness::Unpermitted,
        },
        (Duration::ZERO, wait) => Readiness::Host(until_then(wait)),
        (wait, _) => Readiness::Group(until_then(wait)),
    }
}
