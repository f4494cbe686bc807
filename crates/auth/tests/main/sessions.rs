//! Sessions: when tokens are refreshed, when they are saved, and the effects of failures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use auth0_auth::{
    AuthorizationCode, Error, MemoryStore, Session, StoreError, StoreGuard, StoredToken, TokenKey,
    TokenStore,
};
use auth0_core::time::Clock as _;
use auth0_core::{BoxFuture, RetryPolicy, TokenSource as _};
use serde_json::json;
use tokio::task::JoinSet;
use wiremock::ResponseTemplate;

use crate::logins::{LOST, closing_endpoint};
use crate::provider::{CLIENT, Provider, field, grant};
use crate::support::{Gate, on_new_runtime, runtime, typed};

/// A store that records its calls and fails on demand.
#[derive(Default)]
struct Recorder {
    inner: MemoryStore,
    log: Mutex<Vec<String>>,
    fails: AtomicBool,
}

impl Recorder {
    fn note(&self, text: String) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(text);
        match self.fails.load(Ordering::SeqCst) {
            true => Err(StoreError::new("the disk is full")),
            false => Ok(()),
        }
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

impl TokenStore for Recorder {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        // Stores are always called on the runtime of the crate.
        assert_eq!(std::thread::current().name(), Some("auth0-auth"));
        self.inner.load(key)
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let refresh = token
                .refresh_token
                .as_ref()
                .map_or("none", |token| token.secret());
            self.note(format!("save {} {refresh}", token.access_token.secret()))?;
            self.inner.save(key, token).await
        })
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.note("remove".to_owned())?;
            self.inner.remove(key).await
        })
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        self.inner.lock(key)
    }
}

async fn text(session: &Session) -> String {
    session.token().await.unwrap().secret().to_owned()
}

/// The token that replaces one that is due: it is fetched in the background.
async fn refreshed(session: &Session) -> String {
    text(session).await;
    session.finish_refresh().await;
    text(session).await
}

async fn failure(session: &Session) -> Error {
    typed(&session.token().await.unwrap_err())
}

/// A session with `access-1` and `refresh-1` in a recording store.
async fn stored_session(provider: &Provider) -> (Session, Arc<Recorder>) {
    let session = provider.login(&provider.flow()).await;
    let store = Arc::new(Recorder::default());
    session.keep_in(store.clone(), "user").await.unwrap();
    assert_eq!(store.log(), ["save access-1 refresh-1"]);
    assert_eq!(text(&session).await, "access-1");
    (session, store)
}

fn rejected() -> ResponseTemplate {
    ResponseTemplate::new(403).set_body_json(
        json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}),
    )
}

#[tokio::test]
async fn expiring_token_is_refreshed_and_the_new_refresh_token_is_used_next() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    for (number, used) in [(2, "refresh-1"), (3, "refresh-2")] {
        provider.reset().await;
        provider.on("/oauth/token", grant(number, json!({}))).await;
        provider.clock.advance(3600 - 76);
        assert_eq!(text(&session).await, format!("access-{}", number - 1));
        provider.clock.advance(16);
        assert_eq!(refreshed(&session).await, format!("access-{number}"));
        let requests = provider.requests("/oauth/token").await;
        assert_eq!(requests.len(), 1);
        for (name, value) in [
            ("grant_type", Some("refresh_token")),
            ("client_id", Some(CLIENT)),
            ("refresh_token", Some(used)),
            ("scope", None),
        ] {
            assert_eq!(field(&requests[0], name).as_deref(), value, "{name}");
        }
        assert_eq!(
            store.log(),
            [format!("save access-{number} refresh-{number}")]
        );
    }
}

#[tokio::test]
async fn refresh_without_scope_keeps_that_of_the_login() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    let scopes = async || session.token().await.unwrap().scopes().unwrap().to_string();
    // The response of the login contained no scope either, so the requested scopes count.
    assert_eq!(scopes().await, "offline_access openid read:a");
    for (returned, known) in [(json!("read:a"), "read:a"), (json!(null), "read:a")] {
        provider.reset().await;
        provider
            .on("/oauth/token", grant(2, json!({ "scope": returned })))
            .await;
        provider.clock.advance(3600);
        assert_eq!(scopes().await, known);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_share_one_refresh() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    provider.clock.advance(3600);
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let session = session.clone();
        callers.spawn(async move { text(&session).await });
    }
    assert!(
        callers
            .join_all()
            .await
            .iter()
            .all(|text| text == "access-2")
    );
    // The other request was the login.
    assert_eq!(provider.requests("/oauth/token").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_caller_does_not_lose_the_new_refresh_token() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    let (mut gate, respond) = Gate::new();
    provider.reset().await;
    provider.on("/oauth/token", respond).await;
    provider.clock.advance(3600);
    let caller = tokio::spawn({
        let session = session.clone();
        async move { text(&session).await }
    });
    gate.arrival().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.release(grant(2, json!({})));
    assert_eq!(text(&session).await, "access-2");
    assert_eq!(store.log(), ["save access-2 refresh-2"]);
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
}

#[tokio::test]
async fn hanging_refresh_does_not_block_callers_and_sends_the_token_once() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    let (mut gate, respond) = Gate::new();
    provider.reset().await;
    provider.on("/oauth/token", respond).await;
    provider.clock.advance(3600 - 50);
    assert_eq!(text(&session).await, "access-1");
    gate.arrival().await;
    for _ in 0..10 {
        assert_eq!(text(&session).await, "access-1");
    }
    // Another run loads the same token from the store and does not wait for the lock.
    let flow = provider.flow();
    let other = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert_eq!(text(&other).await, "access-1");
    assert!(store.log().is_empty());
    gate.release(grant(2, json!({})));
    session.finish_refresh().await;
    assert_eq!(store.log(), ["save access-2 refresh-2"]);
    assert_eq!(text(&session).await, "access-2");
    assert_eq!(refreshed(&other).await, "access-2");
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
}

#[test]
fn idle_or_ended_runtime_does_not_block_a_refresh() {
    for ends in [false, true] {
        let servers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (provider, session, store) = servers.block_on(async {
            let provider = Provider::start().await;
            let (session, store) = stored_session(&provider).await;
            provider.reset().await;
            (provider, session, store)
        });
        let (mut gate, respond) = Gate::new();
        servers.block_on(provider.on("/oauth/token", respond));
        provider.clock.advance(3600);
        let first = runtime();
        first.block_on(async {
            tokio::select! {
                biased;
                _ = session.token() => unreachable!("the response is held back"),
                () = gate.arrival() => {}
            }
        });
        let idle = (!ends).then_some(first);
        gate.release(grant(2, json!({})));
        let other = session.clone();
        assert_eq!(
            on_new_runtime(async move { text(&other).await }),
            "access-2"
        );
        assert_eq!(store.log(), ["save access-2 refresh-2"]);
        // Other operations of the session do not depend on one caller either.
        let other = session.clone();
        on_new_runtime(async move { other.keep_in(Arc::new(MemoryStore::new()), "other").await })
            .unwrap();
        assert_eq!(servers.block_on(provider.requests("/oauth/token")).len(), 1);
        drop(idle);
    }
}

#[tokio::test]
async fn refresh_token_without_rotation_is_kept() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    provider.reset().await;
    let response = grant(2, json!({ "refresh_token": null }));
    provider.on("/oauth/token", response).await;
    for expected in ["access-2", "access-2"] {
        provider.clock.advance(3600);
        assert_eq!(text(&session).await, expected);
        assert_eq!(store.log(), ["save access-2 refresh-1"]);
    }
    for request in provider.requests("/oauth/token").await {
        assert_eq!(
            field(&request, "refresh_token").as_deref(),
            Some("refresh-1")
        );
    }
}

#[tokio::test]
async fn failing_store_withholds_the_token_and_loses_nothing() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    provider.reset().await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    store.fails.store(true, Ordering::SeqCst);

    // While the old token is valid, callers do not notice.
    provider.clock.advance(3600 - 60);
    assert_eq!(refreshed(&session).await, "access-1");
    provider.clock.advance(60);
    for _ in 0..2 {
        let error = failure(&session).await;
        assert!(error.is_store() && !error.is_session_ended(), "{error:?}");
        assert!(crate::support::chain(&error).contains("the disk is full"));
    }
    store.fails.store(false, Ordering::SeqCst);
    assert_eq!(text(&session).await, "access-2");
    // The server received one request; the store was called each time.
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
    assert_eq!(store.log(), ["save access-2 refresh-2"; 4]);
}

#[tokio::test]
async fn session_moves_away_from_a_failing_store() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    provider.reset().await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    store.fails.store(true, Ordering::SeqCst);
    provider.clock.advance(3600);
    assert!(failure(&session).await.is_store());
    let other = Arc::new(Recorder::default());
    session.keep_in(other.clone(), "user").await.unwrap();
    assert_eq!(other.log(), ["save access-2 refresh-2"]);
    assert_eq!(text(&session).await, "access-2");
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
}

#[tokio::test]
async fn lost_refresh_response_is_not_retried_and_explains_a_later_rejection() {
    for response in LOST {
        let provider = Provider::start().await;
        let store = Arc::new(Recorder::default());
        let session = provider.login(&provider.flow()).await;
        session.keep_in(store.clone(), "user").await.unwrap();
        let (url, count) = closing_endpoint(response).await;
        let flow = provider
            .builder()
            .token_url(url)
            .retry(RetryPolicy::default())
            .build()
            .unwrap();
        let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
        assert_eq!(text(&session).await, "access-1");
        provider.clock.advance(3600);
        let error = failure(&session).await;
        assert!(error.is_outcome_unknown(), "{response}: {error}");
        assert!(!error.is_session_ended(), "{response}: {error}");
        assert_eq!(count.load(Ordering::SeqCst), 1, "{response}");
        assert!(provider.sleeper.seconds().is_empty(), "{response}");
    }

    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.reset().await;
    provider.clock.advance(3600);
    provider
        .once("/oauth/token", ResponseTemplate::new(502))
        .await;
    provider.once("/oauth/token", rejected()).await;
    assert!(failure(&session).await.is_outcome_unknown());
    let error = failure(&session).await;
    assert!(error.is_refresh_token_rejected() && error.is_refresh_token_spent());
    assert!(error.is_session_ended() && error.is_invalid_grant());
    assert_eq!(error.status(), Some(403));
    assert_eq!(
        error.to_string(),
        "the refresh token was rejected, and the response to an earlier request with it was lost: invalid_grant, \
         Unknown or invalid refresh token."
    );
}

#[tokio::test]
async fn aborted_refresh_explains_a_later_rejection() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    let (mut gate, respond) = Gate::new();
    provider.reset().await;
    provider.on("/oauth/token", respond).await;
    provider.clock.advance(3600);
    let stuck = session.clone();
    let stuck = tokio::spawn(async move { stuck.token().await.is_err() });
    gate.arrival().await;
    provider.clock.advance(10 * 60 + 1);
    let next = session.clone();
    let next = tokio::spawn(async move { failure(&next).await });
    assert!(stuck.await.unwrap());
    gate.release(rejected());
    gate.release(rejected());
    let error = next.await.unwrap();
    assert!(
        error.is_refresh_token_rejected() && error.is_refresh_token_spent(),
        "{error}"
    );
}

#[tokio::test]
async fn known_refresh_outcome_does_not_explain_a_later_rejection() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.reset().await;
    let busy = ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_request"}));
    provider.once("/oauth/token", busy).await;
    provider
        .once("/oauth/token", grant(2, json!({"refresh_token": null})))
        .await;
    provider.once("/oauth/token", rejected()).await;
    provider.clock.advance(3600);
    assert!(failure(&session).await.is_rejected());
    provider.clock.advance(10);
    assert_eq!(text(&session).await, "access-2");
    provider.clock.advance(3600);
    let error = failure(&session).await;
    assert!(
        error.is_refresh_token_rejected() && !error.is_refresh_token_spent(),
        "{error}"
    );
}

#[tokio::test]
async fn rejected_refresh_token_is_not_sent_again() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.reset().await;
    provider.on("/oauth/token", rejected()).await;
    provider.clock.advance(3600);
    for _ in 0..3 {
        let error = failure(&session).await;
        assert!(error.is_refresh_token_rejected() && error.is_session_ended());
        assert!(!error.is_refresh_token_spent() && !error.is_outcome_unknown());
        assert_eq!(
            error.to_string(),
            "the refresh token was rejected: invalid_grant, Unknown or invalid refresh token."
        );
        provider.clock.advance(100);
    }
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
}

#[tokio::test]
async fn refresh_that_was_not_sent_is_retried() {
    let provider = Provider::start().await;
    let (_, store) = stored_session(&provider).await;
    let flow = provider
        .builder()
        .token_url("http://127.0.0.1:1/oauth/token")
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    let session = flow.restore(store, "user").await.unwrap().unwrap();
    provider.clock.advance(3600);
    let error = failure(&session).await;
    assert!(
        error.is_transport() && !error.is_outcome_unknown(),
        "{error}"
    );
    assert_eq!(provider.sleeper.seconds().len(), 2);
}

#[tokio::test]
async fn required_interaction_does_not_end_the_session() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.reset().await;
    let wanted = json!({"error": "mfa_required", "mfa_token": "t"});
    provider
        .once(
            "/oauth/token",
            ResponseTemplate::new(403).set_body_json(wanted),
        )
        .await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    provider.clock.advance(3600);
    let error = failure(&session).await;
    assert!(error.is_interaction_required() && !error.is_session_ended());
    provider.clock.advance(11);
    assert_eq!(text(&session).await, "access-2");
}

#[tokio::test]
async fn session_without_refresh_token_ends_with_its_access_token() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = flow.start().await.unwrap();
    let nonce = crate::provider::parameter(pending.url(), "nonce").unwrap();
    let token = provider.id_token(&provider.claims(&nonce));
    let response = grant(1, json!({ "id_token": token, "refresh_token": null }));
    provider.on("/oauth/token", response).await;
    let query = crate::provider::callback_query(&pending);
    let session = flow.finish(pending, &query).await.unwrap();
    assert_eq!(text(&session).await, "access-1");
    provider.clock.advance(3600);
    let error = failure(&session).await;
    assert!(error.is_session_ended() && !error.is_refresh_token_rejected());
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
}

#[tokio::test]
async fn refresh_never_grants_more_scopes_than_its_response() {
    for (returned, known) in [(json!(["read:a"]), Some("read:a")), (json!({}), None)] {
        let provider = Provider::start().await;
        let (session, _) = stored_session(&provider).await;
        provider.reset().await;
        provider
            .on("/oauth/token", grant(2, json!({ "scope": returned })))
            .await;
        provider.clock.advance(3600);
        let token = session.token().await.unwrap();
        assert_eq!(token.secret(), "access-2");
        let scopes = token.scopes().map(ToString::to_string);
        assert_eq!(scopes.as_deref(), known, "{returned}");
    }
}

#[tokio::test]
async fn scope_order_and_organization_case_do_not_change_the_session() {
    let provider = Provider::start().await;
    let flow = |scopes: &str, organization: &str| {
        let builder = AuthorizationCode::builder("acme.us.auth0.com")
            .issuer(provider.issuer())
            .client_id(CLIENT)
            .redirect_uri(crate::provider::REDIRECT)
            .organization(organization)
            .clock(provider.clock.clone());
        let scopes = scopes.split(' ');
        let builder = scopes.fold(builder, |builder, scope| builder.scope(scope));
        builder.build().unwrap()
    };
    let token = |nonce: &str| {
        let mut claims = provider.claims(nonce);
        claims["org_id"] = json!("org_Ab1");
        claims["org_name"] = json!("acme");
        provider.id_token(&claims)
    };
    let store = Arc::new(MemoryStore::new());
    for (organization, others, other_organizations) in [
        (
            "Acme",
            &["acme", "ACME", " acme\n"][..],
            &["org_Ab1", "ecma"][..],
        ),
        ("org_Ab1", &["org_Ab1"], &["org_ab1", "org_AB1"]),
    ] {
        let first = flow("openid b a offline_access", organization);
        let session = provider.login_with(&first, token).await.unwrap();
        session.keep_in(store.clone(), organization).await.unwrap();
        let restored = async |scopes: &str, other: &str| {
            let flow = flow(scopes, other);
            let found = flow.restore(store.clone(), organization).await;
            found.unwrap().is_some()
        };
        for scopes in [
            "a b offline_access openid",
            "offline_access a b a",
            "b a offline_access",
        ] {
            for other in others {
                assert!(restored(scopes, other).await, "{scopes} {other}");
            }
        }
        for other in other_organizations {
            assert!(!restored("a b offline_access", other).await, "{other}");
        }
        assert!(!restored("a offline_access", organization).await);
    }
}

#[tokio::test]
async fn session_under_an_old_key_is_found_and_moved() {
    let provider = Provider::start().await;
    let key = |scope: &str| -> TokenKey {
        let key = json!({
            "issuer": provider.issuer(), "client_id": CLIENT, "audience": "https://api.test/",
            "organization": "Acme", "scope": scope, "session": "user",
        });
        serde_json::from_value(key).unwrap()
    };
    let former = key("openid offline_access read:a");
    let mut canonical = key("offline_access openid read:a");
    canonical.organization = Some("acme".to_owned());
    let store = Arc::new(MemoryStore::new());
    let mut token = StoredToken::new("access-0", provider.clock.now());
    token.refresh_token = Some("refresh-0".into());
    store.save(&former, &token).await.unwrap();

    let flow = provider.flow().with_organization("Acme");
    let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert_eq!(text(&session).await, "access-0");
    assert!(store.load(&former).await.unwrap().is_none());
    let moved = store.load(&canonical).await.unwrap().unwrap();
    assert_eq!(moved.refresh_token.unwrap().secret(), "refresh-0");
    // If both exist, the one under the canonical key is used.
    token.access_token = "stale".into();
    store.save(&former, &token).await.unwrap();
    let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert_eq!(text(&session).await, "access-0");
}

#[tokio::test]
async fn line_break_after_a_stored_refresh_token_is_not_sent() {
    let provider = Provider::start().await;
    let (_, store) = stored_session(&provider).await;
    let flow = provider.flow();
    let key = json!({
        "issuer": provider.issuer(), "client_id": CLIENT, "audience": "https://api.test/",
        "scope": "offline_access openid read:a", "session": "user",
    });
    let mut token = StoredToken::new("", std::time::UNIX_EPOCH);
    token.refresh_token = Some("refresh-1\n".into());
    let key = serde_json::from_value(key).unwrap();
    store.save(&key, &token).await.unwrap();
    provider.reset().await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert_eq!(text(&session).await, "access-2");
    let requests = provider.requests("/oauth/token").await;
    assert_eq!(
        field(&requests[0], "refresh_token").as_deref(),
        Some("refresh-1")
    );
}

#[tokio::test]
async fn restored_session_continues() {
    let provider = Provider::start().await;
    let (_, store) = stored_session(&provider).await;
    let flow = provider.flow();
    provider.reset().await;
    assert!(
        flow.restore(store.clone(), "other")
            .await
            .unwrap()
            .is_none()
    );
    for other in [
        provider.builder().scope("write:a").build().unwrap(),
        provider
            .builder()
            .audience("https://other.test/")
            .build()
            .unwrap(),
        provider.builder().client_id("other").build().unwrap(),
        flow.with_organization("org_1"),
    ] {
        assert!(
            other
                .restore(store.clone(), "user")
                .await
                .unwrap()
                .is_none()
        );
    }
    let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert!(session.id_token().is_none());
    let token = session.token().await.unwrap();
    assert_eq!(token.secret(), "access-1");
    assert_eq!(
        token.scopes().unwrap().to_string(),
        "offline_access openid read:a"
    );
    assert!(provider.requests("/oauth/token").await.is_empty());

    provider.on("/oauth/token", grant(2, json!({}))).await;
    provider.clock.advance(3590);
    let session = flow.restore(store.clone(), "user").await.unwrap().unwrap();
    assert_eq!(text(&session).await, "access-1", "it is still valid");
    assert!(provider.requests("/oauth/token").await.is_empty());
    assert_eq!(refreshed(&session).await, "access-2");
    assert_eq!(store.log(), ["save access-2 refresh-2"]);
}

#[tokio::test]
async fn token_refreshed_by_another_process_is_used() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    let other = provider
        .flow()
        .restore(store, "user")
        .await
        .unwrap()
        .unwrap();
    provider.reset().await;
    provider.once("/oauth/token", grant(2, json!({}))).await;
    provider.once("/oauth/token", grant(3, json!({}))).await;
    provider.clock.advance(3600);
    assert_eq!(text(&other).await, "access-2");
    assert_eq!(text(&session).await, "access-2");
    let requests = provider.requests("/oauth/token").await;
    assert_eq!(requests.len(), 1);

    // The same in the other direction with the next token.
    provider.clock.advance(3600);
    assert_eq!(text(&session).await, "access-3");
    assert_eq!(text(&other).await, "access-3");
    assert_eq!(provider.requests("/oauth/token").await.len(), 2);
}

#[tokio::test]
async fn rejected_token_that_was_accepted_before_is_refreshed() {
    let provider = Provider::start().await;
    let (session, _) = stored_session(&provider).await;
    provider.reset().await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    let token = session.token().await.unwrap();
    session.accepted(&token);
    assert!(session.rejected(&token));
    assert_eq!(text(&session).await, "access-2");
}

#[tokio::test]
async fn sign_out_revokes_the_refresh_token_and_removes_all_tokens() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    let clone = session.clone();
    provider
        .on("/oauth/revoke", ResponseTemplate::new(200))
        .await;
    session.sign_out().await.unwrap();
    assert_eq!(store.log(), ["remove"]);
    let requests = provider.requests("/oauth/revoke").await;
    assert_eq!(requests.len(), 1);
    for (name, value) in [
        ("token", "refresh-1"),
        ("token_type_hint", "refresh_token"),
        ("client_id", CLIENT),
    ] {
        assert_eq!(field(&requests[0], name).as_deref(), Some(value), "{name}");
    }
    for session in [&session, &clone] {
        assert!(failure(session).await.is_session_ended());
    }
    let again = provider
        .flow()
        .restore(store.clone(), "user")
        .await
        .unwrap();
    assert!(again.is_none());
    session.sign_out().await.unwrap();
    assert!(
        session
            .keep_in(store, "user")
            .await
            .unwrap_err()
            .is_session_ended()
    );
    assert_eq!(provider.requests("/oauth/revoke").await.len(), 1);
}

#[tokio::test]
async fn unconfirmed_sign_out_is_an_error_and_ends_the_session() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    provider
        .on("/oauth/revoke", ResponseTemplate::new(503))
        .await;
    let error = session.sign_out().await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(store.log(), ["remove"]);
    assert!(failure(&session).await.is_session_ended());
}

#[tokio::test]
async fn sign_out_in_another_process_ends_the_session() {
    let provider = Provider::start().await;
    let (session, store) = stored_session(&provider).await;
    let other = provider
        .flow()
        .restore(store, "user")
        .await
        .unwrap()
        .unwrap();
    provider
        .on("/oauth/revoke", ResponseTemplate::new(200))
        .await;
    other.sign_out().await.unwrap();
    provider.clock.advance(3600);
    assert!(failure(&session).await.is_session_ended());
}

/// A store with an expired token whose lock panics.
struct Broken(Recorder);

impl TokenStore for Broken {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        self.0.load(key)
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        if token.access_token.secret() == "access-2" && !self.0.fails.swap(true, Ordering::SeqCst) {
            panic!("the store is broken");
        }
        self.0.fails.store(false, Ordering::SeqCst);
        self.0.save(key, token)
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.remove(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        self.0.lock(key)
    }
}

#[tokio::test]
async fn panicking_store_loses_nothing_and_the_next_call_saves() {
    let provider = Provider::start().await;
    let session = provider.login(&provider.flow()).await;
    let store = Arc::new(Broken(Recorder::default()));
    session.keep_in(store.clone(), "user").await.unwrap();
    assert_eq!(text(&session).await, "access-1");
    provider.reset().await;
    provider.on("/oauth/token", grant(2, json!({}))).await;
    provider.clock.advance(3600);
    assert_eq!(
        failure(&session).await.to_string(),
        "the token request panicked"
    );
    assert_eq!(text(&session).await, "access-2");
    assert_eq!(provider.requests("/oauth/token").await.len(), 1);
    assert_eq!(
        store.0.log(),
        ["save access-1 refresh-1", "save access-2 refresh-2"]
    );
}
