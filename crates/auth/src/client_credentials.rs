//! The client credentials grant of RFC 6749 §4.4.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use auth0_core::{AccessToken, BoxFuture, HttpClient, RetrySafety, TokenError, TokenSource};

use crate::answer::Grant;
use crate::application::Application;
use crate::cache::Cache;
use crate::discovery::Endpoint;
use crate::error::Error;
use crate::form::Form;
use crate::quota::TokenQuotas;
use crate::store::{Share, StoreError, TokenKey};

mod builder;
mod env;

pub use builder::ClientCredentialsBuilder;

/// Tokens for a program that acts for itself, had with its client id and a proof of who it is, and kept in memory.
///
/// Cloning is cheap, and all clones share one token.
///
/// ```
/// use auth0_auth::{ClientAuthentication, ClientCredentials};
///
/// # fn example() -> Result<(), auth0_auth::Error> {
/// let source = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .client_id("the client's id")
///     .client_secret("the client's secret")
///     .audience("https://acme.teams.auth0.com/api/")
///     .scope("read:members read:tenants")
///     .authentication(ClientAuthentication::SecretBasic)
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientCredentials(Arc<Inner>);

struct Inner {
    grant: Arc<ClientCredentialsGrant>,
    share: Option<Arc<Share>>,
    cache: Cache,
}

impl ClientCredentials {
    /// Starts with the domain of the tenant that grants the tokens: a bare host name, such as
    /// `acme.us.auth0.com`.
    pub fn builder(domain: impl Into<String>) -> ClientCredentialsBuilder {
        ClientCredentialsBuilder::new(domain.into())
    }

    /// What the last token answer said of the quotas of tokens; nothing if it said nothing, or there was none yet.
    pub fn quotas(&self) -> Option<TokenQuotas> {
        self.0
            .grant
            .quotas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for the token request in flight, if there is one; starts none. A token is replaced in the background shortly
    /// before it ends: a program that exits in the middle of that pays for a token that nobody gets. A request that fails
    /// is logged; the next call for a token gets its error if there is no valid token by then.
    pub async fn finish_refresh(&self) {
        self.0.cache.settled().await;
    }

    /// Why the [store](ClientCredentialsBuilder::store) did not do what it was last asked for; nothing if it did, or if
    /// there is none.
    pub fn store_failure(&self) -> Option<StoreError> {
        self.0.share.as_ref()?.failure()
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("domain", &self.0.grant.application.domain)
            .field("client_id", &self.0.grant.application.client_id)
            .field("audience", &self.0.grant.audience)
            .finish_non_exhaustive()
    }
}

impl TokenSource for ClientCredentials {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(async { Ok(self.0.cache.token().await?) })
    }

    fn accepted(&self, token: &AccessToken) {
        self.0.cache.accepted(token.id());
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        // First here: once the cache lets go of it, the next caller may look into the store at once.
        if let Some(share) = &self.0.share {
            share.refuse(token);
        }
        self.0.cache.rejected(token.id())
    }

    fn inherit_http_client(&self, client: &HttpClient) {
        self.0
            .grant
            .application
            .exchange
            .http_client
            .inherit(client);
    }
}

/// The grant: everything that one request is made from.
struct ClientCredentialsGrant {
    application: Application,
    audience: String,
    scope: String,
    organization: Option<String>,
    quotas: Mutex<Option<TokenQuotas>>,
}

impl ClientCredentialsGrant {
    /// All that tells its tokens from others.
    fn key(&self) -> TokenKey {
        TokenKey {
            issuer: self.application.server.granter().to_owned(),
            parameters: self.application.digest_of_parameters(),
            ..self.application.token_key(
                Some(&self.audience),
                self.organization.as_deref(),
                &self.scope,
            )
        }
    }

    async fn fetch(&self) -> Result<Grant, Error> {
        let form = Form::of_grant("client_credentials")
            .field("audience", &self.audience)
            .optional("scope", Some(&self.scope))
            .optional("organization", self.organization.as_deref());
        let result = self.request(&form).await;
        let (domain, audience) = (&self.application.domain, &self.audience);
        match &result {
            Ok(grant) => {
                let lifetime_s = grant.lifetime.map(|lifetime| lifetime.as_secs());
                tracing::debug!(domain, audience, lifetime_s, "access token fetched");
            }
            Err(error) => tracing::debug!(domain, audience, %error, "access token not fetched"),
        }
        result
    }

    async fn request(&self, form: &Form) -> Result<Grant, Error> {
        // A second token does no harm but what it costs.
        let read = self
            .application
            .post(Endpoint::Token, form, RetrySafety::Safe)
            .await?;
        *self.quotas.lock().unwrap_or_else(PoisonError::into_inner) = read.answer.quotas.clone();
        read.into_granted(&self.scope, |grant, _| Ok(grant))
    }
}
