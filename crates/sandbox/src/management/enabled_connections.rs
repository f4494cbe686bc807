//! Enabled connections of an organization, as the older operations return them.

use serde_json::Value;

use super::ManagementContext;
use super::connections::connection_not_found;
use super::listings::{numbered_page, page_range};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{EnabledConnection, Organization};

/// Finds an enabled connection.
fn find<'a>(organization: &'a Organization, id: &str) -> Result<&'a EnabledConnection, Problem> {
    let enabled = organization
        .enabled(id)
        .filter(|enabled| enabled.is_enabled);
    enabled.ok_or_else(connection_not_found)
}

impl ManagementContext<'_> {
    pub(super) fn list_enabled(&self) -> Result<ApiResponse, Problem> {
        let page = page_range(self.call)?;
        let organization = self.organization()?;
        let connections = organization.connections.iter();
        let items: Vec<Value> = connections
            .filter(|enabled| enabled.is_enabled)
            .map(|enabled| self.enabled_connection_json(enabled))
            .collect();
        Ok(numbered_page(
            self.call,
            "enabled_connections",
            page,
            Some(items.len() as u64),
            items.into_iter(),
        ))
    }

    pub(super) fn add_enabled(&mut self) -> Result<ApiResponse, Problem> {
        let enabled = self.add_enabled_connection()?;
        created(&self.enabled_connection_json(&enabled))
    }

    pub(super) fn get_enabled(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let enabled = find(&organization, self.call.required("connectionId"))?;
        ok(&self.enabled_connection_json(enabled))
    }

    pub(super) fn update_enabled(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.call.required("connectionId");
        find(&self.organization()?, id)?;
        let enabled = self.change_enabled_connection(id)?;
        ok(&self.enabled_connection_json(&enabled))
    }

    pub(super) fn remove_enabled(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.call.required("connectionId");
        find(&self.organization()?, id)?;
        self.organization_mut()?.detach(id);
        no_content()
    }
}
