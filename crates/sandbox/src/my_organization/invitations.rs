//! Invitations to the organization.

use serde_json::{Map, Value, json};

use super::{Scene, missing, roles};
use crate::answer::{Answer, created, done, shown};
use crate::pages::{chosen, paged, start};
use crate::problem::Problem;
use crate::tenant::{Invitation, Invited};
use crate::time::shown as time;

impl Scene<'_> {
    /// The invitation that the call is about.
    fn invitation(&self) -> Result<&Invitation, Problem> {
        self.invitation_by_id(self.call.required("invitation_id"))
    }

    fn invitation_by_id(&self, id: &str) -> Result<&Invitation, Problem> {
        let mut invitations = self.organization.invitations.iter();
        let found = invitations.find(|invitation| invitation.id == id);
        found.ok_or_else(|| missing("The invitation does not exist"))
    }

    fn invitation_shown(&self, invitation: &Invitation) -> Value {
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

    pub(super) fn list_invitations(&self) -> Result<Answer, Problem> {
        let start = start(self.operation, self.call)?;
        let mut invitations: Vec<&Invitation> = self.organization.invitations.iter().collect();
        let is_ascending = self.call.get("sort") == Some("created_at:1");
        if !is_ascending {
            invitations.reverse();
        }
        let comes = |number: u64| match start {
            None => true,
            Some(start) if is_ascending => number > start,
            Some(start) => number < start,
        };
        let items = invitations
            .into_iter()
            .filter(|invitation| comes(invitation.number))
            .map(|invitation| {
                let item = chosen(self.call, self.invitation_shown(invitation));
                (invitation.number, item)
            });
        let quirks = self.tenant.settings.quirks;
        Ok(paged(
            self.operation,
            self.call,
            quirks,
            "invitations",
            items,
        ))
    }

    /// All are invited or none. Who is invited twice in one call has the later invitation alone in the end.
    pub(super) fn create_invitations(&mut self) -> Result<Answer, Problem> {
        let body = &self.call.body;
        let connection_id = body["identity_provider_id"].as_str();
        if let Some(id) = connection_id {
            self.provider_by_id(id)?;
        }
        let mut invited = Vec::new();
        for invitee in body["invitees"].as_array().into_iter().flatten() {
            invited.push(Invited {
                email: invitee["email"].as_str().unwrap_or_default().to_owned(),
                inviter: body["inviter"]["name"].as_str().map(str::to_owned),
                connection_id: connection_id.map(str::to_owned),
                roles: self.known_roles(&invitee["roles"])?,
                ttl: body["ttl_sec"].as_i64(),
                ..Invited::default()
            });
        }
        let mut answer = Vec::new();
        for invited in invited {
            let now = self.call.now;
            let invitation = self.tenant.invite(&self.organization.id, invited, now);
            answer.extend(invitation.map(|invitation| self.invitation_shown(&invitation)));
        }
        created(&answer)
    }

    pub(super) fn get_invitation(&self) -> Result<Answer, Problem> {
        let invitation = self.invitation_shown(self.invitation()?);
        shown(&chosen(self.call, invitation))
    }

    pub(super) fn list_invitation_roles(&self) -> Result<Answer, Problem> {
        let roles = roles::all(self.tenant, &self.invitation()?.roles);
        shown(&json!({ "roles": roles }))
    }

    pub(super) fn delete_invitation(&mut self) -> Result<Answer, Problem> {
        let id = self.invitation()?.id.clone();
        self.revoke(&[id])
    }

    pub(super) fn delete_invitations(&mut self) -> Result<Answer, Problem> {
        let ids = self.call.member("invitations").as_array();
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

    fn revoke(&mut self, ids: &[String]) -> Result<Answer, Problem> {
        let invitations = &mut self.organization_mut()?.invitations;
        invitations.retain(|invitation| !ids.contains(&invitation.id));
        done()
    }
}
