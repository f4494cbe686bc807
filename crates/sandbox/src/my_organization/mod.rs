//! The My Organization API: what an organization's own administrators do with it.

mod configuration;
mod details;
mod domains;
mod invitations;
mod members;
mod provider;
mod providers;
mod provisioning;
mod roles;

use crate::answer::Answer;
use crate::call::Call;
use crate::document::{Document, Operation};
use crate::problem::Problem;
use crate::tenant::{Organization, Tenant};

/// A call and all that it is about.
struct Scene<'a> {
    tenant: &'a mut Tenant,
    /// The organization as it was when the call came.
    organization: Organization,
    document: &'static Document,
    operation: &'a Operation,
    call: &'a Call,
}

/// Carries out an operation.
pub(crate) fn call(
    tenant: &mut Tenant,
    document: &'static Document,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Problem> {
    let id = call.caller.organization.as_deref().unwrap_or_default();
    let organization = tenant.organization(id).ok_or_else(|| {
        let problem = Problem::not_found("NOT_FOUND", "The organization does not exist");
        problem.listed_by(operation)
    })?;
    let mut scene = Scene {
        tenant,
        organization,
        document,
        operation,
        call,
    };
    match operation.id.as_str() {
        "DeleteMyOrganization" => scene.delete_organization(),
        "GetOrgConfiguration" => scene.configuration(),
        "GetIdpConfiguration" => scene.provider_configuration(),
        "GetOrganizationDetails" => scene.details(),
        "UpdateOrganizationDetails" => scene.update_details(),
        "ListOrganizationDomains" => scene.list_domains(),
        "CreateOrganizationDomain" => scene.create_domain(),
        "GetOrganizationDomain" => scene.get_domain(),
        "DeleteOrganizationDomain" => scene.delete_domain(),
        "CreateOrganizationDomainVerification" => scene.verify_domain(),
        "GetOrganizationDomainIdentityProviders" => scene.list_domain_providers(),
        "ListOrganizationIdentityProviders" => scene.list_providers(),
        "CreateOrganizationIdentityProvider" => scene.create_provider(),
        "GetOrganizationIdentityProvider" => scene.get_provider(),
        "UpdateOrganizationIdentityProvider" => scene.update_provider(),
        "DeleteOrganizationIdentityProvider" => scene.delete_provider(),
        "DetachOrganizationIdentityProvider" => scene.detach_provider(),
        "UpdateOrganizationIdentityProviderAttributes" => scene.refresh_attributes(),
        "CreateOrganizationIdentityProviderDomain" => scene.add_provider_domain(),
        "DeleteOrganizationIdentityProviderDomain" => scene.remove_provider_domain(),
        "GetIdpProvisioningConfiguration" => scene.get_provisioning(),
        "CreateIdpProvisioningConfiguration" => scene.create_provisioning(),
        "DeleteProvisioningConfiguration" => scene.delete_provisioning(),
        "UpdateIdpProvisioningConfigurationAttributes" => scene.refresh_provisioning(),
        "ListIdpProvisioningScimTokens" => scene.list_scim_tokens(),
        "CreateIdpProvisioningScimToken" => scene.create_scim_token(),
        "DeleteIdpProvisioningScimToken" => scene.delete_scim_token(),
        "ListInvitations" => scene.list_invitations(),
        "CreateInvitations" => scene.create_invitations(),
        "GetInvitation" => scene.get_invitation(),
        "DeleteInvitation" => scene.delete_invitation(),
        "DeleteInvitations" => scene.delete_invitations(),
        "ListMemberInvitationRoles" => scene.list_invitation_roles(),
        "ListOrganizationMembers" => scene.list_members(),
        "GetOrganizationMember" => scene.get_member(),
        "DeleteOrganizationMemberships" => scene.delete_memberships(),
        "ListOrgMemberRoles" => scene.list_member_roles(),
        "AssignOrganizationMemberRoles" => scene.assign_roles(),
        "UnassignOrganizationMemberRoles" | "UnassignOrganizationMemberRolesLegacy" => {
            scene.unassign_roles()
        }
        "ListRoles" => scene.list_roles(),
        other => Err(Problem::unknown(format!("`{other}` is not built yet"))),
    }
}

impl Scene<'_> {
    /// The organization, to be changed.
    fn organization_mut(&mut self) -> Result<&mut Organization, Problem> {
        let id = &self.organization.id;
        self.tenant
            .organization_mut(id)
            .ok_or_else(|| Problem::unknown("the organization went away meanwhile"))
    }
}

fn missing(title: &'static str) -> Problem {
    Problem::not_found("NOT_FOUND", title)
}
