//! What a call's token is worth: signature, issuer, audience, expiry and scopes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::answer::Problem;
use crate::document::Operation;
use crate::token::{Claims, Key, Revoked};

/// How many tokens' signatures are remembered. Programs that take more tokens than this pay for checking them.
const REMEMBERED: usize = 1024;

/// Who makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) name: String,
}

/// Decides which calls are let in.
pub(crate) struct Access {
    key: &'static Key,
    issuer: String,
    audience: String,
    /// Applications' names by client id.
    names: HashMap<String, String>,
    revoked: Arc<Revoked>,
    /// Claims by token. A signature that was right once is right for ever; all else is looked at in every call.
    known: Mutex<HashMap<String, Arc<Claims>>>,
}

impl Access {
    pub(crate) fn new(
        key: &'static Key,
        issuer: String,
        audience: String,
        names: HashMap<String, String>,
        revoked: Arc<Revoked>,
    ) -> Self {
        Self {
            key,
            issuer,
            audience,
            names,
            revoked,
            known: Mutex::default(),
        }
    }

    /// From now on the tokens up to `number` are refused.
    pub(crate) fn revoke_up_to(&self, number: u64) {
        self.revoked.add_up_to(number);
    }

    /// Who calls, if the token is valid at `now` (seconds since 1970) and has the scopes of the operation.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        operation: &Operation,
        now: i64,
    ) -> Result<Caller, Problem> {
        let token = bearer(headers)?;
        let claims = self.claims(token)?;
        let refuse = |why: &str| Err(Problem::unauthorized(Some("invalid_token"), why));
        if claims.iss != self.issuer {
            return refuse("the token comes from another issuer");
        }
        if claims.aud != self.audience {
            return refuse("the token is for another audience");
        }
        if claims.exp <= now {
            return refuse("the token has expired");
        }
        if self.revoked.contains(claims.jti) {
            return refuse("the token was revoked");
        }
        let granted: BTreeSet<&str> = claims.scope.split_ascii_whitespace().collect();
        let has = |set: &Vec<String>| set.iter().all(|scope| granted.contains(scope.as_str()));
        if !operation.scopes.is_empty() && !operation.scopes.iter().any(has) {
            return Err(insufficient(operation));
        }
        Ok(Caller {
            client_id: claims.azp.clone(),
            name: self.names.get(&claims.azp).cloned().unwrap_or_default(),
        })
    }

    fn claims(&self, token: &str) -> Result<Arc<Claims>, Problem> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = known.get(token) {
            return Ok(Arc::clone(claims));
        }
        let claims = self.key.claims(token).ok_or_else(|| {
            Problem::unauthorized(Some("invalid_token"), "the token's signature is not valid")
        })?;
        let claims = Arc::new(claims);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(token.to_owned(), Arc::clone(&claims));
        Ok(claims)
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Problem::unauthorized(
            None,
            "there is no Authorization header",
        ));
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token.filter(|token| !token.is_empty() && values.next().is_none()) {
        Some(token) => Ok(token),
        None => Err(Problem::unauthorized(
            Some("invalid_request"),
            "expected one Authorization header of the form: Bearer TOKEN",
        )),
    }
}

fn insufficient(operation: &Operation) -> Problem {
    let alternatives: Vec<_> = operation.scopes.iter().map(|set| set.join(" ")).collect();
    let mut problem = Problem::forbidden("INSUFFICIENT_SCOPE", "The token lacks a scope")
        .details(format!("expected {}", alternatives.join(" or ")));
    problem.challenge = Some(format!(
        "Bearer error=\"insufficient_scope\", scope=\"{}\"",
        alternatives.first().map(String::as_str).unwrap_or_default()
    ));
    problem
}

/// The parts of Basic authentication: user name and password, both percent-decoded as RFC 6749 asks for.
pub(super) fn basic(value: &HeaderValue) -> Option<(String, String)> {
    use base64::Engine as _;
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = base64::engine::general_purpose::STANDARD
        .decode(credentials.trim())
        .ok()?;
    let text = String::from_utf8(text).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((form_decoded(name), form_decoded(password)))
}

fn form_decoded(text: &str) -> String {
    // The value of a form that has no other. `&` would end it: it belongs to the text of who did not encode it.
    let form = format!("={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
