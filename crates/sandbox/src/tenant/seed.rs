//! The initial state of a tenant, generated from its seed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::people::PeopleSeed;
use super::{IdGenerator, Membership, Tenant, TenantSettings, is_enterprise, kinds};
use crate::permutation::SeededPermutation;
use crate::population::Population;
use crate::resources::{Collection, Item, Kind, Seed};
use crate::timestamp::rfc3339;

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
struct OrganizationSeed {
    organizations: u64,
    /// Number of members of each organization.
    members: u64,
    permutation: SeededPermutation,
    /// Ids of the connections. Every organization uses the first one.
    connections: Vec<String>,
    roles: Vec<String>,
    groups: Vec<String>,
}

impl OrganizationSeed {
    fn name(number: u64) -> String {
        let count = ORGANIZATIONS.len() as u64;
        let (word, _) = ORGANIZATIONS[index(number, ORGANIZATIONS.len())];
        match number / count {
            0 => word.to_owned(),
            round => format!("{word}-{round}"),
        }
    }

    fn number_of_id(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix("org_")?;
        let number = self
            .permutation
            .invert(u64::from_str_radix(digits, 16).ok()?);
        (self.id(number) == id).then_some(number)
    }

    fn number_of_name(name: &str) -> Option<u64> {
        let (word, round) = match name.split_once('-') {
            Some((word, round)) => (word, round.parse().ok()?),
            None => (name, 0_u64),
        };
        let index = ORGANIZATIONS.iter().position(|(own, _)| *own == word)? as u64;
        let number = round
            .checked_mul(ORGANIZATIONS.len() as u64)?
            .checked_add(index)?;
        (Self::name(number) == name).then_some(number)
    }
}

impl Seed<Item> for OrganizationSeed {
    fn size(&self) -> u64 {
        self.organizations
    }

    fn generate(&self, number: u64) -> Item {
        let (id, name) = (self.id(number), Self::name(number));
        let (word, title) = ORGANIZATIONS[index(number, ORGANIZATIONS.len())];
        let round = name.strip_prefix(word).unwrap_or_default();
        let mut organization = Item::new(json!({
            "id": id,
            "name": name,
            "display_name": format!("{title}{}", round.replace('-', " ")),
            "metadata": {"plan": "business"},
        }));
        let mut used = self.connections.get(..1).unwrap_or_default().to_vec();
        if let [_, others @ ..] = self.connections.as_slice()
            && !others.is_empty()
        {
            used.push(others[index(number, others.len())].clone());
        }
        for connection in used {
            let kind = &kinds::ORGANIZATION_CONNECTIONS;
            let mut link = Item::new((kind.defaults)());
            link.set(kind.id, connection);
            link.set("organization_access_level", "full");
            organization.children_mut(kind).push(link);
        }
        let mut domain = Item::new((kinds::DOMAINS.defaults)());
        domain.set(
            "id",
            format!("ord_{:022x}", self.permutation.permute(number)),
        );
        domain.set("domain", format!("{name}.example"));
        domain.set("status", "verified");
        kinds::add_verification(&mut domain, &id);
        organization.children_mut(&kinds::DOMAINS).push(domain);
        let people = number * self.members..(number + 1) * self.members;
        for (index, group) in self.groups.iter().enumerate() {
            let kind = &kinds::ORGANIZATION_GROUPS;
            let link = json!({
                "id": group,
                "people": people.clone().skip(index).take(2).collect::<Vec<u64>>(),
                "roles": self.roles.get(index + 2..index + 3),
            });
            organization.children_mut(kind).push(Item::new(link));
        }
        organization
    }

    fn number_of(&self, field: &str, value: &str) -> Option<u64> {
        match field {
            "name" => Self::number_of_name(value),
            _ => self.number_of_id(value),
        }
    }

    fn id(&self, number: u64) -> String {
        format!("org_{:016x}", self.permutation.permute(number))
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
        let mut tenant = Self {
            domain: domain.to_owned(),
            roots: BTreeMap::new(),
            memberships: BTreeMap::new(),
            dns_records: BTreeMap::new(),
            ids: IdGenerator::new(seed),
            settings,
        };
        for (name, description) in ORGANIZATION_ROLES {
            tenant.add(
                &kinds::ROLES,
                json!({"name": name, "description": description}),
            );
        }
        let time = rfc3339(since);
        for name in GROUPS {
            let group = json!({"name": name, "created_at": time, "updated_at": time});
            tenant.add(&kinds::GROUPS, group);
        }
        for number in 0..tenant.settings.connections {
            let connection = connection(number, tenant.settings.members);
            tenant.add(&kinds::CONNECTIONS, connection);
        }
        for (client_id, audience, scope) in grants {
            let grant = json!({"client_id": client_id, "audience": audience, "scope": scope});
            tenant.add(&kinds::CLIENT_GRANTS, grant);
        }
        let TenantSettings {
            organizations,
            members,
            ..
        } = tenant.settings;
        let ids = |kind| {
            let items = tenant.root(kind).iter();
            items.map(|(_, item)| item.text("id").to_owned()).collect()
        };
        let organizations = OrganizationSeed {
            organizations,
            members,
            permutation: SeededPermutation::new(seed),
            connections: ids(&kinds::CONNECTIONS),
            roles: ids(&kinds::ROLES),
            groups: ids(&kinds::GROUPS),
        };
        let people = organizations.organizations.saturating_mul(members);
        let population = Population::new(seed, people, "example.org");
        for (kind, collection) in [
            (
                &kinds::PEOPLE,
                Collection::seeded(PeopleSeed { population, since }),
            ),
            (&kinds::ORGANIZATIONS, Collection::seeded(organizations)),
        ] {
            tenant.roots.insert(kind.name, collection);
        }
        tenant
    }

    /// Adds an initial resource without a parent.
    fn add(&mut self, kind: &Kind, fields: Value) {
        let (prefix, length) = kind.generated;
        let mut item = Item::new(fields);
        item.set("id", self.ids.next(prefix, length));
        self.root_mut(kind).push(item);
    }

    /// The initial members of an organization, the first two of which have a role.
    pub(super) fn first_members(&self, organization: u64) -> Membership {
        let size = match organization < self.settings.organizations {
            true => self.settings.members,
            false => 0,
        };
        let start = organization.saturating_mul(size);
        let mut members = Membership::new(start..start.saturating_add(size));
        let roles = self.root(&kinds::ROLES).iter();
        for (person, (_, role)) in (start..start + size).take(2).zip(roles) {
            members.roles_mut(person).push(role.text("id").to_owned());
        }
        members
    }
}

fn index(number: u64, count: usize) -> usize {
    usize::try_from(number).unwrap_or_default() % count
}

fn connection(number: u64, users: u64) -> Value {
    let (name, strategy) = match number {
        0 => ("Username-Password-Authentication".to_owned(), "auth0"),
        _ => {
            let strategy = STRATEGIES[index(number - 1, STRATEGIES.len())];
            (format!("{strategy}-{number}"), strategy)
        }
    };
    let mut connection = json!({
        "name": name,
        "strategy": strategy,
        "options": options(strategy),
        "domains": [],
        "users": users,
        "is_mapping_fresh": false,
    });
    if is_enterprise(strategy) {
        connection["display_name"] = json!(format!("Login {number}"));
    }
    connection
}

fn options(strategy: &str) -> Value {
    match strategy {
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
    }
}
