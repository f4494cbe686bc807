//! What an identity provider has beside its connection: the provisioning of its users.

use chrono::{DateTime, Utc};

/// How the users of an identity provider come to the tenant before they log in.
#[derive(Debug, Clone)]
pub(crate) struct Provisioning {
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_on: DateTime<Utc>,
    /// Tokens for the other side. What they are is shown once and not kept.
    pub(crate) tokens: Vec<ScimToken>,
}

/// A token of SCIM.
#[derive(Debug, Clone)]
pub(crate) struct ScimToken {
    pub(crate) id: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) valid_until: Option<DateTime<Utc>>,
}
