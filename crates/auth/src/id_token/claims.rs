//! What the claims of an ID token have to be (OpenID Connect Core 1.0 §3.1.3.7).

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::SecretString;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::{Map, Value};

use crate::answer;
use crate::discovery::shown_issuer;
use crate::error::{Finding, IdTokenFault};

/// How many values of a list are shown in an error.
const MAX_SHOWN: usize = 5;

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
    ) -> Result<(), Finding<IdTokenFault>> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).map(instant).transpose();
        if text("iss") != Some(self.issuer) {
            return Err(self.mismatch(IdTokenFault::Issuer, "iss", self.issuer, claims));
        }
        self.check_audience(claims)?;
        if !text("sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= 255) {
            return Err(IdTokenFault::Malformed.into());
        }
        let expires_at = time("exp")?.ok_or(IdTokenFault::Malformed)?;
        let leeway_s = leeway.as_secs();
        if now >= expires_at.checked_add(leeway).unwrap_or(expires_at) {
            let ago = seconds_between(expires_at, now);
            return Err(Finding::new(
                IdTokenFault::Expired,
                format!(
                    "exp: expected a time to come, found one {ago} s ago by this machine's clock (leeway {leeway_s} s)"
                ),
            ));
        }
        time("iat")?.ok_or(IdTokenFault::Malformed)?;
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
                    IdTokenFault::NotYetValid,
                    format!(
                        "{name}: expected a time that has passed, found one {ahead} s ahead of this machine's clock \
                         (leeway {leeway_s} s): the clock skew between this machine and the server is too large, set \
                         the clock of this machine"
                    ),
                ));
            }
        }
        if let Some(nonce) = self.nonce
            && !text("nonce").is_some_and(|found| is_same(found, nonce.secret()))
        {
            return Err(IdTokenFault::Nonce.into());
        }
        self.check_organization(claims)?;
        if let Some(max_age) = self.max_age {
            let logged_in_at = time("auth_time")?.ok_or(IdTokenFault::AuthenticationTime)?;
            let latest = logged_in_at.checked_add(max_age.saturating_add(leeway));
            if latest.is_some_and(|latest| now > latest) {
                let ago = seconds_between(logged_in_at, now);
                return Err(Finding::new(
                    IdTokenFault::AuthenticationTime,
                    format!(
                        "auth_time: expected a login within max_age ({} s, leeway {leeway_s} s), found one {ago} s ago",
                        max_age.as_secs()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Finding<IdTokenFault>> {
        let audience = claims.get("aud");
        let (is_meant, is_alone) = match audience {
            Some(Value::String(one)) => (one == self.client_id, true),
            Some(Value::Array(all)) => (
                all.iter().any(|one| one.as_str() == Some(self.client_id)),
                all.len() == 1,
            ),
            _ => (false, false),
        };
        let mismatch = |fault, name| self.mismatch(fault, name, self.client_id, claims);
        if !is_meant {
            return Err(mismatch(IdTokenFault::Audience, "aud"));
        }
        match claims.get("azp") {
            None if is_alone => Ok(()),
            Some(party) if party.as_str() == Some(self.client_id) => Ok(()),
            _ => Err(mismatch(IdTokenFault::AuthorizedParty, "azp")),
        }
    }

    /// Auth0 takes ids and names for an organization, and its ids begin with `org_`. Names are kept in lower case.
    fn check_organization(&self, claims: &Map<String, Value>) -> Result<(), Finding<IdTokenFault>> {
        let Some(asked) = self.organization else {
            return Ok(());
        };
        let asked = canonical_organization(asked);
        let name = match is_organization_id(&asked) {
            true => "org_id",
            false => "org_name",
        };
        match claims.get(name).and_then(Value::as_str) == Some(&*asked) {
            true => Ok(()),
            false => Err(self.mismatch(IdTokenFault::Organization, name, &asked, claims)),
        }
    }

    /// A claim that is not what was expected, with both values.
    fn mismatch(
        &self,
        fault: IdTokenFault,
        name: &str,
        expected: &str,
        claims: &Map<String, Value>,
    ) -> Finding<IdTokenFault> {
        let secrets: Vec<&str> = self.nonce.iter().map(|nonce| nonce.secret()).collect();
        let shown = |value: &Value| match fault {
            IdTokenFault::Issuer => {
                let issuer = Value::from(shown_issuer(value.as_str()?));
                answer::text(&issuer, &secrets)
            }
            _ => answer::text(value, &secrets),
        };
        let found = match claims.get(name) {
            None => Some("none".to_owned()),
            Some(Value::Array(all)) if !all.is_empty() => {
                let all: Option<Vec<_>> = all.iter().take(MAX_SHOWN).map(shown).collect();
                all.map(|all| all.join(", "))
            }
            Some(value) => shown(value),
        };
        let found = found.unwrap_or_else(|| "a value of another type or an empty one".to_owned());
        Finding::new(fault, format!("{name}: expected {expected}, found {found}"))
    }
}

/// Auth0's ids of organizations begin like this, and its names of organizations do not.
fn is_organization_id(organization: &str) -> bool {
    organization.starts_with("org_")
}

/// An organization as Auth0 knows it: ids as they are, names in lower case.
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
