//! A mock of Auth0: a token endpoint that numbers its tokens, beside an API that a test answers for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_core::time::Clock;
use auth0_teams::Client;
use serde_json::json;
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::*;

pub(crate) const CLIENT_SECRET: &str = "planted-secret-of-the-program";

/// The lifetime of the tokens.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// The text of the token with this number.
pub(crate) fn token(number: usize) -> String {
    format!("planted-access-token-{number}")
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub(crate) struct FakeClock(Mutex<SystemTime>);

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Arc::new(Self(Mutex::new(start)))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }
}

/// The mock and a client of it whose tokens come from its token endpoint.
pub(crate) struct Auth0 {
    pub(crate) server: MockServer,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) source: ClientCredentials,
    pub(crate) client: Client,
}

impl Auth0 {
    /// A token endpoint that grants a new token each time, and an API that answers with `api`.
    pub(crate) async fn start(api: impl Respond + 'static) -> Self {
        Self::with(granting(), api).await
    }

    /// A token endpoint and an API that answer with these.
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
        let clock = FakeClock::new();
        let source = settings(&server, &clock).build().unwrap();
        let client = client_with(&server, source.clone());
        Self {
            server,
            clock,
            source,
            client,
        }
    }

    /// The requests to the token endpoint and those to the API.
    pub(crate) async fn seen(&self) -> (Vec<Request>, Vec<Request>) {
        requests(&self.server)
            .await
            .into_iter()
            .partition(|request| request.url.path() == "/oauth/token")
    }

    /// How many requests came to the token endpoint and how many to the API.
    pub(crate) async fn counts(&self) -> (usize, usize) {
        let (tokens, calls) = self.seen().await;
        (tokens.len(), calls.len())
    }
}

pub(crate) fn settings(server: &MockServer, clock: &Arc<FakeClock>) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme-auth.us.auth0.com")
        .token_url(format!("{}/oauth/token", server.uri()))
        .client_id("program")
        .client_secret(CLIENT_SECRET)
        .audience("https://acme.teams.auth0.com/api/")
        .clock(clock.clone())
        .http_client(http_client())
}

/// An answer that grants token 1, token 2 and so on.
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

/// The number of the token that `request` carries.
pub(crate) fn token_of(request: &Request) -> Option<usize> {
    let header = request.headers.get("authorization")?.to_str().unwrap();
    header
        .strip_prefix("Bearer planted-access-token-")?
        .parse()
        .ok()
}

/// An API that takes the tokens from number `first` on and refuses the others, and answers with `body`.
pub(crate) fn taking_tokens_from(first: usize, body: serde_json::Value) -> impl Respond + 'static {
    move |request: &Request| match token_of(request) {
        Some(number) if number >= first => json(200, &body),
        _ => json(401, &crate::samples::problem(401)),
    }
}
