//! ID tokens (OpenID Connect Core 1.0 §2).

use std::fmt;

use auth0_core::SecretString;
use serde_json::{Map, Value};

mod claims;
mod settings;
mod verifier;

pub(crate) use claims::{Expected, canonical_organization, is_same};
pub(crate) use settings::{IdTokenSettings, id_token_setters};
pub(crate) use verifier::Verifier;

/// A validated ID token: who logged in. It says nothing about permissions, which belong to the access token.
///
/// `Debug` shows none of its claims.
///
/// ```
/// # use auth0_auth::Session;
/// # fn example(session: &Session) {
/// if let Some(id_token) = session.id_token() {
///     println!("{} ({:?})", id_token.subject(), id_token.email());
///     println!("{:?}", id_token.claim("https://acme.com/department"));
/// }
/// # }
/// ```
#[doc(alias = "OpenID Connect")]
#[doc(alias = "JWT")]
#[derive(Clone)]
pub struct IdToken {
    token: SecretString,
    claims: Map<String, Value>,
}

impl IdToken {
    /// Returns the user ID (`sub`).
    pub fn subject(&self) -> &str {
        // Validation ensures that `sub` exists.
        self.text("sub").unwrap_or_default()
    }

    /// Returns the ID of the organization that the user logged in to.
    pub fn org_id(&self) -> Option<&str> {
        self.text("org_id")
    }

    /// Returns the name of the organization that the user logged in to, if the tenant adds names to tokens.
    pub fn org_name(&self) -> Option<&str> {
        self.text("org_name")
    }

    /// Returns the name of the user, if the scope `profile` was granted.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// Returns the email address of the user, if the scope `email` was granted. See
    /// [`is_email_verified`](Self::is_email_verified).
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Returns whether the server has verified that the email address belongs to the user.
    pub fn is_email_verified(&self) -> bool {
        self.claim("email_verified").and_then(Value::as_bool) == Some(true)
    }

    /// Returns a claim by name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// Returns all claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Returns the encoded token, for example for `id_token_hint`. Keep it out of logs.
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
