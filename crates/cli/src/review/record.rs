//! Records of the work file and rows of the review.

use std::collections::BTreeMap;

use auth0_teams::Cursor;
use auth0_teams::chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A line of the work file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(crate) enum Record {
    /// The first line.
    Begin(Header),
    /// The time of the last activity, by id of the actor.
    Activity {
        latest: BTreeMap<String, DateTime<Utc>>,
    },
    /// A member with their access.
    Member(MemberRecord),
    /// All members before this page were read. `None`: all members.
    Page { next: Option<Cursor> },
}

/// What a review is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) team: String,
    pub(crate) at: DateTime<Utc>,
    /// Start of the part of the activity log that was read.
    pub(crate) activity_since: Option<DateTime<Utc>>,
    /// Time of the last activity, by id of the actor. In the work file, it is a record of its own.
    #[serde(skip)]
    pub(crate) activity: Option<BTreeMap<String, DateTime<Utc>>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MemberRecord {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) team_role: String,
    pub(crate) access: Vec<AccessRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessRecord {
    pub(crate) tenant_id: String,
    pub(crate) tenant: String,
    pub(crate) environment: String,
    pub(crate) tag: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) client_ids: Vec<String>,
}

/// A row of the review: a member's access to one tenant, or a member without access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) member_id: String,
    pub(crate) team_role: String,
    pub(crate) last_activity: Option<DateTime<Utc>>,
    pub(crate) tenant: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) client_ids: Vec<String>,
    /// What a reviewer should look at.
    pub(crate) findings: Vec<String>,
    /// `added`, `changed` or `removed`, compared with an earlier review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<String>,
    /// Role in the team in the earlier review, if it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) team_role_before: Option<String>,
    /// Roles in the earlier review, if they were other ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles_before: Vec<String>,
}

impl MemberRecord {
    /// The rows of a member, without findings and changes.
    pub(crate) fn rows(&self, header: &Header) -> Vec<Row> {
        let member = Row {
            email: self.email.clone(),
            name: self.name.clone(),
            member_id: self.id.clone(),
            team_role: self.team_role.clone(),
            last_activity: header
                .activity
                .as_ref()
                .and_then(|latest| latest.get(&self.id).copied()),
            ..Row::default()
        };
        if self.access.is_empty() {
            return vec![member];
        }
        let rows = self.access.iter().map(|access| Row {
            tenant: Some(access.tenant.clone()),
            tenant_id: Some(access.tenant_id.clone()),
            environment: Some(access.environment.clone()),
            tag: access.tag.clone(),
            roles: access.roles.clone(),
            client_ids: access.client_ids.clone(),
            ..member.clone()
        });
        rows.collect()
    }
}
