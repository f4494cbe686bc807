//! A sandbox, and token sources and stores for it, which the tests share.

use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, TokenKey};
use auth0_core::TokenSource as _;
use auth0_fleet::{EncryptionKey, Redis, RedisBuilder, RedisStore};
use auth0_sandbox::Sandbox;
use serde_json::json;
use tracing::subscriber::DefaultGuard;

/// A secret that must not appear in Redis.
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

/// The number of token requests that the sandbox received.
pub(crate) fn token_requests(sandbox: &Sandbox) -> usize {
    sandbox.requests_of("token").len()
}

pub(crate) fn redis_builder(url: &str) -> RedisBuilder {
    Redis::builder(url.to_owned()).encryption_key(EncryptionKey::from_bytes(KEY))
}

/// A Redis with a timeout that is long enough for a busy machine.
pub(crate) fn redis(url: &str) -> Redis {
    let builder = redis_builder(url).timeout(Duration::from_secs(10));
    builder.build().unwrap()
}

pub(crate) fn source_builder(sandbox: &Sandbox) -> ClientCredentialsBuilder {
    ClientCredentials::builder(sandbox.domain())
        .token_url(sandbox.token_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(sandbox.audience())
}

/// A token source with its own connection, like that of another process.
pub(crate) fn source(sandbox: &Sandbox, url: &str) -> ClientCredentials {
    let store = RedisStore::new(&redis(url));
    source_builder(sandbox).store(store).build().unwrap()
}

/// Obtains a token.
pub(crate) async fn obtain(source: &ClientCredentials) -> String {
    source.token().await.unwrap().secret().to_owned()
}

/// A key that no token source uses.
pub(crate) fn token_key(client: &str) -> TokenKey {
    serde_json::from_value(json!({"issuer": "https://acme.test/", "client_id": client})).unwrap()
}

#[allow(
    clippy::disallowed_methods,
    reason = "servers and processes run in real time, and the tests measure how long calls wait for them"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "servers and processes run in real time"
)]
pub(crate) async fn sleep(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The log events of this thread and of its background tasks, from the level INFO, until this is dropped.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn collect() -> Self {
        // Every thread needs a subscriber, even one that discards everything: if a thread without one reached a call
        // site first, tracing would disable it for all threads.
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

    /// The lines that contain `pattern`.
    pub(crate) fn lines(&self, pattern: &str) -> Vec<String> {
        let text = String::from_utf8(self.text.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(pattern));
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
