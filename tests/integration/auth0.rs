//! A mock of Auth0: a token endpoint that issues numbered tokens, and an API whose responses the test chooses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_teams::{Client, RetryPolicy};
use serde_json::json;
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::*;

pub(crate) const CLIENT_SECRET: &str = "planted-secret-of-the-program";

/// Lifetime of the tokens.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// The token with this number.
pub(crate) fn token(number: usize) -> String {
    format!("planted-access-token-{number}")
}

/// The mock, and a client that obtains its tokens from the mock's token endpoint.
pub(crate) struct Auth0 {
    pub(crate) server: MockServer,
    pub(crate) client: Client,
}

impl Auth0 {
    /// Starts a token endpoint that issues a new token for each request, and an API that returns `api`.
    pub(crate) async fn start(api: impl Respond + 'static) -> Self {
        Self::with(granting(), api).await
    }

    /// Starts a token endpoint and an API that return the given responses.
    pub(crate) async fn with(
        endpoint: impl Respond + 'static,
        api: impl Respond + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        Mock::given(path("/oauth/token"))
            .respond_with(endpoint)
            .mount(&server)
            .await;
        Mock::given(path_regex("^/api/"))
            .respond_with(api)
            .mount(&server)
            .await;
        let source = settings(&server).build().unwrap();
        let client = client_with(&server, source);
        Self { server, client }
    }

    /// The requests to the token endpoint and the requests to the API.
    pub(crate) async fn received_requests(&self) -> (Vec<Request>, Vec<Request>) {
        requests(&self.server)
            .await
            .into_iter()
            .partition(|request| request.url.path() == "/oauth/token")
    }

    /// The number of requests to the token endpoint and to the API.
    pub(crate) async fn counts(&self) -> (usize, usize) {
        let (tokens, calls) = self.received_requests().await;
        (tokens.len(), calls.len())
    }
}

pub(crate) fn settings(server: &MockServer) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme-auth.us.auth0.com")
        .token_url(format!("{}/oauth/token", server.uri()))
        .client_id("program")
        .client_secret(CLIENT_SECRET)
        .audience("https://acme.teams.auth0.com/api/")
        // One response, one request: retries are tested with a fake clock.
        .retry(RetryPolicy::never())
        .http_client(http_client())
}

/// Issues token 1, token 2 and so on.
pub(crate) fn granting() -> impl Respond + 'static {
    let count = AtomicUsize::new(0);
    move |_: &Request| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        let grant = json!({
            "access_token": token(number),
            "token_type": "Bearer",
            "expires_in": LIFETIME.as_secs(),
        });
        ResponseTemplate::new(200).set_body_json(grant)
    }
}
