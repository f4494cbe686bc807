//! The tenant: its resources, and the people who are members of its organizations. The My Organization API and the Management API
//! share this state.

mod id_generator;
mod invitations;
pub(crate) mod kinds;
mod membership;
mod people;
mod roles;
mod seed;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::login::User;
use crate::resources::{Collection, Item, Kind, ListingQuirks};

pub(crate) use id_generator::IdGenerator;
pub(crate) use membership::Membership;
pub(crate) use roles::{RoleChange, TooManyRoles};

/// Strategies of connections that can be identity providers of an organization.
pub(crate) const ENTERPRISE: [&str; 7] = [
    "adfs",
    "google-apps",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "waad",
];

/// Whether connections with this strategy are identity providers.
pub(crate) fn is_enterprise(strategy: &str) -> bool {
    ENTERPRISE.contains(&strategy)
}

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

/// The state of a tenant.
pub(crate) struct Tenant {
    pub(crate) settings: TenantSettings,
    /// Domain of the tenant.
    pub(crate) domain: String,
    /// The collections without a parent, by name.
    roots: BTreeMap<&'static str, Collection<Item>>,
    /// Members by number of the organization, if they differ from the initial ones.
    memberships: BTreeMap<u64, Membership>,
    /// Published DNS TXT records by host.
    dns_records: BTreeMap<String, Vec<String>>,
    pub(crate) ids: IdGenerator,
}

impl Tenant {
    pub(crate) fn root(&self, kind: &Kind) -> &Collection<Item> {
        self.roots.get(kind.name).unwrap_or(Item::none())
    }

    pub(crate) fn root_mut(&mut self, kind: &Kind) -> &mut Collection<Item> {
        self.roots.entry(kind.name).or_insert_with(Collection::new)
    }

    /// A resource without a parent, by id.
    pub(crate) fn resource(&self, kind: &Kind, id: &str) -> Option<&Item> {
        let root = self.root(kind);
        root.stored(root.find(kind.id, id)?)
    }

    pub(crate) fn resource_mut(&mut self, kind: &Kind, id: &str) -> Option<&mut Item> {
        let root = self.root_mut(kind);
        root.get_mut(root.find(kind.id, id)?)
    }

    fn people(&self) -> &Collection<Item> {
        self.root(&kinds::PEOPLE)
    }

    pub(crate) fn person(&self, number: u64) -> Option<Cow<'_, Item>> {
        self.people().get(number)
    }

    pub(crate) fn person_number(&self, id: &str) -> Option<u64> {
        self.people().find(kinds::PEOPLE.id, id)
    }

    pub(crate) fn organization_number(&self, id: &str) -> Option<u64> {
        self.root(&kinds::ORGANIZATIONS).find("id", id)
    }

    pub(crate) fn has_organization(&self, id: &str) -> bool {
        self.organization_number(id).is_some()
    }

    /// Stores an organization that a call names, so that all its resources exist.
    pub(crate) fn store_organization(&mut self, id: &str) -> Option<&mut Item> {
        self.resource_mut(&kinds::ORGANIZATIONS, id)
    }

    /// The members of the organization with this number.
    pub(crate) fn members(&self, organization: u64) -> Cow<'_, Membership> {
        match self.memberships.get(&organization) {
            Some(members) => Cow::Borrowed(members),
            None => Cow::Owned(self.first_members(organization)),
        }
    }

    pub(crate) fn members_mut(&mut self, organization: u64) -> &mut Membership {
        let first = self.first_members(organization);
        self.memberships.entry(organization).or_insert(first)
    }

    pub(crate) fn is_member(&self, organization: &str, user: &str) -> bool {
        let organization = self.organization_number(organization);
        let is_member = |(organization, user)| self.members(organization).contains(user);
        organization
            .zip(self.person_number(user))
            .is_some_and(is_member)
    }

    /// Whether an organization has a client grant of this application and audience.
    pub(crate) fn is_granted(&self, organization: &str, client_id: &str, audience: &str) -> bool {
        let organizations = self.root(&kinds::ORGANIZATIONS);
        let number = organizations.find("id", organization);
        let Some(organization) = number.and_then(|number| organizations.get(number)) else {
            return false;
        };
        let grants = organization.children(&kinds::ORGANIZATION_GRANTS);
        self.root(&kinds::CLIENT_GRANTS).iter().any(|(_, grant)| {
            grant.text("client_id") == client_id
                && grant.text("audience") == audience
                && grants.find("id", grant.text("id")).is_some()
        })
    }

    /// The client grants of the tenant.
    pub(crate) fn client_grants(&self) -> Vec<Value> {
        let grants = self.root(&kinds::CLIENT_GRANTS).iter();
        grants.map(|(_, grant)| json!(grant.fields)).collect()
    }

    /// Finds a person by id or e-mail address, as a user who can log in.
    pub(crate) fn user(&self, name: &str) -> Option<User> {
        let by_email = || self.people().find_ignoring_case("email", name);
        let number = self.person_number(name).or_else(by_email)?;
        Some(login(&*self.person(number)?))
    }

    /// Id and name of the first organization.
    pub(crate) fn first_organization(&self) -> Option<(String, String)> {
        let organization = self.root(&kinds::ORGANIZATIONS).get(0)?;
        let field = |name| organization.text(name).to_owned();
        Some((field("id"), field("name")))
    }

    /// The first members of the first organization, as users who can log in.
    pub(crate) fn first_users(&self, most: usize) -> Vec<User> {
        let members = self.members(0);
        let numbers = members.after(None, DateTime::<Utc>::MAX_UTC).take(most);
        numbers
            .filter_map(|number| Some(login(&*self.person(number)?)))
            .collect()
    }

    /// Adds a user to the first organization.
    pub(crate) fn add_to_first_organization(&mut self, user: &User, now: DateTime<Utc>) {
        let number = match self.person_number(&user.id) {
            Some(number) => number,
            None => self.add_person(&user.id, &user.email, &user.name, now),
        };
        self.members_mut(0).join(number, now);
    }

    /// Publishes a DNS TXT record.
    pub(crate) fn publish_dns_record(&mut self, host: &str, text: &str) {
        let texts = self.dns_records.entry(host.to_lowercase()).or_default();
        texts.push(text.to_owned());
    }

    pub(crate) fn has_dns_record(&self, host: &str, text: &str) -> bool {
        let texts = self.dns_records.get(&host.to_lowercase());
        texts.is_some_and(|texts| texts.iter().any(|one| one == text))
    }
}

/// A person as a user who can log in.
pub(crate) fn login(person: &Item) -> User {
    User::new(
        person.text("user_id"),
        person.text("email"),
        person.text("name"),
    )
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
