//! The resources of a tenant.

use serde_json::json;

use crate::resources::{Item, Kind};
use crate::tenant::Tenant;

pub(crate) static ORGANIZATIONS: Kind = Kind {
    unique: &["name"],
    merged: Some(("metadata", 25)),
    ..Kind::new("organizations", "organization", "org_")
};

pub(crate) static PEOPLE: Kind = Kind {
    id: "user_id",
    ..Kind::new("people", "user", "auth0|")
};

pub(crate) static CONNECTIONS: Kind = Kind {
    unique: &["name"],
    // Options include secrets. A stale attribute mapping lacks an attribute.
    defaults: || json!({"options": {}, "domains": [], "users": 0, "is_mapping_fresh": true}),
    ..Kind::new("connections", "connection", "con_")
};

/// Tokens for the provisioning of an identity provider. Their values are returned once and not stored.
pub(crate) static SCIM_TOKENS: Kind = Kind {
    id: "token_id",
    ..Kind::new("scim_tokens", "token", "tok_")
};

pub(crate) static CLIENT_GRANTS: Kind = Kind::new("client_grants", "client grant", "cgr_");

pub(crate) static ROLES: Kind = Kind::new("roles", "role", "rol_");

pub(crate) static GROUPS: Kind = Kind::new("groups", "group", "grp_");

/// The connections of an organization, which are also its identity providers.
pub(crate) static ORGANIZATION_CONNECTIONS: Kind = Kind {
    defaults: || {
        json!({
            "assign_membership_on_login": false,
            "show_as_button": true,
            "is_signup_enabled": false,
            "is_enabled": true,
            // Auth0 does not document its default. This one shows the connection to administrators.
            "organization_access_level": "readonly",
        })
    },
    ..Kind::link("connections", &CONNECTIONS, "connection_id")
};

pub(crate) static ORGANIZATION_GRANTS: Kind = Kind::link("client_grants", &CLIENT_GRANTS, "id");

/// The groups of an organization, with their people and roles.
pub(crate) static ORGANIZATION_GROUPS: Kind = Kind::link("groups", &GROUPS, "id");

/// The domains of an organization, which are verified by a DNS record.
pub(crate) static DOMAINS: Kind = Kind {
    generated: ("ord_", 22),
    unique: &["domain"],
    ignores_case: true,
    defaults: || json!({"status": "pending", "use_for_organization_discovery": true}),
    created: |domain, organization| {
        let organization = organization.map_or("", |parent| parent.text("id"));
        add_verification(domain, organization);
    },
    deleted: |tenant, organization, domain| {
        let links = organization.map(|parent| parent.children(&ORGANIZATION_CONNECTIONS));
        for (_, link) in links.into_iter().flat_map(|links| links.iter()) {
            let id = link.text(ORGANIZATION_CONNECTIONS.id);
            remove_domain(tenant, id, domain.text("domain"));
        }
    },
    ..Kind::new("domains", "domain", "ord_")
};

pub(crate) static INVITATIONS: Kind = Kind::new("invitations", "invitation", "uinv_");

/// Adds the organization of a domain, and the expected host and text of its DNS record.
pub(super) fn add_verification(domain: &mut Item, organization: &str) {
    let host = format!("_verification.{organization}.{}", domain.text("domain"));
    let text = format!("sandbox-verification={}", domain.text("id"));
    domain.set("org_id", organization);
    domain.set("verification_host", host);
    domain.set("verification_txt", text);
}

/// Removes a domain from a connection. Returns whether the connection had it.
pub(crate) fn remove_domain(tenant: &mut Tenant, connection: &str, domain: &str) -> bool {
    let Some(connection) = tenant.resource_mut(&CONNECTIONS, connection) else {
        return false;
    };
    let before = connection.texts("domains");
    let is_other = |one: &&String| !one.eq_ignore_ascii_case(domain);
    let after: Vec<&String> = before.iter().filter(is_other).collect();
    connection.set("domains", json!(after));
    after.len() < before.len()
}
