//! What a call's token is worth: signature, issuer, audience, expiry and scopes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue};

use super::dpop::{DpopVerifier, ProofError, ProofTarget};
use crate::api::Audiences;
use crate::document::Operation;
use crate::problem::Problem;
use crate::token::{AccessTokenClaims, RevokedTokens, SigningKey};

/// How many tokens' signatures are remembered. Programs that take more tokens than this pay for checking them.
const MAX_CACHED_CLAIMS: usize = 1024;

/// Who makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) name: String,
    /// The scopes of its token.
    pub(crate) scopes: BTreeSet<String>,
    /// The organization that its token is bound to.
    pub(crate) organization: Option<String>,
}

impl Caller {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }
}

/// Decides which calls are let in.
pub(crate) struct TokenValidator {
    key: &'static SigningKey,
    issuer: String,
    audiences: Audiences,
    /// Applications' names by client id.
    names: HashMap<String, String>,
    revoked: Arc<RevokedTokens>,
    proofs: DpopVerifier,
    /// Claims by token. A signature that was right once is right for ever; all else is looked at in every call.
    claims_cache: Mutex<HashMap<String, Arc<AccessTokenClaims>>>,
}

impl TokenValidator {
    pub(crate) fn new(
        key: &'static SigningKey,
        issuer: String,
        audiences: Audiences,
        names: HashMap<String, String>,
        revoked: Arc<RevokedTokens>,
        proofs: DpopVerifier,
    ) -> Self {
        Self {
            key,
            issuer,
            audiences,
            names,
            revoked,
            proofs,
            claims_cache: Mutex::default(),
        }
    }

    /// From now on the tokens up to `number` are refused.
    pub(crate) fn revoke_up_to(&self, number: u64) {
        self.revoked.add_up_to(number);
    }

    /// The nonce that proofs have to have from now on, if they need any.
    pub(crate) fn nonce(&self, now: i64) -> Option<String> {
        self.proofs.nonce(now)
    }

    /// Who calls, if the token is valid at `now` (seconds since 1970) and has the scopes of the operation.
    pub(crate) fn validate(
        &self,
        headers: &HeaderMap,
        operation: &Operation,
        path: &str,
        now: i64,
    ) -> Result<Caller, Problem> {
        let (scheme, token) = credentials(headers)?;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let request = ProofTarget {
            method: operation.method.as_str(),
            url: &format!("http://{}{path}", host.unwrap_or_default()),
            token: Some(token),
            now,
        };
        self.validate_token(headers, operation, scheme, &request, token)
            .map_err(|mut problem| {
                if scheme == Scheme::Dpop {
                    // Whoever tries this scheme is answered in it.
                    problem.challenge = problem
                        .challenge
                        .map(|challenge| challenge.replacen("Bearer ", "DPoP algs=\"ES256\", ", 1));
                }
                problem
            })
    }

    fn validate_token(
        &self,
        headers: &HeaderMap,
        operation: &Operation,
        scheme: Scheme,
        request: &ProofTarget<'_>,
        token: &str,
    ) -> Result<Caller, Problem> {
        let now = request.now;
        let claims = self.claims(token)?;
        let invalid = |reason: &str| Err(Problem::unauthorized(Some("invalid_token"), reason));
        if claims.iss != self.issuer {
            return invalid("the token comes from another issuer");
        }
        if claims.aud != self.audiences.of(operation.api) {
            return invalid("the token is for another audience");
        }
        if claims.exp <= now {
            return invalid("the token has expired");
        }
        if self.revoked.contains(claims.jti) {
            return invalid("the token was revoked");
        }
        let jkt = claims.cnf.as_ref().map(|cnf| cnf.jkt.as_str());
        self.check_binding(headers, scheme, request, jkt)?;
        let granted: BTreeSet<&str> = claims.scope.split_ascii_whitespace().collect();
        let has = |set: &Vec<String>| set.iter().all(|scope| granted.contains(scope.as_str()));
        if !operation.scopes.is_empty() && !operation.scopes.iter().any(has) {
            return Err(insufficient_scope(operation));
        }
        Ok(Caller {
            client_id: claims.azp.clone(),
            name: self.names.get(&claims.azp).cloned().unwrap_or_default(),
            scopes: granted.into_iter().map(str::to_owned).collect(),
            organization: claims.org_id.clone(),
        })
    }

    /// Whether a token that is bound to the key `jkt` comes from who has it, and one that is bound to none as Bearer.
    fn check_binding(
        &self,
        headers: &HeaderMap,
        scheme: Scheme,
        request: &ProofTarget<'_>,
        jkt: Option<&str>,
    ) -> Result<(), Problem> {
        let invalid = |error, reason: &str| Err(Problem::unauthorized(Some(error), reason));
        match (scheme, jkt) {
            (Scheme::Bearer, None) => Ok(()),
            (Scheme::Bearer, Some(_)) => invalid(
                "invalid_token",
                "the token is bound to a key: expected the scheme DPoP",
            ),
            (Scheme::Dpop, None) => invalid(
                "invalid_token",
                "the token is bound to no key: expected the scheme Bearer",
            ),
            (Scheme::Dpop, Some(jkt)) => match self.proofs.verify_headers(headers, request) {
                Ok(Some(thumbprint)) if thumbprint == jkt => Ok(()),
                Ok(Some(_)) => invalid("invalid_token", "the token is bound to another key"),
                Ok(None) => invalid("invalid_dpop_proof", "there is no DPoP header"),
                Err(ProofError::Invalid(reason)) => invalid("invalid_dpop_proof", reason),
                Err(ProofError::NonceRequired) => {
                    invalid("use_dpop_nonce", "nonce: expected that of DPoP-Nonce")
                }
            },
        }
    }

    fn claims(&self, token: &str) -> Result<Arc<AccessTokenClaims>, Problem> {
        let mut claims_cache = self
            .claims_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = claims_cache.get(token) {
            return Ok(Arc::clone(claims));
        }
        let claims = self.key.claims(token).ok_or_else(|| {
            Problem::unauthorized(Some("invalid_token"), "the token's signature is not valid")
        })?;
        let claims = Arc::new(claims);
        if claims_cache.len() >= MAX_CACHED_CLAIMS {
            claims_cache.clear();
        }
        claims_cache.insert(token.to_owned(), Arc::clone(&claims));
        Ok(claims)
    }
}

/// How a token is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

fn credentials(headers: &HeaderMap) -> Result<(Scheme, &str), Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Problem::unauthorized(
            None,
            "there is no Authorization header",
        ));
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        let bearer = is("bearer").then_some(Scheme::Bearer);
        let scheme = bearer.or_else(|| is("dpop").then_some(Scheme::Dpop))?;
        Some((scheme, token.trim()))
    });
    match token.filter(|(_, token)| !token.is_empty() && values.next().is_none()) {
        Some(token) => Ok(token),
        None => Err(Problem::unauthorized(
            Some("invalid_request"),
            "expected one Authorization header of the form: Bearer TOKEN",
        )),
    }
}

fn insufficient_scope(operation: &Operation) -> Problem {
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
pub(super) fn basic_credentials(value: &HeaderValue) -> Option<(String, String)> {
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
