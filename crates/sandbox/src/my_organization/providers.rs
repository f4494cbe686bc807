//! Identity providers of the organization, whose access level limits what its administrators may change.

use serde_json::{Map, Value, json};

use super::views::{CONNECTIONS, DOMAINS, PROVIDERS, access_level};
use super::{not_found, provider_json};
use crate::problem::Problem;
use crate::resources::{Context, Item, Outcome};
use crate::response::{created, no_content, ok};
use crate::tenant::kinds;

/// Access levels that allow changes.
pub(super) const WRITE: &[&str] = &["full", "limited"];

/// Access levels that allow deletion.
const DELETE: &[&str] = &["full"];

/// The id of the connection of the provider named by the call, which must have one of these access levels.
pub(super) fn with_access(context: &Context<'_>, levels: &[&str]) -> Result<String, Problem> {
    let link = context.item(&PROVIDERS)?;
    let found = access_level(link);
    if levels.contains(&found) {
        return Ok(link.text("connection_id").to_owned());
    }
    let title = "The access level of the identity provider does not allow this";
    let expected = levels.join(" or ");
    let details = format!("access_level: expected {expected}, found {found}");
    Err(Problem::forbidden("ACCESS_LEVEL", title).details(details))
}

/// The connection of a provider, for changes.
pub(super) fn connection_mut<'c>(
    context: &'c mut Context<'_>,
    id: &str,
) -> Result<&'c mut Item, Problem> {
    let connection = context.tenant.resource_mut(&kinds::CONNECTIONS, id);
    connection.ok_or_else(|| PROVIDERS.missing())
}

/// The provider named by the call, as it is now.
fn shown(context: &Context<'_>) -> Result<Value, Problem> {
    let link = context.item(&PROVIDERS)?;
    Ok(context.show(&PROVIDERS, link))
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let allowed = &context.tenant.settings.allowed_strategies;
    let body = &context.call.body;
    if allowed.is_empty() {
        let title = "The tenant is not configured for identity providers of organizations";
        return Err(Problem::conflict("CONFIGURATION", title));
    }
    if !allowed
        .iter()
        .any(|strategy| body["strategy"] == **strategy)
    {
        let title = "The tenant does not allow this strategy";
        return Err(Problem::forbidden("STRATEGY_NOT_ALLOWED", title));
    }
    let mut domains = Vec::new();
    for domain in body["domains"].as_array().into_iter().flatten() {
        domains.push(verified_domain(
            context,
            domain.as_str().unwrap_or_default(),
        )?);
    }
    let select = |names: &[&str]| {
        let given = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), body.get(name)?.clone())));
        given.collect::<Map<String, Value>>()
    };
    let mut fields = select(&["name", "display_name", "strategy", "options"]);
    fields.insert("domains".to_owned(), json!(domains));
    let connection = context.add(&CONNECTIONS, fields)?;
    let mut link = select(&LINK_FIELDS);
    link.insert("connection_id".to_owned(), connection.text("id").into());
    link.insert("organization_access_level".to_owned(), "full".into());
    let link = context.add(&PROVIDERS, link)?;
    created(&context.show(&PROVIDERS, &link))
}

/// Fields of the link between the organization and the connection that requests contain.
const LINK_FIELDS: [&str; 5] = [
    "is_enabled",
    "show_as_button",
    "assign_membership_on_login",
    "use_for_third_party_client_access",
    "cross_app_access_resource_app",
];

pub(super) fn update(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, WRITE)?;
    let connection = connection_mut(context, &id)?;
    let strategy = connection.text("strategy").to_owned();
    let body = &context.call.body;
    let names = provider_json::update_schemas();
    let schema = provider_json::update_schema(&strategy);
    let schema = schema.and_then(|name| context.document.schema(&names, name));
    let schema = schema.ok_or_else(|| Problem::internal(format!("`{strategy}` has no schema")))?;
    let violations = schema.violations(body);
    if !violations.is_empty() {
        let rules = violations.into_iter().map(|violation| {
            let rule = format!("{} (strategy {strategy})", violation.rule);
            (violation.pointer, rule)
        });
        return Err(Problem::body_fields(rules));
    }
    let connection = connection_mut(context, &id)?;
    if let Some(name) = body["display_name"].as_str() {
        connection.set("display_name", name);
    }
    if let Some(options) = body["options"].as_object() {
        let mut options = options.clone();
        // Keeps the secret if the request omits it, because clients cannot read it.
        if let Some(secret) = connection.value("options").get("client_secret") {
            options
                .entry("client_secret")
                .or_insert_with(|| secret.clone());
        }
        connection.set("options", options);
    }
    let link = context.item_mut(&PROVIDERS)?;
    for name in LINK_FIELDS {
        if let Some(value) = body.get(name) {
            link.set(name, value.clone());
        }
    }
    ok(&shown(context)?)
}

/// Deletes the connection as well, if the tenant allows it.
pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, DELETE)?;
    let is_used = *connection_mut(context, &id)?.value("users") != 0;
    if is_used && !context.tenant.settings.deletes_used_connections {
        let title = "The identity provider has users";
        return Err(Problem::forbidden("CONNECTION_NOT_EMPTY", title));
    }
    let connections = context.tenant.root_mut(&kinds::CONNECTIONS);
    if let Some(number) = connections.find("id", &id) {
        connections.remove(number);
    }
    no_content()
}

/// Keeps the connection for other organizations and for the tenant's operators.
pub(super) fn detach(context: &mut Context<'_>) -> Outcome {
    with_access(context, DELETE)?;
    let number = context.number(&PROVIDERS)?;
    context.remove(&PROVIDERS, number)?;
    no_content()
}

pub(super) fn refresh_attributes(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, WRITE)?;
    connection_mut(context, &id)?.set("is_mapping_fresh", true);
    ok(&shown(context)?)
}

/// The stored spelling of a verified domain of the organization.
fn verified_domain(context: &Context<'_>, name: &str) -> Result<String, Problem> {
    let domains = context.collection(&DOMAINS)?;
    let number = domains.find_ignoring_case("domain", name);
    let domain = number.and_then(|number| domains.stored(number));
    let domain = domain.filter(|domain| domain.text("status") == "verified");
    domain
        .map(|domain| domain.text("domain").to_owned())
        .ok_or_else(|| not_found("The organization has no verified domain with this name"))
}

pub(super) fn add_domain(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, WRITE)?;
    let name = context.call.body["domain"].as_str().unwrap_or_default();
    let domain = verified_domain(context, name)?;
    let connection = connection_mut(context, &id)?;
    let mut domains = connection.texts("domains");
    if domains.contains(&domain) {
        let title = "The identity provider already has this domain";
        return Err(Problem::conflict("CONFLICT", title));
    }
    domains.push(domain.clone());
    connection.set("domains", domains);
    created(&json!({ "domain": domain }))
}

pub(super) fn remove_domain(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, WRITE)?;
    match kinds::remove_domain(context.tenant, &id, context.call.required("domain")) {
        true => no_content(),
        false => Err(not_found("The identity provider has no such domain")),
    }
}
