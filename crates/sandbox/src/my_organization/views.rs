//! The resources of an organization, as its administrators see them.

use serde_json::{Value, json};

use super::provider_json;
use crate::resources::{Context, Filter, Item, Kind, View};
use crate::tenant::{is_enterprise, kinds};

const fn view(kind: &'static Kind, list: &'static str, missing: &'static str) -> View {
    View {
        parent: Some(&ORGANIZATION),
        ..View::new(kind, list, ("NOT_FOUND", missing))
    }
}

/// The organization of the token.
pub(super) static ORGANIZATION: View = View::new(
    &kinds::ORGANIZATIONS,
    "organizations",
    ("NOT_FOUND", "The organization does not exist"),
);

pub(super) static DOMAINS: View = View {
    parameters: &["domain_id"],
    taken: ("CONFLICT", "The organization already has this domain"),
    ..view(
        &kinds::DOMAINS,
        "organization_domains",
        "The domain does not exist",
    )
};

pub(super) static INVITATIONS: View = View {
    parameters: &["invitation_id"],
    newest_first: true,
    shown: Some(|_, _, fields| {
        fields.entry("roles").or_insert_with(|| json!([]));
        if let Some(id) = fields.remove("connection_id") {
            fields.insert("identity_provider_id".to_owned(), id);
        }
    }),
    ..view(
        &kinds::INVITATIONS,
        "invitations",
        "The invitation does not exist",
    )
};

pub(super) static ROLES: View = View {
    parent: None,
    filters: &[("name", Filter::Contains("name"))],
    ..view(&kinds::ROLES, "roles", "The role does not exist")
};

pub(super) static MEMBERS: View = View {
    parent: None,
    parameters: &["user_id"],
    ..view(
        &kinds::PEOPLE,
        "members",
        "The organization has no such member",
    )
};

const ANY_PROVIDER: View = View {
    parameters: &["idp_id"],
    shown: Some(|context, link, fields| {
        if let Some(connection) = context.linked(&kinds::ORGANIZATION_CONNECTIONS, link) {
            *fields = provider_json::fields(link, connection);
        }
    }),
    ..view(
        &kinds::ORGANIZATION_CONNECTIONS,
        "identity_providers",
        "The identity provider does not exist",
    )
};

/// The identity providers of the organization.
pub(super) static LISTED_PROVIDERS: View = View {
    visible: Some(is_provider),
    filters: &[("member_access_level", Filter::OneOf("access_level"))],
    ..ANY_PROVIDER
};

/// Providers with the access level `none` are only listed.
pub(super) static PROVIDERS: View = View {
    visible: Some(|context, link| is_provider(context, link) && access_level(link) != "none"),
    ..ANY_PROVIDER
};

fn is_provider(context: &Context<'_>, link: &Item) -> bool {
    let connection = context.linked(&kinds::ORGANIZATION_CONNECTIONS, link);
    connection.is_some_and(|connection| is_enterprise(connection.text("strategy")))
}

pub(super) fn access_level(link: &Item) -> &str {
    link.text("organization_access_level")
}

/// The connection of a provider, which contains its provisioning.
pub(super) static PROVISIONED: View = View {
    parent: None,
    parameters: &["idp_id"],
    visible: Some(|_, connection| connection.value("provisioning") != &Value::Null),
    ..view(
        &kinds::CONNECTIONS,
        "identity_providers",
        "Provisioning is not configured for the identity provider",
    )
};

pub(super) static SCIM_TOKENS: View = View {
    parent: Some(&PROVISIONED),
    parameters: &["idp_scim_token_id"],
    ..view(
        &kinds::SCIM_TOKENS,
        "scim_tokens",
        "The identity provider has no such token",
    )
};

/// The connections of the tenant, where those of new providers are created.
pub(super) static CONNECTIONS: View = View {
    parent: None,
    taken: (
        "CONFLICT",
        "The tenant already has a connection with this name",
    ),
    ..view(
        &kinds::CONNECTIONS,
        "connections",
        "The identity provider does not exist",
    )
};
