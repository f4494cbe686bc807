//! Members of an organization.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::views::{MEMBERS, ORGANIZATIONS};
use crate::problem::Problem;
use crate::resources::{Context, Outcome, texts};
use crate::response::no_content;
use crate::tenant::kinds;

/// Scope required for the roles of members.
const READ_MEMBER_ROLES: &str = "read:organization_member_roles";

/// Whether `fields` selects the roles of members, which are omitted by default.
fn includes_roles(context: &Context<'_>) -> Result<bool, Problem> {
    let fields = context.call.get("fields").unwrap_or_default();
    let is_included = context.call.get("include_fields") != Some("false");
    let wanted = is_included && fields.split(',').any(|field| field.trim() == "roles");
    if wanted && !context.call.caller.has_scope(READ_MEMBER_ROLES) {
        let title = "The roles of members require another scope";
        let problem = Problem::forbidden("INSUFFICIENT_SCOPE", title);
        return Err(problem.details(format!("expected {READ_MEMBER_ROLES}")));
    }
    Ok(wanted)
}

/// The point in time that the member list reflects.
fn list_time(context: &Context<'_>) -> DateTime<Utc> {
    match context.tenant.settings.quirks.member_lag {
        0 => DateTime::<Utc>::MAX_UTC,
        lag => {
            let lag = TimeDelta::try_seconds(lag);
            let time = lag.and_then(|lag| context.call.now.checked_sub_signed(lag));
            time.unwrap_or(DateTime::<Utc>::MIN_UTC)
        }
    }
}

pub(super) fn list(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATIONS)?;
    let with_roles = includes_roles(context)?;
    let time = list_time(context);
    let members = context.tenant.members(organization);
    let listing = context.listing("members")?;
    let show = |number| {
        let mut person = context.tenant.person(number)?.into_owned();
        if with_roles {
            let roles = context.roles(members.roles_of(number)).into_iter();
            let roles = roles.map(|(_, role)| json!({"id": role["id"], "name": role["name"]}));
            person.set("roles", roles.collect::<Vec<Value>>());
        }
        Some((number, context.show(&MEMBERS, &person)))
    };
    let items = members.after(listing.start(), time).filter_map(show);
    Ok(listing.page(|| Some(members.count(time)), items))
}

/// The members with a role that was assigned to them directly.
pub(super) fn list_with_role(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATIONS)?;
    let role = context.call.required("role_id");
    if context.tenant.resource(&kinds::ROLES, role).is_none() {
        return Err(Problem::not_found("INEXISTENT_ROLE", "No role has this id"));
    }
    let members = context.tenant.members(organization);
    let listing = context.listing("members")?;
    let items = members.after(listing.start(), DateTime::<Utc>::MAX_UTC);
    let items = items.filter(|number| members.roles_of(*number).iter().any(|own| own == role));
    let show = |number| {
        Some((
            number,
            context.show(&MEMBERS, &*context.tenant.person(number)?),
        ))
    };
    Ok(listing.page(|| None, items.filter_map(show)))
}

/// Adds all or none. All must be people of the tenant.
pub(super) fn add(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATIONS)?;
    let ids = texts(&context.call.body["members"]);
    let numbers = ids.iter().map(|id| context.tenant.person_number(id));
    let numbers: Option<Vec<u64>> = numbers.collect();
    let numbers = numbers.ok_or_else(|| Problem::body_field("/members", "no user has this id"))?;
    let members = context.tenant.members_mut(organization);
    for number in numbers {
        members.join(number, context.call.now);
    }
    no_content()
}

/// Ignores people who are not members.
pub(super) fn remove(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATIONS)?;
    for id in texts(&context.call.body["members"]) {
        if let Some(number) = context.tenant.person_number(&id) {
            let members = context.tenant.members_mut(organization);
            members.leave(number, context.call.now);
        }
    }
    no_content()
}
