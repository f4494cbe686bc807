//! The Management API: its operations, by operation id. Operations without special behavior are described by their view only.

mod invitations;
mod members;
mod organizations;
mod roles;
mod views;

use crate::resources::{Action, Context, Outcome, execute};
use Action::{Code, Create, Delete, Get, GetBy, List, Update};
use views::{CONNECTIONS, DOMAINS, ENABLED, GRANTS, GROUPS, INVITATIONS, ORGANIZATIONS};

/// Executes an operation.
pub(crate) fn call(context: Context<'_>) -> Outcome {
    let id = context.id(&ORGANIZATIONS).to_owned();
    context.tenant.store_organization(&id);
    execute(OPERATIONS, context)
}

#[rustfmt::skip]
const OPERATIONS: &[(&str, Action)] = &[
    ("get_organizations", List(&ORGANIZATIONS)),
    ("post_organizations", Code(organizations::create)),
    ("get_name_by_name", GetBy(&ORGANIZATIONS, "name")),
    ("get_organizations_by_id", Get(&ORGANIZATIONS)),
    ("patch_organizations_by_id", Update(&ORGANIZATIONS)),
    ("delete_organizations_by_id", Delete(&ORGANIZATIONS)),
    ("get_organization-client-grants", List(&GRANTS)),
    ("create_organization-client-grants", Create(&GRANTS)),
    ("delete_client-grants_by_grant_id", Delete(&GRANTS)),
    ("get_organization_connections", List(&CONNECTIONS)),
    ("post_organization_connection", Create(&CONNECTIONS)),
    ("get_organization_connection", Get(&CONNECTIONS)),
    ("patch_organization_connection", Update(&CONNECTIONS)),
    ("delete_organization_connection", Delete(&CONNECTIONS)),
    ("get_enabled_connections", List(&ENABLED)),
    ("post_enabled_connections", Create(&ENABLED)),
    ("get_enabled_connections_by_connectionId", Get(&ENABLED)),
    ("patch_enabled_connections_by_connectionId", Update(&ENABLED)),
    ("delete_enabled_connections_by_connectionId", Delete(&ENABLED)),
    ("get_discovery-domains", List(&DOMAINS)),
    ("post_discovery-domains", Create(&DOMAINS)),
    ("get_name_by_discovery_domain", GetBy(&DOMAINS, "discovery_domain")),
    ("get_discovery-domains_by_discovery_domain_id", Get(&DOMAINS)),
    ("patch_discovery-domains_by_discovery_domain_id", Update(&DOMAINS)),
    ("delete_discovery-domains_by_discovery_domain_id", Delete(&DOMAINS)),
    ("get_invitations", List(&INVITATIONS)),
    ("post_invitations", Code(invitations::invite)),
    ("get_invitations_by_invitation_id", Get(&INVITATIONS)),
    ("delete_invitations_by_invitation_id", Delete(&INVITATIONS)),
    ("get_organization_members", Code(members::list)),
    ("post_members", Code(members::add)),
    ("delete_members", Code(members::remove)),
    ("get_organization_member_roles", Code(roles::list)),
    ("post_organization_member_roles", Code(|context| roles::change(context, true))),
    ("delete_organization_member_roles", Code(|context| roles::change(context, false))),
    ("get_organization_member_effective_roles", Code(roles::list_effective)),
    ("get_organization_member_role_source_groups", Code(roles::list_source_groups)),
    ("get_organization_role_members", Code(members::list_with_role)),
    ("get_organization_groups", List(&GROUPS)),
    ("get_organization_group_roles", Code(roles::list_of_group)),
    ("post_organization_group_roles", Code(|context| roles::change_of_group(context, true))),
    ("delete_organization_group_roles", Code(|context| roles::change_of_group(context, false))),
];
