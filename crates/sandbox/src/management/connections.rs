//! Connections of an organization, including disabled ones.

use serde_json::{Map, Value, json};

use super::ManagementContext;
use super::listings::{numbered_page, page_range};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::EnabledConnection;

/// Applies the fields of a request body.
pub(super) fn apply(enabled: &mut EnabledConnection, body: &Value) {
    let flags = [
        (
            "assign_membership_on_login",
            &mut enabled.assign_membership_on_login,
        ),
        ("show_as_button", &mut enabled.show_as_button),
        ("is_signup_enabled", &mut enabled.is_signup_enabled),
        ("is_enabled", &mut enabled.is_enabled),
    ];
    for (name, flag) in flags {
        *flag = body[name].as_bool().unwrap_or(*flag);
    }
    let fresh = EnabledConnection::new(&enabled.connection_id);
    // Null resets the field to its default.
    if body.get("is_enabled").is_some_and(Value::is_null) {
        enabled.is_enabled = fresh.is_enabled;
    }
    match body.get("organization_access_level") {
        Some(Value::String(level)) => enabled.access_level.clone_from(level),
        Some(_) => enabled.access_level = fresh.access_level,
        None => {}
    }
    if let Some(name) = body.get("organization_connection_name") {
        enabled.name = name.as_str().map(str::to_owned);
    }
}

pub(super) fn connection_not_found() -> Problem {
    let title = "The organization has no such connection";
    Problem::not_found("INEXISTENT_CONNECTION", title)
}

impl ManagementContext<'_> {
    /// The fields known to the older operations.
    pub(super) fn enabled_connection_json(&self, enabled: &EnabledConnection) -> Value {
        let mut body = json!({
            "connection_id": enabled.connection_id,
            "assign_membership_on_login": enabled.assign_membership_on_login,
            "show_as_button": enabled.show_as_button,
            "is_signup_enabled": enabled.is_signup_enabled,
        });
        if let Some(connection) = self.tenant.connection(&enabled.connection_id) {
            body["connection"] = json!({
                "name": connection.name,
                "strategy": connection.strategy,
            });
        }
        body
    }

    fn connection_json(&self, enabled: &EnabledConnection) -> Value {
        let mut body = self.enabled_connection_json(enabled);
        body["is_enabled"] = json!(enabled.is_enabled);
        body["organization_access_level"] = json!(enabled.access_level);
        let name = enabled.name.iter();
        let name = name.map(|name| ("organization_connection_name".to_owned(), json!(name)));
        if let Some(members) = body.as_object_mut() {
            members.extend(name.collect::<Map<String, Value>>());
        }
        body
    }

    pub(super) fn list_connections(&self) -> Result<ApiResponse, Problem> {
        let page = page_range(self.call)?;
        let organization = self.organization()?;
        let is_enabled = self
            .call
            .get("is_enabled")
            .map(|_| self.call.flag("is_enabled"));
        let is_match =
            |enabled: &&EnabledConnection| is_enabled.is_none_or(|is| enabled.is_enabled == is);
        let found: Vec<&EnabledConnection> =
            organization.connections.iter().filter(is_match).collect();
        Ok(numbered_page(
            self.call,
            "connections",
            page,
            Some(found.len() as u64),
            found
                .into_iter()
                .map(|enabled| self.connection_json(enabled)),
        ))
    }

    pub(super) fn add_connection(&mut self) -> Result<ApiResponse, Problem> {
        let enabled = self.add_enabled_connection()?;
        created(&self.connection_json(&enabled))
    }

    /// Adds the connection named in the body. It must exist in the tenant.
    pub(super) fn add_enabled_connection(&mut self) -> Result<EnabledConnection, Problem> {
        let organization = self.organization()?;
        let id = self
            .call
            .body_field("connection_id")
            .as_str()
            .unwrap_or_default();
        if self.tenant.connection(id).is_none() {
            let title = "The tenant has no such connection";
            return Err(Problem::not_found("INEXISTENT_CONNECTION", title));
        }
        if organization.enabled(id).is_some() {
            let title = "The organization already has this connection";
            return Err(Problem::conflict("CONNECTION_CONFLICT", title));
        }
        let mut enabled = EnabledConnection::new(id);
        apply(&mut enabled, &self.call.body);
        self.organization_mut()?.connections.push(enabled.clone());
        Ok(enabled)
    }

    pub(super) fn get_connection(&self) -> Result<ApiResponse, Problem> {
        let organization = self.organization()?;
        let enabled = organization.enabled(self.call.required("connection_id"));
        ok(&self.connection_json(enabled.ok_or_else(connection_not_found)?))
    }

    pub(super) fn update_connection(&mut self) -> Result<ApiResponse, Problem> {
        let enabled = self.change_enabled_connection(self.call.required("connection_id"))?;
        ok(&self.connection_json(&enabled))
    }

    /// Applies the body to a connection.
    pub(super) fn change_enabled_connection(
        &mut self,
        id: &str,
    ) -> Result<EnabledConnection, Problem> {
        let call = self.call;
        let organization = self.organization_mut()?;
        let enabled = organization
            .enabled_mut(id)
            .ok_or_else(connection_not_found)?;
        apply(enabled, &call.body);
        Ok(enabled.clone())
    }

    /// Succeeds even if the organization does not have the connection.
    pub(super) fn remove_connection(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.call.required("connection_id");
        self.organization_mut()?.detach(id);
        no_content()
    }
}
