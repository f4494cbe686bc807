//! Token claims.

use serde::{Deserialize, Serialize};

/// The claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessTokenClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) scope: String,
    pub(crate) azp: String,
    /// `client-credentials` for machines, absent for users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org_id: Option<String>,
    /// The key that the token is bound to (RFC 9449 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Confirmation>,
    /// Number of the token, counted from 1.
    pub(crate) jti: u64,
}

/// The key that a token is bound to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// Thumbprint of the key.
    pub(crate) jkt: String,
}

/// The claims of an ID token.
#[derive(Debug, Serialize)]
pub(super) struct IdTokenClaims<'a> {
    pub(super) iss: &'a str,
    pub(super) sub: &'a str,
    pub(super) aud: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email_verified: Option<bool>,
}
