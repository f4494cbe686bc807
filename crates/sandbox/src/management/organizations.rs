//! Creation of organizations, with their connections.

use serde_json::{Value, json};

use super::views::{ENABLED, ORGANIZATIONS};
use crate::problem::Problem;
use crate::resources::{Context, Item, Outcome};
use crate::response::created;
use crate::tenant::kinds;

/// Scope required to enable connections.
const CREATE_CONNECTIONS_SCOPE: &str = "create:organization_connections";

/// Properties of the enabled connections in the response.
const CONNECTION_PROPERTIES: [&str; 5] = [
    "connection_id",
    "connection",
    "assign_membership_on_login",
    "show_as_button",
    "is_signup_enabled",
];

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let mut fields = context.body();
    let requested = fields.remove("enabled_connections");
    let mut links = Vec::new();
    for requested in requested.iter().filter_map(Value::as_array).flatten() {
        if !context.call.caller.has_scope(CREATE_CONNECTIONS_SCOPE) {
            let title = "Enabling connections requires another scope";
            let problem = Problem::forbidden("INSUFFICIENT_SCOPE", title);
            return Err(problem.details(format!("expected {CREATE_CONNECTIONS_SCOPE}")));
        }
        let kind = &kinds::ORGANIZATION_CONNECTIONS;
        let mut link = Item::new((kind.defaults)());
        link.fields
            .extend(requested.as_object().cloned().unwrap_or_default());
        if context.linked(kind, &link).is_none() {
            let rule = "no connection has this connection_id";
            return Err(Problem::body_field("/enabled_connections", rule));
        }
        links.push(link);
    }
    let organization = context.add(&ORGANIZATIONS, fields)?;
    let mut response = context.show(&ORGANIZATIONS, &organization);
    if requested.is_some() {
        let shown = links.iter().map(|link| {
            let mut fields = context.fields(&ENABLED, link);
            fields.retain(|name, _| CONNECTION_PROPERTIES.contains(&name.as_str()));
            fields
        });
        response["enabled_connections"] = json!(shown.collect::<Vec<_>>());
    }
    if let Some(organization) = context.tenant.store_organization(organization.text("id")) {
        for link in links {
            organization
                .children_mut(&kinds::ORGANIZATION_CONNECTIONS)
                .push(link);
        }
    }
    created(&response)
}
