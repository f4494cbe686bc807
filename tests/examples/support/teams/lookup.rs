//! Finding members and tenants by what people call them; the API knows them by id.

use auth0_teams::types::{ListMembersTenantsResponseContent, TeamMember, TenantItem};
use auth0_teams::{Client, Error};

use crate::support::Failure;

/// The member with this e-mail address or id. The API has no search, so the list is read until the member comes.
pub(crate) async fn find_member(teams: &Client, who: &str) -> Result<Option<TeamMember>, Error> {
    let mut members = teams.members().list().take(50).stream();
    while let Some(member) = members.try_next().await? {
        if member.id == who || member.email.eq_ignore_ascii_case(who) {
            return Ok(Some(member));
        }
    }
    Ok(None)
}

/// The tenants with these names or ids, in this order.
pub(crate) async fn find_tenants(
    teams: &Client,
    wanted: &[String],
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
    wanted.iter().map(find).collect()
}

/// The tenants that a member can use. The API tells them for one environment at a time.
pub(crate) async fn reach(
    teams: &Client,
    member_id: &str,
) -> Result<Vec<ListMembersTenantsResponseContent>, Error> {
    let mut reach = Vec::new();
    for environment in teams.environments().list().await?.environments {
        reach.push(
            teams
                .members()
                .tenants()
                .list(member_id, environment)
                .await?,
        );
    }
    Ok(reach)
}
