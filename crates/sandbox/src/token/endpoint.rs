//! `/oauth/token`: client credentials of RFC 6749, with what Auth0 adds to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::access::{Claims, basic};
use super::quota::{TokenQuota, Usage};
use crate::answer::Answer;
use crate::application::Application;
use crate::clock::Clock;
use crate::token::Key;

/// What the endpoint grants, and to whom.
pub(crate) struct Settings {
    pub(crate) key: &'static Key,
    pub(crate) clock: Arc<Clock>,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// By client id.
    pub(crate) applications: HashMap<String, Application>,
    pub(crate) lifetime: Duration,
    pub(crate) quota: Option<TokenQuota>,
}

/// Grants tokens to the sandbox's applications.
pub(crate) struct TokenEndpoint {
    settings: Settings,
    /// What of the quota is used, by client id.
    usage: Mutex<HashMap<String, Usage>>,
    granted: AtomicU64,
}

/// An error of RFC 6749 §5.2.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<i64>,
    /// Whether the client tried Basic authentication, which a 401 then has to name.
    challenge: bool,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            retry_after: None,
            challenge: false,
        }
    }

    fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// A quota that is used up for so many seconds.
    pub(crate) fn quota(seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "The quota of tokens is used up",
            )
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let body = json!({"error": refusal.error, "error_description": refusal.description});
        let mut answer = Answer::json(refusal.status, &body);
        if let Some(seconds) = refusal.retry_after {
            answer = answer.with("retry-after", &seconds.to_string());
        }
        if refusal.challenge {
            answer = answer.with("www-authenticate", "Basic realm=\"sandbox\"");
        }
        uncached(answer)
    }
}

/// Nothing that the endpoint answers may be kept by a cache (RFC 6749 §5.1).
fn uncached(answer: Answer) -> Answer {
    answer
        .with("cache-control", "no-store")
        .with("pragma", "no-cache")
}

impl TokenEndpoint {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            usage: Mutex::default(),
            granted: AtomicU64::new(0),
        }
    }

    pub(crate) fn key(&self) -> &'static Key {
        self.settings.key
    }

    /// Whose tokens they are: the sandbox's URL, with a slash at its end.
    pub(crate) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The API that tokens are for.
    pub(crate) fn audience(&self) -> &str {
        &self.settings.audience
    }

    /// How many tokens were granted.
    pub(crate) fn granted(&self) -> u64 {
        self.granted.load(Ordering::SeqCst)
    }

    /// Answers a request. The token says that it lives `early` shorter than the answer says.
    pub(crate) fn answer(&self, headers: &HeaderMap, body: &Bytes, early: Duration) -> Answer {
        match self.grant(headers, body, early) {
            Ok(answer) => answer,
            Err(refusal) => refusal.into(),
        }
    }

    fn grant(&self, headers: &HeaderMap, body: &Bytes, early: Duration) -> Result<Answer, Refusal> {
        let parameters = parameters(headers, body)?;
        let get = |name: &str| parameters.get(name).map(String::as_str);
        let application = self.application(headers, &parameters)?;
        match get("grant_type") {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "unsupported_grant_type",
                    "expected grant_type client_credentials",
                ));
            }
            None => return Err(Refusal::invalid_request("grant_type is missing")),
        }
        match get("audience") {
            Some(audience) if audience == self.settings.audience => {}
            Some(audience) => {
                let description = format!("Service not found: {audience}");
                return Err(denied(description));
            }
            None => return Err(Refusal::invalid_request("audience is missing")),
        }
        let scope = granted(application, get("scope"))?;

        let now = self.settings.clock.now();
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = self.settings.quota.map(|quota| {
            let fresh = || Usage::new(quota);
            usage
                .entry(application.client_id.clone())
                .or_insert_with(fresh)
        });
        let mut header = None;
        if let Some(usage) = usage {
            let taken = usage.take(now);
            header = Some(usage.header(now));
            if let Err(wait) = taken {
                let answer = Answer::from(Refusal::quota(wait));
                return Ok(with_quota(answer, header));
            }
        }

        let lifetime = i64::try_from(self.settings.lifetime.as_secs()).unwrap_or(i64::MAX);
        let early = i64::try_from(early.as_secs()).unwrap_or(i64::MAX);
        let issued_at = now.timestamp();
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            sub: format!("{}@clients", application.client_id),
            aud: self.settings.audience.clone(),
            iat: issued_at,
            exp: issued_at.saturating_add(lifetime).saturating_sub(early),
            scope: scope.clone(),
            azp: application.client_id.clone(),
            gty: "client-credentials".to_owned(),
            jti: self.granted.fetch_add(1, Ordering::SeqCst) + 1,
        };
        let token = self.settings.key.sign(&claims).map_err(|error| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error)
        })?;
        let grant = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": scope,
        });
        let answer = uncached(Answer::json(StatusCode::OK, &grant));
        Ok(with_quota(answer, header))
    }

    /// The application that asks, which has proved that it knows its secret.
    fn application(
        &self,
        headers: &HeaderMap,
        parameters: &BTreeMap<String, String>,
    ) -> Result<&Application, Refusal> {
        let mut in_headers = headers.get_all(AUTHORIZATION).iter();
        let in_header = in_headers.next();
        if in_headers.next().is_some() {
            return Err(Refusal::invalid_request(
                "expected one Authorization header, found several",
            ));
        }
        let secret = parameters.get("client_secret");
        let (id, secret) = match (in_header, secret) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid_request(
                    "expected one way of client authentication, found client_secret and Authorization",
                ));
            }
            (Some(value), None) => {
                let (id, secret) = basic(value).ok_or_else(|| unknown_client(true))?;
                if parameters
                    .get("client_id")
                    .is_some_and(|other| *other != id)
                {
                    return Err(Refusal::invalid_request(
                        "client_id is another than that of the Authorization header",
                    ));
                }
                (id, secret)
            }
            (None, secret) => {
                let missing = |name: &str| Refusal::invalid_request(format!("{name} is missing"));
                let id = parameters
                    .get("client_id")
                    .ok_or_else(|| missing("client_id"))?;
                let secret = secret.ok_or_else(|| missing("client_secret"))?;
                (id.clone(), secret.clone())
            }
        };
        let known = self.settings.applications.get(&id);
        known
            .filter(|application| application.client_secret.expose_secret() == secret)
            .ok_or_else(|| unknown_client(in_header.is_some()))
    }
}

fn unknown_client(challenge: bool) -> Refusal {
    Refusal {
        challenge,
        ..Refusal::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "client_id or client_secret is wrong",
        )
    }
}

fn denied(description: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "access_denied", description)
}

/// The scopes that are granted: those that were asked for, or all that the application has.
fn granted(application: &Application, asked: Option<&str>) -> Result<String, Refusal> {
    let all = application.scopes.as_deref().unwrap_or_default();
    let has = |scope: &&str| all.iter().any(|granted| granted == scope);
    let asked: Vec<&str> = asked.unwrap_or_default().split_ascii_whitespace().collect();
    if asked.is_empty() {
        return Ok(all.join(" "));
    }
    let lacking: Vec<&str> = asked.iter().copied().filter(|scope| !has(scope)).collect();
    if lacking.is_empty() {
        Ok(asked.join(" "))
    } else {
        Err(denied(format!(
            "Client has not been granted scopes: {}",
            lacking.join(", ")
        )))
    }
}

fn with_quota(answer: Answer, header: Option<String>) -> Answer {
    match header {
        Some(header) => answer.with("auth0-client-quota-limit", &header),
        None => answer,
    }
}

/// The parameters of a request: a form, as RFC 6749 has it, or a JSON object, which Auth0 takes too.
fn parameters(headers: &HeaderMap, body: &Bytes) -> Result<BTreeMap<String, String>, Refusal> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    let pairs: Vec<(String, String)> = match content_type.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => url::form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        "application/json" => match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
            _ => return Err(Refusal::invalid_request("expected a JSON object")),
        },
        _ => {
            return Err(Refusal::invalid_request(
                "expected content type application/x-www-form-urlencoded or application/json",
            ));
        }
    };
    let mut parameters = BTreeMap::new();
    for (name, value) in pairs {
        // RFC 6749 §3.2: none more than once, and one without a value counts as absent.
        if value.is_empty() {
            continue;
        }
        if parameters.insert(name, value).is_some() {
            return Err(Refusal::invalid_request("a parameter is there twice"));
        }
    }
    Ok(parameters)
}
