//! Domains of the organization and their verification.

use http::StatusCode;
use serde_json::{Value, json};

use super::{MyOrganizationContext, not_found};
use crate::pages::{cursor_page, page_start};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::Domain;

impl MyOrganizationContext<'_> {
    /// The domain named by the call.
    fn domain(&self) -> Result<&Domain, Problem> {
        let id = self.call.required("domain_id");
        let domain = self.organization.domain(id);
        domain.ok_or_else(|| not_found("The domain does not exist"))
    }

    fn domain_json(&self, domain: &Domain) -> Value {
        json!({
            "id": domain.id,
            "org_id": self.organization.id,
            "domain": domain.domain,
            "status": domain.status,
            "verification_txt": domain.verification_txt,
            "verification_host": domain.verification_host,
        })
    }

    pub(super) fn list_domains(&self) -> Result<ApiResponse, Problem> {
        let start = page_start(self.operation, self.call)?.unwrap_or(0);
        let domains = self.organization.domains.iter();
        let domains = domains
            .filter(|domain| domain.number > start)
            .map(|domain| (domain.number, self.domain_json(domain)));
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(
            self.operation,
            self.call,
            quirks,
            "organization_domains",
            domains,
        ))
    }

    pub(super) fn create_domain(&mut self) -> Result<ApiResponse, Problem> {
        let name = self.call.body_field("domain").as_str().unwrap_or_default();
        if self.organization.domain_by_name(name).is_some() {
            let title = "The organization already has this domain";
            return Err(Problem::conflict("CONFLICT", title));
        }
        let domain = self.tenant.add_domain(&self.organization.id, name);
        let domain = domain.cloned();
        let domain = domain.ok_or_else(|| Problem::internal("the domain was not added"))?;
        created(&self.domain_json(&domain))
    }

    pub(super) fn get_domain(&self) -> Result<ApiResponse, Problem> {
        ok(&self.domain_json(self.domain()?))
    }

    pub(super) fn delete_domain(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.domain()?.id.clone();
        self.tenant.remove_domain(&self.organization.id, &id);
        no_content()
    }

    /// The response contains the status. Without a DNS record the domain stays pending.
    pub(super) fn verify_domain(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.domain()?.id.clone();
        let domain = self.tenant.verify_domain(&self.organization.id, &id);
        let domain = domain.ok_or_else(|| not_found("The domain does not exist"))?;
        Ok(ApiResponse::json(
            StatusCode::ACCEPTED,
            &self.domain_json(&domain),
        ))
    }

    pub(super) fn list_domain_providers(&self) -> Result<ApiResponse, Problem> {
        let name = &self.domain()?.domain;
        let has = |domains: &[String]| domains.iter().any(|one| one.eq_ignore_ascii_case(name));
        let providers: Vec<Value> = self
            .providers()
            .filter(|(_, connection)| has(&connection.domains))
            .map(|(_, connection)| {
                let mut item = json!({"id": connection.id, "name": connection.name});
                if let Some(name) = &connection.display_name {
                    item["display_name"] = json!(name);
                }
                item
            })
            .collect();
        ok(&json!({ "identity_providers": providers }))
    }
}
