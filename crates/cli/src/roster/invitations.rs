//! The record of invitations. The API does not list pending invitations, so this file remembers who was invited.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use auth0_teams::types::{InviteMembersRequestContent, InviteMembersResponseContent};
use auth0_teams::{Client, Error};
use serde::{Deserialize, Serialize};

use super::{Journal, Step};
use crate::failure::Failure;
use crate::team::TeamState;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InvitationStatus {
    /// The call was started; without a later record, the person may have been invited.
    Started,
    Invited,
    /// The server rejected the invitation.
    Rejected,
    /// The person is or was a member.
    Joined,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    email: String,
    status: InvitationStatus,
}

/// The recorded invitations, by lower-case e-mail address.
#[derive(Default)]
pub(crate) struct Invitations {
    journal: Option<Journal<Record>>,
    status: BTreeMap<String, InvitationStatus>,
}

impl Invitations {
    /// Opens the record for appending.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if let Some(directory) = path.parent() {
            let created = std::fs::create_dir_all(directory);
            created.map_err(|error| Failure::file(directory, &error))?;
        }
        let (journal, records) = Journal::open(path)?;
        Ok(Self {
            journal: Some(journal),
            status: latest(records),
        })
    }

    /// Reads the record, if there is one, while another process may be appending to it.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            journal: None,
            status: latest(Journal::read(path)?),
        })
    }

    /// The addresses with a pending or possible invitation.
    pub(crate) fn pending(&self) -> BTreeSet<String> {
        let pending = self
            .status
            .iter()
            .filter(|(_, status)| is_pending(**status));
        pending.map(|(email, _)| email.clone()).collect()
    }

    /// The latest status of a person's invitation.
    pub(crate) fn status(&self, email: &str) -> Option<InvitationStatus> {
        self.status.get(&email.to_lowercase()).copied()
    }

    /// Whether a step is an invitation that was sent.
    pub(crate) fn is_invited(&self, step: &Step) -> bool {
        matches!(step, Step::Invite { email, .. } if self.status(email) == Some(InvitationStatus::Invited))
    }

    /// Invites a person, and records the call before and after it.
    pub(crate) async fn send(
        &mut self,
        client: &Client,
        email: &str,
        request: InviteMembersRequestContent,
    ) -> Result<Result<InviteMembersResponseContent, Error>, Failure> {
        let before = self.status(email).unwrap_or(InvitationStatus::Rejected);
        self.record(email, InvitationStatus::Started)?;
        let result = client.members().invite(request).await;
        match &result {
            Ok(_) => self.record(email, InvitationStatus::Invited)?,
            Err(error) if error.may_have_acted() => {}
            Err(_) => self.record(email, before)?,
        }
        Ok(result)
    }

    fn record(&mut self, email: &str, status: InvitationStatus) -> Result<(), Failure> {
        let email = email.to_lowercase();
        if let Some(journal) = &mut self.journal {
            journal.append(&Record {
                email: email.clone(),
                status,
            })?;
        }
        self.status.insert(email, status);
        Ok(())
    }

    /// Allows another invitation of a person.
    pub(crate) fn forget(&mut self, email: &str) -> Result<(), Failure> {
        if self.pending().contains(&email.to_lowercase()) {
            self.record(email, InvitationStatus::Rejected)?;
        }
        Ok(())
    }

    /// Records who joined, so that they can be invited again after they left.
    pub(crate) fn record_joined(&mut self, state: &TeamState) -> Result<(), Failure> {
        let members = state.members.iter();
        self.record_members(members.map(|member| member.email.clone()))
    }

    /// Like [`record_joined`](Self::record_joined), with the addresses of the members.
    pub(crate) fn record_members(
        &mut self,
        members: impl IntoIterator<Item = String>,
    ) -> Result<(), Failure> {
        let pending = self.pending();
        for email in members {
            if pending.contains(&email.to_lowercase()) {
                self.record(&email, InvitationStatus::Joined)?;
            }
        }
        Ok(())
    }
}

fn is_pending(status: InvitationStatus) -> bool {
    matches!(
        status,
        InvitationStatus::Started | InvitationStatus::Invited
    )
}

fn latest(records: Vec<Record>) -> BTreeMap<String, InvitationStatus> {
    let records = records
        .into_iter()
        .map(|record| (record.email, record.status));
    records.collect()
}
