//! Invitations to the team, which become members when they are accepted.

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

/// An invitation that nobody has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// Who is invited.
    pub email: String,
    /// The role that the person gets in the team.
    pub role: String,
    /// The tenants that the person gets access to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_ids: Option<Vec<Uuid>>,
    /// The roles in those tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_roles: Option<Vec<String>>,
    /// The applications of the role `editor-specific-apps`.
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
    /// The invitations that wait.
    pub(crate) fn invitations(&self) -> &[Invitation] {
        &self.invitations
    }

    pub(super) fn invite_member(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let request: InviteMemberRequest = call.body()?;
        let roles = request.tenant_roles.as_deref().unwrap_or_default();
        // One way only: Auth0's own example of an invitation sends client_ids without the role.
        check_apps(roles, request.client_ids.as_deref(), false)?;
        for id in request.tenant_ids.iter().flatten() {
            self.tenant_number(id)?;
        }
        if self.members.find_by_email(&request.email).is_some() {
            return Err(Problem::forbidden(
                "MEMBER_ALREADY_EXISTS",
                "The person belongs to the team already",
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

    /// The invited person accepts: the member that comes of it, or nothing if no such invitation waits.
    pub(crate) fn accept(&mut self, id: &str, now: DateTime<Utc>) -> Option<Member> {
        let index = self
            .invitations
            .iter()
            .position(|waiting| waiting.id == id)?;
        let invitation = self.invitations.remove(index);
        // Who was invited twice is a member already when the second invitation is accepted.
        let (number, member) = match self.members.find_by_email(&invitation.email) {
            Some(found) => found,
            None => self.members.join(&invitation.email, &invitation.role),
        };
        let access = TenantAccess {
            roles: invitation.tenant_roles.unwrap_or_default(),
            client_ids: invitation.client_ids.unwrap_or_default(),
        };
        for id in invitation.tenant_ids.into_iter().flatten() {
            // A tenant may have been deleted since.
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
