//! The settings of client credentials, and what can be wrong with them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::time::{SharedClock, SystemTimer};
use auth0_core::{BoxFuture, HttpClient, SecretString};

use super::{ClientAuthentication, ClientCredentials, ClientCredentialsGrant, Inner};
use crate::cache::{Cache, Timing};
use crate::endpoint::{self, TokenEndpoint};
use crate::error::Error;

/// What the request itself consists of, so that an extra parameter can contradict none of it.
const RESERVED: [&str; 8] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "audience",
    "scope",
    "organization",
];

/// The settings of a [`ClientCredentials`]; made by [`ClientCredentials::builder`].
#[derive(Clone)]
#[must_use]
pub struct ClientCredentialsBuilder {
    domain: String,
    token_url: Option<String>,
    client_id: String,
    client_secret: SecretString,
    authentication: ClientAuthentication,
    audience: String,
    scope: String,
    organization: Option<String>,
    parameters: Vec<(String, SecretString)>,
    http_client: Option<HttpClient>,
    clock: SharedClock,
    timeout: Duration,
    timing: Timing,
}

impl ClientCredentialsBuilder {
    pub(super) fn new(domain: String) -> Self {
        Self {
            domain,
            token_url: None,
            client_id: String::new(),
            client_secret: SecretString::default(),
            authentication: ClientAuthentication::default(),
            audience: String::new(),
            scope: String::new(),
            organization: None,
            parameters: Vec::new(),
            http_client: None,
            clock: Arc::new(SystemTimer),
            timeout: Duration::from_secs(30),
            timing: Timing {
                leeway: Duration::from_secs(60),
                fallback_lifetime: Duration::from_secs(300),
            },
        }
    }

    /// The client's id. Required.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The client's secret. Required.
    pub fn client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secret = client_secret.into();
        self
    }

    /// The API that the token is for, by its identifier. Required.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Scopes to ask for, separated by spaces; a second call adds to the first. Without any, Auth0 grants
    /// all that the client may have.
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        for scope in scope.as_ref().split_ascii_whitespace() {
            if !self.scope.is_empty() {
                self.scope.push(' ');
            }
            self.scope.push_str(scope);
        }
        self
    }

    /// The organization that the token is for, by its id or name.
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// Adds a parameter to the request, such as a `resource` of RFC 8707. The value is treated as a secret.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// How the client proves who it is; [`ClientAuthentication::SecretPost`] unless said otherwise.
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// The HTTP client to use, instead of one made for this source.
    pub fn http_client(mut self, http_client: HttpClient) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// The clock that decides what has expired, instead of the system's.
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The token endpoint, instead of `https://{domain}/oauth/token`: https, or http on a loopback host.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// The longest that one request to the token endpoint may take; 30 s unless said otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long before its end a token is replaced; 60 s unless said otherwise. It is at most a tenth of the
    /// token's lifetime, and up to a quarter of it is added by lot.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.timing.leeway = leeway;
        self
    }

    /// How long a token is used that came without `expires_in`; 300 s unless said otherwise.
    ///
    /// Auth0 does not document the lifetime of every API's tokens. Five minutes is half of the shortest one that it
    /// does document (600 s); if a token ends sooner, the API's 401 has it replaced.
    pub fn fallback_lifetime(mut self, lifetime: Duration) -> Self {
        self.timing.fallback_lifetime = lifetime;
        self
    }

    /// Checks the settings. No request is made.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) that names every setting that is missing or wrong.
    pub fn build(self) -> Result<ClientCredentials, Error> {
        let mut faults = Vec::new();
        let mut note = |fault| faults.push(fault);
        // The domain has to be right even where another endpoint is used.
        let domain_url = endpoint::of_domain(&self.domain).map_err(&mut note);
        let url = match &self.token_url {
            Some(url) => endpoint::of_url(url).map_err(&mut note),
            None => domain_url,
        };
        faults.extend(self.faults());
        // Plain http is for this machine only, and a proxy would carry the secret to another.
        let default_client = match &url {
            Ok(url) if url.scheme() == "http" => HttpClient::direct,
            _ => HttpClient::new,
        };
        let http_client = self
            .http_client
            .map_or_else(default_client, Ok)
            .map_err(|error| {
                faults.push(format!(
                    "http_client: the default one cannot be made: {error}"
                ));
            });
        let (Ok(url), Ok(http_client), true) = (url, http_client, faults.is_empty()) else {
            return Err(Error::configuration(faults));
        };

        let grant = Arc::new(ClientCredentialsGrant {
            endpoint: TokenEndpoint {
                url,
                http_client,
                clock: self.clock.clone(),
                timeout: self.timeout,
            },
            domain: self.domain,
            client_id: self.client_id,
            client_secret: self.client_secret,
            authentication: self.authentication,
            audience: self.audience,
            scope: self.scope,
            organization: self.organization,
            parameters: self.parameters,
        });
        let fetched = grant.clone();
        let fetch = Box::new(move || -> BoxFuture<'static, _> {
            let grant = fetched.clone();
            Box::pin(async move { grant.fetch().await })
        });
        Ok(ClientCredentials(Arc::new(Inner {
            grant,
            cache: Cache::new(fetch, self.clock, self.timing),
        })))
    }

    /// What is wrong with the settings that are not addresses.
    fn faults(&self) -> Vec<String> {
        let missing = [
            ("client_id", self.client_id.is_empty()),
            ("client_secret", self.client_secret.is_empty()),
            ("audience", self.audience.is_empty()),
        ];
        let mut faults: Vec<String> = missing
            .iter()
            .filter(|(_, missing)| *missing)
            .map(|(name, _)| format!("{name} is missing"))
            .collect();
        if self.organization.as_ref().is_some_and(String::is_empty) {
            faults.push("organization: expected an id or a name, found an empty text".into());
        }
        for (name, _) in &self.parameters {
            if name.is_empty() {
                faults.push("parameter: expected a name, found an empty text".into());
            } else if RESERVED.contains(&name.as_str()) {
                faults.push(format!(
                    "parameter: expected an extra one, found {name}, which the grant sets itself"
                ));
            }
        }
        for (name, duration) in [
            ("fallback_lifetime", self.timing.fallback_lifetime),
            ("timeout", self.timeout),
        ] {
            if duration.is_zero() {
                faults.push(format!("{name}: expected more than 0 s, found 0 s"));
            }
        }
        faults
    }
}

impl fmt::Debug for ClientCredentialsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Domain and URL are left out because nobody has checked yet that they hold no password.
        f.debug_struct("ClientCredentialsBuilder")
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("authentication", &self.authentication)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}
