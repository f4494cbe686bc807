//! The initial state of a tenant, generated from its seed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{
    ClientGrant, Connection, Domain, DomainStatus, EnabledConnection, Group, GroupAssignment,
    IdGenerator, Organization, Organizations, People, Role, Tenant, TenantSettings, is_enterprise,
};
use crate::permutation::SeededPermutation;

/// Added to the seed, so that the tenant's people differ from the team's.
const SEED_OFFSET: u64 = 0x7465_6e61_6e74;

/// Age of the tenant.
const TENANT_AGE: TimeDelta = TimeDelta::days(400);

const ORGANIZATION_ROLES: [(&str, &str); 12] = [
    ("Admin", "Manages the organization"),
    ("Editor", "Edits the resources of the organization"),
    ("Viewer", "Views the resources of the organization"),
    ("Billing", "Manages billing"),
    ("Auditor", "Reads the logs"),
    ("Support", "Supports members"),
    ("Developer", "Develops against the API"),
    ("Operator", "Operates the applications"),
    ("Analyst", "Views reports"),
    ("Partner", "Works for a partner company"),
    ("Guest", "Has temporary access"),
    ("Robot", "Automated access"),
];

const GROUPS: [&str; 3] = ["Engineering", "Sales", "Operations"];

const ORGANIZATIONS: [(&str, &str); 8] = [
    ("northwind", "Northwind Traders"),
    ("globex", "Globex Corporation"),
    ("initech", "Initech"),
    ("umbrella", "Umbrella Services"),
    ("contoso", "Contoso"),
    ("fabrikam", "Fabrikam"),
    ("tailspin", "Tailspin Toys"),
    ("wingtip", "Wingtip Toys"),
];

/// Strategies of the connections after the first one, which is the tenant's database.
const STRATEGIES: [&str; 7] = [
    "okta",
    "samlp",
    "oidc",
    "waad",
    "google-apps",
    "adfs",
    "pingfederate",
];

/// Generates the initial organizations.
#[derive(Debug)]
pub(super) struct SeedPlan {
    pub(super) organizations: u64,
    members: u64,
    permutation: SeededPermutation,
    /// Ids of the connections. Every organization uses the first one.
    connections: Vec<String>,
    roles: Vec<String>,
    groups: Vec<String>,
    /// Ids of deleted connections.
    deleted_connections: BTreeSet<String>,
}

impl SeedPlan {
    pub(super) fn id(&self, number: u64) -> String {
        format!("org_{:016x}", self.permutation.permute(number))
    }

    /// The number of the organization that this id belongs to, whether or not it exists.
    pub(super) fn number_of_id(&self, id: &str) -> Option<u64> {
        let digits = id
            .strip_prefix("org_")
            .filter(|digits| digits.len() == 16)?;
        let permuted = u64::from_str_radix(digits, 16).ok()?;
        let number = self.permutation.invert(permuted);
        (self.id(number) == id).then_some(number)
    }

    fn name(number: u64) -> String {
        let count = ORGANIZATIONS.len() as u64;
        let (word, _) = ORGANIZATIONS[usize::try_from(number % count).unwrap_or(0)];
        match number / count {
            0 => word.to_owned(),
            round => format!("{word}-{round}"),
        }
    }

    pub(super) fn number_of_name(&self, name: &str) -> Option<u64> {
        let (word, round) = match name.split_once('-') {
            Some((word, round)) => (word, round.parse().ok()?),
            None => (name, 0_u64),
        };
        let index = ORGANIZATIONS.iter().position(|(own, _)| *own == word)? as u64;
        let number = round
            .checked_mul(ORGANIZATIONS.len() as u64)?
            .checked_add(index)?;
        (number < self.organizations && Self::name(number) == name).then_some(number)
    }

    pub(super) fn forget_connection(&mut self, connection: &str) {
        self.deleted_connections.insert(connection.to_owned());
    }

    pub(super) fn organization(&self, number: u64) -> Option<Organization> {
        if number >= self.organizations {
            return None;
        }
        let name = Self::name(number);
        let index = usize::try_from(number % ORGANIZATIONS.len() as u64).unwrap_or(0);
        let (word, display_name) = ORGANIZATIONS[index];
        let people = number * self.members..(number + 1) * self.members;
        let mut organization = Organization::new(self.id(number), name.clone(), people.clone());
        organization.display_name = Some(match name.strip_prefix(word) {
            Some("") | None => display_name.to_owned(),
            Some(rest) => format!("{display_name} {}", &rest[1..]),
        });
        organization
            .metadata
            .insert("plan".to_owned(), "business".to_owned());
        let mut used_connections: Vec<&String> = self.connections.iter().take(1).collect();
        if let Some(others) = self
            .connections
            .get(1..)
            .filter(|others| !others.is_empty())
        {
            let other = usize::try_from(number).unwrap_or(0) % others.len();
            used_connections.push(&others[other]);
        }
        for id in used_connections {
            if !self.deleted_connections.contains(id) {
                let mut enabled = EnabledConnection::new(id);
                enabled.access_level = "full".to_owned();
                organization.connections.push(enabled);
            }
        }
        let id = format!("ord_{:022x}", self.permutation.permute(number));
        let number = organization.number();
        let mut domain = Domain::new(number, id, &organization.id, &format!("{name}.example"));
        domain.status = DomainStatus::Verified;
        organization.domains.push(domain);
        let with = |role: usize| self.roles.get(role).cloned().into_iter().collect();
        let mut first = people.clone();
        for (person, role) in first.by_ref().take(2).zip([0, 1]) {
            organization.members.roles.insert(person, with(role));
        }
        for (index, group_id) in self.groups.iter().enumerate() {
            organization.groups.push(GroupAssignment {
                group_id: group_id.clone(),
                people: people.clone().skip(index).take(2).collect(),
                roles: with(index + 2),
            });
        }
        Some(organization)
    }
}

impl Tenant {
    /// Creates a tenant at `now`. `grants` contains client id, audience and scopes of the client grants.
    pub(crate) fn new(
        settings: TenantSettings,
        seed: u64,
        domain: &str,
        now: DateTime<Utc>,
        grants: Vec<(String, String, Vec<String>)>,
    ) -> Self {
        let seed = seed.wrapping_add(SEED_OFFSET);
        let since = now - TENANT_AGE;
        let mut ids = IdGenerator::new(seed);
        let roles: Vec<Role> = ORGANIZATION_ROLES
            .iter()
            .map(|(name, description)| Role {
                id: ids.next("rol_", 16),
                name,
                description,
            })
            .collect();
        let groups: Vec<Group> = GROUPS
            .iter()
            .map(|name| Group {
                id: ids.next("grp_", 16),
                name,
                created_at: since,
            })
            .collect();
        let connections: BTreeMap<u64, Connection> = (0..settings.connections)
            .map(|number| (number, connection(number, &mut ids, settings.members)))
            .collect();
        let grants = grants
            .into_iter()
            .map(|(client_id, audience, scope)| ClientGrant {
                id: ids.next("cgr_", 16),
                client_id,
                audience,
                scope,
            })
            .collect();
        let people = settings.organizations.saturating_mul(settings.members);
        let seed_plan = SeedPlan {
            organizations: settings.organizations,
            members: settings.members,
            permutation: SeededPermutation::new(seed),
            connections: connections.values().map(|one| one.id.clone()).collect(),
            roles: roles.iter().map(|role| role.id.clone()).collect(),
            groups: groups.iter().map(|group| group.id.clone()).collect(),
            deleted_connections: BTreeSet::new(),
        };
        Self {
            settings,
            domain: domain.to_owned(),
            organizations: Organizations::new(seed_plan),
            people: People::new(seed, people, since),
            roles,
            connections,
            grants,
            groups,
            dns_records: BTreeMap::new(),
            ids,
        }
    }
}

fn connection(number: u64, ids: &mut IdGenerator, users: u64) -> Connection {
    let round = number.saturating_sub(1);
    let index = usize::try_from(round % STRATEGIES.len() as u64).unwrap_or(0);
    let (name, strategy) = match number {
        0 => ("Username-Password-Authentication".to_owned(), "auth0"),
        _ => (format!("{}-{number}", STRATEGIES[index]), STRATEGIES[index]),
    };
    Connection {
        id: ids.next("con_", 16),
        display_name: is_enterprise(strategy).then(|| format!("Login {number}")),
        name,
        strategy: strategy.to_owned(),
        options: options(strategy),
        domains: Vec::new(),
        users,
        is_mapping_fresh: false,
        provisioning: None,
    }
}

fn options(strategy: &str) -> Map<String, Value> {
    let options = match strategy {
        "okta" | "google-apps" => {
            json!({"client_id": "sandbox", "client_secret": "not one", "domain": "login.example"})
        }
        "waad" => {
            json!({"client_id": "sandbox", "client_secret": "not one", "tenant_domain": "login.example"})
        }
        "oidc" => {
            json!({"client_id": "sandbox", "discovery_url": "https://login.example/", "type": "front_channel"})
        }
        "samlp" => json!({"metadataUrl": "https://login.example/", "signSAMLRequest": false}),
        "adfs" => json!({"adfs_server": "login.example"}),
        "pingfederate" => {
            json!({"digestAlgorithm": "sha256", "pingFederateBaseUrl": "https://login.example/",
                "signSAMLRequest": true, "signatureAlgorithm": "rsa-sha256", "signingCert": "none"})
        }
        _ => json!({}),
    };
    options.as_object().cloned().unwrap_or_default()
}
