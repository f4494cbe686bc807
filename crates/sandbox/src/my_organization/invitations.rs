//! Creation and bulk deletion of invitations.

use serde_json::{Map, Value, json};

use super::views::{INVITATIONS, ORGANIZATION, PROVIDERS, ROLES, USER_STORES};
use crate::resources::{Context, Outcome, texts};
use crate::response::{created, no_content, ok};

/// Invites all or none. If a person is invited twice in one call, the later invitation replaces the earlier one.
pub(super) fn create(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATION)?;
    let body = &context.call.body;
    let mut common = Map::new();
    // An invitation has one connection: the user store, if the request names both.
    for (field, view) in [
        ("identity_provider_id", &PROVIDERS),
        ("user_store_id", &USER_STORES),
    ] {
        if let Some(id) = body[field].as_str() {
            context.number_of(view, id)?;
            common.insert("connection_id".to_owned(), id.into());
        }
    }
    if let Some(name) = body["inviter"]["name"].as_str() {
        common.insert("inviter".to_owned(), json!({ "name": name }));
    }
    let mut invited = Vec::new();
    for invitee in body["invitees"].as_array().into_iter().flatten() {
        let mut fields = common.clone();
        let roles = context.known_roles(&invitee["roles"], ROLES.missing())?;
        if !roles.is_empty() {
            fields.insert("roles".to_owned(), json!(roles));
        }
        fields.insert("invitee".to_owned(), json!({"email": invitee["email"]}));
        invited.push(fields);
    }
    let (lifetime, now) = (body["ttl_sec"].as_i64(), context.call.now);
    let mut response: Vec<Value> = Vec::new();
    for fields in invited {
        let invitation = context.tenant.invite(organization, fields, lifetime, now);
        response.extend(invitation.map(|invitation| context.show(&INVITATIONS, &invitation)));
    }
    created(&response)
}

pub(super) fn list_roles(context: &mut Context<'_>) -> Outcome {
    let invitation = context.item(&INVITATIONS)?;
    let roles = context.roles(&invitation.texts("roles")).into_iter();
    let roles: Vec<Value> = roles.map(|(_, role)| role).collect();
    ok(&json!({ "roles": roles }))
}

/// Deletes all or none.
pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let mut numbers = Vec::new();
    for id in texts(&context.call.body["invitations"]) {
        numbers.push(context.number_of(&INVITATIONS, &id)?);
    }
    for number in numbers {
        context.remove(&INVITATIONS, number)?;
    }
    no_content()
}
