//! The client credentials grant of RFC 6749 §4.4.

use std::fmt;
use std::sync::Arc;

use auth0_core::{AccessToken, BoxFuture, SecretString, TokenError, TokenSource};
use url::form_urlencoded;

use crate::answer::{self, Grant};
use crate::cache::Cache;
use crate::endpoint::{TokenEndpoint, TokenRequest};
use crate::error::Error;

mod builder;

pub use builder::ClientCredentialsBuilder;

/// Tokens for a program that acts for itself, had with its client id and secret and kept in memory.
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
    cache: Cache,
}

impl ClientCredentials {
    /// Starts with the domain of the tenant that grants the tokens: a bare host name, such as
    /// `acme.us.auth0.com`.
    pub fn builder(domain: impl Into<String>) -> ClientCredentialsBuilder {
        ClientCredentialsBuilder::new(domain.into())
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("domain", &self.0.grant.domain)
            .field("client_id", &self.0.grant.client_id)
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
        self.0.cache.rejected(token.id())
    }
}

/// How a client proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_post`: id and secret are fields of the form.
    #[default]
    SecretPost,
    /// `client_secret_basic`: id and secret are in the Authorization header.
    SecretBasic,
}

/// The grant: everything that one request is made from.
struct ClientCredentialsGrant {
    endpoint: TokenEndpoint,
    domain: String,
    client_id: String,
    client_secret: SecretString,
    authentication: ClientAuthentication,
    audience: String,
    scope: String,
    organization: Option<String>,
    parameters: Vec<(String, SecretString)>,
}

impl ClientCredentialsGrant {
    async fn fetch(&self) -> Result<Grant, Error> {
        let id = form_encode(&self.client_id);
        let secret = form_encode(self.client_secret.secret());
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|(_, value)| form_encode(value.secret()))
            .collect();
        let mut secrets = vec![self.client_secret.secret(), &secret];
        secrets.extend(self.parameters.iter().map(|(_, value)| value.secret()));
        secrets.extend(parameters.iter().map(String::as_str));
        let result = self
            .endpoint
            .send(TokenRequest {
                form: self.form(),
                // RFC 6749 §2.3.1 wants both encoded before they are joined with a colon.
                basic: match self.authentication {
                    ClientAuthentication::SecretPost => None,
                    ClientAuthentication::SecretBasic => Some((&id, &secret)),
                },
                secrets: &secrets,
            })
            .await
            .map(|grant| Grant {
                // An answer that names no scopes grants those that were asked for (RFC 6749 §5.1).
                scopes: grant
                    .scopes
                    .or_else(|| answer::scopes(&self.scope, &secrets)),
                ..grant
            });
        let (domain, audience) = (&self.domain, &self.audience);
        match &result {
            Ok(grant) => {
                let lifetime_s = grant.lifetime.map(|lifetime| lifetime.as_secs());
                tracing::debug!(domain, audience, lifetime_s, "access token fetched");
            }
            Err(error) => tracing::debug!(domain, audience, %error, "access token not fetched"),
        }
        result
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if self.authentication == ClientAuthentication::SecretPost {
            form.append_pair("client_id", &self.client_id);
            form.append_pair("client_secret", self.client_secret.secret());
        }
        form.append_pair("audience", &self.audience);
        if !self.scope.is_empty() {
            form.append_pair("scope", &self.scope);
        }
        if let Some(organization) = &self.organization {
            form.append_pair("organization", organization);
        }
        for (name, value) in &self.parameters {
            form.append_pair(name, value.secret());
        }
        form.finish()
    }
}

fn form_encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
