//! The activity log: who did what, and consecutive time windows.

use crate::bodies::public_cloud;
use std::time::Duration;

use auth0_teams::chrono::{DateTime, Utc};

use super::*;

async fn entries(client: &Client) -> Vec<ActivityLogEntry> {
    let logs = client.activity().list().page_size(10).stream();
    logs.try_collect().await.unwrap()
}

#[tokio::test]
async fn change_succeeds_or_fails_then_the_activity_log_names_actor_and_status() {
    let local = Local::start(Sandbox::builder().members(3).activity(0)).await;
    let members = local.client.members();
    let ids = member_ids(&local.client).await;
    members.delete(&ids[2]).await.unwrap();
    members.delete(&ids[2]).await.unwrap_err();
    let payload = public_cloud(&local.first_member().email, "us");
    local.client.tenants().create(payload).await.unwrap();

    // Newest first; read operations are not logged.
    let logs = entries(&local.client).await;
    let events: Vec<_> = logs
        .iter()
        .map(|entry| (entry.type_.clone().unwrap(), entry.status.clone()))
        .collect();
    use ActivityLogEventTypeEnum::{TeamMember, TenantActivity};
    use ActivityLogStatusEnum::{Failure, Success};
    assert_eq!(
        events,
        [
            (TenantActivity.into(), Success.into()),
            (TeamMember.into(), Failure.into()),
            (TeamMember.into(), Success.into()),
        ]
    );
    for entry in &logs {
        assert_eq!(entry.actor.id, local.client_id());
        assert_eq!(entry.actor.type_, ActivityLogActorTypeEnum::Machine);
        assert!(
            entry
                .user_agent
                .as_deref()
                .is_some_and(|agent| agent.starts_with("auth0-teams/"))
        );
    }
    let failures = local
        .client
        .activity()
        .list()
        .status(Failure)
        .type_(TeamMember);
    let failures: Vec<_> = failures.stream().try_collect().await.unwrap();
    assert_eq!(
        failures.iter().map(|entry| &entry.id).collect::<Vec<_>>(),
        [&logs[1].id]
    );
}

#[tokio::test]
async fn time_windows_are_consecutive_then_every_entry_is_in_exactly_one() {
    let local = Local::start(Sandbox::builder().members(9).activity(25)).await;
    for member in &member_ids(&local.client).await[3..] {
        local.timer.advance(Duration::from_secs(40));
        local.client.members().delete(member).await.unwrap();
    }
    let logs = entries(&local.client).await;
    assert_eq!(logs.len(), 31);
    let times: Vec<_> = logs
        .iter()
        .map(|entry| *entry.created_at.known().unwrap())
        .collect();

    // The window ends are times of entries, so that an entry lies exactly on each border.
    let mut ends: Vec<Option<DateTime<Utc>>> = vec![None];
    ends.extend([2, 5, 6, 20].map(|number| Some(times[number])));
    ends.push(None);
    let mut found = Vec::new();
    for window in ends.windows(2) {
        let (until, since) = (window[0], window[1]);
        let mut listing = local.client.activity().list().take(4);
        if let Some(since) = since {
            listing = listing.since(since);
        }
        if let Some(until) = until {
            listing = listing.until(until);
        }
        let entries: Vec<_> = listing.stream().try_collect().await.unwrap();
        let within = |entry: &ActivityLogEntry| {
            let at = *entry.created_at.known().unwrap();
            since.is_none_or(|since| since <= at) && until.is_none_or(|until| at < until)
        };
        assert!(!entries.is_empty() && entries.iter().all(within));
        found.extend(entries);
    }
    assert_eq!(
        found.iter().map(|entry| &entry.id).collect::<Vec<_>>(),
        logs.iter().map(|entry| &entry.id).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn log_grows_while_it_is_read_then_no_entry_is_duplicated_or_lost() {
    let local = Local::start(Sandbox::builder().members(9).activity(25)).await;
    let before = entries(&local.client).await;
    let ids = member_ids(&local.client).await;
    let mut logs = local.client.activity().list().page_size(4).stream();
    let mut read = Vec::new();
    let mut gone = ids[3..].iter();
    while let Some(entry) = logs.try_next().await.unwrap() {
        read.push(entry.id);
        if let Some(member) = gone.next() {
            local.client.members().delete(member).await.unwrap();
        }
    }
    assert_eq!(
        read,
        before.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    );
    assert_eq!(entries(&local.client).await.len(), 31);
}
