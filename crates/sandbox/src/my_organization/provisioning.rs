//! Provisioning configurations and SCIM tokens of identity providers.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::configuration::can_provision;
use super::provider_json;
use super::providers::{WRITE, connection_mut, with_access};
use super::views::{PROVIDERS, PROVISIONED, SCIM_TOKENS};
use crate::application::random_token;
use crate::problem::Problem;
use crate::resources::{Context, Item, Outcome};
use crate::response::{created, no_content, ok};
use crate::tenant::kinds;
use crate::timestamp::rfc3339 as time;

fn to_json(connection: &Item) -> Value {
    let provisioning = connection.value("provisioning");
    json!({
        "identity_provider_id": connection.text("id"),
        "identity_provider_name": connection.text("name"),
        "strategy": connection.text("strategy"),
        "method": "scim",
        "user_id_attribute": "externalId",
        "attributes": provider_json::attributes(connection, "provisioning_field"),
        "created_at": provisioning["created_at"],
        "updated_on": provisioning["updated_on"],
    })
}

/// The connection of the provider named by the call, which must be provisioned.
fn readable<'c>(context: &'c Context<'_>) -> Result<&'c Item, Problem> {
    context.item(&PROVIDERS)?;
    context.item(&PROVISIONED)
}

/// The same for changes.
fn writable<'c>(context: &'c mut Context<'_>) -> Result<&'c mut Item, Problem> {
    with_access(context, WRITE)?;
    context.item_mut(&PROVISIONED)
}

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    ok(&to_json(readable(context)?))
}

pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let id = with_access(context, WRITE)?;
    let now = time(context.call.now);
    let connection = connection_mut(context, &id)?;
    if !can_provision(connection.text("strategy")) {
        let title = "The strategy does not support provisioning";
        return Err(Problem::forbidden("STRATEGY_NOT_ALLOWED", title));
    }
    if !connection.value("provisioning").is_null() {
        let title = "Provisioning is already configured for the identity provider";
        return Err(Problem::forbidden("PROVISIONING_EXISTS", title));
    }
    connection.set(
        "provisioning",
        json!({"created_at": now, "updated_on": now}),
    );
    created(&to_json(connection))
}

pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let connection = writable(context)?;
    connection.fields.remove("provisioning");
    connection
        .children_mut(&kinds::SCIM_TOKENS)
        .retain(|_| false);
    no_content()
}

pub(super) fn refresh(context: &mut Context<'_>) -> Outcome {
    let now = time(context.call.now);
    let connection = writable(context)?;
    let created_at = connection.value("provisioning")["created_at"].clone();
    connection.set(
        "provisioning",
        json!({"created_at": created_at, "updated_on": now}),
    );
    connection.set("is_mapping_fresh", true);
    ok(&to_json(connection))
}

pub(super) fn list_tokens(context: &mut Context<'_>) -> Outcome {
    readable(context)?;
    context.list(&SCIM_TOKENS)
}

/// Only this response contains the token.
pub(super) fn create_token(context: &mut Context<'_>) -> Outcome {
    writable(context)?;
    let now = context.call.now;
    let mut fields = Map::new();
    fields.insert("created_at".to_owned(), time(now).into());
    let lifetime = context.call.body["token_lifetime"].as_i64();
    // Treats a lifetime beyond the calendar as unlimited.
    let until = lifetime.and_then(TimeDelta::try_seconds);
    let until = until.and_then(|lifetime| now.checked_add_signed(lifetime));
    if let Some(until) = until.filter(|until| until.timestamp() < 253_402_300_800) {
        fields.insert("valid_until".to_owned(), time(until).into());
    }
    let secret = random_token().map_err(|error| Problem::internal(error.to_string()))?;
    let mut token = context.add(&SCIM_TOKENS, fields)?;
    let value = format!("{}.{secret}", token.text("token_id"));
    token.set("token", value);
    created(&context.show(&SCIM_TOKENS, &token))
}

pub(super) fn delete_token(context: &mut Context<'_>) -> Outcome {
    writable(context)?;
    context.delete(&SCIM_TOKENS)
}
