//! What the claims of an ID token have to be (OpenID Connect Core 1.0 §3.1.3.7).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::SecretString;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::{Map, Value};

use crate::error::IdTokenFault;

/// What the claims are held against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// That of the login, where the flow has one.
    pub(crate) nonce: Option<&'a SecretString>,
    /// The organization that was asked for, by its id or name.
    pub(crate) organization: Option<&'a str>,
    /// How long ago the user may have logged in.
    pub(crate) max_age: Option<Duration>,
}

impl Expected<'_> {
    /// Holds the claims against all that is expected, at the time `now` of a clock that may differ from the server's by
    /// `leeway`.
    pub(super) fn check(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
        leeway: Duration,
    ) -> Result<(), IdTokenFault> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).map(instant).transpose();
        if text("iss") != Some(self.issuer) {
            return Err(IdTokenFault::Issuer);
        }
        self.check_audience(claims)?;
        if !text("sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= 255) {
            return Err(IdTokenFault::Malformed);
        }
        let expires_at = time("exp")?.ok_or(IdTokenFault::Malformed)?;
        if now >= expires_at.checked_add(leeway).unwrap_or(expires_at) {
            return Err(IdTokenFault::Expired);
        }
        let issued_at = time("iat")?.ok_or(IdTokenFault::Malformed)?;
        let latest = now + leeway;
        if issued_at > latest || time("nbf")?.is_some_and(|valid_from| valid_from > latest) {
            return Err(IdTokenFault::NotYetValid);
        }
        if let Some(nonce) = self.nonce
            && !text("nonce").is_some_and(|found| is_same(found, nonce.secret()))
        {
            return Err(IdTokenFault::Nonce);
        }
        self.check_organization(text("org_id"), text("org_name"))?;
        if let Some(max_age) = self.max_age {
            let logged_in_at = time("auth_time")?.ok_or(IdTokenFault::AuthenticationTime)?;
            let latest = logged_in_at.checked_add(max_age + leeway);
            if latest.is_some_and(|latest| now > latest) {
                return Err(IdTokenFault::AuthenticationTime);
            }
        }
        Ok(())
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), IdTokenFault> {
        let audience = claims.get("aud");
        let (is_meant, is_alone) = match audience {
            Some(Value::String(one)) => (one == self.client_id, true),
            Some(Value::Array(all)) => (
                all.iter().any(|one| one.as_str() == Some(self.client_id)),
                all.len() == 1,
            ),
            _ => (false, false),
        };
        if !is_meant {
            return Err(IdTokenFault::Audience);
        }
        match claims.get("azp") {
            None if is_alone => Ok(()),
            Some(party) if party.as_str() == Some(self.client_id) => Ok(()),
            _ => Err(IdTokenFault::AuthorizedParty),
        }
    }

    /// Auth0 takes ids and names for an organization, and its ids begin with `org_`. Names are kept in lower case.
    fn check_organization(&self, id: Option<&str>, name: Option<&str>) -> Result<(), IdTokenFault> {
        let is_right = match self.organization {
            None => true,
            Some(asked) if asked.starts_with("org_") => id == Some(asked),
            Some(asked) => name == Some(asked.to_lowercase().as_str()),
        };
        is_right.then_some(()).ok_or(IdTokenFault::Organization)
    }
}

/// Compares in a time that does not tell where the texts differ.
pub(crate) fn is_same(found: &str, expected: &str) -> bool {
    verify_slices_are_equal(found.as_bytes(), expected.as_bytes()).is_ok()
}

/// A time as a JWT has it: seconds, whole or not (RFC 7519 §2).
fn instant(value: &Value) -> Result<SystemTime, IdTokenFault> {
    value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|passed| UNIX_EPOCH.checked_add(passed))
        .ok_or(IdTokenFault::Malformed)
}
