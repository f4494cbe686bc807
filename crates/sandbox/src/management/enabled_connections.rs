//! Connections that an organization uses, as the older operations have them.

use serde_json::Value;

use super::Scene;
use super::connections::no_connection;
use super::listing::{numbered, numbered_page};
use crate::answer::{Answer, created, done, shown};
use crate::problem::Problem;
use crate::tenant::{Enabled, Organization};

/// A connection that is switched on.
fn find<'a>(organization: &'a Organization, id: &str) -> Result<&'a Enabled, Problem> {
    let enabled = organization
        .enabled(id)
        .filter(|enabled| enabled.is_enabled);
    enabled.ok_or_else(no_connection)
}

impl Scene<'_> {
    pub(super) fn list_enabled(&self) -> Result<Answer, Problem> {
        let page = numbered(self.call)?;
        let organization = self.organization()?;
        let connections = organization.connections.iter();
        let items: Vec<Value> = connections
            .filter(|enabled| enabled.is_enabled)
            .map(|enabled| self.enabled_shown(enabled))
            .collect();
        Ok(numbered_page(
            self.call,
            "enabled_connections",
            page,
            Some(items.len() as u64),
            items.into_iter(),
        ))
    }

    pub(super) fn add_enabled(&mut self) -> Result<Answer, Problem> {
        let enabled = self.added()?;
        created(&self.enabled_shown(&enabled))
    }

    pub(super) fn get_enabled(&self) -> Result<Answer, Problem> {
        let organization = self.organization()?;
        let enabled = find(&organization, self.call.required("connectionId"))?;
        shown(&self.enabled_shown(enabled))
    }

    pub(super) fn update_enabled(&mut self) -> Result<Answer, Problem> {
        let id = self.call.required("connectionId");
        find(&self.organization()?, id)?;
        let enabled = self.changed(id)?;
        shown(&self.enabled_shown(&enabled))
    }

    pub(super) fn remove_enabled(&mut self) -> Result<Answer, Problem> {
        let id = self.call.required("connectionId");
        find(&self.organization()?, id)?;
        self.organization_mut()?.detach(id);
        done()
    }
}
