//! Test fixtures: a fake clock, a token endpoint, and a gate that delays its responses.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, Error};
use auth0_core::time::Clock;
use auth0_core::{AccessToken, RetryPolicy, TokenError, TokenSource};
use serde_json::{Value, json};
use tokio::sync::mpsc as async_mpsc;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

/// A clock that only moves on demand.
#[derive(Debug)]
pub(crate) struct FakeClock(Mutex<SystemTime>);

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Arc::new(Self(Mutex::new(start)))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
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

/// Complete settings for the token endpoint at `server`.
pub(crate) fn settings(server: &MockServer) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme.us.auth0.com")
        .token_url(format!("{}/oauth/token", server.uri()))
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .retry(RetryPolicy::never())
}

/// A source with its own clock.
pub(crate) fn source(server: &MockServer) -> (ClientCredentials, Arc<FakeClock>) {
    let clock = FakeClock::new();
    let source = settings(server).clock(clock.clone()).build().unwrap();
    (source, clock)
}

/// A server that responds to every request with `template`.
pub(crate) async fn responding_with(template: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    set_response(&server, template).await;
    server
}

/// Changes the response of `server` to `template`.
pub(crate) async fn set_response(server: &MockServer, template: impl Respond + 'static) {
    server.reset().await;
    Mock::given(matchers::any())
        .respond_with(template)
        .mount(server)
        .await;
}

/// A response that grants `token-1`, `token-2` and so on, each for an hour.
pub(crate) fn tokens() -> impl Respond {
    tokens_with(
        |number| json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3600}),
    )
}

/// A response whose body depends on the number of the request.
pub(crate) fn tokens_with(body: impl Fn(u64) -> Value + Send + Sync) -> impl Respond {
    let count = AtomicU64::new(0);
    move |_: &Request| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        ResponseTemplate::new(200).set_body_json(body(number))
    }
}

/// The number of requests since the response was last changed.
pub(crate) async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

/// The text of the token; panics if there is none.
pub(crate) async fn text(source: &ClientCredentials) -> String {
    token(source).await.secret().to_owned()
}

/// The text of the token that replaces one that is due: it is fetched in the background.
pub(crate) async fn refreshed(source: &ClientCredentials) -> String {
    text(source).await;
    source.finish_refresh().await;
    text(source).await
}

/// A current-thread runtime.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Runs `work` on its own runtime and thread, and panics if it takes too long.
pub(crate) fn on_new_runtime<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let limited = async { tokio::time::timeout(Duration::from_secs(20), work).await };
    let thread = std::thread::spawn(|| runtime().block_on(limited));
    thread
        .join()
        .unwrap()
        .expect("it depends on another runtime")
}

pub(crate) async fn token(source: &ClientCredentials) -> AccessToken {
    source.token().await.unwrap()
}

/// The typed error of a source that fails.
pub(crate) async fn failure(source: &ClientCredentials) -> Error {
    typed(&source.token().await.unwrap_err())
}

pub(crate) fn typed(error: &TokenError) -> Error {
    Error::find_in(error).unwrap().clone()
}

/// Display and Debug of an error and all its sources.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        texts.push(format!("{error} {error:?}"));
        next = error.source();
    }
    texts.join("\n")
}

/// Responses that are held back until they are released, one by one.
pub(crate) struct Gate {
    arrived: async_mpsc::UnboundedReceiver<()>,
    release: mpsc::Sender<ResponseTemplate>,
}

impl Gate {
    pub(crate) fn new() -> (Self, impl Respond + 'static) {
        let (arrive, arrived) = async_mpsc::unbounded_channel();
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        let respond = move |_: &Request| {
            arrive.send(()).unwrap();
            // This only blocks the thread of the server.
            released.lock().unwrap().recv().unwrap()
        };
        (Self { arrived, release }, respond)
    }

    /// Waits for the next request.
    pub(crate) async fn arrival(&mut self) {
        self.arrived.recv().await.unwrap();
    }

    /// Responds to a waiting request, or to the next one.
    pub(crate) fn release(&self, template: ResponseTemplate) {
        self.release.send(template).unwrap();
    }
}

/// A token response that grants `token` for an hour.
pub(crate) fn grant(token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
}
