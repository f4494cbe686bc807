//! Tenant access: invitations, and bulk changes that succeed in part.

use crate::bodies::{changed_access, invitation, new_access};
use std::collections::BTreeMap;

use auth0_teams::{Outcome, PartialReport};

use super::*;

/// The roles that a member has, by tenant.
async fn access(client: &Client, member: &str) -> BTreeMap<Uuid, Vec<TenantRoleAssignment>> {
    let mut found = BTreeMap::new();
    for environment in client.environments().list().await.unwrap().environments {
        let list = client.members().tenants().list(member, environment);
        let tenants = list.await.unwrap().tenants.into_iter();
        found.extend(tenants.map(|tenant| (id(tenant.tenant_id), tenant.roles)));
    }
    found
}

/// The roles without their limits to applications.
async fn roles(client: &Client, member: &str) -> BTreeMap<Uuid, Vec<Open<Role>>> {
    let plain = |(tenant, roles): (Uuid, Vec<TenantRoleAssignment>)| {
        let roles = roles.into_iter().map(|assignment| assignment.role);
        (tenant, roles.collect())
    };
    access(client, member)
        .await
        .into_iter()
        .map(plain)
        .collect()
}

/// The report of a partial success, and the tenant, status and type of each failure.
fn partial<R: PartialReport<Failure = MembersTenantsFailureItem>>(
    outcome: Outcome<R>,
) -> (R, Vec<(Uuid, i64, String)>) {
    let Outcome::Partial(report) = outcome else {
        panic!("everything was done");
    };
    let failures = report.failures().iter().cloned();
    let failures = failures.map(|item| {
        let status = item.status.into_known().unwrap();
        (id(item.tenant_id), status, item.type_.into())
    });
    let failures = failures.collect();
    (report, failures)
}

fn total(summary: &MembersTenantsBulkSummary) -> (i64, i64, i64) {
    (
        *summary.total_count.known().unwrap(),
        *summary.success_count.known().unwrap(),
        *summary.failure_count.known().unwrap(),
    )
}

#[tokio::test]
async fn invitation_names_tenants_then_the_invited_member_has_access() {
    let local = team_of(3).await;
    let tenants = tenant_ids(&local.client).await;
    let request = invitation("grace@example.com", TeamRole::TeamsContributor)
        .tenant_ids([tenants[0], tenants[5]])
        .tenant_roles([Role::EditorSpecificApps])
        .client_ids(["client-1"]);
    let invited = local.client.members().invite(request).await.unwrap();
    assert_eq!(invited.email, "grace@example.com");
    assert_eq!(
        member_ids(&local.client).await.len(),
        3,
        "an invited person is not a member yet"
    );

    let member = local.accept_invitation(&invited.id).unwrap();
    let found = local.client.members().get(&member.id).await.unwrap();
    assert_eq!(
        (found.email, found.role),
        (
            "grace@example.com".into(),
            TeamRole::TeamsContributor.into()
        )
    );
    let found = access(&local.client, &member.id).await;
    assert_eq!(found.len(), 2);
    for (tenant, roles) in found {
        assert!([tenants[0], tenants[5]].contains(&tenant));
        assert_eq!(roles.len(), 1);
        assert_eq!(roles[0].role, Role::EditorSpecificApps);
        assert_eq!(
            roles[0].client_ids.as_deref(),
            Some(&["client-1".into()][..])
        );
        let there = local.client.tenants().members().list(tenant).stream();
        let there: Vec<_> = there.try_collect().await.unwrap();
        assert!(there.iter().any(|found| found.id == member.id));
    }

    let again = invitation("Grace@example.com", TeamRole::TeamsOwner);
    let error = local.client.members().invite(again).await.unwrap_err();
    assert_eq!(rejection(&error), (403, "MEMBER_ALREADY_EXISTS"));
}

#[tokio::test]
async fn member_has_some_tenants_already_then_the_others_are_added_and_reported() {
    let local = team_of(3).await;
    let member = join(
        &local,
        invitation("grace@example.com", TeamRole::TeamsContributor),
    )
    .await;
    let all = tenant_ids(&local.client).await;
    let tenants = local.client.members().tenants();
    let add = |ids: &[Uuid]| new_access([Role::ViewerUsers], ids.to_vec());
    assert!(
        tenants
            .create(&member, add(&all[..2]))
            .await
            .unwrap()
            .is_complete()
    );

    let unknown = Uuid::nil();
    let outcome = tenants
        .create(&member, add(&[all[1], all[2], unknown]))
        .await
        .unwrap();
    let (report, failures) = partial(outcome);
    assert_eq!(
        failures,
        [
            (all[1], 409, "TENANT_MEMBER_ALREADY_EXISTS".to_owned()),
            (unknown, 404, "TENANT_NOT_FOUND".to_owned()),
        ]
    );
    assert_eq!(total(&report.summary), (3, 1, 2));
    assert_eq!(report.success[0].tenant_id, all[2]);
    let expected = all[..3]
        .iter()
        .map(|tenant| (*tenant, vec![Role::ViewerUsers.into()]));
    assert_eq!(
        roles(&local.client, &member).await,
        BTreeMap::from_iter(expected)
    );
}

#[tokio::test]
async fn roles_are_changed_then_only_existing_access_changes() {
    let local = team_of(3).await;
    let member = join(
        &local,
        invitation("grace@example.com", TeamRole::TeamsContributor),
    )
    .await;
    let all = tenant_ids(&local.client).await;
    let tenants = local.client.members().tenants();
    let add = new_access([Role::ViewerUsers], all[..2].to_vec());
    assert!(tenants.create(&member, add).await.unwrap().is_complete());

    let change = changed_access([Role::EditorKms, Role::Owner], [all[1], all[2]]);
    let (report, failures) = partial(tenants.update(&member, change).await.unwrap());
    assert_eq!(
        failures,
        [(all[2], 404, "TENANT_MEMBER_NOT_FOUND".to_owned())]
    );
    assert_eq!(total(&report.summary), (2, 1, 1));
    let expected = [
        (all[0], vec![Role::ViewerUsers.into()]),
        (all[1], vec![Role::EditorKms.into(), Role::Owner.into()]),
    ];
    assert_eq!(
        roles(&local.client, &member).await,
        BTreeMap::from_iter(expected)
    );
}

#[tokio::test]
async fn tenants_without_access_are_removed_then_the_report_names_them() {
    let local = team_of(3).await;
    let member = join(
        &local,
        invitation("grace@example.com", TeamRole::TeamsContributor),
    )
    .await;
    let all = tenant_ids(&local.client).await;
    let tenants = local.client.members().tenants();
    let add = new_access([Role::ViewerUsers], all[..3].to_vec());
    assert!(tenants.create(&member, add).await.unwrap().is_complete());

    let remove = |ids: &[Uuid]| DeleteMembersTenantsRequestContent::with_tenants(ids.to_vec());
    let (report, failures) = partial(tenants.remove(&member, remove(&all[1..4])).await.unwrap());
    assert_eq!(
        failures,
        [(all[3], 404, "TENANT_MEMBER_NOT_FOUND".to_owned())]
    );
    assert_eq!(total(&report.summary), (3, 2, 1));
    let removed = report.success.into_iter().flat_map(|item| item.tenant_ids);
    assert_eq!(removed.map(id).collect::<Vec<_>>(), all[1..3]);

    // Removing the same tenants again changes nothing, and the report says so.
    let (report, failures) = partial(tenants.remove(&member, remove(&all[1..3])).await.unwrap());
    assert_eq!((failures.len(), report.success.len()), (2, 0));
    assert!(
        tenants
            .remove(&member, remove(&all[..1]))
            .await
            .unwrap()
            .is_complete()
    );
    assert!(roles(&local.client, &member).await.is_empty());
}

#[tokio::test]
async fn member_leaves_the_team_then_no_tenant_lists_the_member() {
    let local = team_of(3).await;
    let tenant = tenant_ids(&local.client).await[0];
    let request = invitation("grace@example.com", TeamRole::TeamsContributor)
        .tenant_ids([tenant])
        .tenant_roles([Role::Owner]);
    let member = join(&local, request).await;
    let listed = || async {
        let members = local
            .client
            .tenants()
            .members()
            .list(tenant)
            .take(1)
            .stream();
        let members: Vec<_> = members
            .map_ok(|member| member.id)
            .try_collect()
            .await
            .unwrap();
        members.iter().any(|id| *id == member)
    };
    assert!(listed().await);
    local.client.members().delete(&member).await.unwrap();
    assert!(!listed().await);
}
