//! The organization operations of the Management API.

mod client_grants;
mod connections;
mod discovery_domains;
mod enabled_connections;
mod groups;
mod invitations;
mod listings;
mod members;
mod organizations;
mod roles;

use serde_json::Value;

use crate::call::Call;
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::{Organization, Tenant};

/// A call and the state it operates on.
struct ManagementContext<'a> {
    tenant: &'a mut Tenant,
    operation: &'a Operation,
    call: &'a Call,
}

/// Executes an operation.
pub(crate) fn call(
    tenant: &mut Tenant,
    operation: &Operation,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let mut context = ManagementContext {
        tenant,
        operation,
        call,
    };
    let result = match operation.id.as_str() {
        "get_organizations" => context.list_organizations(),
        "post_organizations" => context.create_organization(),
        "get_name_by_name" => context.get_by_name(),
        "get_organizations_by_id" => context.get_organization(),
        "patch_organizations_by_id" => context.update_organization(),
        "delete_organizations_by_id" => context.delete_organization(),
        "get_organization-client-grants" => context.list_grants(),
        "create_organization-client-grants" => context.add_grant(),
        "delete_client-grants_by_grant_id" => context.remove_grant(),
        "get_organization_connections" => context.list_connections(),
        "post_organization_connection" => context.add_connection(),
        "get_organization_connection" => context.get_connection(),
        "patch_organization_connection" => context.update_connection(),
        "delete_organization_connection" => context.remove_connection(),
        "get_enabled_connections" => context.list_enabled(),
        "post_enabled_connections" => context.add_enabled(),
        "get_enabled_connections_by_connectionId" => context.get_enabled(),
        "patch_enabled_connections_by_connectionId" => context.update_enabled(),
        "delete_enabled_connections_by_connectionId" => context.remove_enabled(),
        "get_discovery-domains" => context.list_domains(),
        "post_discovery-domains" => context.create_domain(),
        "get_name_by_discovery_domain" => context.get_domain_by_name(),
        "get_discovery-domains_by_discovery_domain_id" => context.get_domain(),
        "patch_discovery-domains_by_discovery_domain_id" => context.update_domain(),
        "delete_discovery-domains_by_discovery_domain_id" => context.delete_domain(),
        "get_invitations" => context.list_invitations(),
        "post_invitations" => context.invite(),
        "get_invitations_by_invitation_id" => context.get_invitation(),
        "delete_invitations_by_invitation_id" => context.delete_invitation(),
        "get_organization_members" => context.list_members(),
        "post_members" => context.add_members(),
        "delete_members" => context.remove_members(),
        "get_organization_member_roles" => context.list_member_roles(),
        "post_organization_member_roles" => context.assign_member_roles(),
        "delete_organization_member_roles" => context.remove_member_roles(),
        "get_organization_member_effective_roles" => context.list_effective_roles(),
        "get_organization_member_role_source_groups" => context.list_source_groups(),
        "get_organization_groups" => context.list_groups(),
        "get_organization_group_roles" => context.list_group_roles(),
        "post_organization_group_roles" => context.assign_group_roles(),
        "delete_organization_group_roles" => context.remove_group_roles(),
        _ => Err(Problem::no_handler()),
    };
    result.map_err(|problem| problem.with_documented_status(operation))
}

impl ManagementContext<'_> {
    /// Id of the organization named by the call. The document uses two names for this parameter.
    fn id(&self) -> &str {
        let id = self.call.get("id");
        id.unwrap_or_else(|| self.call.required("organization_id"))
    }

    /// The organization named by the call, before any changes.
    fn organization(&self) -> Result<Organization, Problem> {
        self.tenant
            .organization(self.id())
            .ok_or_else(organization_not_found)
    }

    /// The organization named by the call, for changes.
    fn organization_mut(&mut self) -> Result<&mut Organization, Problem> {
        let id = self.id().to_owned();
        self.tenant
            .organization_mut(&id)
            .ok_or_else(organization_not_found)
    }

    /// A list of strings in the body.
    fn string_list(&self, name: &str) -> Vec<String> {
        let values = self.call.body_field(name).as_array().into_iter().flatten();
        let string_list = values.filter_map(Value::as_str);
        string_list.map(str::to_owned).collect()
    }
}

fn organization_not_found() -> Problem {
    Problem::not_found("INEXISTENT_ORGANIZATION", "No organization has this id")
}
