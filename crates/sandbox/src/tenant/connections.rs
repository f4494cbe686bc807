//! Connections, which the tenant has and organizations use.

use serde_json::{Map, Value};

use super::{Organization, Provisioning, Tenant};

/// The strategies of connections that are identity providers of an organization.
pub(crate) const ENTERPRISE: [&str; 7] = [
    "adfs",
    "google-apps",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "waad",
];

/// Whether connections of this strategy are identity providers.
pub(crate) fn is_enterprise(strategy: &str) -> bool {
    ENTERPRISE.contains(&strategy)
}

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) strategy: String,
    /// What it needs to reach the other side, secrets included.
    pub(crate) options: Map<String, Value>,
    /// The domains whose people are sent there.
    pub(crate) domains: Vec<String>,
    /// How many users came through it.
    pub(crate) users: u64,
    /// Whether its mapping of attributes is that of today.
    pub(crate) is_mapping_fresh: bool,
    pub(crate) provisioning: Option<Provisioning>,
}

/// How an organization uses a connection.
#[derive(Debug, Clone)]
pub(crate) struct EnabledConnection {
    pub(crate) connection_id: String,
    /// What the organization calls it.
    pub(crate) name: Option<String>,
    pub(crate) assign_membership_on_login: bool,
    pub(crate) show_as_button: bool,
    pub(crate) is_signup_enabled: bool,
    pub(crate) is_enabled: bool,
    /// What the organization's administrator may do with it: `none`, `readonly`, `limited` or `full`.
    pub(crate) access_level: String,
}

impl EnabledConnection {
    /// A connection as it is used where nothing else is said.
    pub(crate) fn new(connection_id: &str) -> Self {
        Self {
            connection_id: connection_id.to_owned(),
            name: None,
            assign_membership_on_login: false,
            show_as_button: true,
            is_signup_enabled: false,
            is_enabled: true,
            // What Auth0 takes where nothing is said is not documented. This shows it to the administrator.
            access_level: "readonly".to_owned(),
        }
    }
}

impl Organization {
    pub(crate) fn enabled(&self, connection_id: &str) -> Option<&EnabledConnection> {
        let is_meant = |enabled: &&EnabledConnection| enabled.connection_id == connection_id;
        self.connections.iter().find(is_meant)
    }

    pub(crate) fn enabled_mut(&mut self, connection_id: &str) -> Option<&mut EnabledConnection> {
        let is_meant = |enabled: &&mut EnabledConnection| enabled.connection_id == connection_id;
        self.connections.iter_mut().find(is_meant)
    }

    /// Lets it no longer use a connection. Says whether it did.
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

    /// Adds a connection of the tenant, whose name is free.
    pub(crate) fn create_connection(&mut self, connection: Connection) {
        let last = self.connections.keys().next_back();
        let number = last.map_or(0, |last| last + 1);
        self.connections.insert(number, connection);
    }

    /// Removes a connection from the tenant and from every organization that uses it.
    pub(crate) fn delete_connection(&mut self, id: &str) {
        self.connections.retain(|_, connection| connection.id != id);
        self.organizations.forget_connection(id);
        for organization in self.organizations.stored_mut() {
            organization.detach(id);
        }
    }
}
