//! Validation of the claims of an ID token (OpenID Connect Core 1.0 §3.1.3.7).

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::SecretString;
use serde_json::{Map, Value};

use crate::crypto;
use crate::discovery::shown_issuer;
use crate::error::{Finding, IdTokenErrorKind};
use crate::token_response;

/// How many values of a list an error shows.
const MAX_SHOWN: usize = 5;

/// The expected values of claims.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// The nonce of the login, if the flow has one.
    pub(crate) nonce: Option<&'a SecretString>,
    /// The requested organization, by ID or name.
    pub(crate) organization: Option<&'a str>,
    /// The maximum time since the user logged in.
    pub(crate) max_age: Option<Duration>,
}

impl Expected<'_> {
    /// Checks all claims at the time `now`, with `leeway` for clock skew between this machine and the server.
    pub(super) fn check(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
        leeway: Duration,
    ) -> Result<(), Finding<IdTokenErrorKind>> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).map(instant).transpose();
        if text("iss") != Some(self.issuer) {
            return Err(self.mismatch(IdTokenErrorKind::Issuer, "iss", self.issuer, claims));
        }
        self.check_audience(claims)?;
        if !text("sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= 255) {
            return Err(IdTokenErrorKind::Malformed.into());
        }
        let expires_at = time("exp")?.ok_or(IdTokenErrorKind::Malformed)?;
        let leeway_s = leeway.as_secs();
        if now >= expires_at.checked_add(leeway).unwrap_or(expires_at) {
            let ago = seconds_between(expires_at, now);
            return Err(Finding::new(
                IdTokenErrorKind::Expired,
                format!(
                    "exp: expected a time in the future, found one {ago} s ago by the clock of this machine (leeway {leeway_s} s)"
                ),
            ));
        }
        time("iat")?.ok_or(IdTokenErrorKind::Malformed)?;
        for name in ["iat", "nbf"] {
            let Some(begins_at) = time(name)? else {
                continue;
            };
            if begins_at
                .duration_since(now)
                .is_ok_and(|ahead| ahead > leeway)
            {
                let ahead = seconds_between(now, begins_at);
                return Err(Finding::new(
                    IdTokenErrorKind::NotYetValid,
                    format!(
                        "{name}: expected a time in the past, found one {ahead} s ahead of the clock of this machine \
                         (leeway {leeway_s} s): the clock skew between this machine and the server is too large; set \
                         the clock of this machine"
                    ),
                ));
            }
        }
        if let Some(nonce) = self.nonce
            && !text("nonce").is_some_and(|found| is_same(found, nonce.secret()))
        {
            return Err(IdTokenErrorKind::Nonce.into());
        }
        self.check_organization(claims)?;
        if let Some(max_age) = self.max_age {
            let logged_in_at = time("auth_time")?.ok_or(IdTokenErrorKind::AuthenticationTime)?;
            let latest = logged_in_at.checked_add(max_age.saturating_add(leeway));
            if latest.is_some_and(|latest| now > latest) {
                let ago = seconds_between(logged_in_at, now);
                return Err(Finding::new(
                    IdTokenErrorKind::AuthenticationTime,
                    format!(
                        "auth_time: expected a login within max_age ({} s, leeway {leeway_s} s), found one {ago} s ago",
                        max_age.as_secs()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Finding<IdTokenErrorKind>> {
        let audience = claims.get("aud");
        let (is_meant, is_alone) = match audience {
            Some(Value::String(one)) => (one == self.client_id, true),
            Some(Value::Array(all)) => (
                all.iter().any(|one| one.as_str() == Some(self.client_id)),
                all.len() == 1,
            ),
            _ => (false, false),
        };
        let mismatch = |kind, name| self.mismatch(kind, name, self.client_id, claims);
        if !is_meant {
            return Err(mismatch(IdTokenErrorKind::Audience, "aud"));
        }
        match claims.get("azp") {
            None if is_alone => Ok(()),
            Some(party) if party.as_str() == Some(self.client_id) => Ok(()),
            _ => Err(mismatch(IdTokenErrorKind::AuthorizedParty, "azp")),
        }
    }

    /// Auth0 accepts IDs and names of organizations. IDs begin with `org_`; names are in lower case.
    fn check_organization(
        &self,
        claims: &Map<String, Value>,
    ) -> Result<(), Finding<IdTokenErrorKind>> {
        let Some(requested) = self.organization else {
            return Ok(());
        };
        let requested = canonical_organization(requested);
        let name = match is_organization_id(&requested) {
            true => "org_id",
            false => "org_name",
        };
        match claims.get(name).and_then(Value::as_str) == Some(&*requested) {
            true => Ok(()),
            false => Err(self.mismatch(IdTokenErrorKind::Organization, name, &requested, claims)),
        }
    }

    /// Describes an unexpected claim, with both values.
    fn mismatch(
        &self,
        kind: IdTokenErrorKind,
        name: &str,
        expected: &str,
        claims: &Map<String, Value>,
    ) -> Finding<IdTokenErrorKind> {
        let secrets: Vec<&str> = self.nonce.iter().map(|nonce| nonce.secret()).collect();
        let shown = |value: &Value| match kind {
            IdTokenErrorKind::Issuer => {
                let issuer = Value::from(shown_issuer(value.as_str()?));
                token_response::text(&issuer, &secrets)
            }
            _ => token_response::text(value, &secrets),
        };
        let found = match claims.get(name) {
            None => Some("none".to_owned()),
            Some(Value::Array(all)) if !all.is_empty() => {
                let all: Option<Vec<_>> = all.iter().take(MAX_SHOWN).map(shown).collect();
                all.map(|all| all.join(", "))
            }
            Some(value) => shown(value),
        };
        let found = found.unwrap_or_else(|| "an empty value or one of another type".to_owned());
        Finding::new(kind, format!("{name}: expected {expected}, found {found}"))
    }
}

/// Auth0's organization IDs have this prefix, and its organization names never do.
fn is_organization_id(organization: &str) -> bool {
    organization.starts_with("org_")
}

/// Returns the canonical form of an organization: IDs as they are, names in lower case.
pub(crate) fn canonical_organization(organization: &str) -> Cow<'_, str> {
    match is_organization_id(organization) {
        true => organization.into(),
        false => organization.to_lowercase().into(),
    }
}

fn seconds_between(earlier: SystemTime, later: SystemTime) -> u64 {
    later
        .duration_since(earlier)
        .map_or(0, |passed| passed.as_secs())
}

/// Compares in constant time.
pub(crate) fn is_same(found: &str, expected: &str) -> bool {
    crypto::are_equal(found.as_bytes(), expected.as_bytes())
}

/// Converts a NumericDate of a JWT: seconds, possibly fractional (RFC 7519 §2).
fn instant(value: &Value) -> Result<SystemTime, IdTokenErrorKind> {
    value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|passed| UNIX_EPOCH.checked_add(passed))
        .ok_or(IdTokenErrorKind::Malformed)
}
