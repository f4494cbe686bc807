//! An application that obtains tokens with client id and secret.

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_core::SecretString;
use auth0_sandbox::Sandbox;

use super::environment::Values;

/// Settings of the client credentials flow.
#[derive(Clone)]
pub(crate) struct ApplicationCredentials {
    /// The domain of the tenant that issues the tokens.
    pub(crate) domain: String,
    client_id: String,
    client_secret: SecretString,
    pub(crate) audience: String,
    token_url: Option<String>,
}

impl ApplicationCredentials {
    /// The application of the environment variables. `audience` applies unless `AUTH0_AUDIENCE` is set.
    pub(crate) fn from_environment(values: &Values, domain: String, audience: String) -> Self {
        Self {
            domain,
            client_id: values.required("AUTH0_CLIENT_ID"),
            client_secret: values.required("AUTH0_CLIENT_SECRET").into(),
            audience: values.optional("AUTH0_AUDIENCE").unwrap_or(audience),
            token_url: values.optional("AUTH0_TOKEN_URL"),
        }
    }

    /// The application of `sandbox`.
    pub(crate) fn from_sandbox(sandbox: &Sandbox, audience: &str) -> Self {
        Self {
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().into(),
            audience: audience.to_owned(),
            token_url: Some(sandbox.token_url()),
        }
    }

    /// A builder of its token source.
    pub(crate) fn token_source(&self) -> ClientCredentialsBuilder {
        let builder = ClientCredentials::builder(&self.domain)
            .client_id(&self.client_id)
            .client_secret(self.client_secret.clone())
            .audience(&self.audience);
        match &self.token_url {
            Some(url) => builder.token_url(url),
            None => builder,
        }
    }
}
