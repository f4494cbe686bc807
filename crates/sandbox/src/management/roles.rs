//! Roles of members and groups: direct ones, and effective ones including those of groups.

use serde_json::{Value, json};

use super::views::{GROUPS, MEMBERS, ORGANIZATIONS};
use crate::problem::Problem;
use crate::resources::{Context, Item, Outcome};
use crate::response::no_content;
use crate::tenant::{RoleChange, TooManyRoles, kinds};

fn too_many_roles(_: TooManyRoles) -> Problem {
    Problem::conflict("TOO_MANY_ROLES", "At most 10 roles can be assigned")
}

/// The change that the body asks for. All roles must exist.
fn requested(context: &Context<'_>, adds: bool) -> Result<RoleChange, Problem> {
    let unknown = Problem::body_field("/roles", "no role has this id");
    let ids = context.known_roles(&context.call.body["roles"], unknown)?;
    Ok(RoleChange::new(adds, ids))
}

/// The numbers of the organization and of the member named by the call.
fn member(context: &Context<'_>) -> Result<(u64, u64), Problem> {
    let organization = context.number(&ORGANIZATIONS)?;
    let number = context.tenant.person_number(context.id(&MEMBERS));
    let members = context.tenant.members(organization);
    let number = number.filter(|number| members.contains(*number));
    Ok((organization, number.ok_or_else(|| MEMBERS.missing())?))
}

/// The roles of a member, in the order of their assignment.
pub(super) fn list(context: &mut Context<'_>) -> Outcome {
    let (organization, member) = member(context)?;
    let members = context.tenant.members(organization);
    let roles = context.roles(members.roles_of(member));
    Ok(context.listing("roles")?.page_of_all(roles))
}

pub(super) fn change(context: &mut Context<'_>, adds: bool) -> Outcome {
    let (organization, member) = member(context)?;
    let change = requested(context, adds)?;
    let members = context.tenant.members_mut(organization);
    change
        .apply(members.roles_mut(member))
        .map_err(too_many_roles)?;
    no_content()
}

pub(super) fn list_of_group(context: &mut Context<'_>) -> Outcome {
    let group = context.item(&GROUPS)?;
    let roles = context.roles(&group.texts("roles")).into_iter();
    let roles = (0..).zip(roles.map(|(_, role)| role)).collect();
    Ok(context.listing("roles")?.page_of_all(roles))
}

pub(super) fn change_of_group(context: &mut Context<'_>, adds: bool) -> Outcome {
    let group = context.item(&GROUPS)?;
    let mut roles = group.texts("roles");
    requested(context, adds)?
        .apply(&mut roles)
        .map_err(too_many_roles)?;
    context.item_mut(&GROUPS)?.set("roles", roles);
    no_content()
}

/// The groups that give a role to a member.
fn groups_granting(
    context: &Context<'_>,
    member: u64,
    role: &str,
) -> Result<Vec<(u64, Item)>, Problem> {
    let groups = context.collection(&GROUPS)?.iter();
    let gives = |group: &Item| {
        let people = group.value("people").as_array();
        let has_member = people.is_some_and(|people| people.contains(&json!(member)));
        has_member && group.texts("roles").iter().any(|own| own == role)
    };
    let giving = groups.filter(|(_, group)| gives(group));
    Ok(giving
        .map(|(number, group)| (number, group.into_owned()))
        .collect())
}

pub(super) fn list_effective(context: &mut Context<'_>) -> Outcome {
    let (organization, member) = member(context)?;
    let members = context.tenant.members(organization);
    let direct = members.roles_of(member);
    let mut roles: Vec<(u64, Value)> = Vec::new();
    for (number, role) in context.tenant.root(&kinds::ROLES).iter() {
        let id = role.text("id");
        let mut sources = Vec::new();
        sources.extend(direct.iter().any(|own| own == id).then_some("direct"));
        let groups = groups_granting(context, member, id)?;
        sources.extend((!groups.is_empty()).then_some("groups"));
        if !sources.is_empty() {
            let mut role = role.into_owned();
            role.set("sources", sources);
            roles.push((number, role.fields.into()));
        }
    }
    Ok(context.listing("roles")?.page_of_all(roles))
}

pub(super) fn list_source_groups(context: &mut Context<'_>) -> Outcome {
    let (_, member) = member(context)?;
    let groups = groups_granting(context, member, context.call.required("role_id"))?;
    let groups = groups
        .iter()
        .map(|(number, group)| (*number, context.show(&GROUPS, group)));
    Ok(context.listing("groups")?.page_of_all(groups.collect()))
}
