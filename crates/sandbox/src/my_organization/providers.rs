//! Identity providers of the organization and their domains.

use serde_json::{Value, json};

use super::{MyOrganizationContext, not_found, provider_json};
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{Connection, DomainStatus, EnabledConnection, is_enterprise};

impl MyOrganizationContext<'_> {
    /// The organization's identity providers.
    pub(super) fn providers(&self) -> impl Iterator<Item = (&EnabledConnection, &Connection)> {
        let connections = self.organization.connections.iter();
        let connections = connections.filter_map(|enabled| {
            let connection = self.tenant.connection(&enabled.connection_id)?;
            Some((enabled, connection))
        });
        connections.filter(|(_, connection)| is_enterprise(&connection.strategy))
    }

    pub(super) fn provider_by_id(
        &self,
        id: &str,
    ) -> Result<(&EnabledConnection, &Connection), Problem> {
        let mut providers = self.providers();
        // Providers with the access level `none` are only listed.
        let found = providers.find(|(enabled, one)| one.id == id && enabled.access_level != "none");
        found.ok_or_else(|| not_found("The identity provider does not exist"))
    }

    /// The provider named by the call.
    pub(super) fn provider(&self) -> Result<(&EnabledConnection, &Connection), Problem> {
        self.provider_by_id(self.call.required("idp_id"))
    }

    /// Id of the provider named by the call, which must have one of these access levels.
    pub(super) fn provider_with_access(&self, levels: &[&str]) -> Result<String, Problem> {
        let (enabled, connection) = self.provider()?;
        if levels.contains(&enabled.access_level.as_str()) {
            return Ok(connection.id.clone());
        }
        let title = "The access level of the identity provider does not allow this";
        Err(Problem::forbidden("ACCESS_LEVEL", title).details(format!(
            "access_level: expected {}, found {}",
            levels.join(" or "),
            enabled.access_level
        )))
    }

    fn current_provider_json(&self, id: &str) -> Result<Value, Problem> {
        let organization = self.tenant.organization(&self.organization.id);
        let enabled = organization.and_then(|organization| organization.enabled(id).cloned());
        let connection = self.tenant.connection(id);
        match enabled.zip(connection) {
            Some((enabled, connection)) => Ok(provider_json::to_json(&enabled, connection)),
            None => Err(not_found("The identity provider does not exist")),
        }
    }

    /// The connection of a provider, for changes.
    pub(super) fn connection_mut(&mut self, id: &str) -> Result<&mut Connection, Problem> {
        let connection = self.tenant.connection_mut(id);
        connection.ok_or_else(|| not_found("The identity provider does not exist"))
    }

    pub(super) fn list_providers(&self) -> Result<ApiResponse, Problem> {
        let levels = self.call.lists.get("member_access_level");
        let is_match = |enabled: &EnabledConnection| {
            levels.is_none_or(|levels| levels.contains(&enabled.access_level))
        };
        let providers: Vec<Value> = self
            .providers()
            .filter(|(enabled, _)| is_match(enabled))
            .map(
                |(enabled, connection)| match enabled.access_level.as_str() {
                    "none" => provider_json::to_minimal_json(enabled, connection),
                    _ => provider_json::to_json(enabled, connection),
                },
            )
            .collect();
        ok(&json!({ "identity_providers": providers }))
    }

    pub(super) fn create_provider(&mut self) -> Result<ApiResponse, Problem> {
        let body = &self.call.body;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let settings = &self.tenant.settings;
        if settings.allowed_strategies.is_empty() {
            let title = "The tenant is not configured for identity providers of organizations";
            return Err(Problem::conflict("CONFIGURATION", title));
        }
        let strategy = text("strategy").unwrap_or_default();
        if !settings.allowed_strategies.contains(&strategy) {
            let title = "The tenant does not allow this strategy";
            return Err(Problem::forbidden("STRATEGY_NOT_ALLOWED", title));
        }
        let name = text("name").unwrap_or_default();
        if self.tenant.connections.values().any(|one| one.name == name) {
            let title = "The tenant already has a connection with this name";
            return Err(Problem::conflict("CONFLICT", title));
        }
        let mut domains = Vec::new();
        for domain in body["domains"].as_array().into_iter().flatten() {
            let domain = domain.as_str().unwrap_or_default();
            domains.push(self.verified_domain(domain)?);
        }
        let is = |name: &str, otherwise| body[name].as_bool().unwrap_or(otherwise);
        let id = self.tenant.ids.next("con_", 16);
        self.tenant.create_connection(Connection {
            id: id.clone(),
            name,
            display_name: text("display_name"),
            strategy,
            options: body["options"].as_object().cloned().unwrap_or_default(),
            domains,
            users: 0,
            is_mapping_fresh: true,
            provisioning: None,
        });
        let mut enabled = EnabledConnection::new(&id);
        enabled.access_level = "full".to_owned();
        enabled.is_enabled = is("is_enabled", true);
        enabled.show_as_button = is("show_as_button", true);
        enabled.assign_membership_on_login = is("assign_membership_on_login", false);
        self.organization_mut()?.connections.push(enabled);
        created(&self.current_provider_json(&id)?)
    }

    pub(super) fn get_provider(&self) -> Result<ApiResponse, Problem> {
        let (enabled, connection) = self.provider()?;
        ok(&provider_json::to_json(enabled, connection))
    }

    pub(super) fn update_provider(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full", "limited"])?;
        let strategy = self.provider()?.1.strategy.clone();
        let body = &self.call.body;
        let names = provider_json::update_schemas();
        let schema = provider_json::update_schema(&strategy);
        let schema = schema.and_then(|name| self.document.schema(&names, name));
        let schema =
            schema.ok_or_else(|| Problem::internal(format!("`{strategy}` has no schema")))?;
        let violations = schema.violations(body);
        if !violations.is_empty() {
            let rules = violations.into_iter().map(|violation| {
                let rule = format!("{} (strategy {strategy})", violation.rule);
                (violation.pointer, rule)
            });
            return Err(Problem::body_fields(rules));
        }
        let connection = self.connection_mut(&id)?;
        if let Some(name) = body["display_name"].as_str() {
            connection.display_name = Some(name.to_owned());
        }
        if let Some(options) = body["options"].as_object() {
            let secret = connection.options.remove("client_secret");
            connection.options.clone_from(options);
            // Keeps the secret if the request omits it, because clients cannot read it.
            if let Some(secret) = secret {
                let secrets = connection.options.entry("client_secret");
                secrets.or_insert(secret);
            }
        }
        if let Some(enabled) = self.organization_mut()?.enabled_mut(&id) {
            for (name, field) in [
                ("is_enabled", &mut enabled.is_enabled),
                ("show_as_button", &mut enabled.show_as_button),
                (
                    "assign_membership_on_login",
                    &mut enabled.assign_membership_on_login,
                ),
            ] {
                *field = body[name].as_bool().unwrap_or(*field);
            }
        }
        ok(&self.current_provider_json(&id)?)
    }

    /// Deletes the connection as well, if the tenant allows it.
    pub(super) fn delete_provider(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full"])?;
        let is_used = self.provider()?.1.users > 0;
        if is_used && !self.tenant.settings.deletes_used_connections {
            let title = "The identity provider has users";
            return Err(Problem::forbidden("CONNECTION_NOT_EMPTY", title));
        }
        self.tenant.delete_connection(&id);
        no_content()
    }

    /// Keeps the connection for other organizations and for the tenant's operators.
    pub(super) fn detach_provider(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full"])?;
        self.organization_mut()?.detach(&id);
        no_content()
    }

    pub(super) fn refresh_attributes(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full", "limited"])?;
        self.connection_mut(&id)?.is_mapping_fresh = true;
        ok(&self.current_provider_json(&id)?)
    }

    /// The stored spelling of a verified domain of the organization.
    fn verified_domain(&self, name: &str) -> Result<String, Problem> {
        let domain = self.organization.domain_by_name(name);
        let domain = domain.filter(|domain| domain.status == DomainStatus::Verified);
        domain
            .map(|domain| domain.domain.clone())
            .ok_or_else(|| not_found("The organization has no verified domain with this name"))
    }

    pub(super) fn add_provider_domain(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full", "limited"])?;
        let name = self.call.body_field("domain").as_str().unwrap_or_default();
        let domain = self.verified_domain(name)?;
        let domains = &mut self.connection_mut(&id)?.domains;
        if domains.contains(&domain) {
            let title = "The identity provider already has this domain";
            return Err(Problem::conflict("CONFLICT", title));
        }
        domains.push(domain.clone());
        created(&json!({ "domain": domain }))
    }

    pub(super) fn remove_provider_domain(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&["full", "limited"])?;
        let name = self.call.required("domain").to_owned();
        let domains = &mut self.connection_mut(&id)?.domains;
        let before = domains.len();
        domains.retain(|domain| !domain.eq_ignore_ascii_case(&name));
        if domains.len() == before {
            return Err(not_found("The identity provider has no such domain"));
        }
        no_content()
    }
}
