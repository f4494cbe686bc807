//! The builder of client credentials and its validation.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::BoxFuture;

use super::{ClientCredentials, ClientCredentialsGrant, Inner};
use crate::application::{Needs, Settings, setters};
use crate::cache::{Cache, Timing};
use crate::error::Error;
use crate::store::{SharedToken, TokenStore};

/// A builder of [`ClientCredentials`], created by [`ClientCredentials::builder`] or [`ClientCredentials::from_env`].
///
/// ```
/// use std::time::Duration;
///
/// use auth0_auth::{ClientCredentials, RetryPolicy};
///
/// # fn example() -> Result<(), auth0_auth::Error> {
/// let source = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .client_secret("YOUR_CLIENT_SECRET")
///     .audience("https://acme.teams.auth0.com/api/")
///     .leeway(Duration::from_secs(120))
///     .timeout(Duration::from_secs(10))
///     .retry(RetryPolicy::never())
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientCredentialsBuilder {
    settings: Settings,
    audience: String,
    scope: String,
    organization: Option<String>,
    timing: Timing,
    store: Option<Arc<dyn TokenStore>>,
}

impl ClientCredentialsBuilder {
    pub(super) fn new(domain: String) -> Self {
        Self {
            settings: Settings::new(domain),
            audience: String::new(),
            scope: String::new(),
            organization: None,
            timing: Timing::default(),
            store: None,
        }
    }

    setters!();

    /// Sets the identifier of the API that the token is for. Required. Surrounding white space is removed.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Adds scopes to request, separated by spaces. Default: none, in which case Auth0 grants all scopes that the client is
    /// authorized for.
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        for scope in scope.as_ref().split_ascii_whitespace() {
            if !self.scope.is_empty() {
                self.scope.push(' ');
            }
            self.scope.push_str(scope);
        }
        self
    }

    /// Sets the organization that the token is for, by ID or name.
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// Sets how long before its expiry a token is refreshed. Default: 60 s. It is capped at a tenth of the token's lifetime,
    /// with up to 25 % random jitter added. Callers use the old token while the new one is fetched.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.timing.leeway = leeway;
        self
    }

    /// Sets the lifetime of a token whose response has no `expires_in`. Default: 300 s.
    ///
    /// Auth0 does not document the lifetime of every API's tokens. The default is half of the shortest one that it documents
    /// (600 s). If a token expires sooner, it is replaced when the API returns 401.
    pub fn fallback_lifetime(mut self, lifetime: Duration) -> Self {
        self.timing.fallback_lifetime = lifetime;
        self
    }

    /// Sets how long a rejection, such as that of a wrong secret, is returned to all callers without a new request. Default:
    /// 10 s.
    ///
    /// Server and network failures are not cached. An exceeded quota is cached until its reset, but for at most one minute.
    pub fn cache_rejections_for(mut self, time: Duration) -> Self {
        self.timing.rejection = time;
        self
    }

    /// Sets a store that keeps the token for other processes and for the next run of the program. Default: none.
    ///
    /// Several can share: each uses its own key, derived from everything that distinguishes their tokens.
    ///
    /// A failing store never fails a call; the token is fetched instead. The failure is logged as a warning, and
    /// [`store_failure`](ClientCredentials::store_failure) returns it.
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Validates the settings and builds the source. No request is sent.
    ///
    /// # Errors
    ///
    /// Returns a [configuration error](Error::is_configuration) that names every missing or invalid setting.
    pub fn build(mut self) -> Result<ClientCredentials, Error> {
        self.audience = self.audience.trim().to_owned();
        self.organization = self.organization.map(|text| text.trim().to_owned());
        let problems = self.problems();
        let clock = self.settings.clock.clone();
        let sleeper = self.settings.sleeper.clone();
        let application = self.settings.build(Needs::Proof, problems)?;
        let owner = (application.domain.clone(), application.client_id.clone());
        let grant = Arc::new(ClientCredentialsGrant {
            application,
            audience: self.audience,
            scope: self.scope,
            organization: self.organization,
            quotas: Mutex::new(None),
        });
        let shared_token = self.store.map(|store| {
            let (clock, key) = (clock.clone(), grant.key());
            let dpop = grant.application.dpop.clone();
            Arc::new(SharedToken::new(
                store,
                key,
                dpop,
                clock,
                sleeper,
                self.timing,
            ))
        });
        let (fetched, shared) = (grant.clone(), shared_token.clone());
        let fetch = Box::new(move |need| -> BoxFuture<'static, _> {
            let grant = fetched.clone();
            let fetch = async move { grant.fetch().await };
            match shared.clone() {
                Some(shared_token) => {
                    Box::pin(async move { shared_token.token(need, fetch).await })
                }
                None => Box::pin(fetch),
            }
        });
        Ok(ClientCredentials(Arc::new(Inner {
            grant,
            shared_token,
            cache: Cache::new(fetch, clock, self.timing, owner),
        })))
    }

    /// Returns the problems of the settings that are specific to this grant.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.audience.is_empty() {
            problems.push("audience is missing".to_owned());
        }
        if self.organization.as_ref().is_some_and(String::is_empty) {
            problems.push("organization: expected an ID or a name, found an empty string".into());
        }
        if self.timing.fallback_lifetime.is_zero() {
            problems.push("fallback_lifetime: expected more than 0 s, found 0 s".into());
        }
        problems
    }
}

impl fmt::Debug for ClientCredentialsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("ClientCredentialsBuilder");
        self.settings.debug(&mut f);
        f.field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}
