//! Token responses for users: access token, refresh token and ID token.

use std::time::SystemTime;

use auth0_core::{RetrySafety, SecretString};
use serde::Deserialize;

use crate::application::Application;
use crate::discovery::Endpoint;
use crate::error::Error;
use crate::exchange::ReceivedResponse;
use crate::form::Form;
use crate::token_response::{self, Grant};

/// A grant with the tokens of a user.
pub(crate) struct UserGrant {
    pub(crate) grant: Grant,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) id_token: Option<SecretString>,
    /// When it was requested; its lifetime counts from then.
    pub(crate) requested_at: SystemTime,
}

#[derive(Deserialize)]
struct Fields {
    refresh_token: Option<SecretString>,
    id_token: Option<SecretString>,
}

impl UserGrant {
    /// Sends a token request with a single-use credential. A failure after which the credential may be spent has an unknown
    /// outcome. Errors contain nothing of the form or of `hidden`.
    pub(crate) async fn request(
        application: &Application,
        form: &Form,
        hidden: &[SecretString],
        scope: &str,
    ) -> Result<Self, Error> {
        // Resolved first and separately: a failure to find the endpoint does not spend the credential.
        let exchange = &application.exchange;
        application
            .server
            .endpoint(Endpoint::Token, exchange)
            .await?;
        let requested_at = exchange.clock.now();
        let result = application
            .post(Endpoint::Token, form, RetrySafety::Unsafe)
            .await
            .map(|mut response| {
                response.secrets.extend_from_slice(hidden);
                response
            });
        Self::read(result, requested_at, scope)
    }

    /// Parses the response to a request for the scopes in `scope`.
    pub(crate) fn read(
        result: Result<ReceivedResponse, Error>,
        requested_at: SystemTime,
        scope: &str,
    ) -> Result<Self, Error> {
        let result = result.and_then(|response| {
            response.into_granted(scope, |grant, body| {
                let fields: Fields = token_response::parse(body)?;
                Ok(Self {
                    grant,
                    refresh_token: fields.refresh_token.filter(|token| !token.is_empty()),
                    id_token: fields.id_token,
                    requested_at,
                })
            })
        });
        result.map_err(|error| match error.may_have_been_processed() {
            true => error.with_unknown_outcome(),
            false => error,
        })
    }
}
