//! Invitations to an organization.

use serde_json::{Map, Value, json};

use super::Scene;
use super::listing::{numbered, numbered_page};
use crate::answer::{Answer, done, shown};
use crate::pages::chosen;
use crate::problem::{Problem, Source};
use crate::tenant::{Invitation, Invited, Organization};
use crate::time::shown as time;

fn described(organization: &Organization, invitation: &Invitation) -> Value {
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    add("id", json!(invitation.id));
    add("organization_id", json!(organization.id));
    add("invitee", json!({"email": invitation.email}));
    if let Some(name) = &invitation.inviter {
        add("inviter", json!({ "name": name }));
    }
    add("client_id", json!(invitation.client_id));
    add("connection_id", json!(invitation.connection_id));
    if !invitation.roles.is_empty() {
        add("roles", json!(invitation.roles));
    }
    add("user_metadata", json!(invitation.user_metadata));
    add("app_metadata", json!(invitation.app_metadata));
    add("ticket_id", json!(invitation.ticket_id));
    add("invitation_url", json!(invitation.url));
    add("created_at", json!(time(invitation.created_at)));
    add("expires_at", json!(time(invitation.expires_at)));
    Value::Object(body)
}

fn find<'a>(organization: &'a Organization, id: &str) -> Result<&'a Invitation, Problem> {
    let mut invitations = organization.invitations.iter();
    let found = invitations.find(|invitation| invitation.id == id);
    found.ok_or_else(|| {
        let title = "The organization has no such invitation";
        Problem::not_found("INEXISTENT_INVITATION", title)
    })
}

impl Scene<'_> {
    /// How many there are is not told, whatever is asked for.
    pub(super) fn list_invitations(&self) -> Result<Answer, Problem> {
        let page = numbered(self.call)?;
        let organization = self.organization()?;
        let mut invitations: Vec<&Invitation> = organization.invitations.iter().collect();
        match self.call.get("sort") {
            Some("created_at:1") => {}
            None | Some("created_at:-1") => invitations.reverse(),
            Some(_) => {
                let rule = "expected created_at with :1 or :-1";
                return Err(Problem::parameter(Source::Query, "sort", rule));
            }
        }
        let items = invitations.into_iter();
        let items = items.map(|invitation| chosen(self.call, described(&organization, invitation)));
        Ok(numbered_page(self.call, "invitations", page, None, items))
    }

    pub(super) fn invite(&mut self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let body = &self.call.body;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(id) = body["connection_id"].as_str()
            && organization.enabled(id).is_none()
        {
            return Err(Problem::in_body(
                "/connection_id",
                "the organization has no such connection",
            ));
        }
        let invited = Invited {
            email: text(&body["invitee"]["email"]).unwrap_or_default(),
            inviter: text(&body["inviter"]["name"]),
            client_id: text(&body["client_id"]),
            connection_id: text(&body["connection_id"]),
            roles: self.known_roles()?,
            user_metadata: body.get("user_metadata").cloned(),
            app_metadata: body.get("app_metadata").cloned(),
            ttl: body["ttl_sec"].as_i64(),
        };
        let invitation = self.tenant.invite(&organization.id, invited, self.call.now);
        let invitation = invitation.ok_or_else(super::inexistent)?;
        // 200 and not 201, as it is documented.
        shown(&described(&organization, &invitation))
    }

    pub(super) fn get_invitation(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let invitation = find(&organization, self.call.required("invitation_id"))?;
        shown(&chosen(self.call, described(&organization, invitation)))
    }

    pub(super) fn delete_invitation(&mut self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let id = find(&organization, self.call.required("invitation_id"))?;
        let id = id.id.clone();
        let invitations = &mut self.organization_mut()?.invitations;
        invitations.retain(|invitation| invitation.id != id);
        done()
    }
}
