//! Client grants: the scopes that applications have for APIs.

use serde::Serialize;

/// A client grant of the tenant.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClientGrant {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) audience: String,
    pub(crate) scope: Vec<String>,
}
