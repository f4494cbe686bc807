//! The My Organization API, for administrators of an organization: its operations, by operation id.

mod configuration;
mod invitations;
mod members;
mod organization;
mod provider_json;
mod providers;
mod provisioning;
mod views;

use crate::problem::Problem;
use crate::resources::{Action, Context, Outcome, execute};
use Action::{Code, Create, Delete, Get, List};
use views::{DOMAINS, INVITATIONS, LISTED_PROVIDERS, ORGANIZATION, PROVIDERS, ROLES, USER_STORES};

/// Executes an operation.
pub(crate) fn call(context: Context<'_>) -> Outcome {
    let id = context.id(&ORGANIZATION).to_owned();
    if context.tenant.store_organization(&id).is_none() {
        return Err(ORGANIZATION
            .missing()
            .with_documented_status(context.operation));
    }
    execute(OPERATIONS, context)
}

#[rustfmt::skip]
const OPERATIONS: &[(&str, Action)] = &[
    ("DeleteMyOrganization", Delete(&ORGANIZATION)),
    ("GetOrgConfiguration", Code(configuration::tenant)),
    ("GetIdpConfiguration", Code(configuration::providers)),
    ("GetOrganizationDetails", Get(&ORGANIZATION)),
    ("UpdateOrganizationDetails", Code(organization::update)),
    ("ListOrganizationDomains", List(&DOMAINS)),
    ("CreateOrganizationDomain", Create(&DOMAINS)),
    ("GetOrganizationDomain", Get(&DOMAINS)),
    ("DeleteOrganizationDomain", Delete(&DOMAINS)),
    ("CreateOrganizationDomainVerification", Code(organization::verify_domain)),
    ("GetOrganizationDomainIdentityProviders", Code(organization::list_domain_providers)),
    ("ListOrganizationIdentityProviders", List(&LISTED_PROVIDERS)),
    ("CreateOrganizationIdentityProvider", Code(providers::create)),
    ("GetOrganizationIdentityProvider", Get(&PROVIDERS)),
    ("UpdateOrganizationIdentityProvider", Code(providers::update)),
    ("DeleteOrganizationIdentityProvider", Code(providers::delete)),
    ("DetachOrganizationIdentityProvider", Code(providers::detach)),
    ("UpdateOrganizationIdentityProviderAttributes", Code(providers::refresh_attributes)),
    ("CreateOrganizationIdentityProviderDomain", Code(providers::add_domain)),
    ("DeleteOrganizationIdentityProviderDomain", Code(providers::remove_domain)),
    ("GetIdpProvisioningConfiguration", Code(provisioning::get)),
    ("CreateIdpProvisioningConfiguration", Code(provisioning::create)),
    ("DeleteProvisioningConfiguration", Code(provisioning::delete)),
    ("UpdateIdpProvisioningConfigurationAttributes", Code(provisioning::refresh)),
    ("ListIdpProvisioningScimTokens", Code(provisioning::list_tokens)),
    ("CreateIdpProvisioningScimToken", Code(provisioning::create_token)),
    ("DeleteIdpProvisioningScimToken", Code(provisioning::delete_token)),
    ("ListInvitations", List(&INVITATIONS)),
    ("CreateInvitations", Code(invitations::create)),
    ("GetInvitation", Get(&INVITATIONS)),
    ("DeleteInvitation", Delete(&INVITATIONS)),
    ("DeleteInvitations", Code(invitations::delete)),
    ("ListMemberInvitationRoles", Code(invitations::list_roles)),
    ("ListOrganizationMembers", Code(members::list)),
    ("GetOrganizationMember", Code(members::get)),
    ("DeleteOrganizationMemberships", Code(members::delete)),
    ("ListOrgMemberRoles", Code(members::list_roles)),
    ("AssignOrganizationMemberRoles", Code(|context| members::change_roles(context, true))),
    ("UnassignOrganizationMemberRoles", Code(|context| members::change_roles(context, false))),
    ("UnassignOrganizationMemberRolesLegacy", Code(|context| members::change_roles(context, false))),
    ("ListOrganizationUserStores", List(&USER_STORES)),
    ("ListRoles", List(&ROLES)),
];

fn not_found(title: &'static str) -> Problem {
    Problem::not_found("NOT_FOUND", title)
}
