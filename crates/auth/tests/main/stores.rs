//! Tokens shared by sources, runs of a program and processes.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use auth0_auth::{
    BoxFuture, ClientCredentials, ClientCredentialsBuilder, FileStore, MemoryStore, PrivateKey,
    SigningAlgorithm, StoreError, StoreGuard, StoredToken, TokenKey, TokenStore,
};
use auth0_core::TokenSource as _;
use auth0_core::time::Clock as _;
use serde_json::{Value, json};
use wiremock::{MockServer, Respond, ResponseTemplate};

use crate::retries::FakeSleeper;
use crate::secrets::Collector;
use crate::support::{
    FakeClock, Gate, failure, grant, refreshed, requests, responding_with, set_response, settings,
    text, token, tokens, tokens_with,
};

/// A source with a given clock and store.
fn sharing(
    server: &MockServer,
    clock: &Arc<FakeClock>,
    store: impl TokenStore,
) -> ClientCredentials {
    let builder = settings(server).clock(clock.clone()).store(store);
    builder.build().unwrap()
}

#[tokio::test]
async fn stored_token_is_loaded_by_the_next_run_with_all_details() {
    let server = responding_with(tokens_with(
        |_| json!({"access_token": "token", "expires_in": 3600, "scope": "read:a read:b"}),
    ))
    .await;
    let directory = tempfile::tempdir().unwrap();
    let clock = FakeClock::new();
    let path = directory.path().join("tokens.json");
    let first = sharing(&server, &clock, FileStore::new(&path));
    let fetched = token(&first).await;
    clock.advance(100);
    let next = sharing(&server, &clock, FileStore::new(&path));
    let found = token(&next).await;
    assert_eq!(found.secret(), "token");
    assert_eq!(found.expiry(), fetched.expiry());
    assert_eq!(found.scopes(), fetched.scopes());
    assert_eq!(requests(&server).await, 1);
    assert!(first.store_failure().is_none() && next.store_failure().is_none());
}

#[tokio::test]
async fn different_requests_have_separate_tokens() {
    let server = responding_with(tokens()).await;
    let store = MemoryStore::new();
    type Change = fn(ClientCredentialsBuilder) -> ClientCredentialsBuilder;
    let changes: [Change; 8] = [
        |same| same,
        |other| other.client_id("other"),
        |other| other.audience("https://other.test/"),
        |other| other.organization("org_1"),
        |other| other.scope("read:a read:b"),
        |other| other.parameter("resource", "https://one.test/"),
        |other| other.parameter("resource", "https://two.test/"),
        |other| other.parameter("r", "esource=https://two.test/"),
    ];
    let mut found = BTreeSet::new();
    for change in changes {
        let settings = change(settings(&server)).store(store.clone());
        found.insert(text(&settings.build().unwrap()).await);
    }
    assert_eq!(found.len(), changes.len());
    // Another server with the same settings.
    let other = responding_with(grant("other")).await;
    assert_eq!(
        text(&settings(&other).store(store.clone()).build().unwrap()).await,
        "other"
    );
    // The same settings, spelled differently.
    let same = settings(&server)
        .scope("read:b")
        .scope("read:a")
        .store(store.clone());
    assert_eq!(text(&same.build().unwrap()).await, "token-5");
    assert_eq!(requests(&server).await, changes.len());
}

/// An empty store that records the requested keys.
#[derive(Clone, Default)]
struct Keys(Arc<std::sync::Mutex<Vec<Value>>>);
impl TokenStore for Keys {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        self.0
            .lock()
            .unwrap()
            .push(serde_json::to_value(key).unwrap());
        Box::pin(std::future::ready(Ok(None)))
    }
    fn save<'a>(
        &'a self,
        _: &'a TokenKey,
        _: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn remove<'a>(&'a self, _: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        unreachable!()
    }
    fn lock<'a>(&'a self, _: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        Box::pin(std::future::ready(Ok(StoreGuard::new(()))))
    }
}

#[tokio::test]
async fn store_key_contains_everything_that_distinguishes_tokens() {
    let keys = Keys::default();
    // Nothing listens there.
    let source = ClientCredentials::builder("acme.us.auth0.com")
        .issuer("http://127.0.0.1:1/")
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .organization("org_1")
        .scope("b a")
        .parameter("resource", "s3cr3t")
        .retry(auth0_core::RetryPolicy::never())
        .store(keys.clone())
        .build()
        .unwrap();
    failure(&source).await;
    let keys = keys.0.lock().unwrap();
    assert_eq!(keys.len(), 2, "before and after it is locked");
    assert_eq!(
        keys[0],
        json!({
            "issuer": "http://127.0.0.1:1/",
            "client_id": "client",
            "audience": "https://api.test/",
            "organization": "org_1",
            "scope": "a b",
            "parameters": keys[0]["parameters"],
        })
    );
    assert_eq!(keys[0]["parameters"].as_str().unwrap().len(), 43);
}

/// The digest of the parameters in the key of a source's token.
async fn digest(
    change: impl FnOnce(ClientCredentialsBuilder) -> ClientCredentialsBuilder,
) -> String {
    let keys = Keys::default();
    let settings = ClientCredentials::builder("acme.us.auth0.com")
        .issuer("http://127.0.0.1:1/")
        .client_id("client")
        .audience("https://api.test/")
        .retry(auth0_core::RetryPolicy::never())
        .store(keys.clone());
    failure(&change(settings).build().unwrap()).await;
    let keys = keys.0.lock().unwrap();
    keys[0]["parameters"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn parameters_cannot_be_guessed_from_the_key_without_the_client_secret() {
    use aws_lc_rs::digest::{SHA256, digest as hash};
    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    let key = crate::keys::key(SigningAlgorithm::Es256);
    let signing = || PrivateKey::from_pem(&key.pem, SigningAlgorithm::Es256).unwrap();
    let of_secret =
        digest(|settings| settings.client_secret("s3cr3t").parameter("pin", "1234")).await;
    let of_key =
        digest(|settings| settings.private_key_jwt(signing()).parameter("pin", "1234")).await;
    let publicly_known = [
        "",
        "client",
        "http://127.0.0.1:1/",
        "pin",
        "https://api.test/",
    ];
    for text in ["1234", "pin=1234", "client1234", "client_secret=&pin=1234"] {
        let mut tried = vec![BASE64.encode(hash(&SHA256, text.as_bytes()))];
        for public in publicly_known {
            let key = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
            tried.push(BASE64.encode(hmac::sign(&key, text.as_bytes())));
            let text = format!("{public}{text}");
            tried.push(BASE64.encode(hash(&SHA256, text.as_bytes())));
        }
        assert!(
            !tried.contains(&of_secret) && !tried.contains(&of_key),
            "{text}"
        );
    }
    let other = digest(|settings| settings.client_secret("other").parameter("pin", "1234"));
    assert_ne!(other.await, of_secret, "the secret is part of it");
    assert_ne!(of_key, of_secret);
}

#[tokio::test]
async fn parameter_digest_is_equal_for_equal_applications() {
    let with = |parameters: &'static [(&str, &str)]| {
        digest(move |settings| {
            let settings = settings.client_secret("s3cr3t");
            let add = |settings: ClientCredentialsBuilder,
                       (name, value): &(&'static str, &'static str)| {
                settings.parameter(*name, *value)
            };
            parameters.iter().fold(settings, add)
        })
    };
    let one = with(&[("a", "1"), ("b", "2"), ("b", "3")]).await;
    assert_eq!(with(&[("a", "1"), ("b", "2"), ("b", "3")]).await, one);
    assert_eq!(with(&[("b", "2"), ("b", "3"), ("a", "1")]).await, one);
    assert_ne!(with(&[("a", "1"), ("b", "3"), ("b", "2")]).await, one);
    assert_ne!(with(&[("a", "1&b=2"), ("b", "3")]).await, one);
}

#[tokio::test]
async fn due_token_is_refreshed_by_one_source_for_all() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    let sources: Vec<_> = (0..5)
        .map(|_| sharing(&server, &clock, store.clone()))
        .collect();
    for source in &sources {
        assert_eq!(text(source).await, "token-1");
    }
    clock.advance(3600 - 60);
    for source in &sources {
        assert_eq!(refreshed(source).await, "token-2");
    }
    // A later run uses the new token too.
    assert_eq!(text(&sharing(&server, &clock, store)).await, "token-2");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn concurrent_sources_fetch_one_token() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let clock = FakeClock::new();
    let sources: Vec<_> = (0..10)
        .map(|_| sharing(&server, &clock, FileStore::new(&path)))
        .collect();
    let callers = futures_util::future::join_all(sources.iter().map(text));
    let responses = async {
        gate.arrival().await;
        // A source that did not wait for the first one would be counted here.
        for _ in 0..10 {
            gate.release(grant("token"));
        }
    };
    let (tokens, ()) = tokio::join!(callers, responses);
    assert!(tokens.iter().all(|text| text == "token"));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn rejected_token_is_not_loaded_from_the_store_again() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    let [one, two] = [(); 2].map(|()| sharing(&server, &clock, store.clone()));
    let revoked = token(&one).await;
    let found = token(&two).await;
    one.accepted(&revoked);
    assert!(one.rejected(&revoked));
    assert_eq!(text(&one).await, "token-2");
    // The other source gets its own rejection and then loads the fetched token.
    two.accepted(&found);
    assert!(two.rejected(&found));
    assert_eq!(text(&two).await, "token-2");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn age_of_a_rejected_stored_token_decides_about_replacement() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    text(&sharing(&server, &clock, store.clone())).await;
    // Another process just fetched it: a new token would be rejected as well.
    let source = sharing(&server, &clock, store.clone());
    let fresh = token(&source).await;
    assert!(!source.rejected(&fresh));
    assert_eq!(text(&source).await, "token-1");

    clock.advance(61);
    let source = sharing(&server, &clock, store);
    let old = token(&source).await;
    assert_eq!(old.secret(), "token-1");
    assert!(source.rejected(&old), "it is new here, but old");
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn rejected_tokens_do_not_return_from_a_read_only_store() {
    let server = responding_with(tokens()).await;
    let clock = FakeClock::new();
    let inner = MemoryStore::new();
    text(&sharing(&server, &clock, inner.clone())).await;
    let store = Failing::new(inner);
    store.save.store(true, Ordering::Relaxed);
    let source = sharing(&server, &clock, store);
    for number in 1..5 {
        let token = token(&source).await;
        assert_eq!(token.secret(), format!("token-{number}"));
        source.accepted(&token);
        assert!(source.rejected(&token));
    }
}

#[tokio::test]
async fn unusable_stored_token_is_replaced() {
    let clock = FakeClock::new();
    let now = clock.now();
    let seconds = Duration::from_secs;
    type Change = fn(&mut StoredToken, std::time::SystemTime);
    let changes: [(&str, Change); 8] = [
        ("ended", |token, now| token.expires_at = Some(now)),
        ("has no end and is old", |token, _| token.expires_at = None),
        ("ends before it begins", |token, _| {
            token.expires_at = Some(token.obtained_at - Duration::from_secs(1));
        }),
        ("is bound to a key", |token, _| {
            token.token_type = "DPoP".into()
        }),
        ("is empty", |token, _| token.access_token = "".into()),
        ("fits into no header", |token, _| {
            token.access_token = "a\r\nb: c".into()
        }),
        ("is from the future", |token, now| {
            token.obtained_at = now + Duration::from_secs(61);
            token.expires_at = Some(now + Duration::from_secs(3600));
        }),
        ("is as far from now as can be", |token, _| {
            let mut far = std::time::UNIX_EPOCH;
            for power in (0..63).rev() {
                far = far
                    .checked_add(Duration::from_secs(1 << power))
                    .unwrap_or(far);
            }
            (token.obtained_at, token.expires_at) = (far, None);
        }),
    ];
    let server = responding_with(tokens()).await;
    let store = MemoryStore::new();
    let source = || sharing(&server, &clock, store.clone());
    assert_eq!(text(&source()).await, "token-1");
    let key = key_of(&server);
    let mut good = StoredToken::new("stored", now - seconds(301));
    good.expires_at = Some(now + seconds(1000));
    store.save(&key, &good).await.unwrap();
    assert_eq!(text(&source()).await, "stored");
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad, now);
        store.save(&key, &bad).await.unwrap();
        let expected = format!("token-{}", number + 2);
        assert_eq!(text(&source()).await, expected, "{what}");
        // It replaced the unusable token.
        let found = store.load(&key).await.unwrap().unwrap();
        assert_eq!(found.access_token.secret(), expected, "{what}");
    }
}

/// The key of a source with `settings`.
fn key_of(server: &MockServer) -> TokenKey {
    serde_json::from_value(json!({
        "issuer": format!("{}/oauth/token", server.uri()),
        "client_id": "client",
        "audience": "https://api.test/",
    }))
    .unwrap()
}

#[tokio::test]
async fn due_stored_token_is_used_while_the_endpoint_hangs() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    text(&sharing(&server, &clock, store.clone())).await;
    clock.advance(3600 - 50);
    let (mut gate, respond) = Gate::new();
    set_response(&server, respond).await;
    let source = sharing(&server, &clock, store.clone());
    assert_eq!(text(&source).await, "token-1");
    assert_eq!(text(&source).await, "token-1");
    gate.arrival().await;
    // The refresh holds the lock; a third run does not wait for it either.
    assert_eq!(text(&sharing(&server, &clock, store)).await, "token-1");
    gate.release(grant("token-2"));
    source.finish_refresh().await;
    assert_eq!(text(&source).await, "token-2");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn due_stored_token_is_used_until_it_expires_if_refreshes_fail() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    text(&sharing(&server, &clock, store.clone())).await;
    clock.advance(3600 - 40);
    set_response(&server, ResponseTemplate::new(503)).await;
    let source = sharing(&server, &clock, store);
    // The first call loads the token, the next one triggers its refresh.
    for _ in 0..5 {
        assert_eq!(refreshed(&source).await, "token-1");
    }
    assert_eq!(requests(&server).await, 1, "not with every call");
    clock.advance(10);
    assert_eq!(refreshed(&source).await, "token-1");
    assert_eq!(
        requests(&server).await,
        2,
        "again after a quarter of what is left"
    );
    clock.advance(30);
    assert_eq!(failure(&source).await.status(), Some(503));
}

/// A store that fails on demand.
#[derive(Clone)]
struct Failing {
    inner: MemoryStore,
    load: Arc<AtomicBool>,
    save: Arc<AtomicBool>,
    lock: Arc<AtomicBool>,
    requested: Arc<AtomicUsize>,
}

impl Failing {
    fn new(inner: MemoryStore) -> Self {
        Self {
            inner,
            load: Arc::default(),
            save: Arc::default(),
            lock: Arc::default(),
            requested: Arc::default(),
        }
    }

    fn check(&self, fails: &AtomicBool, what: &str) -> Result<(), StoreError> {
        self.requested.fetch_add(1, Ordering::Relaxed);
        match fails.load(Ordering::Relaxed) {
            true => Err(StoreError::new(format!("cannot {what}")).with_source(std::fmt::Error)),
            false => Ok(()),
        }
    }
}

impl TokenStore for Failing {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        Box::pin(async move {
            self.check(&self.load, "load")?;
            self.inner.load(key).await
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.check(&self.save, "save")?;
            self.inner.save(key, token).await
        })
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.remove(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        Box::pin(async move {
            self.check(&self.lock, "lock")?;
            self.inner.lock(key).await
        })
    }
}

#[tokio::test]
async fn failing_store_is_logged_once_and_tokens_are_fetched() {
    let log = Collector::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let warnings = || log.text().matches("the token store failed").count();
    let server = responding_with(tokens()).await;
    let clock = FakeClock::new();
    let store = Failing::new(MemoryStore::new());
    let source = sharing(&server, &clock, store.clone());
    let all = [&store.load, &store.lock, &store.save];
    for fails in all {
        fails.store(true, Ordering::Relaxed);
    }
    for number in 1..4 {
        assert_eq!(text(&source).await, format!("token-{number}"));
        let error = source.store_failure().unwrap();
        assert_eq!(error.to_string(), "cannot load", "what it began with");
        clock.advance(3600);
    }
    assert_eq!(warnings(), 1, "{}", log.text());
    assert!(
        log.text()
            .contains("cause=an error occurred when formatting an argument")
    );

    // It recovers and fails again.
    for fails in all {
        fails.store(false, Ordering::Relaxed);
    }
    text(&source).await;
    assert!(source.store_failure().is_none());
    for (fails, expected) in all
        .into_iter()
        .zip(["cannot load", "cannot lock", "cannot save"])
    {
        clock.advance(3600);
        fails.store(true, Ordering::Relaxed);
        text(&source).await;
        fails.store(false, Ordering::Relaxed);
        assert_eq!(source.store_failure().unwrap().to_string(), expected);
    }
    assert_eq!(warnings(), 2, "it failed all the time since the second one");
    clock.advance(3600);
    text(&source).await;
    assert!(source.store_failure().is_none());
}

#[tokio::test]
async fn cached_token_does_not_use_the_store() {
    let server = responding_with(tokens()).await;
    let store = Failing::new(MemoryStore::new());
    let source = sharing(&server, &FakeClock::new(), store.clone());
    text(&source).await;
    let requested = store.requested.load(Ordering::Relaxed);
    for _ in 0..100 {
        text(&source).await;
    }
    assert_eq!(store.requested.load(Ordering::Relaxed), requested);
}

#[tokio::test]
async fn hanging_lock_holder_is_not_waited_for_indefinitely() {
    let server = responding_with(tokens()).await;
    let store = MemoryStore::new();
    let _held = store.lock(&key_of(&server)).await.unwrap();
    let sleeper = FakeSleeper::new();
    let source = settings(&server)
        .store(store.clone())
        .sleeper(sleeper.clone())
        .build()
        .unwrap();
    assert_eq!(text(&source).await, "token-1");
    assert_eq!(sleeper.waits(), [Duration::from_secs(30)]);
    // The fetched token is saved for the others.
    let saved = store.load(&key_of(&server)).await.unwrap().unwrap();
    assert_eq!(saved.access_token.secret(), "token-1");
}

#[tokio::test]
async fn valid_token_is_used_while_another_process_refreshes_it() {
    let server = responding_with(tokens()).await;
    let (clock, store) = (FakeClock::new(), MemoryStore::new());
    let sleeper = FakeSleeper::new();
    let source = settings(&server)
        .clock(clock.clone())
        .store(store.clone())
        .sleeper(sleeper.clone())
        .build()
        .unwrap();
    assert_eq!(text(&source).await, "token-1");
    clock.advance(3600 - 60);
    let held = store.lock(&key_of(&server)).await.unwrap();
    let before = sleeper.waits().len();
    // The refresh waits briefly for the lock, and no caller waits for the refresh.
    for _ in 0..3 {
        assert_eq!(refreshed(&source).await, "token-1");
    }
    assert_eq!(sleeper.waits()[before..], [Duration::from_secs(2)]);
    assert!(
        source.store_failure().is_none(),
        "the store does what it should"
    );
    drop(held);
    clock.advance(30);
    assert_eq!(refreshed(&source).await, "token-2");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn cancelled_caller_saves_the_token_and_releases_the_lock() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let store = MemoryStore::new();
    let source = sharing(&server, &FakeClock::new(), store.clone());
    let mut caller = source.token();
    tokio::select! {
        biased;
        _ = &mut caller => unreachable!("the response is held back"),
        () = gate.arrival() => {}
    }
    drop(caller);
    drop(source);
    gate.release(grant("token"));
    let _locked = store.lock(&key_of(&server)).await.unwrap();
    let saved = store.load(&key_of(&server)).await.unwrap().unwrap();
    assert_eq!(saved.access_token.secret(), "token");
}

/// The arguments of another process: the token endpoint, the file and the task.
const PROCESS: &str = "AUTH0_AUTH_TEST_PROCESS";

/// Another process, which is killed at the end of its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts this test binary as another process that runs `task`.
fn process(url: &str, path: &std::path::Path, task: &str) -> Process {
    let started = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "stores::process_started_by_another_test",
            "--nocapture",
        ])
        .env(PROCESS, json!([url, path, task]).to_string())
        .stdout(Stdio::null())
        .spawn();
    Process(started.unwrap())
}

/// Not a test: the entry point of [`process`].
#[tokio::test]
async fn process_started_by_another_test() {
    let Ok(arguments) = std::env::var(PROCESS) else {
        return;
    };
    let [url, path, task]: [String; 3] = serde_json::from_str(&arguments).unwrap();
    let store = FileStore::new(&path);
    let source = |audience: &str| {
        ClientCredentials::builder("acme.us.auth0.com")
            .token_url(url.clone())
            .client_id("client")
            .client_secret("s3cr3t")
            .audience(audience)
            .store(store.clone())
            .build()
            .unwrap()
    };
    if task == "hold" {
        let key: TokenKey = serde_json::from_value(json!({
            "issuer": url, "client_id": "client", "audience": "shared"
        }))
        .unwrap();
        let _held = store.lock(&key).await.unwrap();
        std::fs::write(format!("{path}.held"), "").unwrap();
        std::future::pending::<()>().await;
    }
    let shared = source("shared");
    text(&shared).await;
    assert!(
        shared.store_failure().is_none(),
        "{:?}",
        shared.store_failure()
    );
    for number in 0..5 {
        let own = source(&format!("{task}-{number}"));
        text(&own).await;
        assert!(own.store_failure().is_none(), "{:?}", own.store_failure());
    }
}

/// Grants a token that contains the audience.
fn by_audience() -> impl Respond {
    |request: &wiremock::Request| {
        let fields = url::form_urlencoded::parse(&request.body);
        let audience = fields
            .into_owned()
            .find(|(name, _)| name == "audience")
            .unwrap()
            .1;
        grant(&format!("token-of-{audience}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_sharing_a_file_fetch_each_token_once() {
    let server = responding_with(by_audience()).await;
    let url = format!("{}/oauth/token", server.uri());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/tokens.json");
    let mut processes: Vec<_> = (0..6)
        .map(|number| process(&url, &path, &format!("p{number}")))
        .collect();
    tokio::task::spawn_blocking(move || {
        for process in &mut processes {
            assert!(process.0.wait().unwrap().success());
        }
    })
    .await
    .unwrap();
    assert_eq!(requests(&server).await, 1 + 6 * 5);

    // All of them are stored for the next run.
    set_response(&server, ResponseTemplate::new(500)).await;
    let audiences =
        (0..6).flat_map(|process| (0..5).map(move |number| format!("p{process}-{number}")));
    for audience in audiences.chain(["shared".to_owned()]) {
        let settings = settings(&server).audience(&audience);
        let source = settings.store(FileStore::new(&path)).build().unwrap();
        assert_eq!(text(&source).await, format!("token-of-{audience}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_lock_holder_does_not_block_others() {
    let server = responding_with(by_audience()).await;
    let url = format!("{}/oauth/token", server.uri());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let held = directory.path().join("tokens.json.held");
    let mut holder = process(&url, &path, "hold");
    while !held.exists() {
        assert!(holder.0.try_wait().unwrap().is_none(), "it ended");
        tokio::task::yield_now().await;
    }
    let source = settings(&server)
        .audience("shared")
        .store(FileStore::new(&path));
    let source = source.build().unwrap();
    let mut waiting = source.token();
    // Enough time for a process that does not wait.
    for _ in 0..200 {
        assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(requests(&server).await, 0);
    drop(holder);
    assert_eq!(waiting.await.unwrap().secret(), "token-of-shared");
    assert!(source.store_failure().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn readable_file_is_not_used_and_the_failure_contains_the_command() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = responding_with(tokens()).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let clock = FakeClock::new();
    text(&sharing(&server, &clock, FileStore::new(&path))).await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let source = sharing(&server, &clock, FileStore::new(&path));
    assert_eq!(text(&source).await, "token-2");
    let error = source.store_failure().unwrap().to_string();
    assert!(
        error.ends_with(&format!("fix it with `chmod 600 {}`", path.display())),
        "{error}"
    );
    assert!(!std::fs::read_to_string(&path).unwrap().contains("token-2"));
}

#[tokio::test]
async fn bound_token_is_only_shared_by_sources_with_its_key() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = responding_with(move |_: &wiremock::Request| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let grant = json!({"access_token": format!("token-{number}"), "token_type": "DPoP", "expires_in": 3600});
        wiremock::ResponseTemplate::new(200).set_body_json(grant)
    })
    .await;
    let store = auth0_auth::MemoryStore::new();
    let with = |key: &auth0_auth::DpopKey| {
        let builder = settings(&server).store(store.clone());
        builder.dpop(key.clone()).build().unwrap()
    };
    let (key, other) = (
        auth0_auth::DpopKey::generate().unwrap(),
        auth0_auth::DpopKey::generate().unwrap(),
    );
    assert_eq!(text(&with(&key)).await, "token-1");
    assert_eq!(text(&with(&key)).await, "token-1", "the key is the same");
    assert_eq!(text(&with(&other)).await, "token-2");
    assert_eq!(requests(&server).await, 2);
}
