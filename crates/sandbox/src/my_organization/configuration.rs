//! What organizations may configure.

use serde_json::{Map, Value, json};

use super::views::THIRD_PARTY_ACCESS_DEFAULT;
use crate::resources::{Context, Outcome};
use crate::response::ok;

pub(super) fn tenant(context: &mut Context<'_>) -> Outcome {
    let behavior = match context.tenant.settings.deletes_used_connections {
        true => "allow",
        false => "allow_if_empty",
    };
    ok(&json!({
        "allowed_strategies": context.tenant.settings.allowed_strategies,
        "connection_deletion_behavior": behavior,
        "third_party_client_access": {
            "default_value": THIRD_PARTY_ACCESS_DEFAULT,
            "allowed_values": ["allow", "block"],
        },
    }))
}

pub(super) fn providers(context: &mut Context<'_>) -> Outcome {
    let strategies = context.tenant.settings.allowed_strategies.iter();
    let strategies: Map<String, Value> = strategies
        .map(|strategy| {
            // This operation spells the strategy differently.
            let name = match strategy.as_str() {
                "google-apps" => "googleapps",
                other => other,
            };
            let (methods, features) = match can_provision(strategy) {
                true => (json!(["scim"]), json!(["provisioning"])),
                false => (json!([]), json!([])),
            };
            let mut value = json!({"provisioning_methods": methods, "enabled_features": features});
            if can_provision(strategy) {
                let scopes = [
                    "get:users",
                    "post:users",
                    "patch:users",
                    "delete:users",
                    "put:users",
                ];
                let tokens =
                    json!({"scopes": scopes, "default_expiry": null, "max_allowed_expiry": null});
                value["provisioning"] =
                    json!({"on_login": "on_first_login", "scim": {"tokens": tokens}});
            }
            if ["oidc", "okta", "samlp"].contains(&name) {
                let status = json!({"default_value": "disabled", "allowed_values": ["enabled"]});
                value["cross_app_access_resource_app"] = json!({ "status": status });
            }
            (name.to_owned(), value)
        })
        .collect();
    ok(&json!({
        "organization": {
            "can_set_show_as_button": true,
            "can_set_assign_membership_on_login": true,
        },
        "strategies": strategies,
    }))
}

/// Whether providers with this strategy support provisioning.
pub(super) fn can_provision(strategy: &str) -> bool {
    ["oidc", "okta", "samlp", "waad"].contains(&strategy)
}
