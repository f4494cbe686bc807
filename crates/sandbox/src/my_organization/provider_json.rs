//! JSON of identity providers, which depends on their strategy.

use serde_json::{Map, Value, json};

use crate::tenant::{Connection, EnabledConnection};

/// Name of the update schema for a strategy. The union in the document has no discriminator.
pub(super) fn update_schema(strategy: &str) -> Option<&'static str> {
    UPDATE_SCHEMAS
        .iter()
        .find_map(|(own, schema)| (*own == strategy).then_some(*schema))
}

const UPDATE_SCHEMAS: [(&str, &str); 7] = [
    ("adfs", "IdpAdfsUpdateRequest"),
    ("google-apps", "IdpGoogleAppsUpdateRequest"),
    ("oidc", "IdpOidcUpdateRequest"),
    ("okta", "IdpOktaUpdateRequest"),
    ("pingfederate", "IdpPingFederateUpdateRequest"),
    ("samlp", "IdpSamlpUpdateRequest"),
    ("waad", "IdpWaadUpdateRequest"),
];

/// Names of all update schemas.
pub(super) fn update_schemas() -> [&'static str; 7] {
    UPDATE_SCHEMAS.map(|(_, schema)| schema)
}

/// An identity provider.
pub(super) fn to_json(enabled: &EnabledConnection, connection: &Connection) -> Value {
    let mut body = to_minimal_json(enabled, connection);
    body["strategy"] = json!(connection.strategy);
    body["domains"] = json!(connection.domains);
    body["show_as_button"] = json!(enabled.show_as_button);
    body["assign_membership_on_login"] = json!(enabled.assign_membership_on_login);
    body["options"] = json!(options(connection));
    if ["oidc", "okta", "samlp"].contains(&connection.strategy.as_str()) {
        body["attributes"] = attributes(connection.is_mapping_fresh, "sso_field");
    }
    body
}

/// An identity provider with the access level `none`.
pub(super) fn to_minimal_json(enabled: &EnabledConnection, connection: &Connection) -> Value {
    json!({
        "id": connection.id,
        "name": connection.name,
        "display_name": connection.display_name.as_ref().unwrap_or(&connection.name),
        "is_enabled": enabled.is_enabled,
        "access_level": enabled.access_level,
    })
}

/// The options without secrets. Certificates have different names in requests and responses.
fn options(connection: &Connection) -> Map<String, Value> {
    let shown = connection.options.iter();
    let shown = shown.filter_map(|(name, value)| match name.as_str() {
        "client_secret" => None,
        "signingCert" => Some(("cert".to_owned(), value.clone())),
        other => Some((other.to_owned(), value.clone())),
    });
    shown.collect()
}

/// The attribute mapping. `field` holds the provider's name of each attribute. A stale mapping lacks the latest
/// attribute.
pub(super) fn attributes(is_fresh: bool, field: &str) -> Value {
    let attribute = |theirs: &str, ours: &str, label: &str, is_required: bool, is_missing: bool| {
        let mut item = json!({
            "user_attribute": ours,
            "label": label,
            "is_required": is_required,
            "is_extra": false,
            "is_missing": is_missing,
        });
        item[field] = match field {
            "sso_field" => json!([theirs]),
            _ => json!(theirs),
        };
        item
    };
    json!([
        attribute("userName", "preferred_username", "User name", true, false),
        attribute("externalId", "external_id", "Id", true, false),
        attribute("emails", "email", "E-mail address", false, !is_fresh),
    ])
}
