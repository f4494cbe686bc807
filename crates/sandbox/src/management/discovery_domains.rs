//! Discovery domains, by which organizations are found.

use serde_json::{Value, json};

use super::ManagementContext;
use crate::pages::{cursor_page, page_start};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{Domain, DomainStatus};

fn to_json(domain: &Domain) -> Value {
    json!({
        "id": domain.id,
        "domain": domain.domain,
        "status": domain.status,
        "verification_txt": domain.verification_txt,
        "verification_host": domain.verification_host,
        "use_for_organization_discovery": domain.use_for_discovery,
    })
}

fn domain_not_found() -> Problem {
    let title = "The organization has no such discovery domain";
    Problem::not_found("INEXISTENT_DISCOVERY_DOMAIN", title)
}

/// Whether the text is a host name. The document requires this of responses only.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label)
}

/// Applies the fields of a request body.
fn apply(domain: &mut Domain, body: &Value) {
    match body["status"].as_str() {
        Some("verified") => domain.status = DomainStatus::Verified,
        Some(_) => domain.status = DomainStatus::Pending,
        None => {}
    }
    let used = body["use_for_organization_discovery"].as_bool();
    domain.use_for_discovery = used.unwrap_or(domain.use_for_discovery);
}

impl ManagementContext<'_> {
    pub(super) fn list_domains(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let start = page_start(self.operation, self.call)?.unwrap_or(0);
        let domains = organization.domains.iter();
        let items = domains
            .filter(|domain| domain.number > start)
            .map(|domain| (domain.number, to_json(domain)));
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(
            self.operation,
            self.call,
            quirks,
            "domains",
            items,
        ))
    }

    pub(super) fn create_domain(&mut self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let name = self.call.body_field("domain").as_str().unwrap_or_default();
        if !is_host(name) {
            return Err(Problem::body_field("/domain", "expected a domain name"));
        }
        if organization.domain_by_name(name).is_some() {
            let title = "The organization already has this discovery domain";
            return Err(Problem::conflict("DISCOVERY_DOMAIN_CONFLICT", title));
        }
        let domain = self.tenant.add_domain(&organization.id, name);
        let domain = domain.ok_or_else(super::organization_not_found)?;
        apply(domain, &self.call.body);
        created(&to_json(domain))
    }

    pub(super) fn get_domain_by_name(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let domain = organization.domain_by_name(self.call.required("discovery_domain"));
        ok(&to_json(domain.ok_or_else(domain_not_found)?))
    }

    pub(super) fn get_domain(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let domain = organization.domain(self.call.required("discovery_domain_id"));
        ok(&to_json(domain.ok_or_else(domain_not_found)?))
    }

    pub(super) fn update_domain(&mut self) -> Result<ApiResponse, Problem> {
        let call = self.call;
        let organization = self.organization_mut()?;
        let domain = organization.domain_mut(call.required("discovery_domain_id"));
        let domain = domain.ok_or_else(domain_not_found)?;
        apply(domain, &call.body);
        ok(&to_json(domain))
    }

    pub(super) fn delete_domain(&mut self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let id = self.call.required("discovery_domain_id");
        if !self.tenant.remove_domain(&organization.id, id) {
            return Err(domain_not_found());
        }
        no_content()
    }
}
