//! Members of the organization and their roles.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::views::{MEMBERS, ORGANIZATION, ROLES};
use crate::problem::Problem;
use crate::resources::{Context, Outcome, texts};
use crate::response::{no_content, ok};
use crate::tenant::{RoleChange, TooManyRoles};

/// Without this scope, members are listed without roles.
const READ_ROLES_SCOPE: &str = "read:my_org:member_roles";

/// The numbers of the organization and of a member.
fn member(context: &Context<'_>, id: &str) -> Result<(u64, u64), Problem> {
    let organization = context.number(&ORGANIZATION)?;
    let number = context.tenant.person_number(id);
    let members = context.tenant.members(organization);
    let number = number.filter(|number| members.contains(*number));
    Ok((organization, number.ok_or_else(|| MEMBERS.missing())?))
}

pub(super) fn list(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATION)?;
    let with_roles = context.call.caller.has_scope(READ_ROLES_SCOPE);
    let members = context.tenant.members(organization);
    let listing = context.listing(MEMBERS.list)?;
    let show = |number| {
        let mut person = context.tenant.person(number)?.into_owned();
        if with_roles {
            let roles = context.roles(members.roles_of(number)).into_iter();
            person.set("roles", roles.map(|(_, role)| role).collect::<Vec<Value>>());
        }
        Some((number, context.show(&MEMBERS, &person)))
    };
    let items = members.after(listing.start(), DateTime::<Utc>::MAX_UTC);
    let total = || Some(members.count(DateTime::<Utc>::MAX_UTC));
    Ok(listing.page(total, items.filter_map(show)))
}

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    let (_, number) = member(context, context.id(&MEMBERS))?;
    let person = context
        .tenant
        .person(number)
        .ok_or_else(|| MEMBERS.missing())?;
    ok(&context.show(&MEMBERS, &person))
}

/// Removes all or none.
pub(super) fn delete(context: &mut Context<'_>) -> Outcome {
    let ids = texts(&context.call.body["members"]);
    let found = ids.iter().map(|id| member(context, id));
    for (organization, number) in found.collect::<Result<Vec<_>, Problem>>()? {
        let members = context.tenant.members_mut(organization);
        members.leave(number, context.call.now);
    }
    no_content()
}

pub(super) fn list_roles(context: &mut Context<'_>) -> Outcome {
    let (organization, number) = member(context, context.id(&MEMBERS))?;
    let members = context.tenant.members(organization);
    let mut roles = context.roles(members.roles_of(number));
    roles.sort_by_key(|(number, _)| *number);
    Ok(context.listing(ROLES.list)?.page_of_all(roles))
}

pub(super) fn change_roles(context: &mut Context<'_>, adds: bool) -> Outcome {
    let (organization, number) = member(context, context.id(&MEMBERS))?;
    let ids = context.known_roles(&context.call.body["role_ids"], ROLES.missing())?;
    let members = context.tenant.members_mut(organization);
    let changed = RoleChange::new(adds, ids).apply(members.roles_mut(number));
    changed.map_err(|TooManyRoles| {
        Problem::forbidden("TOO_MANY_ROLES", "A member can have at most 10 roles")
    })?;
    no_content()
}
