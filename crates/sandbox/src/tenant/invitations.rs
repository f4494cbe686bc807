//! Invitations to organizations.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::{RoleChange, Tenant, kinds, login};
use crate::login::User;
use crate::resources::Item;
use crate::timestamp::rfc3339;

/// Default lifetime of an invitation, in seconds: one week.
const DEFAULT_LIFETIME: i64 = 604_800;

impl Tenant {
    /// Invites a person. Replaces an earlier invitation of the same person to the organization. A lifetime of 0 means one week.
    pub(crate) fn invite(
        &mut self,
        organization: u64,
        fields: Map<String, Value>,
        lifetime: Option<i64>,
        now: DateTime<Utc>,
    ) -> Option<Item> {
        let (prefix, length) = kinds::INVITATIONS.generated;
        let id = self.ids.next(prefix, length);
        let ticket = self.ids.next("", 32);
        let domain = self.domain.clone();
        let organization = self.root_mut(&kinds::ORGANIZATIONS).get_mut(organization)?;
        let organization_id = organization.text("id").to_owned();
        let url = format!(
            "https://{domain}/login?invitation={ticket}&organization={organization_id}&organization_name={}",
            organization.text("name")
        );
        let seconds = lifetime.filter(|seconds| *seconds > 0);
        let expires_at = now + TimeDelta::seconds(seconds.unwrap_or(DEFAULT_LIFETIME));
        let mut invitation = Item::new(fields.into());
        for (name, value) in [
            ("id", id),
            ("organization_id", organization_id),
            ("ticket_id", ticket),
            ("invitation_url", url),
            ("created_at", rfc3339(now)),
            ("expires_at", rfc3339(expires_at)),
        ] {
            invitation.set(name, value);
        }
        let email = invitee(&invitation).to_owned();
        let invitations = organization.children_mut(&kinds::INVITATIONS);
        invitations.retain(|pending| !invitee(pending).eq_ignore_ascii_case(&email));
        invitations.push(invitation.clone());
        Some(invitation)
    }

    /// Accepts an invitation. Returns the id of the organization and the new member, or `None` if no such invitation is pending.
    pub(crate) fn accept(&mut self, id: &str, now: DateTime<Utc>) -> Option<(String, User)> {
        let time = rfc3339(now);
        // Only stored organizations can have invitations.
        let mut organizations = self.root_mut(&kinds::ORGANIZATIONS).stored_mut();
        let invitation = organizations.find_map(|organization| {
            let invitations = organization.children_mut(&kinds::INVITATIONS);
            let number = invitations.find("id", id)?;
            let pending = invitations.stored(number)?;
            // All times have the same format, so their order is that of the texts.
            (pending.text("expires_at") > time.as_str()).then(|| invitations.remove(number))?
        })?;
        drop(organizations);
        let organization_id = invitation.text("organization_id").to_owned();
        let organization = self.organization_number(&organization_id)?;
        let person = self.find_or_add_person(invitee(&invitation), now);
        let members = self.members_mut(organization);
        members.join(person, now);
        // Roles beyond the limit are dropped, because there is no caller who could receive the error.
        let roles = RoleChange::Add(invitation.texts("roles"));
        let _ = roles.apply(members.roles_mut(person));
        let connection = invitation.text("connection_id");
        if let Some(connection) = self.resource_mut(&kinds::CONNECTIONS, connection) {
            let users = connection.value("users").as_u64().unwrap_or_default();
            connection.set("users", users + 1);
        }
        Some((organization_id, login(&*self.person(person)?)))
    }
}

fn invitee(invitation: &Item) -> &str {
    invitation.value("invitee")["email"]
        .as_str()
        .unwrap_or_default()
}
