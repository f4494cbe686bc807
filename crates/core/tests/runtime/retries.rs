//! Retries: waits and their limits, tokens, bodies and connections.

use std::sync::atomic::Ordering;
use std::time::Duration;

use auth0_core::time::Clock as _;
use auth0_core::{
    AccessToken, Error, Response, RetryPolicy, StaticToken, TokenError, TokenSource,
    codegen::{CallOptions, Transport, TransportBuilder, items},
    token_fn,
};

use crate::paging::List;
use crate::support::*;
use crate::tokens::Once;

/// A client with the default policy and `timer`.
fn patient(timer: &FakeTimer, tokens: impl TokenSource) -> TransportBuilder {
    timer
        .under(builder(tokens))
        .http_client(plain_client())
        .retry(RetryPolicy::default())
}

fn client(server: &FailureServer, timer: &FakeTimer) -> Transport {
    patient(timer, StaticToken::new("t"))
        .build(base(&server.url))
        .unwrap()
}

fn unavailable(headers: &str) -> Behavior {
    Behavior::status("503 Service Unavailable", headers, "{}")
}

fn limited(headers: &str) -> Behavior {
    Behavior::status("429 Too Many Requests", headers, "{}")
}

fn unauthorized() -> Behavior {
    Behavior::status("401 Unauthorized", "", "{}")
}

async fn get(transport: &Transport) -> Result<Response<Member>, Error> {
    call(transport, &READ, CallOptions::default()).await
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn retried_delete_with_404_reports_that_an_earlier_attempt_may_have_acted() {
    let gone = Behavior::status("404 Not Found", "", "{}");
    let server = FailureServer::with_script([Behavior::ResetAfterRequest], gone);
    let timer = FakeTimer::default();
    let error = call(&client(&server, &timer), &REMOVE, CallOptions::default())
        .await
        .unwrap_err();

    assert!(error.is_not_found() && error.earlier_attempt_may_have_acted());
    assert!(error.may_have_acted() && !error.has_acted() && !error.is_retryable());
    assert!(
        displayed(&error).ends_with(
            " (DELETE /members/{id}; attempt 2; the server may have acted on an earlier one)"
        ),
        "{error}"
    );
    assert!(error.is_outcome_unknown());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn attempts_differ_only_in_their_token() {
    let script = [unavailable(""), unauthorized(), Behavior::ResetAfterRequest];
    let server = FailureServer::with_script(script, Behavior::success());
    let timer = FakeTimer::default();
    let transport = patient(&timer, Tokens::replacing())
        .build(base(&server.url))
        .unwrap();
    let options = CallOptions::default().retry(RetryPolicy::default().max_attempts(4));
    let response = call(&transport, &REPLACE, options).await.unwrap();

    assert_eq!(response.attempts(), 4);
    let tokens: Vec<_> = (0..4)
        .map(|number| (format!("Bearer token-{number}"), 1))
        .collect();
    assert_eq!(server.header("authorization"), tokens);
    let without_token = |request: &String| {
        let lines = request.lines();
        lines
            .filter(|line| !line.starts_with("authorization"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let requests = server.requests();
    assert!(requests[0].ends_with(r#"{"name":"acme"}"#));
    for request in &requests {
        assert_eq!(without_token(request), without_token(&requests[0]));
    }
}

#[tokio::test]
async fn rejected_token_is_replaced_without_retries() {
    for operation in [&READ, &REPLACE, &CREATE] {
        let server = FailureServer::once(unauthorized());
        let transport = patient(&FakeTimer::default(), Tokens::replacing())
            .retry(RetryPolicy::never())
            .build(base(&server.url))
            .unwrap();
        let response = call(&transport, operation, CallOptions::default())
            .await
            .unwrap();
        assert_eq!(response.attempts(), 2);
    }
}

#[tokio::test]
async fn rejection_then_failure_then_success_succeeds_if_the_call_may_be_retried() {
    for (operation, requests) in [(&READ, 3), (&REPLACE, 3), (&CREATE, 2)] {
        let server =
            FailureServer::with_script([unauthorized(), unavailable("")], Behavior::success());
        let timer = FakeTimer::default();
        let transport = patient(&timer, Tokens::replacing())
            .build(base(&server.url))
            .unwrap();
        let result = call(&transport, operation, CallOptions::default()).await;
        assert_eq!(result.is_ok(), requests == 3);
        assert_eq!(server.requests().len(), requests);
        // Another token is tried at once.
        assert_eq!(timer.slept().len(), requests - 2);
    }
}

#[tokio::test]
async fn failed_token_request_before_a_retry_keeps_the_history() {
    let server = FailureServer::once(Behavior::ResetAfterRequest);
    let transport = patient(&FakeTimer::default(), Tokens::failing_after(1))
        .build(base(&server.url))
        .unwrap();
    let error = call(&transport, &REMOVE, CallOptions::default())
        .await
        .unwrap_err();

    assert!(error.is_token() && error.earlier_attempt_may_have_acted() && error.may_have_acted());
    assert!(!error.is_retryable());
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert_eq!(
        error.to_string(),
        "deleteMember: no access token could be obtained, the request was not retried \
         (after attempt 1; the server may have acted)"
    );
}

#[tokio::test]
async fn retry_hint_of_an_earlier_response_is_not_reported_with_a_token_error() {
    let server = FailureServer::always(limited("retry-after: 7\r\n"));
    let transport = patient(&FakeTimer::default(), Tokens::failing_after(1))
        .build(base(&server.url))
        .unwrap();
    let error = get(&transport).await.unwrap_err();
    assert!(error.is_token() && !error.may_have_acted());
    assert_eq!(error.retry_at(), None);
}

#[tokio::test]
async fn token_that_expires_within_a_listing_is_replaced() {
    let page = |body: &str| Behavior::status("200 OK", "", body);
    let script = [
        page(r#"{"numbers":[1,2],"next":"a"}"#),
        unauthorized(),
        page(r#"{"numbers":[3],"next":"b"}"#),
    ];
    let server = FailureServer::with_script(script, page(r#"{"numbers":[4]}"#));
    let transport = patient(&FakeTimer::default(), Tokens::replacing())
        .retry(RetryPolicy::never())
        .build(base(&server.url))
        .unwrap();
    let mut listing = items(List::new(transport));
    let mut found = Vec::new();
    while let Some(number) = listing.try_next().await.unwrap() {
        found.push(number);
    }
    assert_eq!(found, [1, 2, 3, 4]);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn requested_wait_is_slept_with_jitter() {
    for behavior in [
        limited("retry-after: 7\r\n"),
        unavailable("retry-after: 7\r\n"),
    ] {
        let server = FailureServer::once(behavior);
        let timer = FakeTimer::default();
        assert_eq!(get(&client(&server, &timer)).await.unwrap().attempts(), 2);
        let slept = timer.slept();
        assert_eq!(slept.len(), 1);
        assert!(slept[0] >= seconds(7) && slept[0] <= Duration::from_millis(7500));
    }
}

#[tokio::test]
async fn wait_beyond_max_wait_fails_with_retry_at() {
    let server = FailureServer::always(limited("retry-after: 8\r\n"));
    let timer = FakeTimer::default();
    let policy = RetryPolicy::default().max_wait(seconds(7));
    let error = call(
        &client(&server, &timer),
        &CREATE,
        CallOptions::default().retry(policy),
    )
    .await
    .unwrap_err();

    assert!(error.is_rate_limited() && error.is_retryable() && !error.may_have_acted());
    assert_eq!(error.retry_at(), Some(timer.now() + seconds(8)));
    assert!(timer.slept().is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn total_time_ends_the_retries() {
    let server = FailureServer::always(unavailable("retry-after: 7\r\n"));
    let timer = FakeTimer::default();
    let policy = RetryPolicy::default()
        .max_attempts(9)
        .total_time(seconds(20));
    let error = call(
        &client(&server, &timer),
        &READ,
        CallOptions::default().retry(policy),
    )
    .await
    .unwrap_err();
    assert!(error.is_server_error() && error.is_retryable());
    assert_eq!(error.attempts(), 3);
    assert_eq!(timer.slept().len(), 2);
}

#[tokio::test]
async fn wait_beyond_the_call_timeout_fails_at_once() {
    let server = FailureServer::always(limited("retry-after: 7\r\n"));
    let timer = FakeTimer::default();
    let of_the_client = patient(&timer, StaticToken::new("t"))
        .call_timeout(seconds(7))
        .build(base(&server.url))
        .unwrap();
    let of_the_call = CallOptions::default().call_timeout(seconds(7));
    for result in [
        get(&of_the_client).await,
        call(&client(&server, &timer), &READ, of_the_call).await,
    ] {
        let error = result.unwrap_err();
        assert!(error.is_rate_limited() && !error.is_timeout());
        assert_eq!(error.retry_at(), Some(timer.now() + seconds(7)));
    }
    assert!(timer.slept().is_empty());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn call_timeout_while_waiting_for_a_token_sends_no_request() {
    let server = FailureServer::always(Behavior::success());
    let timer = FakeTimer::default();
    let hanging = token_fn(std::future::pending::<Result<AccessToken, TokenError>>);
    let transport = patient(&timer, hanging)
        .call_timeout(seconds(5))
        .build(base(&server.url))
        .unwrap();
    let error = within_timeout(call(&transport, &CREATE, CallOptions::default()))
        .await
        .unwrap_err();

    assert!(error.is_timeout() && error.is_retryable() && !error.may_have_acted());
    assert!(!error.is_transport() && !error.is_outcome_unknown());
    assert_eq!((error.attempts(), server.connections()), (0, 0));
    assert_eq!(timer.slept(), [seconds(5)]);
    assert_eq!(
        error.to_string(),
        "createTenant: the call timed out while it waited for an access token"
    );
}

#[tokio::test]
async fn call_timeout_when_the_token_arrives_sends_no_request() {
    let server = FailureServer::always(Behavior::success());
    let timer = FakeTimer::default();
    let clock = timer.clone();
    let late = token_fn(move || {
        clock.advance(seconds(5));
        async { Ok(AccessToken::new("t", 0)) }
    });
    let transport = patient(&timer, late)
        .call_timeout(seconds(5))
        .build(base(&server.url))
        .unwrap();
    let error = call(&transport, &CREATE, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_timeout() && !error.is_outcome_unknown(), "{error}");
    assert_eq!((error.attempts(), server.connections()), (0, 0));
}

#[tokio::test]
async fn attempt_timeout_is_limited_by_the_call_timeout() {
    let server = FailureServer::always(Behavior::KeepOpen(Vec::new()));
    let transport = patient(&FakeTimer::default(), StaticToken::new("t"))
        .timeout(seconds(60))
        .call_timeout(Duration::from_millis(100))
        .build(base(&server.url))
        .unwrap();
    let error = within_timeout(call(&transport, &CREATE, CallOptions::default()))
        .await
        .unwrap_err();
    assert!(error.is_outcome_unknown() && error.is_timeout());
}

#[tokio::test]
async fn dropped_call_ends_its_wait_and_sends_no_further_request() {
    let server = FailureServer::always(unavailable(""));
    let timer = FakeTimer::stuck();
    let transport = client(&server, &timer);
    let mut waiting = Box::pin(get(&transport));
    let asleep = within_timeout(async {
        while timer.slept().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    tokio::select! {
        _ = &mut waiting => panic!("the wait ended by itself"),
        () = asleep => {}
    }
    assert_eq!(timer.waiting(), 1);
    drop(waiting);
    assert_eq!(timer.waiting(), 0);
    assert_eq!((server.connections(), timer.slept().len()), (1, 1));
}

#[tokio::test]
async fn retry_budget_limits_retries_in_an_outage_and_is_refilled_by_successes() {
    // A hundred retries, then one attempt per call.
    let outage = vec![unavailable(""); 160];
    let script = [
        outage,
        vec![Behavior::success(); 4],
        vec![unavailable("")],
        vec![
            Behavior::success(),
            unavailable(""),
            Behavior::success(),
            unavailable(""),
        ],
    ];
    let server = FailureServer::with_script(script.concat(), Behavior::success());
    let transport = client(&server, &FakeTimer::default());
    for _ in 0..60 {
        assert!(get(&transport).await.unwrap_err().is_retryable());
    }
    assert_eq!(server.requests().len(), 160);
    for _ in 0..4 {
        get(&transport).await.unwrap();
    }
    assert_eq!(get(&transport).await.unwrap_err().attempts(), 1);
    get(&transport).await.unwrap();
    // A successful retry returns its cost to the budget.
    for _ in 0..2 {
        assert_eq!(get(&transport).await.unwrap().attempts(), 2);
    }
}

#[tokio::test]
async fn lost_response_costs_twice_as_much() {
    let server = FailureServer::always(Behavior::Respond(Vec::new()));
    let transport = client(&server, &FakeTimer::default());
    for _ in 0..40 {
        get(&transport).await.unwrap_err();
    }
    assert_eq!(server.requests().len(), 40 + 50);
}

#[tokio::test]
async fn rate_limits_do_not_use_the_retry_budget() {
    let server = FailureServer::always(limited(""));
    let transport = client(&server, &FakeTimer::default());
    for _ in 0..60 {
        get(&transport).await.unwrap_err();
    }
    assert_eq!(server.requests().len(), 180);
}

#[tokio::test]
async fn policy_of_a_call_applies_to_that_call_only() {
    let server = FailureServer::always(unavailable(""));
    let transport = client(&server, &FakeTimer::default());
    for (policy, attempts) in [
        (Some(RetryPolicy::never()), 1),
        (Some(RetryPolicy::default().max_attempts(0)), 1),
        (Some(RetryPolicy::default().max_attempts(5)), 5),
        (None, 3),
    ] {
        let options = policy
            .into_iter()
            .fold(CallOptions::default(), CallOptions::retry);
        let error = call(&transport, &READ, options).await.unwrap_err();
        assert_eq!(error.attempts(), attempts);
    }
}

#[tokio::test]
async fn streamed_body_is_sent_once_and_uses_no_retry_budget() {
    let server = FailureServer::always(unavailable(""));
    let transport = client(&server, &FakeTimer::default());
    for _ in 0..120 {
        let request = transport
            .reqwest()
            .put(format!("{}/members/1", server.url))
            .body(reqwest::Body::wrap_stream(Once(Some("{}"))));
        let sending = transport.call(&REPLACE, CallOptions::default());
        let received = sending.receive(build(request)).await.unwrap();
        let error = received.empty().unwrap_err();
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(server.requests().len(), 120);
    assert_eq!(get(&transport).await.unwrap_err().attempts(), 3);
}

#[tokio::test]
async fn failure_with_an_incomplete_body_is_retried_by_its_status() {
    let broken = Behavior::promising("503 Service Unavailable", 500, r#"{"title":"Un"#);
    let server = FailureServer::with_script([broken.clone()], Behavior::success());
    let timer = FakeTimer::default();
    assert_eq!(get(&client(&server, &timer)).await.unwrap().attempts(), 2);

    let server = FailureServer::always(broken);
    let error = call(&client(&server, &timer), &CREATE, CallOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert!(error.is_status() && !error.body_is_complete() && error.may_have_acted());
    assert_eq!(&error.body().unwrap()[..], br#"{"title":"Un"#);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn success_with_an_incomplete_body_is_retried_for_reads_only() {
    for (operation, requests) in [(&READ, 2), (&REPLACE, 1), (&REMOVE, 1), (&CREATE, 1)] {
        let server = FailureServer::once(Behavior::promising("200 OK", 23, r#"{"name":"#));
        let transport = client(&server, &FakeTimer::default());
        let result = call(&transport, operation, CallOptions::default()).await;
        assert_eq!(server.requests().len(), requests, "{}", operation.id());
        let Err(error) = result else {
            assert_eq!(requests, 2);
            continue;
        };
        assert!(error.is_undecodable() && error.has_acted() && !error.is_retryable());
        assert_eq!(&error.body().unwrap()[..], br#"{"name":"#);
        assert!(!error.body_is_complete());
    }
}

#[tokio::test]
async fn bytes_after_a_response_do_not_reach_the_next_call() {
    let forged = r#"{"name":"Eve","age":66}"#;
    let mut bytes = head("200 OK", "", MEMBER.len(), MEMBER);
    bytes.extend(head("200 OK", "", forged.len(), forged));
    let server = FailureServer::with_script([Behavior::KeepOpen(bytes)], Behavior::success());
    let transport = client(&server, &FakeTimer::default());
    for _ in 0..2 {
        let response = call(&transport, &CREATE, CallOptions::default())
            .await
            .unwrap();
        assert_eq!(response.value().name, "Ann");
        assert_eq!(response.attempts(), 1);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn pooled_connection_closed_during_a_request_counts_as_a_lost_response() {
    for (operation, requests) in [(&READ, 3), (&CREATE, 2)] {
        let kept_open = Behavior::KeepOpen(head("200 OK", "", MEMBER.len(), MEMBER));
        let server = FailureServer::with_script([kept_open], Behavior::success());
        let transport = client(&server, &FakeTimer::default());
        call(&transport, operation, CallOptions::default())
            .await
            .unwrap();
        let result = call(&transport, operation, CallOptions::default()).await;
        assert_eq!(server.requests().len(), requests);
        assert_eq!(server.connections(), requests - 1);
        assert_eq!(
            result.is_err_and(|error| error.is_outcome_unknown()),
            requests == 2
        );
    }
}

#[tokio::test]
async fn lost_response_followed_by_a_refused_connection_is_outcome_unknown() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The server reads the request, then closes connection and listener.
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        drop(listener);
    });
    let timer = FakeTimer::default();
    let transport = patient(&timer, StaticToken::new("t"))
        .build(base(&url))
        .unwrap();
    let error = call(&transport, &REMOVE, CallOptions::default())
        .await
        .unwrap_err();
    server.join().unwrap();
    assert!(error.is_outcome_unknown() && !error.is_connect() && !error.is_transport());
    assert!(error.may_have_acted() && error.attempts() == 3, "{error}");
}

#[tokio::test]
async fn request_rejected_by_the_http_client_is_not_retried() {
    let server = FailureServer::always(Behavior::success());
    let timer = FakeTimer::default();
    let client = reqwest::Client::builder().no_proxy().https_only(true);
    let transport = patient(&timer, StaticToken::new("t"))
        .http_client(auth0_core::HttpClient::from_builder(client).unwrap())
        .build(base(&server.url))
        .unwrap();
    let error = get(&transport).await.unwrap_err();
    assert!(error.is_invalid_request() && !error.is_retryable() && !error.is_connect());
    assert_eq!((error.attempts(), server.connections()), (1, 0));
    assert!(timer.slept().is_empty());
}

#[tokio::test]
async fn rejected_token_is_replaced_even_without_time_for_retries() {
    let server = FailureServer::once(unauthorized());
    let fetched = std::sync::atomic::AtomicU64::new(0);
    // The token source is not ready at once, so calls have to wait for it.
    let tokens = token_fn(move || {
        let number = fetched.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            tokio::task::yield_now().await;
            Ok(AccessToken::new(format!("token-{number}"), number))
        }
    });
    let policy = RetryPolicy::never().total_time(Duration::ZERO);
    let transport = patient(&FakeTimer::default(), tokens)
        .retry(policy)
        .build(base(&server.url))
        .unwrap();
    assert_eq!(get(&transport).await.unwrap().attempts(), 2);
}

#[tokio::test]
async fn rejected_certificate_is_not_retried_and_the_error_says_what_to_check() {
    // bad_certificate, certificate_expired, unknown_ca, certificate_required
    for description in [42, 45, 48, 116] {
        let (url, count) = tls_alert_server(description).await;
        let timer = FakeTimer::default();
        let client = patient(&timer, StaticToken::new("t"))
            .build(base(&url))
            .unwrap();
        for operation in [&READ, &REPLACE, &REMOVE, &CREATE] {
            let error = call(&client, operation, CallOptions::default())
                .await
                .unwrap_err();
            assert!(error.is_certificate() && error.is_connect(), "{error}");
            assert!(!error.is_retryable() && !error.may_have_acted());
            assert_eq!(error.attempts(), 1);
            let text = error.to_string();
            assert!(
                text.contains("the TLS handshake failed because a certificate was rejected"),
                "{text}"
            );
            assert!(
                text.contains("the certificates of the HttpClient"),
                "{text}"
            );
        }
        assert_eq!(count.load(Ordering::SeqCst), 4);
        assert!(timer.slept().is_empty());
    }
    // Another alert may be temporary: internal_error.
    let (url, count) = tls_alert_server(80).await;
    let timer = FakeTimer::default();
    let client = patient(&timer, StaticToken::new("t"));
    let client = client.build(base(&url)).unwrap();
    let error = get(&client).await.unwrap_err();
    assert!(!error.is_certificate() && error.is_connect() && error.is_retryable());
    assert_eq!((error.attempts(), count.load(Ordering::SeqCst)), (3, 3));
}
