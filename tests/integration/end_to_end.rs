//! Programs as users write them against a stateful sandbox: a call sees the changes that earlier calls made.

use auth0_sandbox::Sandbox;
use auth0_teams::operations;
use auth0_teams::types::{TeamMemberRoleEnum as TeamRole, TenantMemberRoleEnum as Role, *};
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, Open};
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;

use crate::bodies::{changed_access, invitation, new_access, public_cloud};
use crate::sandbox::Local;
use crate::support::assert_operations;

mod access;
mod activity;
mod load;
mod management;
mod members;
mod my_organization;
mod secrets;
mod tenants;
mod write_back;

/// A team with `members` members.
async fn team_of(members: u64) -> Local {
    Local::start(Sandbox::builder().members(members)).await
}

/// The ids of all members, in API order.
async fn member_ids(client: &Client) -> Vec<String> {
    let members: Vec<_> = client
        .members()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    members.into_iter().map(|member| member.id.into()).collect()
}

/// The ids of all tenants, newest first.
async fn tenant_ids(client: &Client) -> Vec<Uuid> {
    let tenants: Vec<_> = client
        .tenants()
        .list()
        .stream()
        .try_collect()
        .await
        .unwrap();
    tenants
        .into_iter()
        .map(|tenant| id(tenant.tenant_id))
        .collect()
}

fn id(id: Open<Uuid>) -> Uuid {
    id.into_known().unwrap()
}

/// Invites a person and accepts the invitation.
async fn join(local: &Local, invitation: InviteMembersRequestContent) -> String {
    let invited = local.client.members().invite(invitation).await.unwrap();
    local.accept_invitation(&invited.id).unwrap().id
}

/// Converts a value to JSON for comparison.
fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Status and problem type of an error response.
fn rejection(error: &Error) -> (u16, &str) {
    let problem = error.problem().unwrap();
    (
        error.status().unwrap().as_u16(),
        problem.problem_type().unwrap(),
    )
}

#[tokio::test]
async fn program_uses_the_whole_api_then_every_operation_succeeds() {
    let local = team_of(5).await;
    let (members, tenants) = (local.client.members(), local.client.tenants());
    let admin = &local.first_member().email;

    let tenant = tenants.create(public_cloud(admin, "eu")).await.unwrap();
    let tenant_id = id(tenant.tenant_id().clone());
    tenants.get(tenant_id).await.unwrap();
    assert_eq!(tenants.list().take(1).await.unwrap().tenants.len(), 1);

    let person = join(
        &local,
        invitation("new@example.com", TeamRole::TeamsContributor),
    )
    .await;
    members.get(&person).await.unwrap();
    members
        .update(
            &person,
            UpdateMembersRequestContent::with_role(TeamRole::TeamsReportViewer),
        )
        .await
        .unwrap();
    assert_eq!(members.list().await.unwrap().members.len(), 6);

    let access = members.tenants();
    let add = new_access([Role::ViewerUsers], [tenant_id]);
    assert!(access.create(&person, add).await.unwrap().is_complete());
    let change = changed_access([Role::EditorUsers], [tenant_id]);
    assert!(access.update(&person, change).await.unwrap().is_complete());
    assert_eq!(
        access
            .list(&person, tenant.environment())
            .await
            .unwrap()
            .tenants
            .len(),
        1
    );
    assert_eq!(
        tenants
            .members()
            .list(tenant_id)
            .await
            .unwrap()
            .members
            .len(),
        2
    );
    let remove = DeleteMembersTenantsRequestContent::with_tenants([tenant_id]);
    assert!(access.remove(&person, remove).await.unwrap().is_complete());

    let environments = local
        .client
        .environments()
        .list()
        .await
        .unwrap()
        .environments;
    assert!(environments.contains(tenant.environment()));
    members.delete(&person).await.unwrap();
    tenants.delete(tenant_id).await.unwrap();
    assert!(
        !local
            .client
            .activity()
            .list()
            .await
            .unwrap()
            .logs
            .is_empty()
    );

    let requests = local.requests();
    let succeeded = local.succeeded();
    assert_operations(succeeded.iter().map(String::as_str), operations::ALL, &[]);
    assert!(
        requests
            .iter()
            .all(|request| request.status.is_some_and(|status| status < 300))
    );
}
