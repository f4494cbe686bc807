//! The resources of a tenant, as the Management API presents them.

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::resources::{Context, Filter, Item, View};
use crate::tenant::kinds;

/// The document uses two names for the id of an organization.
pub(super) static ORGANIZATIONS: View = View {
    parameters: &["organization_id", "id"],
    taken: (
        "ORGANIZATION_CONFLICT",
        "An organization has this name already",
    ),
    sorts: &["name", "display_name"],
    shown: Some(|_, _, fields| {
        // The My Organization API accepts null in the branding; this API does not return null.
        if let Some(branding) = fields.get_mut("branding").and_then(Value::as_object_mut) {
            branding.retain(|_, value| !value.is_null());
        }
    }),
    ..View::new(
        &kinds::ORGANIZATIONS,
        "organizations",
        ("INEXISTENT_ORGANIZATION", "No organization has this id"),
    )
};

pub(super) static GRANTS: View = View {
    parent: Some(&ORGANIZATIONS),
    parameters: &["grant_id"],
    taken: (
        "CLIENT_GRANT_CONFLICT",
        "The organization already has this client grant",
    ),
    unknown: (
        "INEXISTENT_CLIENT_GRANT",
        "The tenant has no such client grant",
    ),
    filters: &[("grant_ids", Filter::OneOf("id"))],
    shown: Some(|_, _, fields| {
        fields.insert("organization_usage".to_owned(), json!("allow"));
        fields.insert("allow_any_organization".to_owned(), json!(false));
    }),
    ..View::new(
        &kinds::ORGANIZATION_GRANTS,
        "client_grants",
        (
            "INEXISTENT_CLIENT_GRANT",
            "The organization has no such client grant",
        ),
    )
};

const ANY_CONNECTION: View = View {
    parent: Some(&ORGANIZATIONS),
    taken: (
        "CONNECTION_CONFLICT",
        "The organization already has this connection",
    ),
    unknown: ("INEXISTENT_CONNECTION", "The tenant has no such connection"),
    shown: Some(show_connection),
    ..View::new(
        &kinds::ORGANIZATION_CONNECTIONS,
        "connections",
        (
            "INEXISTENT_CONNECTION",
            "The organization has no such connection",
        ),
    )
};

pub(super) static CONNECTIONS: View = View {
    parameters: &["connection_id"],
    deletes_missing: true,
    ..ANY_CONNECTION
};

/// The enabled connections, as the older operations return them.
pub(super) static ENABLED: View = View {
    parameters: &["connectionId"],
    list: "enabled_connections",
    visible: Some(|_, link| link.flag("is_enabled")),
    ..ANY_CONNECTION
};

fn show_connection(context: &Context<'_>, link: &Item, fields: &mut Map<String, Value>) {
    if let Some(connection) = context.linked(&kinds::ORGANIZATION_CONNECTIONS, link) {
        let [name, strategy] = ["name", "strategy"].map(|field| connection.text(field));
        let connection = json!({"name": name, "strategy": strategy});
        fields.insert("connection".to_owned(), connection);
    }
}

pub(super) static DOMAINS: View = View {
    parent: Some(&ORGANIZATIONS),
    parameters: &["discovery_domain_id"],
    taken: (
        "DISCOVERY_DOMAIN_CONFLICT",
        "The organization already has this discovery domain",
    ),
    // The document requires a host name of responses only.
    check: Some(|domain| match is_host(domain.text("domain")) {
        true => Ok(()),
        false => Err(Problem::body_field("/domain", "expected a domain name")),
    }),
    ..View::new(
        &kinds::DOMAINS,
        "domains",
        (
            "INEXISTENT_DISCOVERY_DOMAIN",
            "The organization has no such discovery domain",
        ),
    )
};

fn is_host(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = |label: &str| {
        let is_framed = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.bytes().all(is_plain) && !is_framed
    };
    name.split('.').all(is_label)
}

pub(super) static INVITATIONS: View = View {
    parent: Some(&ORGANIZATIONS),
    parameters: &["invitation_id"],
    newest_first: true,
    ..View::new(
        &kinds::INVITATIONS,
        "invitations",
        (
            "INEXISTENT_INVITATION",
            "The organization has no such invitation",
        ),
    )
};

pub(super) static GROUPS: View = View {
    parent: Some(&ORGANIZATIONS),
    parameters: &["group_id"],
    ..View::new(
        &kinds::ORGANIZATION_GROUPS,
        "groups",
        ("INEXISTENT_GROUP", "The organization has no such group"),
    )
};

pub(super) static MEMBERS: View = View {
    parameters: &["user_id"],
    ..View::new(
        &kinds::PEOPLE,
        "members",
        ("INEXISTENT_USER", "The organization has no such member"),
    )
};
