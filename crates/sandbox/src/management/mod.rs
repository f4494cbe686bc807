//! The part of the Management API that is about organizations: what the tenant's operators do with them.

mod connections;
mod discovery_domains;
mod enabled_connections;
mod grants;
mod groups;
mod invitations;
mod listing;
mod members;
mod organizations;
mod roles;

use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::document::Operation;
use crate::problem::Problem;
use crate::tenant::{Organization, Tenant};

/// A call and all that it is about.
struct Scene<'a> {
    tenant: &'a mut Tenant,
    operation: &'a Operation,
    call: &'a Call,
}

/// Carries out an operation.
pub(crate) fn call(
    tenant: &mut Tenant,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Problem> {
    let mut scene = Scene {
        tenant,
        operation,
        call,
    };
    let done = match operation.id.as_str() {
        "get_organizations" => scene.list_organizations(),
        "post_organizations" => scene.create_organization(),
        "get_name_by_name" => scene.get_by_name(),
        "get_organizations_by_id" => scene.get_organization(),
        "patch_organizations_by_id" => scene.update_organization(),
        "delete_organizations_by_id" => scene.delete_organization(),
        "get_organization-client-grants" => scene.list_grants(),
        "create_organization-client-grants" => scene.add_grant(),
        "delete_client-grants_by_grant_id" => scene.remove_grant(),
        "get_organization_connections" => scene.list_connections(),
        "post_organization_connection" => scene.add_connection(),
        "get_organization_connection" => scene.get_connection(),
        "patch_organization_connection" => scene.update_connection(),
        "delete_organization_connection" => scene.remove_connection(),
        "get_enabled_connections" => scene.list_enabled(),
        "post_enabled_connections" => scene.add_enabled(),
        "get_enabled_connections_by_connectionId" => scene.get_enabled(),
        "patch_enabled_connections_by_connectionId" => scene.update_enabled(),
        "delete_enabled_connections_by_connectionId" => scene.remove_enabled(),
        "get_discovery-domains" => scene.list_domains(),
        "post_discovery-domains" => scene.create_domain(),
        "get_name_by_discovery_domain" => scene.get_domain_by_name(),
        "get_discovery-domains_by_discovery_domain_id" => scene.get_domain(),
        "patch_discovery-domains_by_discovery_domain_id" => scene.update_domain(),
        "delete_discovery-domains_by_discovery_domain_id" => scene.delete_domain(),
        "get_invitations" => scene.list_invitations(),
        "post_invitations" => scene.invite(),
        "get_invitations_by_invitation_id" => scene.get_invitation(),
        "delete_invitations_by_invitation_id" => scene.delete_invitation(),
        "get_organization_members" => scene.list_members(),
        "post_members" => scene.add_members(),
        "delete_members" => scene.remove_members(),
        "get_organization_member_roles" => scene.list_member_roles(),
        "post_organization_member_roles" => scene.assign_member_roles(),
        "delete_organization_member_roles" => scene.remove_member_roles(),
        "get_organization_member_effective_roles" => scene.list_effective_roles(),
        "get_organization_member_role_source_groups" => scene.list_source_groups(),
        "get_organization_groups" => scene.list_groups(),
        "get_organization_group_roles" => scene.list_group_roles(),
        "post_organization_group_roles" => scene.assign_group_roles(),
        "delete_organization_group_roles" => scene.remove_group_roles(),
        other => Err(Problem::unknown(format!("`{other}` is not built yet"))),
    };
    done.map_err(|problem| problem.listed_by(operation))
}

impl Scene<'_> {
    /// The id of the organization that the call is about. The document has two names for it.
    fn id(&self) -> &str {
        let id = self.call.get("id");
        id.unwrap_or_else(|| self.call.required("organization_id"))
    }

    /// The organization that the call is about, as it was when the call came.
    fn organization(&self) -> Result<Organization, Problem> {
        self.tenant.organization(self.id()).ok_or_else(inexistent)
    }

    /// The same, to be changed.
    fn organization_mut(&mut self) -> Result<&mut Organization, Problem> {
        let id = self.id().to_owned();
        self.tenant.organization_mut(&id).ok_or_else(inexistent)
    }

    /// The texts of a list in the body.
    fn texts(&self, name: &str) -> Vec<String> {
        let values = self.call.member(name).as_array().into_iter().flatten();
        let texts = values.filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }
}

fn inexistent() -> Problem {
    Problem::not_found("INEXISTENT_ORGANIZATION", "No organization has this id")
}
