//! Invitations to the organization.

use serde_json::{Map, Value, json};

use super::{MyOrganizationContext, not_found, roles};
use crate::pages::{cursor_page, page_start, select_fields};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{NewInvitation, OrganizationInvitation};
use crate::timestamp::rfc3339 as time;

impl MyOrganizationContext<'_> {
    /// The invitation named by the call.
    fn invitation(&self) -> Result<&OrganizationInvitation, Problem> {
        self.invitation_by_id(self.call.required("invitation_id"))
    }

    fn invitation_by_id(&self, id: &str) -> Result<&OrganizationInvitation, Problem> {
        let mut invitations = self.organization.invitations.iter();
        let found = invitations.find(|invitation| invitation.id == id);
        found.ok_or_else(|| not_found("The invitation does not exist"))
    }

    fn invitation_json(&self, invitation: &OrganizationInvitation) -> Value {
        let mut body = Map::new();
        let mut add = |name: &str, value: Value| {
            body.insert(name.to_owned(), value);
        };
        add("id", json!(invitation.id));
        add("organization_id", json!(self.organization.id));
        add("invitee", json!({"email": invitation.email}));
        if let Some(name) = &invitation.inviter {
            add("inviter", json!({ "name": name }));
        }
        if let Some(id) = &invitation.connection_id {
            add("identity_provider_id", json!(id));
        }
        add("roles", json!(invitation.roles));
        add("ticket_id", json!(invitation.ticket_id));
        add("invitation_url", json!(invitation.url));
        add("created_at", json!(time(invitation.created_at)));
        add("expires_at", json!(time(invitation.expires_at)));
        Value::Object(body)
    }

    pub(super) fn list_invitations(&self) -> Result<ApiResponse, Problem> {
        let start = page_start(self.operation, self.call)?;
        let mut invitations: Vec<&OrganizationInvitation> =
            self.organization.invitations.iter().collect();
        let is_ascending = self.call.get("sort") == Some("created_at:1");
        if !is_ascending {
            invitations.reverse();
        }
        let is_after_cursor = |number: u64| match start {
            None => true,
            Some(start) if is_ascending => number > start,
            Some(start) => number < start,
        };
        let items = invitations
            .into_iter()
            .filter(|invitation| is_after_cursor(invitation.number))
            .map(|invitation| {
                let item = select_fields(self.call, self.invitation_json(invitation));
                (invitation.number, item)
            });
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(
            self.operation,
            self.call,
            quirks,
            "invitations",
            items,
        ))
    }

    /// Invites all or none. If a person is invited twice in one call, the later invitation replaces the earlier one.
    pub(super) fn create_invitations(&mut self) -> Result<ApiResponse, Problem> {
        let body = &self.call.body;
        let connection_id = body["identity_provider_id"].as_str();
        if let Some(id) = connection_id {
            self.provider_by_id(id)?;
        }
        let mut invited = Vec::new();
        for invitee in body["invitees"].as_array().into_iter().flatten() {
            invited.push(NewInvitation {
                email: invitee["email"].as_str().unwrap_or_default().to_owned(),
                inviter: body["inviter"]["name"].as_str().map(str::to_owned),
                connection_id: connection_id.map(str::to_owned),
                roles: self.known_roles(&invitee["roles"])?,
                ttl: body["ttl_sec"].as_i64(),
                ..NewInvitation::default()
            });
        }
        let mut response = Vec::new();
        for invited in invited {
            let now = self.call.now;
            let invitation = self.tenant.invite(&self.organization.id, invited, now);
            response.extend(invitation.map(|invitation| self.invitation_json(&invitation)));
        }
        created(&response)
    }

    pub(super) fn get_invitation(&self) -> Result<ApiResponse, Problem> {
        let invitation = self.invitation_json(self.invitation()?);
        ok(&select_fields(self.call, invitation))
    }

    pub(super) fn list_invitation_roles(&self) -> Result<ApiResponse, Problem> {
        let roles = roles::roles_json(self.tenant, &self.invitation()?.roles);
        ok(&json!({ "roles": roles }))
    }

    pub(super) fn delete_invitation(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.invitation()?.id.clone();
        self.revoke(&[id])
    }

    pub(super) fn delete_invitations(&mut self) -> Result<ApiResponse, Problem> {
        let ids = self.call.body_field("invitations").as_array();
        let ids = ids
            .into_iter()
            .flatten()
            .map(|id| {
                let invitation = self.invitation_by_id(id.as_str().unwrap_or_default())?;
                Ok(invitation.id.clone())
            })
            .collect::<Result<Vec<String>, Problem>>()?;
        self.revoke(&ids)
    }

    fn revoke(&mut self, ids: &[String]) -> Result<ApiResponse, Problem> {
        let invitations = &mut self.organization_mut()?.invitations;
        invitations.retain(|invitation| !ids.contains(&invitation.id));
        no_content()
    }
}
