//! Provisioning of users by identity providers.

use chrono::{DateTime, Utc};

/// The provisioning configuration of an identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Provisioning {
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_on: DateTime<Utc>,
    /// Tokens for the identity provider. Their values are returned once and not stored.
    pub(crate) tokens: Vec<ScimToken>,
}

/// A SCIM token.
#[derive(Debug, Clone)]
pub(crate) struct ScimToken {
    pub(crate) id: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) valid_until: Option<DateTime<Utc>>,
}
