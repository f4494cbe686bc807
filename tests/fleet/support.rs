//! What the tests share: a sandbox, and sources and stores for it.

use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use auth0_auth::redis::{EncryptionKey, Redis, RedisBuilder, RedisStore};
use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, TokenKey};
use auth0_core::TokenSource as _;
use auth0_sandbox::Sandbox;
use serde_json::json;
use tracing::subscriber::DefaultGuard;

/// What must be found nowhere.
pub(crate) const CLIENT_SECRET: &str = "pl4nted-client-secret";

pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::builder()
        .members(200)
        .tenants(3)
        .start()
        .await
        .unwrap()
}

/// How often the sandbox was asked for a token.
pub(crate) fn token_requests(sandbox: &Sandbox) -> usize {
    sandbox.requests_of("token").len()
}

pub(crate) fn builder(url: &str) -> RedisBuilder {
    Redis::builder(url.to_owned()).encryption_key(EncryptionKey::from_bytes(KEY))
}

/// A Redis that is waited for, also on a machine with much to do.
pub(crate) fn redis(url: &str) -> Redis {
    let patient = builder(url).time_out(Duration::from_secs(10));
    patient.build().unwrap()
}

pub(crate) fn settings(sandbox: &Sandbox) -> ClientCredentialsBuilder {
    ClientCredentials::builder(sandbox.domain())
        .token_url(sandbox.token_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(sandbox.audience())
}

/// A source with a connection of its own, as another process has one.
pub(crate) fn source(sandbox: &Sandbox, url: &str) -> ClientCredentials {
    let store = RedisStore::new(&redis(url));
    settings(sandbox).store(store).build().unwrap()
}

pub(crate) async fn text(source: &ClientCredentials) -> String {
    source.token().await.unwrap().secret().to_owned()
}

/// A key that no source has.
pub(crate) fn token_key(client: &str) -> TokenKey {
    serde_json::from_value(json!({"issuer": "https://acme.test/", "client_id": client})).unwrap()
}

#[allow(
    clippy::disallowed_methods,
    reason = "servers and processes live in real time, and what a call waits for them is measured"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "the same")]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The warnings and notes of this thread and of what runs in the background for it, from when it was made until it is
/// dropped.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn collect() -> Self {
        // Every thread has one, if only one that keeps nothing: what a thread logs would be lost to its own subscriber if
        // another thread came to the same place first, without one.
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::INFO)
                .with_writer(std::io::sink)
                .init();
        });
        let text = Arc::<Mutex<Vec<u8>>>::default();
        let written = text.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .without_time()
            .with_writer(move || Writer(written.clone()))
            .finish();
        Self {
            text,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// The lines that speak of `what`.
    pub(crate) fn of(&self, what: &str) -> Vec<String> {
        let text = String::from_utf8(self.text.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(what));
        lines.map(str::to_owned).collect()
    }
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
