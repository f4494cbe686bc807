//! One host: its queues, the places for requests under way, and the organizations there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::class::{Class, PerClass};
use super::queue::Scope;
use super::rate::Quotas;
use super::snapshot::{HostSnapshot, OrganizationSnapshot};
use crate::time::Clock;

/// Fewer organizations than this are never tidied up.
const FEW: usize = 64;

pub(super) struct Host {
    pub(super) name: Arc<str>,
    pub(super) scope: Scope,
    max_in_flight: usize,
    places: Arc<Semaphore>,
    /// Those who act for no organization.
    unaffiliated: Arc<Scope>,
    organizations: Mutex<Organizations>,
}

struct Organizations {
    scopes: HashMap<Arc<str>, Arc<Scope>>,
    /// The number of organizations at which those without use are forgotten.
    full: usize,
}

impl Host {
    pub(super) fn new(name: &str, quotas: &Quotas) -> Self {
        let unaffiliated = PerClass {
            read: quotas.unaffiliated,
            write: quotas.unaffiliated,
        };
        Self {
            name: Arc::from(name),
            scope: Scope::new(None, quotas.host).sharing(quotas.shared),
            max_in_flight: quotas.max_in_flight,
            places: Arc::new(Semaphore::new(quotas.max_in_flight)),
            unaffiliated: Arc::new(Scope::new(None, unaffiliated)),
            organizations: Mutex::new(Organizations {
                scopes: HashMap::new(),
                full: FEW,
            }),
        }
    }

    /// Waits for a place among the requests under way. tokio's semaphore is fair.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        let place = self.places.clone().acquire_owned().await;
        place.expect("nobody closes the semaphore")
    }

    /// How many places nobody has.
    pub(super) fn free_places(&self) -> usize {
        self.places.available_permits()
    }

    /// Those who act for `organization`, or for none.
    pub(super) fn group(
        &self,
        organization: Option<&Arc<str>>,
        quotas: &Quotas,
        now: Duration,
    ) -> Arc<Scope> {
        let Some(id) = organization else {
            return self.unaffiliated.clone();
        };
        let mut organizations = self.organizations();
        if let Some(scope) = organizations.scopes.get(id) {
            return scope.clone();
        }
        organizations.make_room(now);
        let scope = Arc::new(Scope::new(Some(id.clone()), quotas.organization));
        organizations.scopes.insert(id.clone(), scope.clone());
        scope
    }

    pub(super) fn snapshot(&self, clock: &dyn Clock) -> HostSnapshot {
        let organizations = self.organizations();
        let of = |id: &Arc<str>, scope: &Scope| {
            let organization = OrganizationSnapshot {
                read: scope.queue(Class::Read).snapshot(clock),
                write: scope.queue(Class::Write).snapshot(clock),
            };
            (id.to_string(), organization)
        };
        HostSnapshot {
            in_flight: self.max_in_flight - self.free_places(),
            read: self.scope.queue(Class::Read).snapshot(clock),
            write: self.scope.queue(Class::Write).snapshot(clock),
            organizations: organizations
                .scopes
                .iter()
                .map(|(id, scope)| of(id, scope))
                .collect(),
        }
    }

    fn organizations(&self) -> MutexGuard<'_, Organizations> {
        // No code that can panic half-way through a change runs under the lock.
        self.organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Organizations {
    /// Forgets the organizations that no client acts for and whose limits are untouched, so that those of a program
    /// that sees ever new ones do not pile up. It waits until there are twice as many as were in use the last time,
    /// which keeps its share in the cost of a new organization constant.
    fn make_room(&mut self, now: Duration) {
        if self.scopes.len() < self.full {
            return;
        }
        self.scopes
            .retain(|_, scope| Arc::strong_count(scope) > 1 || !scope.is_as_new(now));
        self.full = FEW.max(self.scopes.len() * 2);
    }
}
