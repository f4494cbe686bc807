//! Client-side rate limiting, with a queue per host, organization and class (reads and writes).
//!
//! A request takes one token from the bucket of its host and one from the bucket of its organization, if it has one.
//! Both are taken at once and only when the request is sent, so no time window exceeds the limits. Callers queue twice:
//! first with the callers of the same organization; then the first caller of each organization queues for the host. A
//! paused class waits before the host's queue, so it does not block other classes or organizations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::time::{SharedClock, SharedSleeper, SystemTimer};

mod bucket;
mod budget;
mod class;
mod handle;
mod host;
mod queue;
mod rate;
mod snapshot;
#[cfg(test)]
mod tests;

pub use budget::{PermitGrant, PermitRequest, SharedBucket, SharedBudget};
pub(crate) use class::Class;
pub(crate) use handle::{LimiterHandle, Observation, Paused, Permit};
use host::Host;
use rate::Quotas;
pub use rate::{Limits, Rate};
pub use snapshot::{
    ClassSnapshot, HostSnapshot, LimiterSnapshot, OrganizationSnapshot, ReportedLimit,
};

/// Delays requests so that they stay within the server's rate limits, with headroom for other programs. Clones share
/// one state, and so do all clients with the same limiter.
///
/// Reads and writes of a host, and of each of its organizations, have separate queues. Callers are served in order, and a
/// caller that is cancelled leaves the queue without using a permit.
///
/// A response with status 429, or with no remaining requests, pauses the class of its request until the server allows
/// more requests: for the organization if the client acts for one, otherwise for the host. A `global-rate-limit` response
/// pauses the whole host. A 429 without a duration pauses for one second. No pause exceeds one hour from the response.
///
/// A call waits for a pause of at most [`RetryPolicy::max_wait`](crate::RetryPolicy::max_wait), and not beyond its own
/// timeout or the total time of its retries. A longer pause fails the call at once, before a token is fetched:
/// [`Error::is_rate_limited`] is true and [`Error::retry_at`] is the end of the pause. The wait for the limiter's own
/// rates, shared or not, depends on the callers ahead and is bounded only by the timeout of the call.
///
/// Use one limiter per API and rate limit plan, because two APIs of one tenant have separate limits. The limiter counts
/// the requests of this process only, unless it has a [shared budget](Limiter::with_shared_budget). It starts no tasks: a
/// waiting call proceeds when it is polled, so a call that is neither polled nor dropped blocks those behind it.
///
/// An organization takes about 600 bytes until no client acts for it and its limits have recovered completely.
///
/// ```
/// use auth0_core::{Limiter, Limits, Rate};
///
/// let limits = Limits::new(Rate::per_second(40), Rate::per_second(20))
///     .organization(Rate::per_second(8), Rate::per_second(4));
/// let limiter = Limiter::new(limits)?;
/// let acme = limiter.for_organization("org_acme");
/// # let _ = acme;
/// assert!(limiter.snapshot().hosts.is_empty());
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Clone)]
#[doc(alias = "rate limit")]
#[doc(alias = "rate limiter")]
#[doc(alias = "throttle")]
#[doc(alias = "429")]
pub struct Limiter {
    shared: Arc<Shared>,
    organization: Option<Arc<str>>,
}

struct Shared {
    limits: Limits,
    quotas: Quotas,
    budget: Option<Arc<dyn SharedBudget>>,
    clock: SharedClock,
    sleeper: SharedSleeper,
    /// Never removed: there is one per tenant, so there are few.
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
}

impl Limiter {
    /// Creates a limiter that uses the system clock and tokio's timer.
    ///
    /// # Errors
    ///
    /// Returns a configuration error that names the limit that is out of range, such as a rate of zero.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::with_timer(limits, Arc::new(SystemTimer), Arc::new(SystemTimer))
    }

    /// Creates a limiter with an injected clock and sleeper.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Limiter::new`].
    pub fn with_timer(
        limits: Limits,
        clock: SharedClock,
        sleeper: SharedSleeper,
    ) -> Result<Self, Error> {
        Ok(Self {
            shared: Arc::new(Shared {
                limits,
                quotas: limits.quotas(None)?,
                budget: None,
                clock,
                sleeper,
                hosts: Mutex::default(),
            }),
            organization: None,
        })
    }

    /// Returns a new limiter with the same limits that shares them with other processes through `budget`. Call this before
    /// passing the limiter to clients: its current state is not kept.
    ///
    /// Each request also needs a permit from the budget. Permits are requested in batches, and a permit that is not used
    /// within 100 ms is lost. While the budget is unavailable, this process uses `share` of each rate and burst, from 0.001
    /// to 1: for example a quarter if there are four processes. A burst never falls below one request.
    ///
    /// # Errors
    ///
    /// Returns a configuration error if `share` is out of range.
    #[doc(alias = "distributed rate limit")]
    pub fn with_shared_budget(self, budget: impl SharedBudget, share: f64) -> Result<Self, Error> {
        let Shared {
            limits,
            clock,
            sleeper,
            ..
        } = &*self.shared;
        Ok(Self {
            shared: Arc::new(Shared {
                limits: *limits,
                quotas: limits.quotas(Some(share))?,
                budget: Some(Arc::new(budget)),
                clock: clock.clone(),
                sleeper: sleeper.clone(),
                hosts: Mutex::default(),
            }),
            organization: self.organization,
        })
    }

    /// Returns the same limiter for clients that act for one organization: their calls also count against its limits.
    #[must_use]
    pub fn for_organization(&self, id: impl Into<String>) -> Self {
        Self {
            shared: self.shared.clone(),
            organization: Some(Arc::from(id.into())),
        }
    }

    /// Returns the current state of all hosts and organizations.
    pub fn snapshot(&self) -> LimiterSnapshot {
        let hosts = self.hosts();
        let snapshot_of = |(name, host): (&String, &Arc<Host>)| {
            (name.clone(), host.snapshot(self.shared.clock.as_ref()))
        };
        LimiterSnapshot {
            hosts: hosts.iter().map(snapshot_of).collect(),
        }
    }

    /// Returns the handle for requests to `host`, as written in a URL. A client looks it up once.
    pub(crate) fn handle(&self, host: &str) -> LimiterHandle {
        let Shared {
            quotas,
            budget,
            clock,
            sleeper,
            ..
        } = &*self.shared;
        let host = self
            .hosts()
            .entry(host.to_owned())
            .or_insert_with(|| Arc::new(Host::new(host, quotas)))
            .clone();
        LimiterHandle {
            budget: budget.clone(),
            clock: clock.clone(),
            sleeper: sleeper.clone(),
            group: host.group(self.organization.as_ref(), quotas, clock.monotonic()),
            host,
        }
    }

    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Host>>> {
        // No code that can panic in the middle of a change runs under the lock.
        self.shared
            .hosts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}
