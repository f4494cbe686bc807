//! Changes to a member's access to several tenants: 204 if all succeed, otherwise 200 with the failures.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant_access::{TenantAccess, check_apps};
use super::tenants::TeamTenant;
use super::{Call, OperationOutcome, Team};
use crate::problem::Problem;
use crate::response::ApiResponse;

/// The tenants and the access to them.
#[derive(Deserialize)]
struct BulkRequest {
    tenants: Vec<Uuid>,
    #[serde(default)]
    roles: Vec<String>,
    client_ids: Option<Vec<String>>,
}

impl BulkRequest {
    fn access(&self) -> TenantAccess {
        TenantAccess {
            roles: self.roles.clone(),
            client_ids: self.client_ids.clone().unwrap_or_default(),
        }
    }

    /// The item of a successful addition or change.
    fn success(&self, tenant: Uuid) -> Value {
        match &self.client_ids {
            Some(client_ids) => {
                json!({"tenant_id": tenant, "roles": self.roles, "client_ids": client_ids})
            }
            None => json!({"tenant_id": tenant, "roles": self.roles}),
        }
    }
}

/// The item of a failed change.
#[derive(Serialize)]
struct ItemFailure {
    tenant_id: Uuid,
    status: u16,
    title: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The change to one tenant.
type ItemChange<'a> =
    &'a dyn Fn(&mut TeamTenant, u64) -> Result<(), (StatusCode, &'static str, &'static str)>;

const NO_ACCESS: (StatusCode, &str, &str) = (
    StatusCode::NOT_FOUND,
    "TENANT_MEMBER_NOT_FOUND",
    "The member has no access to this tenant",
);

const ACCESS_EXISTS: (StatusCode, &str, &str) = (
    StatusCode::CONFLICT,
    "TENANT_MEMBER_ALREADY_EXISTS",
    "The member already has access to this tenant",
);

impl Team {
    pub(super) fn add_member_tenants(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let request: BulkRequest = call.body()?;
        check_apps(&request.roles, request.client_ids.as_deref(), true)?;
        let add = |tenant: &mut TeamTenant, member| {
            if tenant.access.contains_key(&member) {
                return Err(ACCESS_EXISTS);
            }
            tenant.access.insert(member, request.access());
            Ok(())
        };
        self.change_each(call, &request, &add, &|id| request.success(id))
    }

    pub(super) fn update_member_tenants(
        &mut self,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let request: BulkRequest = call.body()?;
        check_apps(&request.roles, request.client_ids.as_deref(), true)?;
        let update = |tenant: &mut TeamTenant, member| {
            let access = tenant.access.get_mut(&member).ok_or(NO_ACCESS)?;
            *access = request.access();
            Ok(())
        };
        self.change_each(call, &request, &update, &|id| request.success(id))
    }

    pub(super) fn remove_member_tenants(
        &mut self,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let request: BulkRequest = call.body()?;
        let remove = |tenant: &mut TeamTenant, member| {
            tenant.access.remove(&member).map(drop).ok_or(NO_ACCESS)
        };
        // The items of this operation use the plural field name.
        self.change_each(call, &request, &remove, &|id| json!({ "tenant_ids": [id] }))
    }

    fn change_each(
        &mut self,
        call: &Call,
        request: &BulkRequest,
        change: ItemChange<'_>,
        success: &dyn Fn(Uuid) -> Value,
    ) -> Result<OperationOutcome, Problem> {
        let (member, _) = self.member_of(call)?;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for &id in &request.tenants {
            let result = match self.tenant_mut(&id) {
                Ok(tenant) => change(tenant, member),
                Err(_) => Err((
                    StatusCode::NOT_FOUND,
                    "TENANT_NOT_FOUND",
                    "The team has no such tenant",
                )),
            };
            match result {
                Ok(()) => done.push(id),
                Err((status, kind, title)) => failed.push(ItemFailure {
                    tenant_id: id,
                    status: status.as_u16(),
                    title,
                    kind,
                }),
            }
        }
        let details = json!({"tenants": done, "failed": failed.len()});
        let response = if failed.is_empty() {
            ApiResponse::empty(StatusCode::NO_CONTENT)
        } else {
            let report = json!({
                "status_code": 200,
                "message": "The operation finished with errors",
                "summary": {
                    "total_count": request.tenants.len(),
                    "success_count": done.len(),
                    "failure_count": failed.len(),
                },
                "success": done.iter().copied().map(success).collect::<Vec<_>>(),
                "failure": failed,
            });
            ApiResponse::json(StatusCode::OK, &report)
        };
        Ok(OperationOutcome {
            response,
            details,
            acted: !done.is_empty(),
        })
    }
}
