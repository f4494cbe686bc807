//! Domains of organizations, which are verified by a DNS record.

use serde::{Deserialize, Serialize};

use super::{Organization, Tenant};

/// Verification status of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DomainStatus {
    Pending,
    Verified,
}

/// A domain of an organization.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) domain: String,
    pub(crate) status: DomainStatus,
    /// Expected content and host of the DNS record.
    pub(crate) verification_txt: String,
    pub(crate) verification_host: String,
    pub(crate) use_for_discovery: bool,
}

impl Domain {
    pub(super) fn new(number: u64, id: String, organization: &str, domain: &str) -> Self {
        Self {
            number,
            verification_txt: format!("sandbox-verification={id}"),
            verification_host: format!("_verification.{organization}.{domain}"),
            id,
            domain: domain.to_owned(),
            status: DomainStatus::Pending,
            use_for_discovery: true,
        }
    }
}

impl Organization {
    pub(crate) fn domain(&self, id: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.id == id)
    }

    pub(crate) fn domain_mut(&mut self, id: &str) -> Option<&mut Domain> {
        self.domains.iter_mut().find(|domain| domain.id == id)
    }

    pub(crate) fn domain_by_name(&self, name: &str) -> Option<&Domain> {
        let is_match = |domain: &&Domain| domain.domain.eq_ignore_ascii_case(name);
        self.domains.iter().find(is_match)
    }
}

impl Tenant {
    /// Adds a domain to an organization. Its name must be unused there.
    pub(crate) fn add_domain(&mut self, organization: &str, name: &str) -> Option<&mut Domain> {
        let id = self.ids.next("ord_", 22);
        let organization = self.organization_mut(organization)?;
        let number = organization.number();
        let domain = Domain::new(number, id, &organization.id, name);
        organization.domains.push(domain);
        organization.domains.last_mut()
    }

    /// Verifies a domain if its DNS record is published.
    pub(crate) fn verify_domain(&mut self, organization: &str, id: &str) -> Option<Domain> {
        let found = self.organization(organization)?;
        let domain = found.domain(id)?;
        let texts = self
            .dns_records
            .get(&domain.verification_host.to_lowercase());
        let is_there = texts.is_some_and(|texts| texts.contains(&domain.verification_txt));
        let domain = self.organization_mut(organization)?.domain_mut(id)?;
        if is_there {
            domain.status = DomainStatus::Verified;
        }
        Some(domain.clone())
    }

    /// Removes a domain from an organization and from its connections.
    pub(crate) fn remove_domain(&mut self, organization: &str, id: &str) -> bool {
        let Some(organization) = self.organization_mut(organization) else {
            return false;
        };
        let Some(index) = organization.domains.iter().position(|one| one.id == id) else {
            return false;
        };
        let domain = organization.domains.remove(index).domain;
        let used: Vec<String> = organization
            .connections
            .iter()
            .map(|enabled| enabled.connection_id.clone())
            .collect();
        for id in used {
            if let Some(connection) = self.connection_mut(&id) {
                connection
                    .domains
                    .retain(|one| !one.eq_ignore_ascii_case(&domain));
            }
        }
        true
    }
}
