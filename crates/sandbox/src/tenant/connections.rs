//! Connections of the tenant and of its organizations.

use serde_json::{Map, Value};

use super::{Organization, Provisioning, Tenant};

/// Strategies of connections that can be identity providers of an organization.
pub(crate) const ENTERPRISE: [&str; 7] = [
    "adfs",
    "google-apps",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "waad",
];

/// Whether connections with this strategy are identity providers.
pub(crate) fn is_enterprise(strategy: &str) -> bool {
    ENTERPRISE.contains(&strategy)
}

/// A connection of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) strategy: String,
    /// Configuration of the connection, including secrets.
    pub(crate) options: Map<String, Value>,
    /// Domains whose users log in with this connection.
    pub(crate) domains: Vec<String>,
    /// Number of users of the connection.
    pub(crate) users: u64,
    /// Whether the attribute mapping is up to date.
    pub(crate) is_mapping_fresh: bool,
    pub(crate) provisioning: Option<Provisioning>,
}

/// A connection of an organization.
#[derive(Debug, Clone)]
pub(crate) struct EnabledConnection {
    pub(crate) connection_id: String,
    /// The organization's name for the connection.
    pub(crate) name: Option<String>,
    pub(crate) assign_membership_on_login: bool,
    pub(crate) show_as_button: bool,
    pub(crate) is_signup_enabled: bool,
    pub(crate) is_enabled: bool,
    /// Access level of the organization's administrators: `none`, `readonly`, `limited` or `full`.
    pub(crate) access_level: String,
}

impl EnabledConnection {
    /// Enables a connection with default settings.
    pub(crate) fn new(connection_id: &str) -> Self {
        Self {
            connection_id: connection_id.to_owned(),
            name: None,
            assign_membership_on_login: false,
            show_as_button: true,
            is_signup_enabled: false,
            is_enabled: true,
            // Auth0 does not document its default. This one shows the connection to administrators.
            access_level: "readonly".to_owned(),
        }
    }
}

impl Organization {
    pub(crate) fn enabled(&self, connection_id: &str) -> Option<&EnabledConnection> {
        let is_match = |enabled: &&EnabledConnection| enabled.connection_id == connection_id;
        self.connections.iter().find(is_match)
    }

    pub(crate) fn enabled_mut(&mut self, connection_id: &str) -> Option<&mut EnabledConnection> {
        let is_match = |enabled: &&mut EnabledConnection| enabled.connection_id == connection_id;
        self.connections.iter_mut().find(is_match)
    }

    /// Removes a connection from the organization. Returns whether the organization used it.
    pub(crate) fn detach(&mut self, connection_id: &str) -> bool {
        let before = self.connections.len();
        self.connections
            .retain(|enabled| enabled.connection_id != connection_id);
        self.connections.len() < before
    }
}

impl Tenant {
    pub(crate) fn connection(&self, id: &str) -> Option<&Connection> {
        self.connections.values().find(|one| one.id == id)
    }

    pub(crate) fn connection_mut(&mut self, id: &str) -> Option<&mut Connection> {
        self.connections.values_mut().find(|one| one.id == id)
    }

    /// Adds a connection to the tenant. Its name must be unused.
    pub(crate) fn create_connection(&mut self, connection: Connection) {
        let last = self.connections.keys().next_back();
        let number = last.map_or(0, |last| last + 1);
        self.connections.insert(number, connection);
    }

    /// Removes a connection from the tenant and from all organizations.
    pub(crate) fn delete_connection(&mut self, id: &str) {
        self.connections.retain(|_, connection| connection.id != id);
        self.organizations.forget_connection(id);
        for organization in self.organizations.stored_mut() {
            organization.detach(id);
        }
    }
}
