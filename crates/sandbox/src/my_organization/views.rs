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
pub(super) static ORGANIZATION: View = View {
    shown: Some(|_, _, fields| {
        let access = fields.entry("third_party_client_access");
        access.or_insert_with(|| THIRD_PARTY_ACCESS_DEFAULT.into());
    }),
    ..View::new(
        &kinds::ORGANIZATIONS,
        "organizations",
        ("NOT_FOUND", "The organization does not exist"),
    )
};

/// Whether third-party clients have access to an organization that does not set it.
pub(super) const THIRD_PARTY_ACCESS_DEFAULT: &str = "block";

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
    shown: Some(|context, invitation, fields| {
        fields.entry("roles").or_insert_with(|| json!([]));
        if let Some(id) = fields.remove("connection_id") {
            let id_field = match is_provider(context, invitation) {
                true => "identity_provider_id",
                false => "user_store_id",
            };
            fields.insert(id_field.to_owned(), id);
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
    shown: Some(|_, _, fields| {
        fields.insert("access_level".to_owned(), "full".into());
    }),
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

/// The connections of the organization that are no identity providers: databases.
pub(super) static USER_STORES: View = View {
    visible: Some(|context, link| !is_provider(context, link)),
    shown: Some(|_, link, fields| {
        for field in ["access_level", "member_access_level"] {
            fields.insert(field.to_owned(), access_level(link).into());
        }
    }),
    filters: LISTED_PROVIDERS.filters,
    ..view(
        &kinds::ORGANIZATION_CONNECTIONS,
        "user_stores",
        "The user store does not exist",
    )
};

/// Providers with the access level `none` are only listed.
pub(super) static PROVIDERS: View = View {
    visible: Some(|context, link| is_provider(context, link) && access_level(link) != "none"),
    ..ANY_PROVIDER
};

/// Whether the connection that a link or an invitation refers to is an identity provider.
fn is_provider(context: &Context<'_>, item: &Item) -> bool {
    let connection = context.linked(&kinds::ORGANIZATION_CONNECTIONS, item);
    connection.is_some_and(|connection| is_enterprise(connection.text("strategy")))
}

/// The access of administrators to a connection. The sandbox has no separate level for the members who log in with it.
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
