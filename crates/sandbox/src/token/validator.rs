//! Validation of access tokens: signature, issuer, audience, expiry, key binding and scopes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue};

use super::dpop::{DpopVerifier, ProofError, ProofTarget};
use crate::api::Audiences;
use crate::document::Operation;
use crate::problem::Problem;
use crate::token::{AccessTokenClaims, RevokedTokens, SigningKey};

/// Capacity of the claims cache. Beyond it, signatures are verified again.
const MAX_CACHED_CLAIMS: usize = 1024;

/// The client of a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) name: String,
    /// Scopes of the access token.
    pub(crate) scopes: BTreeSet<String>,
    /// The organization that the access token is bound to.
    pub(crate) organization: Option<String>,
}

impl Caller {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }
}

/// Validates the access tokens of calls.
pub(crate) struct TokenValidator {
    key: &'static SigningKey,
    issuer: String,
    audiences: Audiences,
    /// Names of the applications by client id.
    names: HashMap<String, String>,
    revoked: Arc<RevokedTokens>,
    dpop_verifier: DpopVerifier,
    /// Claims by token. A valid signature stays valid; everything else is checked in every call.
    claims_cache: Mutex<HashMap<String, Arc<AccessTokenClaims>>>,
}

impl TokenValidator {
    pub(crate) fn new(
        key: &'static SigningKey,
        issuer: String,
        audiences: Audiences,
        names: HashMap<String, String>,
        revoked: Arc<RevokedTokens>,
        dpop_verifier: DpopVerifier,
    ) -> Self {
        Self {
            key,
            issuer,
            audiences,
            names,
            revoked,
            dpop_verifier,
            claims_cache: Mutex::default(),
        }
    }

    /// Revokes all tokens up to `number`.
    pub(crate) fn revoke_up_to(&self, number: u64) {
        self.revoked.add_up_to(number);
    }

    /// The current nonce of DPoP proofs, if nonces are required.
    pub(crate) fn nonce(&self, now: i64) -> Option<String> {
        self.dpop_verifier.nonce(now)
    }

    /// Returns the caller if the token is valid at `now` (seconds since the Unix epoch) and has the scopes of the
    /// operation.
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
                    // A client that uses DPoP receives a DPoP challenge.
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
            return invalid("the token has another issuer");
        }
        if claims.aud != self.audiences.of(operation.api) {
            return invalid("the token has another audience");
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

    /// Checks that a token bound to the key `jkt` comes with a proof of that key, and that an unbound token is sent as
    /// Bearer.
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
                "the token is bound to a key: expected the DPoP scheme",
            ),
            (Scheme::Dpop, None) => invalid(
                "invalid_token",
                "the token is not bound to a key: expected the Bearer scheme",
            ),
            (Scheme::Dpop, Some(jkt)) => {
                match self.dpop_verifier.verify_headers(headers, request) {
                    Ok(Some(thumbprint)) if thumbprint == jkt => Ok(()),
                    Ok(Some(_)) => invalid("invalid_token", "the token is bound to another key"),
                    Ok(None) => invalid("invalid_dpop_proof", "the DPoP header is missing"),
                    Err(ProofError::Invalid(reason)) => invalid("invalid_dpop_proof", reason),
                    Err(ProofError::NonceRequired) => invalid(
                        "use_dpop_nonce",
                        "nonce: expected the value of the DPoP-Nonce header",
                    ),
                }
            }
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
            Problem::unauthorized(Some("invalid_token"), "the token has an invalid signature")
        })?;
        let claims = Arc::new(claims);
        if claims_cache.len() >= MAX_CACHED_CLAIMS {
            claims_cache.clear();
        }
        claims_cache.insert(token.to_owned(), Arc::clone(&claims));
        Ok(claims)
    }
}

/// Authentication scheme of an access token.
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
            "the Authorization header is missing",
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

/// The user name and password of Basic authentication, both form-decoded as RFC 6749 requires.
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
    // Parses the text as the value of a form with one unnamed field. An unencoded `&` would end the value, so it is
    // escaped.
    let form = format!("={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
