//! A program that acts for itself: client id and secret of an application.

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_core::SecretString;
use auth0_sandbox::Sandbox;

use super::environment::Values;

/// What it takes to get tokens by client credentials.
#[derive(Clone)]
pub(crate) struct Machine {
    /// The tenant that grants the tokens.
    pub(crate) domain: String,
    client_id: String,
    client_secret: SecretString,
    pub(crate) audience: String,
    token_url: Option<String>,
}

impl Machine {
    /// The application that the environment names, for an API of this audience unless the environment has another.
    pub(crate) fn of_environment(values: &Values, domain: String, audience: String) -> Self {
        Self {
            domain,
            client_id: values.required("AUTH0_CLIENT_ID"),
            client_secret: values.required("AUTH0_CLIENT_SECRET").into(),
            audience: values.optional("AUTH0_AUDIENCE").unwrap_or(audience),
            token_url: values.optional("AUTH0_TOKEN_URL"),
        }
    }

    /// The application of `sandbox`, for one of its APIs.
    pub(crate) fn of_sandbox(sandbox: &Sandbox, audience: &str) -> Self {
        Self {
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().into(),
            audience: audience.to_owned(),
            token_url: Some(sandbox.token_url()),
        }
    }

    /// Where its tokens come from.
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

    /// The token endpoint.
    pub(crate) fn token_endpoint(&self) -> String {
        let published = || format!("https://{}/oauth/token", self.domain);
        self.token_url.clone().unwrap_or_else(published)
    }
}
