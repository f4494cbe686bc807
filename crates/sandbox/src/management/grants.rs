//! Client grants of an organization: which applications may act for it by themselves.

use serde_json::{Value, json};

use super::Scene;
use super::listing::{numbered, numbered_page};
use crate::answer::{Answer, created, done};
use crate::problem::Problem;
use crate::tenant::ClientGrant;

fn described(grant: &ClientGrant) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client_id,
        "audience": grant.audience,
        "scope": grant.scope,
        "organization_usage": "allow",
        "allow_any_organization": false,
    })
}

fn no_grant(title: &'static str) -> Problem {
    Problem::not_found("INEXISTENT_CLIENT_GRANT", title)
}

impl Scene<'_> {
    pub(super) fn list_grants(&self) -> Result<Answer, Problem> {
        let page = numbered(self.call)?;
        let organization = self.organization()?;
        let ids = self.call.lists.get("grant_ids");
        let is = |name: &str, value: &str| self.call.get(name).is_none_or(|own| own == value);
        let grants = self.tenant.grants.iter();
        let items: Vec<Value> = grants
            .filter(|grant| organization.grants.contains(&grant.id))
            .filter(|grant| is("audience", &grant.audience) && is("client_id", &grant.client_id))
            .filter(|grant| ids.is_none_or(|ids| ids.contains(&grant.id)))
            .map(described)
            .collect();
        Ok(numbered_page(
            self.call,
            "client_grants",
            page,
            Some(items.len() as u64),
            items.into_iter(),
        ))
    }

    pub(super) fn add_grant(&mut self) -> Result<Answer, Problem> {
        let id = self.call.member("grant_id").as_str().unwrap_or_default();
        let mut grants = self.tenant.grants.iter();
        let grant = grants.find(|grant| grant.id == id).cloned();
        let organization = self.organization_mut()?;
        let grant = grant.ok_or_else(|| no_grant("The tenant has no such client grant"))?;
        if organization.grants.contains(&grant.id) {
            let title = "The organization has this client grant already";
            return Err(Problem::conflict("CLIENT_GRANT_CONFLICT", title));
        }
        organization.grants.push(grant.id.clone());
        created(&described(&grant))
    }

    pub(super) fn remove_grant(&mut self) -> Result<Answer, Problem> {
        let id = self.call.required("grant_id");
        let grants = &mut self.organization_mut()?.grants;
        let before = grants.len();
        grants.retain(|grant| grant != id);
        if grants.len() == before {
            return Err(no_grant("The organization has no such client grant"));
        }
        done()
    }
}
