//! What organizations may configure.

use serde_json::{Map, Value, json};

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
            let value = json!({"provisioning_methods": methods, "enabled_features": features});
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
