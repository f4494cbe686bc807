//! The My Organization API, for administrators of an organization.

mod configuration;
mod details;
mod domains;
mod invitations;
mod members;
mod provider_json;
mod providers;
mod provisioning;
mod roles;

use crate::call::Call;
use crate::document::{Document, Operation};
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::{Organization, Tenant};

/// A call and the state it operates on.
struct MyOrganizationContext<'a> {
    tenant: &'a mut Tenant,
    /// The organization before any changes.
    organization: Organization,
    document: &'static Document,
    operation: &'a Operation,
    call: &'a Call,
}

/// Executes an operation.
pub(crate) fn call(
    tenant: &mut Tenant,
    document: &'static Document,
    operation: &Operation,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let id = call.caller.organization.as_deref().unwrap_or_default();
    let organization = tenant.organization(id).ok_or_else(|| {
        let problem = Problem::not_found("NOT_FOUND", "The organization does not exist");
        problem.with_documented_status(operation)
    })?;
    let mut context = MyOrganizationContext {
        tenant,
        organization,
        document,
        operation,
        call,
    };
    match operation.id.as_str() {
        "DeleteMyOrganization" => context.delete_organization(),
        "GetOrgConfiguration" => context.configuration(),
        "GetIdpConfiguration" => context.provider_configuration(),
        "GetOrganizationDetails" => context.details(),
        "UpdateOrganizationDetails" => context.update_details(),
        "ListOrganizationDomains" => context.list_domains(),
        "CreateOrganizationDomain" => context.create_domain(),
        "GetOrganizationDomain" => context.get_domain(),
        "DeleteOrganizationDomain" => context.delete_domain(),
        "CreateOrganizationDomainVerification" => context.verify_domain(),
        "GetOrganizationDomainIdentityProviders" => context.list_domain_providers(),
        "ListOrganizationIdentityProviders" => context.list_providers(),
        "CreateOrganizationIdentityProvider" => context.create_provider(),
        "GetOrganizationIdentityProvider" => context.get_provider(),
        "UpdateOrganizationIdentityProvider" => context.update_provider(),
        "DeleteOrganizationIdentityProvider" => context.delete_provider(),
        "DetachOrganizationIdentityProvider" => context.detach_provider(),
        "UpdateOrganizationIdentityProviderAttributes" => context.refresh_attributes(),
        "CreateOrganizationIdentityProviderDomain" => context.add_provider_domain(),
        "DeleteOrganizationIdentityProviderDomain" => context.remove_provider_domain(),
        "GetIdpProvisioningConfiguration" => context.get_provisioning(),
        "CreateIdpProvisioningConfiguration" => context.create_provisioning(),
        "DeleteProvisioningConfiguration" => context.delete_provisioning(),
        "UpdateIdpProvisioningConfigurationAttributes" => context.refresh_provisioning(),
        "ListIdpProvisioningScimTokens" => context.list_scim_tokens(),
        "CreateIdpProvisioningScimToken" => context.create_scim_token(),
        "DeleteIdpProvisioningScimToken" => context.delete_scim_token(),
        "ListInvitations" => context.list_invitations(),
        "CreateInvitations" => context.create_invitations(),
        "GetInvitation" => context.get_invitation(),
        "DeleteInvitation" => context.delete_invitation(),
        "DeleteInvitations" => context.delete_invitations(),
        "ListMemberInvitationRoles" => context.list_invitation_roles(),
        "ListOrganizationMembers" => context.list_members(),
        "GetOrganizationMember" => context.get_member(),
        "DeleteOrganizationMemberships" => context.delete_memberships(),
        "ListOrgMemberRoles" => context.list_member_roles(),
        "AssignOrganizationMemberRoles" => context.assign_roles(),
        "UnassignOrganizationMemberRoles" | "UnassignOrganizationMemberRolesLegacy" => {
            context.unassign_roles()
        }
        "ListRoles" => context.list_roles(),
        _ => Err(Problem::no_handler()),
    }
}

impl MyOrganizationContext<'_> {
    /// The organization, for changes.
    fn organization_mut(&mut self) -> Result<&mut Organization, Problem> {
        let id = &self.organization.id;
        self.tenant
            .organization_mut(id)
            .ok_or_else(|| Problem::internal("the organization was deleted during the call"))
    }
}

fn not_found(title: &'static str) -> Problem {
    Problem::not_found("NOT_FOUND", title)
}
