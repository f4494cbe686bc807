//! Invitations to organizations.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Person, Tenant, roles};

/// Default lifetime of an invitation, in seconds: one week.
const DEFAULT_LIFETIME: i64 = 604_800;

/// A pending invitation.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationInvitation {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) ticket_id: String,
    pub(crate) email: String,
    pub(crate) inviter: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) connection_id: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) user_metadata: Option<Value>,
    pub(crate) app_metadata: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) url: String,
}

/// The parameters of an invitation.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewInvitation {
    pub(crate) email: String,
    pub(crate) inviter: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) connection_id: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) user_metadata: Option<Value>,
    pub(crate) app_metadata: Option<Value>,
    /// Lifetime in seconds; 0 means one week.
    pub(crate) ttl: Option<i64>,
}

impl Tenant {
    /// Invites a person. Replaces an earlier invitation of the same person to the organization.
    pub(crate) fn invite(
        &mut self,
        organization: &str,
        invited: NewInvitation,
        now: DateTime<Utc>,
    ) -> Option<OrganizationInvitation> {
        let id = self.ids.next("uinv_", 16);
        let ticket_id = self.ids.next("", 32);
        let domain = self.domain.clone();
        let organization = self.organization_mut(organization)?;
        let number = organization.number();
        let seconds = invited
            .ttl
            .filter(|ttl| *ttl > 0)
            .unwrap_or(DEFAULT_LIFETIME);
        let url = format!(
            "https://{domain}/login?invitation={ticket_id}&organization={}&organization_name={}",
            organization.id, organization.name
        );
        let invitation = OrganizationInvitation {
            number,
            id,
            ticket_id,
            email: invited.email,
            inviter: invited.inviter,
            client_id: invited.client_id,
            connection_id: invited.connection_id,
            roles: invited.roles,
            user_metadata: invited.user_metadata,
            app_metadata: invited.app_metadata,
            created_at: now,
            expires_at: now + TimeDelta::seconds(seconds),
            url,
        };
        organization
            .invitations
            .retain(|pending| !pending.email.eq_ignore_ascii_case(&invitation.email));
        organization.invitations.push(invitation.clone());
        Some(invitation)
    }

    /// Accepts an invitation. Returns the id of the organization and the person, or `None` if no such invitation is
    /// pending.
    pub(crate) fn accept(&mut self, id: &str, now: DateTime<Utc>) -> Option<(String, Person)> {
        // Only stored organizations can have invitations.
        let taken = self.organizations.stored_mut().find_map(|organization| {
            let waits = |one: &OrganizationInvitation| one.id == id && one.expires_at > now;
            let index = organization.invitations.iter().position(waits)?;
            let invitation = organization.invitations.remove(index);
            Some((organization.id.clone(), invitation))
        });
        let (organization_id, invitation) = taken?;
        let number = self.people.find_or_create_by_email(&invitation.email, now);
        let organization = self.organization_mut(&organization_id)?;
        organization.members.join(number, now);
        // Roles beyond the limit are dropped, because there is no caller who could receive the error.
        let _ = roles::add(organization.members.roles_mut(number), &invitation.roles);
        if let Some(connection) = invitation.connection_id
            && let Some(connection) = self.connection_mut(&connection)
        {
            connection.users += 1;
        }
        Some((organization_id, self.people.get(number)?))
    }
}
