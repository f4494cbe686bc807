//! Organizations. The initial ones are generated on access and stored when they change.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::seed_plan::SeedPlan;
use super::{Domain, EnabledConnection, GroupAssignment, Membership, OrganizationInvitation};

/// An organization of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) branding: Option<Value>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) token_quota: Option<Value>,
    pub(crate) members: Membership,
    pub(crate) connections: Vec<EnabledConnection>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) invitations: Vec<OrganizationInvitation>,
    /// Ids of its client grants.
    pub(crate) grants: Vec<String>,
    pub(crate) groups: Vec<GroupAssignment>,
    /// Number of the next domain or invitation, for cursors.
    next: u64,
}

impl Organization {
    pub(super) fn new(id: String, name: String, members: std::ops::Range<u64>) -> Self {
        Self {
            id,
            name,
            display_name: None,
            branding: None,
            metadata: BTreeMap::new(),
            token_quota: None,
            members: Membership::new(members),
            connections: Vec::new(),
            domains: Vec::new(),
            invitations: Vec::new(),
            grants: Vec::new(),
            groups: Vec::new(),
            next: 0,
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// All organizations by number.
pub(crate) struct Organizations {
    seed_plan: SeedPlan,
    /// New and changed organizations.
    stored: BTreeMap<u64, Organization>,
    removed: HashSet<u64>,
    /// Numbers of the stored organizations by name.
    names: HashMap<String, u64>,
    next: u64,
}

impl Organizations {
    pub(super) fn new(seed_plan: SeedPlan) -> Self {
        Self {
            stored: BTreeMap::new(),
            removed: HashSet::new(),
            names: HashMap::new(),
            next: seed_plan.organizations,
            seed_plan,
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<Organization> {
        if self.removed.contains(&number) {
            return None;
        }
        let changed = self.stored.get(&number).cloned();
        changed.or_else(|| self.seed_plan.organization(number))
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Organization> {
        if !self.stored.contains_key(&number) {
            let organization = self.get(number)?;
            self.names.insert(organization.name.clone(), number);
            self.stored.insert(number, organization);
        }
        self.stored.get_mut(&number)
    }

    /// The first organization.
    pub(crate) fn first_mut(&mut self) -> Option<&mut Organization> {
        self.get_mut(0)
    }

    pub(crate) fn number_of_id(&self, id: &str) -> Option<u64> {
        self.seed_plan.number_of_id(id)
    }

    pub(crate) fn number_of_name(&self, name: &str) -> Option<u64> {
        let changed = self.names.get(name).copied();
        changed.or_else(|| {
            let number = self.seed_plan.number_of_name(name)?;
            let is_unchanged =
                !self.stored.contains_key(&number) && !self.removed.contains(&number);
            is_unchanged.then_some(number)
        })
    }

    /// Numbers of the existing organizations, in order of creation.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        (0..self.next).filter(|number| !self.removed.contains(number))
    }

    pub(crate) fn count(&self) -> u64 {
        self.next - self.removed.len() as u64
    }

    /// Creates an organization. Its name must be unused.
    pub(crate) fn create(&mut self, name: &str) -> (u64, &mut Organization) {
        let number = self.next;
        self.next += 1;
        self.names.insert(name.to_owned(), number);
        let organization = Organization::new(self.seed_plan.id(number), name.to_owned(), 0..0);
        let organization = self.stored.entry(number).or_insert(organization);
        (number, organization)
    }

    /// Renames an organization. The name must be unused.
    pub(crate) fn rename(&mut self, number: u64, name: &str) {
        if let Some(organization) = self.get_mut(number) {
            let before = std::mem::replace(&mut organization.name, name.to_owned());
            self.names.remove(&before);
            self.names.insert(name.to_owned(), number);
        }
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(organization) = self.stored.remove(&number) {
            self.names.remove(&organization.name);
        }
        self.removed.insert(number);
    }

    /// The stored organizations.
    pub(super) fn stored_mut(&mut self) -> impl Iterator<Item = &mut Organization> {
        self.stored.values_mut()
    }

    /// Removes a connection from the initial organizations.
    pub(super) fn forget_connection(&mut self, connection: &str) {
        self.seed_plan.forget_connection(connection);
    }
}
