//! Tenants of the team.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use uuid::Uuid;

use super::tenant_access::TenantAccess;
use super::{Call, OperationOutcome, Team};
use crate::document::Operation;
use crate::problem::Problem;
use crate::resources::Record;
use crate::response::{ApiResponse, no_content, ok};

/// Localities of the public cloud and their environments.
pub(super) const PUBLIC_CLOUD: [(&str, &str); 6] = [
    ("us", "US-3"),
    ("eu", "EU-2"),
    ("au", "AU-1"),
    ("jp", "JP-1"),
    ("ca", "CA-1"),
    ("uk", "UK-1"),
];

/// A tenant, in the form of the Teams API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TeamTenant {
    pub(super) tenant_id: String,
    pub(super) tenant_name: String,
    pub(super) domain: String,
    pub(super) environment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_tag: Option<String>,
    pub(super) locality: String,
    #[serde(serialize_with = "timestamp")]
    pub(super) created_at: DateTime<Utc>,
    /// Access of members, by member number.
    #[serde(skip)]
    pub(super) access: BTreeMap<u64, TenantAccess>,
}

/// Serializes a time with milliseconds, like the API.
pub(super) fn timestamp<S: Serializer>(
    time: &DateTime<Utc>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
}

/// A request to create a tenant: `locality` selects the public cloud, `environment` a private cloud.
#[derive(Deserialize)]
struct CreateTenantRequest {
    admin_email: String,
    tenant_name: Option<String>,
    locality: Option<String>,
    environment_tag: Option<String>,
    environment: Option<String>,
}

/// Where a tenant is created.
pub(super) struct TenantLocation {
    pub(super) environment: String,
    pub(super) locality: String,
    /// Purpose of the tenant, in the public cloud only.
    pub(super) tag: Option<String>,
}

fn not_found() -> Problem {
    Problem::not_found("TENANT_NOT_FOUND", "The team has no such tenant")
}

impl Record for TeamTenant {
    fn text(&self, _: &str) -> &str {
        &self.tenant_id
    }
}

impl Team {
    pub(super) fn tenant_number(&self, id: &Uuid) -> Result<u64, Problem> {
        let number = self.tenants.find("tenant_id", &id.to_string());
        number.ok_or_else(not_found)
    }

    pub(super) fn tenant_mut(&mut self, id: &Uuid) -> Result<&mut TeamTenant, Problem> {
        let number = self.tenant_number(id)?;
        self.tenants.get_mut(number).ok_or_else(not_found)
    }

    /// The tenant named by the call.
    pub(super) fn tenant_of(&self, call: &Call) -> Result<(u64, &TeamTenant), Problem> {
        let id = call.required("tenantId").parse();
        let id = id.map_err(|_| Problem::invalid("tenantId: expected a UUID"))?;
        let number = self.tenant_number(&id)?;
        let tenant = self.tenants.stored(number).ok_or_else(not_found)?;
        Ok((number, tenant))
    }

    pub(super) fn list_tenants(
        &self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let matches = |name: &str, value: Option<&str>| {
            call.get(name).is_none_or(|wanted| Some(wanted) == value)
        };
        let wanted = |tenant: &TeamTenant| {
            matches("environment", Some(&tenant.environment))
                && matches("environment_tag", tenant.environment_tag.as_deref())
                && matches("locality", Some(&tenant.locality))
        };
        let listing = super::listing(operation, call, "tenants")?;
        let is_ascending = call.get("sort") == Some("created_at:1");
        let numbers = self.tenants.ordered(is_ascending, listing.start());
        let tenants = numbers.filter_map(|number| Some((number, self.tenants.stored(number)?)));
        let tenants = tenants.filter(|(_, tenant)| wanted(tenant));
        Ok(listing.page(|| None, tenants).into())
    }

    pub(super) fn get_tenant(&self, call: &Call) -> Result<OperationOutcome, Problem> {
        Ok(ok(self.tenant_of(call)?.1)?.into())
    }

    pub(super) fn delete_tenant(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let (number, tenant) = self.tenant_of(call)?;
        // The name stays reserved.
        let details = json!({"tenant_name": tenant.tenant_name});
        self.tenants.remove(number);
        Ok(OperationOutcome::changing(no_content()?, details))
    }

    pub(super) fn create_tenant(&mut self, call: &Call) -> Result<OperationOutcome, Problem> {
        let request: CreateTenantRequest = call.body()?;
        let location = self.location(&request)?;
        let (admin, _) = self
            .members
            .find_by_email(&request.admin_email)
            .ok_or_else(|| {
                Problem::not_found(
                    "ADMIN_NOT_FOUND",
                    "The administrator is not a member of the team",
                )
                .details("admin_email: expected the e-mail address of a member")
            })?;
        let limit = self.settings.tenant_limit;
        if limit.is_some_and(|limit| self.tenants.len() >= limit as u64) {
            return Err(Problem::forbidden(
                "TENANT_LIMIT_REACHED",
                "The team has reached its tenant limit",
            ));
        }
        let name = match request.tenant_name {
            Some(name) => name,
            None => self.free_name(),
        };
        if self.names.contains(&name) {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "TENANT_ALREADY_EXISTS",
                "An existing or deleted tenant has this name",
            ));
        }
        let is_private = request.environment.is_some();
        let owner = TenantAccess {
            roles: vec!["owner".to_owned()],
            client_ids: Vec::new(),
        };
        let tenant = self.insert_tenant(name, location, call.now, BTreeMap::from([(admin, owner)]));
        let mut body = json!(tenant);
        let details = json!({"tenant_id": tenant.tenant_id, "tenant_name": tenant.tenant_name});
        body["management_client"] = self.management_client();
        if let (true, Some(members)) = (is_private, body.as_object_mut()) {
            // The response for private clouds has no locality.
            members.remove("locality");
        }
        Ok(OperationOutcome::changing(
            ApiResponse::json(StatusCode::CREATED, &body),
            details,
        ))
    }

    /// Adds a tenant as the newest one.
    pub(super) fn insert_tenant(
        &mut self,
        name: String,
        location: TenantLocation,
        now: DateTime<Utc>,
        access: BTreeMap<u64, TenantAccess>,
    ) -> TeamTenant {
        let newest = self.tenants.numbers().next_back();
        let newest = newest.and_then(|number| self.tenants.stored(number));
        // Keeps creation times in the order of the numbers if the clock was set back.
        let created_at = newest.map_or(now, |tenant| tenant.created_at.max(now));
        let region = match location.tag {
            Some(_) => &location.locality,
            None => &location.environment,
        };
        let tenant = TeamTenant {
            tenant_id: self.uuid().to_string(),
            // No such host exists, so requests sent there by mistake reach no one.
            domain: format!("{name}.{region}.sandbox.test"),
            tenant_name: name,
            environment: location.environment,
            environment_tag: location.tag,
            locality: location.locality,
            created_at,
            access,
        };
        self.names.insert(tenant.tenant_name.clone());
        self.tenants.push(tenant.clone());
        tenant
    }

    fn location(&self, request: &CreateTenantRequest) -> Result<TenantLocation, Problem> {
        if let Some(environment) = &request.environment {
            let clouds = &self.settings.private_clouds;
            let cloud = clouds
                .iter()
                .find(|cloud| cloud.environment == *environment);
            let cloud = cloud.ok_or_else(|| {
                let known: Vec<_> = clouds
                    .iter()
                    .map(|cloud| cloud.environment.as_str())
                    .collect();
                Problem::not_found(
                    "ENVIRONMENT_NOT_FOUND",
                    "The team has no such private cloud",
                )
                .details(format!("environment: expected one of {}", known.join(", ")))
            })?;
            return Ok(TenantLocation {
                environment: cloud.environment.clone(),
                locality: cloud.locality.clone(),
                tag: None,
            });
        }
        let wanted = request.locality.as_deref().unwrap_or_default();
        let known = PUBLIC_CLOUD
            .iter()
            .find(|(locality, _)| *locality == wanted);
        let (locality, environment) = known.ok_or_else(|| {
            let known: Vec<_> = PUBLIC_CLOUD.iter().map(|(locality, _)| *locality).collect();
            Problem::not_found(
                "LOCALITY_NOT_FOUND",
                "The public cloud has no such locality",
            )
            .details(format!("locality: expected one of {}", known.join(", ")))
        })?;
        let tag = request.environment_tag.as_deref().unwrap_or("development");
        Ok(TenantLocation {
            environment: (*environment).to_owned(),
            locality: (*locality).to_owned(),
            tag: Some(tag.to_owned()),
        })
    }

    fn free_name(&mut self) -> String {
        loop {
            let name = format!("dev-{}", self.text(8).to_lowercase());
            if !self.names.contains(&name) {
                return name;
            }
        }
    }

    /// Credentials for a client of a new tenant. They are not stored: a lost response cannot be recovered.
    fn management_client(&mut self) -> serde_json::Value {
        json!({
            "client_name": "Teams Management Client",
            "client_id": self.text(32),
            "client_secret": self.text(64),
        })
    }

    fn text(&mut self, length: usize) -> String {
        std::iter::repeat_with(|| self.random.alphanumeric())
            .take(length)
            .collect()
    }
}
