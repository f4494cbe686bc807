//! Client authentication.

use std::collections::HashMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::assertion;
use super::jwt::ReplayCache;
use super::validator::basic_credentials;
use super::{OAuthError, OAuthParameters};
use crate::application::{Application, Authentication};

/// The registered applications.
pub(crate) struct Clients {
    pub(super) issuer: String,
    pub(super) token_url: String,
    /// By client id.
    applications: HashMap<String, Application>,
    replay_cache: ReplayCache,
}

impl Clients {
    pub(crate) fn new(issuer: String, applications: HashMap<String, Application>) -> Self {
        Self {
            token_url: format!("{issuer}oauth/token"),
            issuer,
            applications,
            replay_cache: ReplayCache::default(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Application> {
        self.applications.get(id)
    }

    /// Authenticates the application at `now` (seconds since the Unix epoch). Native applications are identified only.
    pub(super) fn authenticate(
        &self,
        headers: &HeaderMap,
        parameters: &OAuthParameters,
        now: i64,
    ) -> Result<&Application, OAuthError> {
        let mut in_headers = headers.get_all(AUTHORIZATION).iter();
        let in_header = in_headers.next();
        if in_headers.next().is_some() {
            return Err(OAuthError::invalid_request(
                "expected one Authorization header, found several",
            ));
        }
        let secret = parameters.get("client_secret");
        let assertion = parameters.get("client_assertion");
        let methods: Vec<&str> = [
            ("Authorization", in_header.is_some()),
            ("client_secret", secret.is_some()),
            ("client_assertion", assertion.is_some()),
        ]
        .into_iter()
        .filter_map(|(method, is_there)| is_there.then_some(method))
        .collect();
        if methods.len() > 1 {
            return Err(OAuthError::invalid_request(format!(
                "expected one client authentication method, found {}",
                methods.join(" and ")
            )));
        }
        if let Some(value) = in_header {
            let (id, secret) = basic_credentials(value).ok_or_else(|| unknown_client(true))?;
            if parameters.get("client_id").is_some_and(|other| other != id) {
                return Err(OAuthError::invalid_request(
                    "client_id differs from that of the Authorization header",
                ));
            }
            return self
                .by_secret(&id, &secret)
                .ok_or_else(|| unknown_client(true));
        }
        if let Some(assertion) = assertion {
            return self.by_assertion(assertion, parameters, now);
        }
        let id = parameters.required("client_id")?;
        match (secret, self.get(id)) {
            (Some(secret), _) => self
                .by_secret(id, secret)
                .ok_or_else(|| unknown_client(false)),
            (None, Some(application)) => match application.authentication {
                Authentication::Public => Ok(application),
                Authentication::Keys(_) => {
                    Err(OAuthError::invalid_request("client_assertion is missing"))
                }
                Authentication::Secret(_) => {
                    Err(OAuthError::invalid_request("client_secret is missing"))
                }
            },
            (None, None) => Err(OAuthError::invalid_request("client_secret is missing")),
        }
    }

    fn by_secret(&self, id: &str, secret: &str) -> Option<&Application> {
        self.get(id)
            .filter(|application| application.secret() == Some(secret))
    }

    fn by_assertion(
        &self,
        assertion: &str,
        parameters: &OAuthParameters,
        now: i64,
    ) -> Result<&Application, OAuthError> {
        if parameters.required("client_assertion_type")? != assertion::ASSERTION_TYPE {
            return Err(OAuthError::invalid_client(format!(
                "client_assertion_type: expected {}",
                assertion::ASSERTION_TYPE
            )));
        }
        let subject = assertion::client_id(assertion)?;
        let id = parameters.get("client_id").unwrap_or(&subject);
        let application = self
            .get(id)
            .ok_or_else(|| OAuthError::invalid_client("client_assertion: unknown client id"))?;
        let Authentication::Keys(keys) = &application.authentication else {
            return Err(OAuthError::invalid_client(
                "client_assertion: the application has no public key",
            ));
        };
        let context = assertion::AssertionContext {
            issuer: &self.issuer,
            token_url: &self.token_url,
            now,
        };
        assertion::verify(assertion, application, keys, &context, &self.replay_cache)?;
        Ok(application)
    }
}

fn unknown_client(challenge: bool) -> OAuthError {
    OAuthError {
        challenge,
        ..OAuthError::invalid_client("client_id or client_secret is invalid")
    }
}
