//! Members of the team.

use crate::bodies::invitation;
use auth0_core::Cursor;
use auth0_sandbox::{Effect, Fault};

use super::*;

#[tokio::test]
async fn member_is_changed_and_deleted_then_reads_and_listings_show_it() {
    let local = team_of(7).await;
    let members = local.client.members();
    let ids = member_ids(&local.client).await;
    assert_eq!((ids.len(), &ids[0]), (7, &local.first_member().id));

    let before = members.get(&ids[4]).await.unwrap();
    assert_ne!(before.role, TeamRole::TeamsReportViewer);
    let change = UpdateMembersRequestContent::with_role(TeamRole::TeamsReportViewer);
    let changed = members.update(&ids[4], change).await.unwrap();
    let after = members.get(&ids[4]).await.unwrap();
    assert_eq!(changed.role, TeamRole::TeamsReportViewer);
    assert_eq!((after.role, &after.email), (changed.role, &before.email));

    members.delete(&ids[4]).await.unwrap();
    let error = members.get(&ids[4]).await.unwrap_err();
    assert_eq!(rejection(&error), (404, "NOT_FOUND"));
    let error = members.delete(&ids[4]).await.unwrap_err();
    assert!(error.is_not_found() && !error.may_have_acted(), "{error:?}");
    let expected = [&ids[..4], &ids[5..]].concat();
    assert_eq!(member_ids(&local.client).await, expected);
}

#[tokio::test]
async fn member_is_the_last_owner_then_the_member_stays_owner() {
    let local = team_of(3).await;
    let members = local.client.members();
    let ids = member_ids(&local.client).await;
    let demotion = || UpdateMembersRequestContent::with_role(TeamRole::TeamsContributor);
    members.update(&ids[1], demotion()).await.unwrap();
    for error in [
        members.update(&ids[0], demotion()).await.unwrap_err(),
        members.delete(&ids[0]).await.unwrap_err(),
    ] {
        assert_eq!(rejection(&error), (403, "LAST_OWNER"));
        assert!(
            !error.is_missing_scope() && !error.is_retryable(),
            "{error:?}"
        );
    }
    assert_eq!(
        members.get(&ids[0]).await.unwrap().role,
        TeamRole::TeamsOwner
    );

    let promotion = UpdateMembersRequestContent::with_role(TeamRole::TeamsOwner);
    members.update(&ids[2], promotion).await.unwrap();
    members.delete(&ids[0]).await.unwrap();
    assert_eq!(member_ids(&local.client).await, ids[1..]);
}

#[tokio::test]
async fn page_size_varies_then_every_member_is_listed_once_in_order() {
    let local = team_of(23).await;
    let expected = member_ids(&local.client).await;
    for (take, pages) in [(1, 23), (7, 4), (22, 2), (23, 1), (50, 1)] {
        local.forget_requests();
        let members = local
            .client
            .members()
            .list()
            .take(take)
            .stream()
            .read_ahead();
        let ids: Vec<_> = members
            .map_ok(|member| member.id)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids, expected, "{take}");
        assert_eq!(local.requests_of("listMembers").len(), pages, "{take}");
    }
}

#[tokio::test]
async fn members_are_deleted_while_a_cursor_is_stored_then_the_rest_is_listed_once() {
    let local = team_of(30).await;
    let ids = member_ids(&local.client).await;
    let listing = || local.client.members().list().take(10);
    let mut pages = listing().pages();
    let first = pages.try_next().await.unwrap().unwrap();
    let stored = serde_json::to_string(&pages.cursor().unwrap()).unwrap();
    drop(pages);

    // A member that was already listed, the first member of the next page, and the last member.
    for gone in [9, 10, 29] {
        local.client.members().delete(&ids[gone]).await.unwrap();
    }
    let joined = join(
        &local,
        invitation("late@example.com", TeamRole::TeamsContributor),
    )
    .await;

    let cursor: Cursor = serde_json::from_str(&stored).unwrap();
    let client = local.builder().build().unwrap();
    let rest = client.members().list().take(10).resume(cursor).unwrap();
    let rest: Vec<_> = rest
        .stream()
        .map_ok(|member| member.id)
        .try_collect()
        .await
        .unwrap();
    let read: Vec<_> = first.members.into_iter().map(|member| member.id).collect();
    assert_eq!(read, ids[..10]);
    assert_eq!(rest, [&ids[11..29], &[joined]].concat());
}

#[tokio::test]
async fn page_in_the_middle_fails_then_the_listing_resumes_from_the_cursor_of_the_error() {
    let local = team_of(25).await;
    let expected = member_ids(&local.client).await;
    local
        .fail(Fault::of("listMembers").call(2).then(Effect::status(500)))
        .unwrap();
    let mut members = local.client.members().list().page_size(10).stream();
    let mut ids = Vec::new();
    let error = loop {
        match members.try_next().await {
            Ok(member) => ids.push(member.unwrap().id),
            Err(error) => break error,
        }
    };
    assert!(error.is_server_error() && error.is_retryable(), "{error:?}");
    assert_eq!(ids, expected[..10]);
    let cursor = error.cursor().unwrap().clone();
    let rest = local
        .client
        .members()
        .list()
        .take(10)
        .resume(cursor)
        .unwrap();
    let rest: Vec<_> = rest
        .stream()
        .map_ok(|member| member.id)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest, expected[10..]);
}

#[tokio::test]
async fn roles_of_a_page_are_unknown_then_every_member_is_listed_with_them() {
    let local = team_of(25).await;
    let expected = member_ids(&local.client).await;
    local
        .fail(Fault::of("listMembers").call(2).then(Effect::UnknownEnums))
        .unwrap();
    let listing = local.client.members().list().take(10);
    let members: Vec<_> = listing.stream().try_collect().await.unwrap();
    let ids: Vec<_> = members.iter().map(|member| member.id.clone()).collect();
    assert_eq!(ids, expected);
    for (number, member) in members.iter().enumerate() {
        let is_new = (10..20).contains(&number);
        assert_eq!(member.role.known().is_none(), is_new, "{member:?}");
        assert_eq!(member.role.is("sandbox-unknown"), is_new, "{member:?}");
    }
}
