//! Snapshots of the state of a limiter.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// The state of a [`Limiter`](crate::Limiter) at one moment, returned by [`Limiter::snapshot`](crate::Limiter::snapshot).
/// `Debug` omits the ids of organizations.
///
/// ```
/// use auth0_core::{Limiter, Limits, Rate};
///
/// let limiter = Limiter::new(Limits::new(Rate::per_second(40), Rate::per_second(20)))?;
/// for (host, state) in &limiter.snapshot().hosts {
///     println!("{host}: {} in flight, {} reads waiting", state.in_flight, state.read.waiting);
///     if let Some(reported) = &state.read.reported {
///         println!("{:?} of {:?} reads remain", reported.remaining, reported.limit);
///     }
/// }
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LimiterSnapshot {
    /// The hosts that clients were built for, by name.
    pub hosts: BTreeMap<String, HostSnapshot>,
}

/// The state of one host. See [`LimiterSnapshot`] for an example.
#[derive(Clone)]
#[non_exhaustive]
pub struct HostSnapshot {
    /// The number of requests in flight.
    pub in_flight: usize,
    /// The reads of all organizations together. With [shared](crate::Limits::shared) limits, `read` and `write` both
    /// count reads and writes.
    pub read: ClassSnapshot,
    /// The writes of all organizations together.
    pub write: ClassSnapshot,
    /// The organizations by id. Organizations that no client acts for are removed at some point.
    pub organizations: BTreeMap<String, OrganizationSnapshot>,
}

impl fmt::Debug for HostSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostSnapshot")
            .field("in_flight", &self.in_flight)
            .field("read", &self.read)
            .field("write", &self.write)
            .field(
                "organizations",
                &self.organizations.values().collect::<Vec<_>>(),
            )
            .finish()
    }
}

/// The state of one organization. See [`LimiterSnapshot`] for an example.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrganizationSnapshot {
    /// The reads for the organization.
    pub read: ClassSnapshot,
    /// The writes for the organization.
    pub write: ClassSnapshot,
}

/// The state of one class of requests. See [`LimiterSnapshot`] for an example.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClassSnapshot {
    /// The number of waiting callers.
    pub waiting: usize,
    /// The number of requests granted so far, including those in flight.
    pub granted: u64,
    /// The sum of all waits. A wait of less than one millisecond counts as none.
    pub total_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// The end of the current pause, if the server requested one.
    pub paused_until: Option<SystemTime>,
    /// The limit that the server reported last, if it has reported any.
    pub reported: Option<ReportedLimit>,
}

/// The limit that the server reports in the headers of a response. See [`LimiterSnapshot`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedLimit {
    /// The number of requests that it allows at once.
    pub limit: Option<u64>,
    /// The number of requests that it still allows.
    pub remaining: Option<u64>,
    /// When it allows more requests.
    pub reset: Option<SystemTime>,
}
