//! Invitations to the team.

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::activity::LogEntry;
use super::tenant_access::{TenantAccess, check_apps};
use super::{Call, OperationOutcome, Team};
use crate::population::Member;
use crate::problem::Problem;
use crate::response::ApiResponse;

/// A pending invitation to the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Invitation {
    /// Id of the invitation.
    pub id: String,
    /// E-mail address of the invited person.
    pub email: String,
    /// Role in the team.
    pub role: String,
    /// Tenants that the person will have access to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_ids: Option<Vec<Uuid>>,
    /// Roles in those tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_roles: Option<Vec<String>>,
    /// Applications of the role `editor-specific-apps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct InviteMemberRequest {
    email: String,
    role: String,
    tenant_ids: Option<Vec<Uuid>>,
    tenant_roles: Option<Vec<String>>,
    client_ids: Option<Vec<String>>,
}

impl Team {
    /// The pending invitations.
    pub(crate) fn invitations(&self) -> &[Invitation] {
        &self.invitations
    }

    pub(super) fn invite_member(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let request: InviteMemberRequest = call.body()?;
        let roles = request.tenant_roles.as_deref().unwrap_or_default();
        // One-way check: Auth0's own example of an invitation sends client_ids without the role.
        check_apps(roles, request.client_ids.as_deref(), false)?;
        for id in request.tenant_ids.iter().flatten() {
            self.tenant_number(id)?;
        }
        if self.members.find_by_email(&request.email).is_some() {
            return Err(Problem::forbidden(
                "MEMBER_ALREADY_EXISTS",
                "The person is already a member of the team",
            ));
        }
        let invitation = Invitation {
            id: format!("uinv_{}", self.uuid().simple()),
            email: request.email,
            role: request.role,
            tenant_ids: request.tenant_ids,
            tenant_roles: request.tenant_roles,
            client_ids: request.client_ids,
        };
        let response = ApiResponse::json(StatusCode::CREATED, &invitation);
        let details = json!({"email": invitation.email, "role": invitation.role});
        self.invitations.push(invitation);
        Ok(OperationOutcome::changing(response, details))
    }

    /// Accepts an invitation. Returns the new member, or `None` if no such invitation is pending.
    pub(crate) fn accept(&mut self, id: &str, now: DateTime<Utc>) -> Option<Member> {
        let index = self
            .invitations
            .iter()
            .position(|pending| pending.id == id)?;
        let invitation = self.invitations.remove(index);
        // A person with two invitations is already a member when accepting the second one.
        let (number, member) = match self.members.find_by_email(&invitation.email) {
            Some(found) => found,
            None => self.members.join(&invitation.email, &invitation.role),
        };
        let access = TenantAccess {
            roles: invitation.tenant_roles.unwrap_or_default(),
            client_ids: invitation.client_ids.unwrap_or_default(),
        };
        for id in invitation.tenant_ids.into_iter().flatten() {
            // The tenant may have been deleted.
            if let Ok(tenant) = self.tenant_mut(&id) {
                tenant
                    .access
                    .entry(number)
                    .or_insert_with(|| access.clone());
            }
        }
        let entry = LogEntry::of_member(self.uuid(), "team_invitation_accepted", &member, now);
        self.activity.push(entry);
        Some(member)
    }
}
