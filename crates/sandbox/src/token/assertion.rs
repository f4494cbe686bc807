//! `private_key_jwt`: what a client signs to prove that it is the one (RFC 7523, as Auth0 has it).

use jsonwebtoken::Algorithm;

use super::Refusal;
use super::jws::{Once, Signed};
use crate::application::{Application, PublicKey};

pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How many seconds ahead an assertion may end.
const LONGEST: i64 = 300;

const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
];

/// Whose tokens they are, and when it is.
pub(super) struct At<'a> {
    pub(super) issuer: &'a str,
    pub(super) token_url: &'a str,
    /// In seconds since 1970.
    pub(super) now: i64,
}

/// The client that an assertion says it is of.
pub(super) fn client_id(assertion: &str) -> Result<String, Refusal> {
    let signed = read(assertion)?;
    let subject = signed.text("sub").ok_or_else(|| wrong("sub is missing"))?;
    Ok(subject.to_owned())
}

/// Checks an assertion in full. Its `jti` is spent then.
pub(super) fn check(
    assertion: &str,
    application: &Application,
    keys: &[PublicKey],
    at: &At<'_>,
    spent: &Once,
) -> Result<(), Refusal> {
    let signed = read(assertion)?;
    let name = signed.header_text("alg").unwrap_or_default();
    let algorithm = ALGORITHMS.iter().find(|(known, _)| *known == name);
    let &(name, algorithm) = algorithm
        .ok_or_else(|| wrong("alg: expected RS256, RS384, PS256, PS384, ES256 or ES384"))?;
    let kid = signed.header_text("kid");
    let is_meant =
        |key: &&PublicKey| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid;
    let mut meant = keys.iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        return Err(wrong("kid: the application has no such key"));
    }
    let mut meant = meant
        .filter(|key| key.algorithms.contains(&name))
        .peekable();
    if meant.peek().is_none() {
        return Err(wrong("alg: the application has no key for it"));
    }
    if !meant.any(|key| signed.is_by(&key.key, algorithm)) {
        return Err(wrong("the signature is not by a key of the application"));
    }

    for name in ["iss", "sub"] {
        if signed.text(name) != Some(&application.client_id) {
            return Err(wrong(&format!("{name}: expected the client id")));
        }
    }
    let audience = signed.text("aud").unwrap_or_default();
    if audience != at.issuer && audience != at.token_url {
        return Err(wrong(&format!("aud: expected {}", at.issuer)));
    }
    let end = signed
        .number("exp")
        .ok_or_else(|| wrong("exp: expected a whole number of seconds"))?;
    if end <= at.now {
        return Err(wrong("exp: it has expired"));
    }
    if end > at.now.saturating_add(LONGEST) {
        return Err(wrong("exp: expected at most 5 minutes ahead"));
    }
    for name in ["iat", "nbf"] {
        match signed.number(name) {
            Some(time) if time > at.now => {
                return Err(wrong(&format!("{name}: it lies in the future")));
            }
            None if signed.has(name) => {
                return Err(wrong(&format!(
                    "{name}: expected a whole number of seconds"
                )));
            }
            _ => {}
        }
    }
    let id = signed.text("jti").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| wrong("jti is missing"))?;
    // A client id and a jti that run into each other are no others': lengths tell them apart.
    let id = format!(
        "{} {} {id}",
        application.client_id.len(),
        application.client_id
    );
    if !spent.take(id, end, at.now) {
        return Err(wrong(
            "jti: expected a new one, found one that was used before",
        ));
    }
    Ok(())
}

fn read(assertion: &str) -> Result<Signed<'_>, Refusal> {
    Signed::read(assertion).ok_or_else(|| wrong("expected a JWT"))
}

fn wrong(why: &str) -> Refusal {
    Refusal::invalid_client(format!("client_assertion: {why}"))
}
