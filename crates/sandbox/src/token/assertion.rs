//! Client assertions for `private_key_jwt` (RFC 7523, with the rules of Auth0).

use jsonwebtoken::Algorithm;

use super::OAuthError;
use super::jwt::{ReplayCache, UnverifiedJwt};
use crate::application::{Application, PublicKey};

pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Maximum time until an assertion expires, in seconds.
const MAX_LIFETIME: i64 = 300;

const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
];

/// What an assertion is verified against.
pub(super) struct AssertionContext<'a> {
    pub(super) issuer: &'a str,
    pub(super) token_url: &'a str,
    /// Seconds since the Unix epoch.
    pub(super) now: i64,
}

/// Returns the client id that an assertion claims, without verifying it.
pub(super) fn client_id(assertion: &str) -> Result<String, OAuthError> {
    let signed = parse(assertion)?;
    let subject = signed
        .claim_text("sub")
        .ok_or_else(|| invalid("sub: missing"))?;
    Ok(subject.to_owned())
}

/// Verifies an assertion and marks its `jti` as used.
pub(super) fn verify(
    assertion: &str,
    application: &Application,
    keys: &[PublicKey],
    context: &AssertionContext<'_>,
    replay_cache: &ReplayCache,
) -> Result<(), OAuthError> {
    let signed = parse(assertion)?;
    let name = signed.header_text("alg").unwrap_or_default();
    let algorithm = ALGORITHMS.iter().find(|(known, _)| *known == name);
    let &(name, algorithm) = algorithm
        .ok_or_else(|| invalid("alg: expected RS256, RS384, PS256, PS384, ES256 or ES384"))?;
    let kid = signed.header_text("kid");
    let matches_kid =
        |key: &&PublicKey| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid;
    let mut candidates = keys.iter().filter(matches_kid).peekable();
    if candidates.peek().is_none() {
        return Err(invalid("kid: the application has no key with this id"));
    }
    let mut candidates = candidates
        .filter(|key| key.algorithms.contains(&name))
        .peekable();
    if candidates.peek().is_none() {
        return Err(invalid(
            "alg: the application has no key for this algorithm",
        ));
    }
    if !candidates.any(|key| signed.is_signed_by(&key.key, algorithm)) {
        return Err(invalid(
            "the signature does not match a key of the application",
        ));
    }

    for name in ["iss", "sub"] {
        if signed.claim_text(name) != Some(&application.client_id) {
            return Err(invalid(&format!("{name}: expected the client id")));
        }
    }
    let audience = signed.claim_text("aud").unwrap_or_default();
    if audience != context.issuer && audience != context.token_url {
        return Err(invalid(&format!("aud: expected {}", context.issuer)));
    }
    let expires_at = signed
        .claim_number("exp")
        .ok_or_else(|| invalid("exp: expected an integer number of seconds"))?;
    if expires_at <= context.now {
        return Err(invalid("exp: the assertion has expired"));
    }
    if expires_at > context.now.saturating_add(MAX_LIFETIME) {
        return Err(invalid("exp: expected at most 5 minutes in the future"));
    }
    for name in ["iat", "nbf"] {
        match signed.claim_number(name) {
            Some(time) if time > context.now => {
                return Err(invalid(&format!(
                    "{name}: expected a time in the past, found one in the future"
                )));
            }
            None if signed.has_claim(name) => {
                return Err(invalid(&format!(
                    "{name}: expected an integer number of seconds"
                )));
            }
            _ => {}
        }
    }
    let id = signed.claim_text("jti").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| invalid("jti: missing"))?;
    // The length prefix makes the pair of client id and `jti` unambiguous.
    let id = format!(
        "{} {} {id}",
        application.client_id.len(),
        application.client_id
    );
    if !replay_cache.insert(id, expires_at, context.now) {
        return Err(invalid("jti: expected a new value, found a used one"));
    }
    Ok(())
}

fn parse(assertion: &str) -> Result<UnverifiedJwt<'_>, OAuthError> {
    UnverifiedJwt::parse(assertion).ok_or_else(|| invalid("expected a JWT"))
}

fn invalid(reason: &str) -> OAuthError {
    OAuthError::invalid_client(format!("client_assertion: {reason}"))
}
