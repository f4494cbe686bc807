//! Invitations to an organization.

use serde_json::{Map, Value, json};

use super::ManagementContext;
use super::listings::{numbered_page, page_range};
use crate::pages::select_fields;
use crate::problem::{Problem, RequestPart};
use crate::response::{ApiResponse, no_content, ok};
use crate::tenant::{NewInvitation, Organization, OrganizationInvitation};
use crate::timestamp::rfc3339 as time;

fn to_json(organization: &Organization, invitation: &OrganizationInvitation) -> Value {
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

fn find<'a>(
    organization: &'a Organization,
    id: &str,
) -> Result<&'a OrganizationInvitation, Problem> {
    let mut invitations = organization.invitations.iter();
    let found = invitations.find(|invitation| invitation.id == id);
    found.ok_or_else(|| {
        let title = "The organization has no such invitation";
        Problem::not_found("INEXISTENT_INVITATION", title)
    })
}

impl ManagementContext<'_> {
    /// The response contains no total, even with `include_totals`.
    pub(super) fn list_invitations(&self) -> Result<ApiResponse, Problem> {
        let page = page_range(self.call)?;
        let organization = self.organization()?;
        let mut invitations: Vec<&OrganizationInvitation> =
            organization.invitations.iter().collect();
        match self.call.get("sort") {
            Some("created_at:1") => {}
            None | Some("created_at:-1") => invitations.reverse(),
            Some(_) => {
                let rule = "expected created_at with :1 or :-1";
                return Err(Problem::parameter(RequestPart::Query, "sort", rule));
            }
        }
        let items = invitations.into_iter();
        let items =
            items.map(|invitation| select_fields(self.call, to_json(&organization, invitation)));
        Ok(numbered_page(self.call, "invitations", page, None, items))
    }

    pub(super) fn invite(&mut self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let body = &self.call.body;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(id) = body["connection_id"].as_str()
            && organization.enabled(id).is_none()
        {
            return Err(Problem::body_field(
                "/connection_id",
                "the organization has no such connection",
            ));
        }
        let invited = NewInvitation {
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
        let invitation = invitation.ok_or_else(super::organization_not_found)?;
        // Documented as 200, not 201.
        ok(&to_json(&organization, &invitation))
    }

    pub(super) fn get_invitation(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let invitation = find(&organization, self.call.required("invitation_id"))?;
        ok(&select_fields(
            self.call,
            to_json(&organization, invitation),
        ))
    }

    pub(super) fn delete_invitation(&mut self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let id = find(&organization, self.call.required("invitation_id"))?;
        let id = id.id.clone();
        let invitations = &mut self.organization_mut()?.invitations;
        invitations.retain(|invitation| invitation.id != id);
        no_content()
    }
}
