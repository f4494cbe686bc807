//! ID tokens: who logged in, as the server attests it (OpenID Connect Core 1.0 §2).

use std::fmt;

use auth0_core::SecretString;
use serde_json::{Map, Value};

mod claims;
mod settings;
mod verifier;

pub(crate) use claims::{Expected, canonical_organization, is_same};
pub(crate) use settings::{IdTokenSettings, id_token_setters};
pub(crate) use verifier::Verifier;

/// An ID token that was found right: who logged in. It says nothing of what the user may do; that is the access token's
/// business.
///
/// `Debug` shows none of its claims.
#[derive(Clone)]
pub struct IdToken {
    token: SecretString,
    claims: Map<String, Value>,
}

impl IdToken {
    /// The user, by the id that the server has for them (`sub`).
    pub fn subject(&self) -> &str {
        // It was found right, so there is one.
        self.text("sub").unwrap_or_default()
    }

    /// The organization that the user logged in to, by its id.
    pub fn org_id(&self) -> Option<&str> {
        self.text("org_id")
    }

    /// The organization that the user logged in to, by its name, where the tenant adds names to tokens.
    pub fn org_name(&self) -> Option<&str> {
        self.text("org_name")
    }

    /// The user's name, where the scope `profile` was granted.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The user's address, where the scope `email` was granted. Whether it is theirs,
    /// [`is_email_verified`](Self::is_email_verified) says.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Whether the server knows that the address is the user's.
    pub fn is_email_verified(&self) -> bool {
        self.claim("email_verified").and_then(Value::as_bool) == Some(true)
    }

    /// A claim by its name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// All claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The token itself, for an `id_token_hint` say. Keep it out of logs.
    pub fn secret(&self) -> &str {
        self.token.secret()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(…)")
    }
}
