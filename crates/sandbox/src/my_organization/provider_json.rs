//! JSON of identity providers, which depends on their strategy.

use serde_json::{Map, Value, json};

use super::views::access_level;
use crate::resources::Item;

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

/// The properties of an identity provider. With the access level `none` there are only some.
pub(super) fn fields(link: &Item, connection: &Item) -> Map<String, Value> {
    let name = connection.text("name");
    let title = match connection.text("display_name") {
        "" => name,
        title => title,
    };
    let mut fields = Item::new(json!({
        "id": connection.text("id"),
        "name": name,
        "display_name": title,
        "is_enabled": link.flag("is_enabled"),
        "access_level": access_level(link),
    }));
    if access_level(link) != "none" {
        for field in ["strategy", "domains"] {
            fields.set(field, connection.value(field).clone());
        }
        for field in [
            "show_as_button",
            "assign_membership_on_login",
            "use_for_third_party_client_access",
        ] {
            fields.set(field, link.flag(field));
        }
        fields.set("member_access_level", access_level(link));
        let cross_app = "cross_app_access_resource_app";
        if link.value(cross_app).is_object() {
            fields.set(cross_app, link.value(cross_app).clone());
        }
        fields.set("options", options(connection));
        if ["oidc", "okta", "samlp"].contains(&connection.text("strategy")) {
            fields.set("attributes", attributes(connection, "sso_field"));
        }
    }
    fields.fields
}

/// The options without secrets. Certificates have different names in requests and responses.
fn options(connection: &Item) -> Map<String, Value> {
    let options = connection
        .value("options")
        .as_object()
        .into_iter()
        .flatten();
    let shown = options.filter_map(|(name, value)| match name.as_str() {
        "client_secret" => None,
        "signingCert" => Some(("cert".to_owned(), value.clone())),
        other => Some((other.to_owned(), value.clone())),
    });
    shown.collect()
}

/// The attribute mapping. `field` holds the provider's name of each attribute. A stale mapping lacks the latest
/// attribute.
pub(super) fn attributes(connection: &Item, field: &str) -> Value {
    let is_fresh = connection.flag("is_mapping_fresh");
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
