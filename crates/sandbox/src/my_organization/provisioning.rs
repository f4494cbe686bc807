//! Provisioning configurations and SCIM tokens.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::configuration::can_provision;
use super::{MyOrganizationContext, not_found, provider_json};
use crate::application::random_token;
use crate::problem::Problem;
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{Connection, Provisioning, ScimToken};
use crate::timestamp::rfc3339 as time;

/// Access levels that allow changes to provisioning.
const WRITE_LEVELS: [&str; 2] = ["full", "limited"];

fn to_json(connection: &Connection, provisioning: &Provisioning) -> Value {
    json!({
        "identity_provider_id": connection.id,
        "identity_provider_name": connection.name,
        "strategy": connection.strategy,
        "method": "scim",
        "user_id_attribute": "externalId",
        "attributes": provider_json::attributes(connection.is_mapping_fresh, "provisioning_field"),
        "created_at": time(provisioning.created_at),
        "updated_on": time(provisioning.updated_on),
    })
}

fn token_json(token: &ScimToken) -> Value {
    let mut body = json!({"token_id": token.id, "created_at": time(token.created_at)});
    if let Some(until) = token.valid_until {
        body["valid_until"] = json!(time(until));
    }
    body
}

fn no_provisioning() -> Problem {
    not_found("Provisioning is not configured for the identity provider")
}

impl MyOrganizationContext<'_> {
    /// The provisioning configuration of the provider named by the call.
    fn provisioning(&self) -> Result<(&Connection, &Provisioning), Problem> {
        let (_, connection) = self.provider()?;
        let provisioning = connection
            .provisioning
            .as_ref()
            .ok_or_else(no_provisioning)?;
        Ok((connection, provisioning))
    }

    fn provisioning_mut(&mut self) -> Result<&mut Provisioning, Problem> {
        let id = self.provider_with_access(&WRITE_LEVELS)?;
        self.connection_mut(&id)?
            .provisioning
            .as_mut()
            .ok_or_else(no_provisioning)
    }

    pub(super) fn get_provisioning(&self) -> Result<ApiResponse, Problem> {
        let (connection, provisioning) = self.provisioning()?;
        ok(&to_json(connection, provisioning))
    }

    pub(super) fn create_provisioning(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.provider_with_access(&WRITE_LEVELS)?;
        let now = self.call.now;
        let connection = self.connection_mut(&id)?;
        if !can_provision(&connection.strategy) {
            let title = "The strategy does not support provisioning";
            return Err(Problem::forbidden("STRATEGY_NOT_ALLOWED", title));
        }
        if connection.provisioning.is_some() {
            let title = "Provisioning is already configured for the identity provider";
            return Err(Problem::forbidden("PROVISIONING_EXISTS", title));
        }
        let provisioning = Provisioning {
            created_at: now,
            updated_on: now,
            tokens: Vec::new(),
        };
        connection.provisioning = Some(provisioning.clone());
        created(&to_json(connection, &provisioning))
    }

    pub(super) fn delete_provisioning(&mut self) -> Result<ApiResponse, Problem> {
        self.provisioning_mut()?;
        let id = self.provider_with_access(&WRITE_LEVELS)?;
        self.connection_mut(&id)?.provisioning = None;
        no_content()
    }

    pub(super) fn refresh_provisioning(&mut self) -> Result<ApiResponse, Problem> {
        let now = self.call.now;
        self.provisioning_mut()?.updated_on = now;
        let id = self.provider_with_access(&WRITE_LEVELS)?;
        let connection = self.connection_mut(&id)?;
        connection.is_mapping_fresh = true;
        let provisioning = connection
            .provisioning
            .as_ref()
            .ok_or_else(no_provisioning)?;
        ok(&to_json(connection, provisioning))
    }

    pub(super) fn list_scim_tokens(&self) -> Result<ApiResponse, Problem> {
        let (_, provisioning) = self.provisioning()?;
        let tokens: Vec<Value> = provisioning.tokens.iter().map(token_json).collect();
        ok(&json!({ "scim_tokens": tokens }))
    }

    /// Only this response contains the token.
    pub(super) fn create_scim_token(&mut self) -> Result<ApiResponse, Problem> {
        let now = self.call.now;
        let lifetime = self.call.body_field("token_lifetime").as_i64();
        // Treats a lifetime beyond the calendar as unlimited.
        let until = lifetime.and_then(TimeDelta::try_seconds);
        let until = until.and_then(|lifetime| now.checked_add_signed(lifetime));
        let token = ScimToken {
            id: self.tenant.ids.next("tok_", 16),
            created_at: now,
            valid_until: until.filter(|until| until.timestamp() < 253_402_300_800),
        };
        let secret = random_token().map_err(|error| Problem::internal(error.to_string()))?;
        self.provisioning_mut()?.tokens.push(token.clone());
        let mut body = token_json(&token);
        body["token"] = json!(format!("{}.{secret}", token.id));
        created(&body)
    }

    pub(super) fn delete_scim_token(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.call.required("idp_scim_token_id").to_owned();
        let tokens = &mut self.provisioning_mut()?.tokens;
        let before = tokens.len();
        tokens.retain(|token| token.id != id);
        if tokens.len() == before {
            return Err(not_found("The identity provider has no such token"));
        }
        no_content()
    }
}
