//! The client credentials grant (RFC 6749 §4.4).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use auth0_core::{AccessToken, BoxFuture, HttpClient, RetrySafety, TokenError, TokenSource};

use crate::application::Application;
use crate::cache::Cache;
use crate::discovery::Endpoint;
use crate::error::Error;
use crate::form::Form;
use crate::quota::TokenQuotas;
use crate::store::{SharedToken, StoreError, TokenKey};
use crate::token_response::Grant;

mod builder;
mod env;

pub use builder::ClientCredentialsBuilder;

/// A token source for an application without a user: the client credentials grant (RFC 6749 §4.4).
///
/// See the [guide](crate::docs::client_credentials) for setup, client authentication and errors. Tokens are cached in memory.
/// Cloning is cheap, and all clones share one token.
///
/// ```
/// use auth0_auth::{ClientAuthentication, ClientCredentials};
///
/// # fn example() -> Result<(), auth0_auth::Error> {
/// let source = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .client_secret("YOUR_CLIENT_SECRET")
///     .audience("https://acme.teams.auth0.com/api/")
///     .scope("read:members read:tenants")
///     .authentication(ClientAuthentication::SecretBasic)
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
#[doc(alias = "client credentials")]
#[doc(alias = "machine to machine")]
#[doc(alias = "m2m")]
#[doc(alias = "cache")]
#[derive(Clone)]
pub struct ClientCredentials(Arc<Inner>);

struct Inner {
    grant: Arc<ClientCredentialsGrant>,
    shared_token: Option<Arc<SharedToken>>,
    cache: Cache,
}

impl ClientCredentials {
    /// Creates a builder. `domain` is the domain of the tenant that grants the tokens: a bare host name such as
    /// `acme.us.auth0.com`.
    pub fn builder(domain: impl Into<String>) -> ClientCredentialsBuilder {
        ClientCredentialsBuilder::new(domain.into())
    }

    /// Returns the token quotas that the last response of the token endpoint reported, or `None` if it reported none or there
    /// was no response yet.
    ///
    /// ```
    /// # use auth0_auth::ClientCredentials;
    /// # fn example(source: &ClientCredentials) {
    /// for window in source.quotas().into_iter().flat_map(|quotas| quotas.client) {
    ///     println!("{}: {} of {} tokens left", window.name, window.remaining, window.quota);
    /// }
    /// # }
    /// ```
    pub fn quotas(&self) -> Option<TokenQuotas> {
        self.0
            .grant
            .quotas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for the token request in flight, if there is one. Starts none.
    ///
    /// A token is refreshed in the background shortly before it expires. A program that exits during the refresh pays for a token
    /// that it never uses. A failed request is logged; the next call for a token returns its error if there is no valid token by
    /// then.
    pub async fn finish_refresh(&self) {
        self.0.cache.wait_for_fetch().await;
    }

    /// Returns the error of the last use of the [store](ClientCredentialsBuilder::store), or `None` if it succeeded or there
    /// is no store.
    pub fn store_failure(&self) -> Option<StoreError> {
        self.0.shared_token.as_ref()?.failure()
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
        // Before the cache drops the token: the next caller may load from the store at once.
        if let Some(shared_token) = &self.0.shared_token {
            shared_token.reject(token);
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

/// The parameters of a token request.
struct ClientCredentialsGrant {
    application: Application,
    audience: String,
    scope: String,
    organization: Option<String>,
    quotas: Mutex<Option<TokenQuotas>>,
}

impl ClientCredentialsGrant {
    /// The key of its tokens in a store.
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
            Err(error) => {
                tracing::debug!(domain, audience, %error, "fetching an access token failed")
            }
        }
        result
    }

    async fn request(&self, form: &Form) -> Result<Grant, Error> {
        // Safe to retry: a second token is harmless, but billed.
        let response = self
            .application
            .post(Endpoint::Token, form, RetrySafety::Safe)
            .await?;
        *self.quotas.lock().unwrap_or_else(PoisonError::into_inner) =
            response.metadata.quotas.clone();
        response.into_granted(&self.scope, |grant, _| Ok(grant))
    }
}
