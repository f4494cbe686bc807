//! What a server grants in a user's name: an access token, and what comes along with it.

use std::time::SystemTime;

use auth0_core::{RetrySafety, SecretString};
use serde::Deserialize;

use crate::answer::{self, Grant};
use crate::application::Application;
use crate::discovery::Endpoint;
use crate::error::Error;
use crate::exchange::Read;
use crate::form::Form;

/// A grant, and what comes along with it where there is a user.
pub(crate) struct UserGrant {
    pub(crate) grant: Grant,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) id_token: Option<SecretString>,
    /// When it was asked for, from which its lifetime counts.
    pub(crate) asked_at: SystemTime,
}

#[derive(Deserialize)]
struct Fields {
    refresh_token: Option<SecretString>,
    id_token: Option<SecretString>,
}

impl UserGrant {
    /// Asks with something that can be used once. A failure that leaves open whether it was used says so, and none repeats
    /// what is in the form or `hidden`.
    pub(crate) async fn request(
        application: &Application,
        form: &Form,
        hidden: &[SecretString],
        scope: &str,
    ) -> Result<Self, Error> {
        // It comes first and apart from the rest: a failure to find the endpoint spends nothing.
        let exchange = &application.exchange;
        application
            .server
            .endpoint(Endpoint::Token, exchange)
            .await?;
        let asked_at = exchange.clock.now();
        let result = application
            .post(Endpoint::Token, form, RetrySafety::Unsafe)
            .await
            .map(|mut read| {
                read.secrets.extend_from_slice(hidden);
                read
            });
        Self::read(result, asked_at, scope)
    }

    /// What the answer grants. `scope` is what was asked for.
    pub(crate) fn read(
        result: Result<Read, Error>,
        asked_at: SystemTime,
        scope: &str,
    ) -> Result<Self, Error> {
        let result = result.and_then(|read| {
            read.into_granted(scope, |grant, body| {
                let fields: Fields = answer::parse(body)?;
                Ok(Self {
                    grant,
                    refresh_token: fields.refresh_token.filter(|token| !token.is_empty()),
                    id_token: fields.id_token,
                    asked_at,
                })
            })
        });
        result.map_err(|error| match error.leaves_doubt() {
            true => error.with_unknown_outcome(),
            false => error,
        })
    }
}
