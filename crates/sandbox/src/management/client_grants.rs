//! Client grants of an organization: which applications may act for it.

use serde_json::{Value, json};

use super::ManagementContext;
use super::listings::{numbered_page, page_range};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content};
use crate::tenant::ClientGrant;

fn to_json(grant: &ClientGrant) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client_id,
        "audience": grant.audience,
        "scope": grant.scope,
        "organization_usage": "allow",
        "allow_any_organization": false,
    })
}

fn grant_not_found(title: &'static str) -> Problem {
    Problem::not_found("INEXISTENT_CLIENT_GRANT", title)
}

impl ManagementContext<'_> {
    pub(super) fn list_grants(&self) -> Result<ApiResponse, Problem> {
        let page = page_range(self.call)?;
        let organization = self.organization()?;
        let ids = self.call.lists.get("grant_ids");
        let is = |name: &str, value: &str| self.call.get(name).is_none_or(|own| own == value);
        let grants = self.tenant.grants.iter();
        let items: Vec<Value> = grants
            .filter(|grant| organization.grants.contains(&grant.id))
            .filter(|grant| is("audience", &grant.audience) && is("client_id", &grant.client_id))
            .filter(|grant| ids.is_none_or(|ids| ids.contains(&grant.id)))
            .map(to_json)
            .collect();
        Ok(numbered_page(
            self.call,
            "client_grants",
            page,
            Some(items.len() as u64),
            items.into_iter(),
        ))
    }

    pub(super) fn add_grant(&mut self) -> Result<ApiResponse, Problem> {
        let id = self
            .call
            .body_field("grant_id")
            .as_str()
            .unwrap_or_default();
        let mut grants = self.tenant.grants.iter();
        let grant = grants.find(|grant| grant.id == id).cloned();
        let organization = self.organization_mut()?;
        let grant = grant.ok_or_else(|| grant_not_found("The tenant has no such client grant"))?;
        if organization.grants.contains(&grant.id) {
            let title = "The organization already has this client grant";
            return Err(Problem::conflict("CLIENT_GRANT_CONFLICT", title));
        }
        organization.grants.push(grant.id.clone());
        created(&to_json(&grant))
    }

    pub(super) fn remove_grant(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.call.required("grant_id");
        let grants = &mut self.organization_mut()?.grants;
        let before = grants.len();
        grants.retain(|grant| grant != id);
        if grants.len() == before {
            return Err(grant_not_found("The organization has no such client grant"));
        }
        no_content()
    }
}
