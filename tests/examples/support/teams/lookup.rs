//! Finds members and tenants by e-mail address or name, because the API addresses them by id.

use auth0_teams::types::{ListMembersTenantsResponseContent, TeamMember, TenantItem};
use auth0_teams::{Client, Error};

use crate::support::Failure;

/// Finds the member with this e-mail address or id. The API has no search, so this reads the list up to the member.
pub(crate) async fn find_member(
    teams: &Client,
    email_or_id: &str,
) -> Result<Option<TeamMember>, Error> {
    let mut members = teams.members().list().take(50).stream();
    while let Some(member) = members.try_next().await? {
        if member.id == email_or_id || member.email.eq_ignore_ascii_case(email_or_id) {
            return Ok(Some(member));
        }
    }
    Ok(None)
}

/// Finds the tenants with these names or ids, in this order.
pub(crate) async fn find_tenants(
    teams: &Client,
    names_or_ids: &[String],
) -> Result<Vec<TenantItem>, Failure> {
    let mut all = Vec::new();
    let mut tenants = teams.tenants().list().take(50).stream();
    while let Some(tenant) = tenants.try_next().await? {
        all.push(tenant);
    }
    let find = |name: &String| {
        all.iter()
            .find(|tenant| tenant.tenant_name == *name || tenant.tenant_id.is(name))
            .cloned()
            .ok_or_else(|| {
                let message =
                    format!("expected a tenant of the team by name or id, found `{name}`");
                Failure::usage(message)
            })
    };
    names_or_ids.iter().map(find).collect()
}

/// The tenants that a member has access to. The API lists them per environment.
pub(crate) async fn accessible_tenants(
    teams: &Client,
    member_id: &str,
) -> Result<Vec<ListMembersTenantsResponseContent>, Error> {
    let mut access = Vec::new();
    for environment in teams.environments().list().await?.environments {
        access.push(
            teams
                .members()
                .tenants()
                .list(member_id, environment)
                .await?,
        );
    }
    Ok(access)
}
