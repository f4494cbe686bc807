//! The state of one host: its queues, the slots for requests in flight, and its organizations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::class::{Class, PerClass};
use super::queue::Scope;
use super::rate::Quotas;
use super::snapshot::{HostSnapshot, OrganizationSnapshot};
use crate::time::Clock;

/// Unused organizations are removed only if there are at least this many organizations.
const MIN_CLEANUP_SIZE: usize = 64;

pub(super) struct Host {
    pub(super) name: Arc<str>,
    pub(super) scope: Scope,
    max_in_flight: usize,
    slots: Arc<Semaphore>,
    /// The callers that act for no organization.
    no_organization: Arc<Scope>,
    organizations: Mutex<Organizations>,
}

struct Organizations {
    scopes: HashMap<Arc<str>, Arc<Scope>>,
    /// The number of organizations at which unused ones are removed.
    cleanup_size: usize,
}

impl Host {
    pub(super) fn new(name: &str, quotas: &Quotas) -> Self {
        let no_organization = PerClass {
            read: quotas.no_organization,
            write: quotas.no_organization,
        };
        Self {
            name: Arc::from(name),
            scope: Scope::new(None, quotas.host).with_shared_queue(quotas.shared),
            max_in_flight: quotas.max_in_flight,
            slots: Arc::new(Semaphore::new(quotas.max_in_flight)),
            no_organization: Arc::new(Scope::new(None, no_organization)),
            organizations: Mutex::new(Organizations {
                scopes: HashMap::new(),
                cleanup_size: MIN_CLEANUP_SIZE,
            }),
        }
    }

    /// Waits for a slot for a request in flight. tokio's semaphore is fair.
    pub(super) async fn acquire_slot(&self) -> OwnedSemaphorePermit {
        let slot = self.slots.clone().acquire_owned().await;
        slot.expect("the semaphore is never closed")
    }

    /// The number of free slots.
    pub(super) fn free_slots(&self) -> usize {
        self.slots.available_permits()
    }

    /// Returns the group of the callers that act for `organization`, or for none.
    pub(super) fn group(
        &self,
        organization: Option<&Arc<str>>,
        quotas: &Quotas,
        now: Duration,
    ) -> Arc<Scope> {
        let Some(id) = organization else {
            return self.no_organization.clone();
        };
        let mut organizations = self.organizations();
        if let Some(scope) = organizations.scopes.get(id) {
            return scope.clone();
        }
        organizations.remove_unused(now);
        let scope = Arc::new(Scope::new(Some(id.clone()), quotas.organization));
        organizations.scopes.insert(id.clone(), scope.clone());
        scope
    }

    pub(super) fn snapshot(&self, clock: &dyn Clock) -> HostSnapshot {
        let organizations = self.organizations();
        let snapshot_of = |id: &Arc<str>, scope: &Scope| {
            let organization = OrganizationSnapshot {
                read: scope.queue(Class::Read).snapshot(clock),
                write: scope.queue(Class::Write).snapshot(clock),
            };
            (id.to_string(), organization)
        };
        HostSnapshot {
            in_flight: self.max_in_flight - self.free_slots(),
            read: self.scope.queue(Class::Read).snapshot(clock),
            write: self.scope.queue(Class::Write).snapshot(clock),
            organizations: organizations
                .scopes
                .iter()
                .map(|(id, scope)| snapshot_of(id, scope))
                .collect(),
        }
    }

    fn organizations(&self) -> MutexGuard<'_, Organizations> {
        // No code that can panic in the middle of a change runs under the lock.
        self.organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Organizations {
    /// Removes the organizations that no client acts for and whose limits have recovered, so that memory stays bounded in
    /// a program that keeps seeing new organizations. Runs when the number has doubled since the last time, so the
    /// amortized cost per organization is constant.
    fn remove_unused(&mut self, now: Duration) {
        if self.scopes.len() < self.cleanup_size {
            return;
        }
        self.scopes
            .retain(|_, scope| Arc::strong_count(scope) > 1 || !scope.is_unused(now));
        self.cleanup_size = MIN_CLEANUP_SIZE.max(self.scopes.len() * 2);
    }
}
