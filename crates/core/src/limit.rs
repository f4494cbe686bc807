//! Keeping to the rate limits of a server before it has to refuse: a queue for each host, organization and class.
//!
//! A request passes two buckets, that of its host and that of its organization, where there is one. Cells are taken of
//! both at once and only when the request goes out, so no window holds more than is allowed. Callers wait at two gates:
//! first among those of the same organization, then, one of each organization, for the host. What is paused waits
//! before the gate of the host, so that it is in nobody's way.

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

pub use budget::{Draw, Drawn, SharedBucket, SharedBudget};
pub(crate) use class::Class;
pub(crate) use handle::{LimiterHandle, Observation, Paused, Permit};
use host::Host;
use rate::Quotas;
pub use rate::{Limits, Rate};
pub use snapshot::{
    ClassSnapshot, HostSnapshot, LimiterSnapshot, OrganizationSnapshot, ReportedLimit,
};

/// Holds requests back so that the server's rate limits are kept, with some headroom for others. Clones share
/// everything, and so do clients that are given the same limiter.
///
/// Reads and writes of a host, and of each organization there, have a queue of their own. Callers wait in order, and
/// one who gives up leaves the queue without a trace. An answer with status 429, or one that says that nothing remains,
/// pauses the class of its request until the server allows more: that of the organization where the caller acts for
/// one, else that of the host. A `global-rate-limit` pauses the whole host. A 429 that does not say how long counts as
/// one second, and no pause is longer than an hour from the response that asked for it.
///
/// A call waits for a pause of at most [`RetryPolicy::max_wait`](crate::RetryPolicy::max_wait), and of less where its
/// deadline or the total time of its retries ends before. A longer pause fails it at once, before a token is fetched:
/// [`Error::is_rate_limited`] holds and [`Error::retry_at`] is the end of the pause. The wait in the queue for the
/// limiter's own rates, shared or not, is bounded only by the timeout of the call: it depends on the callers ahead, and
/// each of them has a turn.
///
/// One limiter is for one API under one plan; two APIs of one tenant have limits of their own. It knows only of what
/// this process sends, unless it [shares](Limiter::sharing) its limits with others. It starts no task. A call that waits
/// has its turn when it is polled, so one that is neither polled nor dropped holds up those behind it.
///
/// An organization takes about 600 bytes, until no client acts for it any more and its limits are untouched
/// again.
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
    /// One for each tenant, so there are few, and they are kept.
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
}

impl Limiter {
    /// A limiter that waits on tokio's timer.
    ///
    /// # Errors
    ///
    /// A configuration error that names the limit that is out of range, as a rate of zero is.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::with_timer(limits, Arc::new(SystemTimer), Arc::new(SystemTimer))
    }

    /// A limiter that reads and waits on what it is given.
    ///
    /// # Errors
    ///
    /// As for [`Limiter::new`].
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

    /// A limiter of the same limits that keeps them together with those of other processes, by `budget`, which all of them
    /// draw on. What this one knew so far is not taken along, so it is made before clients are given it.
    ///
    /// Each request then needs a permit of the budget as well. Permits are asked for some at a time, and one that is not
    /// used within a tenth of a second is lost. When the budget cannot be asked, this process takes `share` of each rate and
    /// burst by itself: from 0.001 to 1, a quarter where there are four processes. Of a burst one request always stays.
    ///
    /// # Errors
    ///
    /// A configuration error if `share` is out of range.
    pub fn sharing(self, budget: impl SharedBudget, share: f64) -> Result<Self, Error> {
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

    /// The same limiter for clients that act for one organization: their calls count against its limits as well.
    #[must_use]
    pub fn for_organization(&self, id: impl Into<String>) -> Self {
        Self {
            shared: self.shared.clone(),
            organization: Some(Arc::from(id.into())),
        }
    }

    /// What the limiter knows now, of all organizations.
    pub fn snapshot(&self) -> LimiterSnapshot {
        let hosts = self.hosts();
        let of = |(name, host): (&String, &Arc<Host>)| {
            (name.clone(), host.snapshot(self.shared.clock.as_ref()))
        };
        LimiterSnapshot {
            hosts: hosts.iter().map(of).collect(),
        }
    }

    /// The way of requests to `host`, as it stands in a URL. It is looked up once for a client.
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
        // No code that can panic half-way through a change runs under the lock.
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
