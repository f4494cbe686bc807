//! What a limiter knows, to be read.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// What a [`Limiter`](crate::Limiter) knows at one moment. Its `Debug` leaves out the ids of organizations.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LimiterSnapshot {
    /// The hosts that clients were built for, by their names.
    pub hosts: BTreeMap<String, HostSnapshot>,
}

/// What is known of one host.
#[derive(Clone)]
#[non_exhaustive]
pub struct HostSnapshot {
    /// Requests that are under way.
    pub in_flight: usize,
    /// The reads of all callers, whatever organization they act for; where the limits are
    /// [shared](crate::Limits::shared), reads and writes, here as in `write`.
    pub read: ClassSnapshot,
    /// The writes of all callers, whatever organization they act for.
    pub write: ClassSnapshot,
    /// The organizations by their ids. Those that no client acts for any more are forgotten in time.
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

/// What is known of one organization.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrganizationSnapshot {
    /// The reads of those who act for it.
    pub read: ClassSnapshot,
    /// The writes of those who act for it.
    pub write: ClassSnapshot,
}

/// What is known of the requests of one class.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClassSnapshot {
    /// Callers who wait now.
    pub waiting: usize,
    /// Requests that were let through so far, those under way included.
    pub granted: u64,
    /// How long their callers waited, together. A wait of less than a millisecond counts as none.
    pub total_wait: Duration,
    /// How long the one of them waited who waited longest.
    pub longest_wait: Duration,
    /// The end of the pause that the server asked for, while there is one.
    pub paused_until: Option<SystemTime>,
    /// What the server said last, if it ever said anything.
    pub reported: Option<ReportedLimit>,
}

/// What the server says of its own limit in the headers of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedLimit {
    /// Requests that it allows at once.
    pub limit: Option<u64>,
    /// Requests that it still allows.
    pub remaining: Option<u64>,
    /// When it allows more.
    pub reset: Option<SystemTime>,
}
