//! Reads the members with their access into the work file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use auth0_core::time::{Clock as _, SystemTimer};
use auth0_teams::chrono::{DateTime, TimeDelta, Utc};
use auth0_teams::types::TeamMember;
use auth0_teams::{Client, Error};
use futures_util::{StreamExt as _, stream};

use super::record::{AccessRecord, Header, MemberRecord, Record};
use super::work_file::{Progress, WorkFile};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;
use crate::team::{self, TeamState, Tenant};

/// What is read.
pub(crate) struct Settings {
    /// Start of the part of the activity log.
    pub(crate) activity_since: Option<DateTime<Utc>>,
    /// Calls in flight.
    pub(crate) concurrency: usize,
}

/// How long after its begin an interrupted review can be continued. What was read then would be outdated.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// Completes the work file. Returns it, still locked, and its header.
///
/// The activity log is read while the members are, because its pages can only be requested one after the other.
pub(crate) async fn collect(
    context: &Context,
    path: &Path,
    settings: &Settings,
) -> Result<(WorkFile, Header), Failure> {
    let header = Header {
        team: context.settings.team.clone(),
        at: SystemTimer.now().into(),
        activity_since: settings.activity_since,
        activity: None,
    };
    let (mut work, progress) = WorkFile::open(path)?;
    let mut progress = match progress {
        Some(progress) => {
            check_continued(&progress.header, &header)
                .map_err(|reason| Failure::usage(format!("{}: {reason}", path.display())))?;
            note(format!(
                "continuing the review in {} that began at {}, after {} members",
                path.display(),
                time(progress.header.at),
                progress.members
            ));
            progress
        }
        None => {
            work.append(&[Record::Begin(header.clone())])?;
            Progress::beginning(header)
        }
    };
    let work = RefCell::new(work);
    let since = progress.header.activity_since;
    let known = progress.header.activity.take();
    let activity = async {
        if let Some(latest) = known {
            return Ok(latest);
        }
        let latest = last_activity(&context.client, since).await?;
        let record = Record::Activity {
            latest: latest.clone(),
        };
        work.borrow_mut().append(&[record])?;
        Ok::<_, Failure>(latest)
    };
    let members = members(context, &work, &mut progress, settings.concurrency);
    let (latest, ()) = tokio::try_join!(activity, members)?;
    let header = Header {
        activity: Some(latest),
        ..progress.header
    };
    Ok((work.into_inner(), header))
}

/// Whether a review can continue the one of a work file.
fn check_continued(found: &Header, wanted: &Header) -> Result<(), String> {
    if found.team != wanted.team {
        return Err(format!(
            "expected a review of the team {}, found that of {}; use another --work file",
            wanted.team, found.team
        ));
    }
    let text = |since: Option<DateTime<Utc>>| since.map_or_else(|| "none".to_owned(), time);
    if found.activity_since != wanted.activity_since {
        return Err(format!(
            "expected a review with --activity-since {}, found {}; use the same, or delete the file to begin again",
            text(wanted.activity_since),
            text(found.activity_since)
        ));
    }
    if wanted.at - found.at > MAX_AGE {
        return Err(format!(
            "expected a review that began in the last {} hours, found one of {}; delete the file to begin again",
            MAX_AGE.num_hours(),
            time(found.at)
        ));
    }
    Ok(())
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads the members that are not in the work file yet, page by page.
async fn members(
    context: &Context,
    work: &RefCell<WorkFile>,
    progress: &mut Progress,
    concurrency: usize,
) -> Result<(), Failure> {
    let client = &context.client;
    if !progress.is_first && progress.next.is_none() {
        return Ok(());
    }
    let tenants = team::tenants(client).await?;
    let state = TeamState {
        tenants: tenants.iter().map(Tenant::from).collect(),
        members: Vec::new(),
    };
    let reader = Reader::new(client, state);
    let bar = context.console.progress(0, "reading");
    bar.set_position(progress.members);
    let mut listing = client.members().list().page_size(50);
    if let Some(cursor) = progress.next.take() {
        listing = listing.resume(cursor)?;
    }
    let mut pages = listing.pages();
    while let Some(page) = pages.try_next().await? {
        let read = stream::iter(page.members).map(|member| reader.member(member));
        let mut read = read.buffered(concurrency);
        let mut records = Vec::new();
        while let Some(member) = read.next().await {
            records.extend(member?.map(Record::Member));
            bar.inc(1);
        }
        records.push(Record::Page {
            next: pages.cursor(),
        });
        work.borrow_mut().append(&records)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// The time of the last entry of each actor.
async fn last_activity(
    client: &Client,
    since: Option<DateTime<Utc>>,
) -> Result<BTreeMap<String, DateTime<Utc>>, Error> {
    let mut listing = client.activity().list().page_size(50);
    if let Some(since) = since {
        listing = listing.since(since);
    }
    let mut latest = BTreeMap::<String, DateTime<Utc>>::new();
    let mut entries = listing.stream();
    while let Some(entry) = entries.try_next().await? {
        if let Some(time) = entry.created_at.known() {
            let known = latest
                .entry(entry.actor.id.text().into_owned())
                .or_insert(*time);
            *known = (*known).max(*time);
        }
    }
    Ok(latest)
}

/// Reads the access of members.
struct Reader<'a> {
    client: &'a Client,
    environments: Vec<String>,
    tenants: BTreeMap<String, Tenant>,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client, state: TeamState) -> Self {
        Self {
            client,
            environments: state.environments().into_iter().collect(),
            tenants: state
                .tenants
                .into_iter()
                .map(|tenant| (tenant.id.clone(), tenant))
                .collect(),
        }
    }

    /// A member with their access. `None` if they left the team meanwhile.
    async fn member(&self, member: TeamMember) -> Result<Option<MemberRecord>, Error> {
        let id = member.id.text().into_owned();
        let environments = self.environments.iter().cloned().collect();
        let access = match team::access_of(self.client, &id, &environments).await {
            Err(error) if error.is_not_found() && team::is_gone(self.client, &id).await? => {
                return Ok(None);
            }
            other => other?,
        };
        let mut access: Vec<AccessRecord> = access
            .into_iter()
            .map(|(tenant_id, access)| {
                let tenant = self.tenants.get(&tenant_id);
                AccessRecord {
                    tenant: tenant.map_or_else(|| tenant_id.clone(), |tenant| tenant.name.clone()),
                    environment: tenant
                        .map(|tenant| tenant.environment.clone())
                        .unwrap_or_default(),
                    tag: tenant.and_then(|tenant| tenant.tag.clone()),
                    roles: access.roles.into_iter().collect(),
                    client_ids: access.client_ids.into_iter().collect(),
                    tenant_id,
                }
            })
            .collect();
        access.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        Ok(Some(MemberRecord {
            email: member.email.text().into_owned(),
            name: member.name.text().into_owned(),
            team_role: member.role.to_string(),
            access,
            id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_of_another_team_of_other_activity_or_of_yesterday_is_not_continued() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let wanted = Header {
            team: "acme".to_owned(),
            at,
            activity_since: None,
            activity: None,
        };
        let begun = |hours| Header {
            at: at - TimeDelta::hours(hours),
            ..wanted.clone()
        };
        assert!(check_continued(&begun(24), &wanted).is_ok());
        let other_team = Header {
            team: "globex".to_owned(),
            ..begun(1)
        };
        let other_activity = Header {
            activity_since: Some(at),
            ..begun(1)
        };
        for (found, expected) in [
            (other_team, "found that of globex"),
            (other_activity, "found 2023-11-14T22:13:20Z"),
            (begun(25), "found one of 2023-11-13T21:13:20Z"),
        ] {
            let reason = check_continued(&found, &wanted).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
