//! The tenant: organizations and their resources. The My Organization API and the Management API share this state.

mod client_grants;
mod connections;
mod domains;
mod groups;
mod id_generator;
mod invitations;
mod membership;
mod organizations;
mod people;
mod provisioning;
mod roles;
mod seed_plan;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::login::User;

pub(crate) use client_grants::ClientGrant;
pub(crate) use connections::{Connection, ENTERPRISE, EnabledConnection, is_enterprise};
pub(crate) use domains::{Domain, DomainStatus};
pub(crate) use groups::{Group, GroupAssignment};
pub(crate) use id_generator::IdGenerator;
pub(crate) use invitations::{NewInvitation, OrganizationInvitation};
pub(crate) use membership::Membership;
pub(crate) use organizations::{Organization, Organizations};
pub(crate) use people::{People, Person};
pub(crate) use provisioning::{Provisioning, ScimToken};
pub(crate) use roles::{Role, TooManyRoles, add as add_roles};

/// The settings of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct TenantSettings {
    pub(crate) organizations: u64,
    /// Initial number of members of each organization.
    pub(crate) members: u64,
    pub(crate) connections: u64,
    /// Strategies of the identity providers that organizations may create.
    pub(crate) allowed_strategies: Vec<String>,
    /// Whether organizations may delete connections that have users.
    pub(crate) deletes_used_connections: bool,
    pub(crate) quirks: ListingQuirks,
}

/// Unusual but permitted behaviour of listings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListingQuirks {
    /// The last page points to an additional, empty page.
    pub(crate) empty_last_page: bool,
    /// Pages are half as long as requested.
    pub(crate) short_pages: bool,
    /// Delay of the member list, in seconds.
    pub(crate) member_lag: i64,
}

/// The state of a tenant.
pub(crate) struct Tenant {
    pub(crate) settings: TenantSettings,
    /// Domain of the tenant.
    pub(crate) domain: String,
    pub(crate) organizations: Organizations,
    pub(crate) people: People,
    pub(crate) roles: Vec<Role>,
    /// Connections by number, in order of creation.
    pub(crate) connections: BTreeMap<u64, Connection>,
    pub(crate) grants: Vec<ClientGrant>,
    pub(crate) groups: Vec<Group>,
    /// Published DNS TXT records by host.
    dns_records: BTreeMap<String, Vec<String>>,
    pub(crate) ids: IdGenerator,
}

impl Tenant {
    pub(crate) fn organization(&self, id: &str) -> Option<Organization> {
        self.organizations.get(self.organizations.number_of_id(id)?)
    }

    pub(crate) fn organization_mut(&mut self, id: &str) -> Option<&mut Organization> {
        self.organizations
            .get_mut(self.organizations.number_of_id(id)?)
    }

    pub(crate) fn has_organization(&self, id: &str) -> bool {
        self.organization(id).is_some()
    }

    pub(crate) fn is_member(&self, organization: &str, user: &str) -> bool {
        let found = self.organization(organization);
        let number = self.people.number_of_id(user);
        found
            .zip(number)
            .is_some_and(|(organization, number)| organization.members.contains(number))
    }

    /// Whether an organization has a client grant of this application and audience.
    pub(crate) fn is_granted(&self, organization: &str, client_id: &str, audience: &str) -> bool {
        let is_match =
            |grant: &&ClientGrant| grant.client_id == client_id && grant.audience == audience;
        let grant = self.grants.iter().find(is_match);
        let found = self.organization(organization);
        found
            .zip(grant)
            .is_some_and(|(organization, grant)| organization.grants.contains(&grant.id))
    }

    /// Finds a person by id or e-mail address, as a user who can log in.
    pub(crate) fn user(&self, name: &str) -> Option<User> {
        let number = self.people.number_of_id(name);
        let number = number.or_else(|| self.people.number_of_email(name))?;
        let person = self.people.get(number)?;
        Some(User::new(person.id, person.email, person.name))
    }

    /// The first members of the first organization, as users who can log in.
    pub(crate) fn first_users(&self, most: usize) -> Vec<User> {
        let organization = self.organizations.get(0);
        let members = organization.map(|organization| {
            let numbers = organization.members.after(None, DateTime::<Utc>::MAX_UTC);
            numbers.take(most).collect::<Vec<u64>>()
        });
        let people = members.unwrap_or_default().into_iter();
        people
            .filter_map(|number| self.people.get(number))
            .map(|person| User::new(person.id, person.email, person.name))
            .collect()
    }

    /// Adds a user to the first organization.
    pub(crate) fn add_to_first_organization(&mut self, user: &User, now: DateTime<Utc>) {
        let number = self
            .people
            .find_or_create(&user.id, &user.email, &user.name, now);
        if let Some(organization) = self.organizations.first_mut() {
            organization.members.join(number, now);
        }
    }

    /// Publishes a DNS TXT record.
    pub(crate) fn publish_dns_record(&mut self, host: &str, text: &str) {
        let texts = self.dns_records.entry(host.to_lowercase()).or_default();
        texts.push(text.to_owned());
    }
}

/// The tenant, shared by all requests.
pub(crate) struct SharedTenant(Mutex<Tenant>);

impl SharedTenant {
    pub(crate) fn new(tenant: Tenant) -> Self {
        Self(Mutex::new(tenant))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Tenant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
