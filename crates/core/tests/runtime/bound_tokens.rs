//! Tokens that are bound to a key: proofs, nonces and rejected proofs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::codegen::{CallOptions, Transport};
use auth0_core::proof::{ProofOfPossession, ProofRequest, ServerRole};
use auth0_core::{
    AccessToken, BoxFuture, Limiter, Limits, Operation, Rate, RetryPolicy, SecretString,
    TokenError, TokenSource,
};
use reqwest::Url;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;
use crate::tokens::Once;

/// A key whose proofs are plain text: number, method, path, token and nonce.
#[derive(Default)]
pub(crate) struct Key {
    count: AtomicUsize,
    nonces: Mutex<HashMap<u16, String>>,
    /// Every proof is this text.
    constant: Option<&'static str>,
    is_broken: bool,
}

impl Key {
    fn broken() -> Self {
        Self {
            is_broken: true,
            ..Self::default()
        }
    }

    pub(crate) fn constant(text: &'static str) -> Self {
        Self {
            constant: Some(text),
            ..Self::default()
        }
    }
}

impl ProofOfPossession for Key {
    fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError> {
        if self.is_broken {
            return Err(TokenError::new("the key is broken"));
        }
        if let Some(text) = self.constant {
            return Ok(text.into());
        }
        let port = request.url.port().unwrap();
        let nonce = self.nonces.lock().unwrap().get(&port).cloned();
        let proof = format!(
            "{} {} {}{} {} {}",
            self.count.fetch_add(1, Ordering::SeqCst),
            request.method,
            request.url.path(),
            request.url.query().unwrap_or_default(),
            request.access_token.unwrap().secret(),
            nonce.unwrap_or_default(),
        );
        Ok(proof.trim_end().into())
    }

    fn nonce(&self, role: ServerRole, url: &Url, nonce: &str) {
        assert_eq!(role, ServerRole::ResourceServer);
        let port = url.port().unwrap();
        self.nonces.lock().unwrap().insert(port, nonce.to_owned());
    }
}

/// The tokens of another source, bound to a key.
#[derive(Clone)]
struct Bound(Tokens, Arc<Key>);

impl Bound {
    fn to(key: Key) -> Self {
        Self(Tokens::replacing(), Arc::new(key))
    }
}

impl TokenSource for Bound {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(async { Ok(self.0.token().await?.bound_to(self.1.clone())) })
    }

    fn accepted(&self, token: &AccessToken) {
        self.0.accepted(token);
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        self.0.rejected(token)
    }
}

fn challenge(nonce: &str) -> Behavior {
    let headers = format!(
        "www-authenticate: DPoP error=\"use_dpop_nonce\", algs=\"ES256\"\r\ndpop-nonce: {nonce}\r\n"
    );
    Behavior::status("401 Unauthorized", &headers, "{}")
}

fn rejection(error: &str) -> Behavior {
    let header = format!("www-authenticate: DPoP error=\"{error}\"\r\n");
    Behavior::status("401 Unauthorized", &header, "{}")
}

fn status(status: &str) -> Behavior {
    Behavior::status(status, "", "{}")
}

/// The proofs of all requests, each of which must have exactly one.
#[track_caller]
fn proofs(server: &FailureServer) -> Vec<String> {
    let proofs = server.header("dpop");
    assert!(proofs.iter().all(|(_, count)| *count == 1), "{proofs:?}");
    proofs.into_iter().map(|(proof, _)| proof).collect()
}

/// A client of `server` with the default retries and a fake timer.
fn client(server: &FailureServer, tokens: Bound) -> Transport {
    FakeTimer::default()
        .under(builder(tokens))
        .retry(RetryPolicy::default())
        .http_client(plain_client())
        .build(base(&server.url))
        .unwrap()
}

async fn call_successfully(transport: &Transport, operation: &'static Operation) {
    call(transport, operation, CallOptions::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn bound_token_is_sent_with_the_dpop_scheme_and_a_proof() {
    let server = FailureServer::always(Behavior::success());
    let transport = client(&server, Bound::to(Key::default()));
    let request = transport.reqwest().get(format!("{}/a%2Fb?c=d", server.url));
    transport
        .call(&READ, CallOptions::default())
        .receive(build(request))
        .await
        .unwrap();
    call_successfully(&transport, &CREATE).await;
    assert_eq!(
        proofs(&server),
        ["0 GET /a%2Fbc=d token-0", "1 POST /tenants token-1"]
    );
    let authorization = ("DPoP token-0".to_owned(), 1);
    assert_eq!(server.header("authorization")[0], authorization);
}

#[tokio::test]
async fn unbound_token_is_sent_without_a_proof() {
    let server = FailureServer::always(challenge("n"));
    let transport = transport(&server.url, Tokens::default());
    let error = call(&transport, &READ, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(server.header("dpop"), [(String::new(), 0)]);
    assert_eq!(server.header("authorization")[0].0, "Bearer token-0");
}

#[tokio::test]
async fn bound_token_replaced_by_an_unbound_one_is_sent_without_a_proof() {
    let server = FailureServer::once(rejection("invalid_token"));
    let fetches = AtomicUsize::new(0);
    let key = Arc::new(Key::default());
    let changing = auth0_core::token_fn(move || {
        let token = match fetches.fetch_add(1, Ordering::SeqCst) {
            0 => AccessToken::new("bound", 0).bound_to(key.clone()),
            _ => AccessToken::new("free", 1),
        };
        async move { Ok(token) }
    });
    call_successfully(&transport(&server.url, changing), &CREATE).await;
    assert_eq!(
        server.header("authorization")[1],
        ("Bearer free".to_owned(), 1)
    );
    assert_eq!(server.header("dpop")[1].1, 0);
}

#[tokio::test]
async fn every_retry_has_its_own_proof() {
    let script = [
        status("503 Service Unavailable"),
        Behavior::ResetAfterRequest,
    ];
    let server = FailureServer::with_script(script, Behavior::success());
    call_successfully(&client(&server, Bound::to(Key::default())), &READ).await;
    assert_eq!(
        proofs(&server),
        [
            "0 GET /members/1 token-0",
            "1 GET /members/1 token-1",
            "2 GET /members/1 token-2"
        ]
    );
}

#[tokio::test]
async fn required_nonce_is_supplied_once_with_the_same_token() {
    for operation in [&READ, &REPLACE, &CREATE] {
        let server = FailureServer::once(challenge("n1"));
        let tokens = Bound::to(Key::default());
        let transport = FakeTimer::stuck()
            .under(builder(tokens.clone()))
            .http_client(plain_client())
            .build(base(&server.url))
            .unwrap();
        within_timeout(call_successfully(&transport, operation)).await;

        let proofs = proofs(&server);
        assert_eq!(proofs.len(), 2);
        assert!(proofs[0].starts_with("0 ") && proofs[0].ends_with(" token-0"));
        assert!(proofs[1].starts_with("1 ") && proofs[1].ends_with(" token-0 n1"));
        let body = |request: &String| request.split("\r\n\r\n").nth(1).unwrap().to_owned();
        let bodies: Vec<_> = server.requests().iter().map(body).collect();
        assert_eq!(bodies[0], bodies[1]);
        assert_eq!(
            (tokens.0.fetched(), tokens.0.reports()),
            (1, vec!["accepted 0".to_owned()]),
        );
    }
}

#[tokio::test]
async fn nonce_required_again_is_final_and_keeps_the_token() {
    for operation in [&READ, &CREATE] {
        let server = FailureServer::always(challenge("n"));
        let tokens = Bound::to(Key::default());
        let error = call(
            &client(&server, tokens.clone()),
            operation,
            CallOptions::default(),
        )
        .await
        .unwrap_err();
        assert!(error.is_unauthorized() && !error.is_invalid_dpop_proof());
        assert!(!error.may_have_acted() && !error.is_retryable());
        assert_eq!(error.attempts(), 2);
        assert!(
            error.to_string().contains(
                "401 Unauthorized, the server requires a nonce that the DPoP proof did not contain ("
            ) && error.to_string().ends_with("; attempt 2)"),
            "{error}"
        );
        assert_eq!(server.connections(), 2);
        assert_eq!((tokens.0.fetched(), tokens.0.reports()), (1, vec![]));
    }
}

#[tokio::test]
async fn resending_with_a_nonce_does_not_count_as_a_retry() {
    let unavailable = || status("503 Service Unavailable");
    let script = [
        challenge("n1"),
        unavailable(),
        challenge("n2"),
        unavailable(),
        challenge("n3"),
    ];
    let server = FailureServer::with_script(script, Behavior::success());
    call_successfully(&client(&server, Bound::to(Key::default())), &READ).await;
    assert_eq!(
        proofs(&server),
        [
            "0 GET /members/1 token-0",
            "1 GET /members/1 token-0 n1",
            "2 GET /members/1 token-1 n1",
            "3 GET /members/1 token-1 n2",
            "4 GET /members/1 token-2 n2",
            "5 GET /members/1 token-2 n3",
        ]
    );

    let script = [challenge("n1"), unavailable(), unavailable()];
    let server = FailureServer::with_script(script, unavailable());
    let error = call(
        &client(&server, Bound::to(Key::default())),
        &READ,
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    assert_eq!((error.attempts(), server.connections()), (4, 4));
}

#[tokio::test]
async fn nonce_of_any_response_is_used_in_the_next_proof() {
    let with = |line: &str, nonce: &str| {
        Behavior::status(line, &format!("dpop-nonce: {nonce}\r\n"), MEMBER)
    };
    let script = [
        with("200 OK", "n1"),
        with("404 Not Found", "n2"),
        with("503 Service Unavailable", "n3"),
        with("429 Too Many Requests", "n4"),
        with("200 OK", "not a nonce"),
    ];
    let server = FailureServer::with_script(script, Behavior::success());
    let transport = client(&server, Bound::to(Key::default()));
    for _ in 0..4 {
        let _ = call(&transport, &READ, CallOptions::default()).await;
    }
    let nonces: Vec<_> = proofs(&server)
        .iter()
        .map(|proof| proof.split(' ').nth(4).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(nonces, ["", "n1", "n2", "n3", "n4", "n4"]);
}

#[tokio::test]
async fn nonce_is_used_for_its_server_only() {
    let tokens = Bound::to(Key::default());
    let (one, other) = (
        FailureServer::once(challenge("n1")),
        FailureServer::once(challenge("m1")),
    );
    for server in [&one, &other, &one, &other] {
        call_successfully(&client(server, tokens.clone()), &READ).await;
    }
    let ends = |server, end: &str| proofs(server)[1..].iter().all(|proof| proof.ends_with(end));
    assert!(proofs(&other)[0].ends_with(" token-1"));
    assert!(ends(&one, " n1") && ends(&other, " m1"));
}

#[tokio::test]
async fn rejected_bound_token_is_replaced_once_with_a_new_proof() {
    let server = FailureServer::once(rejection("invalid_token"));
    let tokens = Bound::to(Key::default());
    call_successfully(&client(&server, tokens.clone()), &CREATE).await;
    assert_eq!(
        proofs(&server),
        ["0 POST /tenants token-0", "1 POST /tenants token-1"]
    );
    assert_eq!(tokens.0.reports(), ["rejected 0", "accepted 1"]);

    let server = FailureServer::always(rejection("invalid_token"));
    let tokens = Bound::to(Key::default());
    let transport = client(&server, tokens.clone());
    call(&transport, &CREATE, CallOptions::default())
        .await
        .unwrap_err();
    assert_eq!(server.connections(), 2);
    assert_eq!(tokens.0.reports(), ["rejected 0", "rejected 1"]);
}

#[tokio::test]
async fn required_nonce_followed_by_a_rejected_token_supplies_both() {
    let script = [challenge("n1"), rejection("invalid_token"), challenge("n2")];
    let server = FailureServer::with_script(script, Behavior::success());
    let tokens = Bound::to(Key::default());
    call_successfully(&client(&server, tokens.clone()), &CREATE).await;
    assert_eq!(
        proofs(&server),
        [
            "0 POST /tenants token-0",
            "1 POST /tenants token-0 n1",
            "2 POST /tenants token-1 n1",
            "3 POST /tenants token-1 n2",
        ]
    );
    assert_eq!(tokens.0.reports(), ["rejected 0", "accepted 1"]);
}

#[tokio::test]
async fn rejected_proof_is_reported_and_the_token_is_kept() {
    let server = FailureServer::always(rejection("invalid_dpop_proof"));
    let tokens = Bound::to(Key::default());
    let error = call(
        &client(&server, tokens.clone()),
        &READ,
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    assert!(error.is_invalid_dpop_proof() && error.is_unauthorized());
    assert_eq!(
        displayed(&error),
        "getMember: 401 Unauthorized, the DPoP proof was rejected (invalid_dpop_proof): check the clock \
         (GET /members/{id})"
    );
    assert_eq!(server.connections(), 1);
    assert_eq!((tokens.0.fetched(), tokens.0.reports()), (1, vec![]));
}

#[tokio::test]
async fn required_nonce_that_the_response_lacks_is_final() {
    for invalid in ["", "dpop-nonce: two words\r\n"] {
        let header = format!("www-authenticate: DPoP error=\"use_dpop_nonce\"\r\n{invalid}");
        let server = FailureServer::always(Behavior::status("401 Unauthorized", &header, "{}"));
        let tokens = Bound::to(Key::default());
        let transport = client(&server, tokens.clone());
        let error = call(&transport, &READ, CallOptions::default())
            .await
            .unwrap_err();
        assert!(error.is_unauthorized());
        assert_eq!(server.connections(), 1);
        assert_eq!(tokens.0.reports(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn streamed_body_is_not_sent_again_for_a_nonce() {
    let server = FailureServer::always(challenge("n"));
    let tokens = Bound::to(Key::default());
    let transport = client(&server, tokens.clone());
    let body = reqwest::Body::wrap_stream(Once(Some("{}")));
    let request = transport
        .reqwest()
        .post(format!("{}/tenants", server.url))
        .body(body);
    let received = transport
        .call(&CREATE, CallOptions::default())
        .receive(build(request))
        .await
        .unwrap();
    assert!(received.json::<Member>().unwrap_err().is_unauthorized());
    assert_eq!(server.connections(), 1);
    assert_eq!(tokens.0.reports(), Vec::<String>::new());
}

#[tokio::test]
async fn nonce_after_the_call_timeout_is_not_used() {
    let server = MockServer::start().await;
    let timer = FakeTimer::default();
    let passing = timer.clone();
    let slow = move |_: &Request| {
        passing.advance(Duration::from_secs(11));
        ResponseTemplate::new(401)
            .insert_header("www-authenticate", "DPoP error=use_dpop_nonce")
            .insert_header("dpop-nonce", "n")
    };
    Mock::given(any()).respond_with(slow).mount(&server).await;
    let transport = timer
        .under(builder(Bound::to(Key::default())))
        .call_timeout(Duration::from_secs(10))
        .build(base(&server.uri()))
        .unwrap();
    let error = call(&transport, &CREATE, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_timeout() && !error.may_have_acted(), "{error:?}");
    assert_eq!(error.status().unwrap().as_u16(), 401);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn request_resent_with_a_nonce_passes_the_limiter() {
    let server = FailureServer::once(challenge("n"));
    let timer = FakeTimer::default();
    let limits = Limits::new(Rate::per_second(1), Rate::per_second(1)).headroom(0.0);
    let limiter =
        Limiter::with_timer(limits, Arc::new(timer.clone()), Arc::new(timer.clone())).unwrap();
    let transport = timer
        .under(builder(Bound::to(Key::default())))
        .http_client(plain_client())
        .limiter(limiter)
        .build(base(&server.url))
        .unwrap();
    call_successfully(&transport, &CREATE).await;
    assert_eq!(timer.slept(), [Duration::from_secs(1)]);
}

#[tokio::test]
async fn failing_proof_sends_no_request() {
    let server = FailureServer::always(Behavior::success());
    for (key, expected) in [
        (Key::broken(), "the key is broken"),
        (
            Key::constant("two\nlines"),
            "the proof contains a character that is not valid in a header",
        ),
    ] {
        let transport = client(&server, Bound::to(key));
        let error = call(&transport, &READ, CallOptions::default())
            .await
            .unwrap_err();
        assert!(error.is_token());
        assert_eq!(error.token_error().unwrap().to_string(), expected);
        assert_eq!((error.attempts(), server.connections()), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_resend_at_most_once_for_a_nonce() {
    let server = MockServer::start().await;
    let strict = |request: &Request| {
        let proof = request.headers["dpop"].to_str().unwrap();
        if proof.ends_with(" n1") {
            return ResponseTemplate::new(200).set_body_json(json!({ "name": "Ann", "age": 41 }));
        }
        ResponseTemplate::new(401)
            .insert_header("www-authenticate", "DPoP error=\"use_dpop_nonce\"")
            .insert_header("dpop-nonce", "n1")
    };
    Mock::given(any()).respond_with(strict).mount(&server).await;
    let tokens = Bound::to(Key::default());
    let transport = transport(&server.uri(), tokens.clone());
    let one = |transport: Transport| async move {
        call(&transport, &CREATE, CallOptions::default()).await
    };
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        calls.spawn(one(transport.clone()));
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));

    let requests = server.received_requests().await.unwrap();
    let mut of_token = HashMap::<_, usize>::new();
    for request in &requests {
        *of_token
            .entry(request.headers["authorization"].clone())
            .or_default() += 1;
    }
    assert_eq!((tokens.0.fetched(), of_token.len()), (64, 64));
    assert!(of_token.values().all(|count| *count <= 2), "{of_token:?}");
    assert!(
        tokens
            .0
            .reports()
            .iter()
            .all(|report| report.starts_with("accepted"))
    );
}

#[tokio::test]
async fn proof_quoted_by_the_server_is_redacted() {
    let body = r#"{"status":400,"title":"Bad Request","message":"not pl4nted-proof"}"#;
    let server = FailureServer::once(Behavior::status("400 Bad Request", "", body));
    let source = Bound::to(Key::constant("pl4nted-proof"));
    let options = CallOptions::default();
    let error = get_member(&client(&server, source), options)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not […]"), "{error}");
    assert!(!printed(&error).contains("pl4nted"), "{}", printed(&error));
}
