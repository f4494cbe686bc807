//! The request bodies of the tests. Each is constructed here only, so that a new required field changes one place.

use auth0_teams::Open;
use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateMembersTenantsRequestContentRequired,
    InviteMembersRequestContent, InviteMembersRequestContentRequired, PrivateCloudPayload,
    PrivateCloudPayloadRequired, PublicCloudPayload, PublicCloudPayloadRequired,
    TeamMemberRoleEnum, TenantMemberRoleEnum, UpdateMembersTenantsRequestContent,
    UpdateMembersTenantsRequestContentRequired,
};
use auth0_teams::uuid::Uuid;

/// An invitation to the team.
pub(crate) fn invitation(
    email: impl Into<String>,
    role: impl Into<Open<TeamMemberRoleEnum>>,
) -> InviteMembersRequestContent {
    InviteMembersRequestContent::new(InviteMembersRequestContentRequired { email, role })
}

/// A tenant in the public cloud that `admin_email` administers.
pub(crate) fn public_cloud(
    admin_email: impl Into<String>,
    locality: impl Into<String>,
) -> PublicCloudPayload {
    PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email,
        locality,
    })
}

/// A tenant in a private cloud that `admin_email` administers.
pub(crate) fn private_cloud(
    admin_email: impl Into<String>,
    environment: impl Into<String>,
) -> PrivateCloudPayload {
    PrivateCloudPayload::new(PrivateCloudPayloadRequired {
        admin_email,
        environment,
    })
}

/// Access to tenants that a member does not have yet.
pub(crate) fn new_access(
    roles: impl IntoIterator<Item: Into<Open<TenantMemberRoleEnum>>>,
    tenants: impl IntoIterator<Item: Into<Open<Uuid>>>,
) -> CreateMembersTenantsRequestContent {
    CreateMembersTenantsRequestContent::new(CreateMembersTenantsRequestContentRequired {
        roles,
        tenants,
    })
}

/// Other roles in tenants that a member has access to.
pub(crate) fn changed_access(
    roles: impl IntoIterator<Item: Into<Open<TenantMemberRoleEnum>>>,
    tenants: impl IntoIterator<Item: Into<Open<Uuid>>>,
) -> UpdateMembersTenantsRequestContent {
    UpdateMembersTenantsRequestContent::new(UpdateMembersTenantsRequestContentRequired {
        roles,
        tenants,
    })
}
