//! Finds members by e-mail address and their tenants, because the API addresses them by id.

use auth0_teams::types::{ListMembersTenantsResponseContent, TeamMember};
use auth0_teams::{Client, Error};

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
