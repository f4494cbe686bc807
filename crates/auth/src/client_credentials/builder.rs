//! The settings of client credentials, and what can be wrong with them.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::BoxFuture;

use super::{ClientCredentials, ClientCredentialsGrant, Inner};
use crate::application::{Needs, Settings, setters};
use crate::cache::{Cache, Timing};
use crate::error::Error;
use crate::store::{Share, TokenStore};

/// The settings of a [`ClientCredentials`]; made by [`ClientCredentials::builder`].
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

    /// The API that the token is for, by its identifier. Required. White space around it is removed.
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

    /// How long before its end a token is replaced; 60 s unless said otherwise. It is at most a tenth of the
    /// token's lifetime, with up to 25 % random jitter added. Callers use the old token while the new one is fetched.
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

    /// How long a refusal, such as that of a wrong secret, is given to all callers without asking again; 10 s unless said
    /// otherwise. Failures of the server and of the network are not remembered; a used-up quota is, until the server
    /// has tokens again, but no longer than a minute.
    pub fn remember_refusals_for(mut self, time: Duration) -> Self {
        self.timing.refusal = time;
        self
    }

    /// Where the token is kept besides the memory of this source, so that other processes and the next run of the program
    /// find it; nowhere unless said otherwise. Sources may share a store: each has its own key in it, made from all that
    /// tells their tokens apart.
    ///
    /// A store that fails keeps nobody from getting a token, it is only fetched anew:
    /// [`store_failure`](ClientCredentials::store_failure) has the error, and it is logged as a warning.
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Checks the settings. No request is made.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) that names every setting that is missing or wrong.
    pub fn build(mut self) -> Result<ClientCredentials, Error> {
        self.audience = self.audience.trim().to_owned();
        self.organization = self.organization.map(|text| text.trim().to_owned());
        let faults = self.faults();
        let clock = self.settings.clock.clone();
        let sleeper = self.settings.sleeper.clone();
        let application = self.settings.build(Needs::Proof, faults)?;
        let owner = (application.domain.clone(), application.client_id.clone());
        let grant = Arc::new(ClientCredentialsGrant {
            application,
            audience: self.audience,
            scope: self.scope,
            organization: self.organization,
            quotas: Mutex::new(None),
        });
        let share = self.store.map(|store| {
            let (clock, key) = (clock.clone(), grant.key());
            let dpop = grant.application.dpop.clone();
            Arc::new(Share::new(store, key, dpop, clock, sleeper, self.timing))
        });
        let (fetched, shared) = (grant.clone(), share.clone());
        let fetch = Box::new(move |need| -> BoxFuture<'static, _> {
            let grant = fetched.clone();
            let fetch = async move { grant.fetch().await };
            match shared.clone() {
                Some(share) => Box::pin(async move { share.token(need, fetch).await }),
                None => Box::pin(fetch),
            }
        });
        Ok(ClientCredentials(Arc::new(Inner {
            grant,
            share,
            cache: Cache::new(fetch, clock, self.timing, owner),
        })))
    }

    /// What is wrong with the settings that are this grant's own.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.audience.is_empty() {
            faults.push("audience is missing".to_owned());
        }
        if self.organization.as_ref().is_some_and(String::is_empty) {
            faults.push("organization: expected an id or a name, found an empty text".into());
        }
        if self.timing.fallback_lifetime.is_zero() {
            faults.push("fallback_lifetime: expected more than 0 s, found 0 s".into());
        }
        faults
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
