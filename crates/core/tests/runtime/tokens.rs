//! Tokens of attempts, and what is reported to their source.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use auth0_core::{AccessToken, StaticToken, TokenError, codegen::CallOptions, token_fn};
use serde_json::json;
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

/// A server that accepts `token` and rejects any other with a 401.
async fn server_accepting(token: &str) -> MockServer {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(201).set_body_json(json!({ "name": "acme", "age": 0 }));
    Mock::given(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(response)
        .with_priority(1)
        .mount(&server)
        .await;
    let unauthorized = ResponseTemplate::new(401)
        .set_body_json(json!({ "status": 401, "type": "UNAUTHORIZED", "title": "Unauthorized" }));
    Mock::given(any())
        .respond_with(unauthorized)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn failed_token_fetch_fails_the_call_and_sends_nothing() {
    let server = server_accepting("token-0").await;
    let error = create_tenant(&transport(&server.uri(), Tokens::failing_after(0)))
        .await
        .unwrap_err();

    assert!(error.is_token() && !error.is_status() && !error.has_acted());
    assert_eq!(
        error.to_string(),
        "createTenant: no access token could be obtained, the request was not sent"
    );
    assert_eq!(
        error.token_error().unwrap().to_string(),
        "the token endpoint returned 503"
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.downcast_ref::<TokenError>().is_some());
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn empty_token_fails_the_call_and_sends_nothing() {
    let server = server_accepting("").await;
    for empty in ["", "  "] {
        let error = create_tenant(&transport(&server.uri(), StaticToken::new(empty)))
            .await
            .unwrap_err();
        assert!(error.is_token(), "{error:?}");
        assert_eq!(
            error.token_error().unwrap().to_string(),
            "the token is empty"
        );
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn accepted_token_is_reported_to_its_source() {
    let server = server_accepting("token-0").await;
    let tokens = Tokens::replacing();
    create_tenant(&transport(&server.uri(), tokens.clone()))
        .await
        .unwrap();
    assert_eq!(
        (tokens.fetched(), tokens.reports()),
        (1, vec!["accepted 0".to_owned()])
    );
}

#[tokio::test]
async fn error_after_the_token_check_reports_the_token_as_accepted() {
    for (status, proves) in [
        (400, true),
        (403, false),
        (404, true),
        (409, true),
        (429, false),
        (503, false),
    ] {
        let server = MockServer::start().await;
        let response = wiremock::ResponseTemplate::new(status);
        Mock::given(wiremock::matchers::any())
            .respond_with(response)
            .mount(&server)
            .await;
        let tokens = Tokens::replacing();
        create_tenant(&transport(&server.uri(), tokens.clone()))
            .await
            .unwrap_err();
        let expected = if proves { vec!["accepted 0"] } else { vec![] };
        assert_eq!(tokens.reports(), expected, "{status}");
    }
}

#[tokio::test]
async fn rejected_token_is_replaced_once_and_the_whole_request_sent_again() {
    let server = server_accepting("token-1").await;
    let tokens = Tokens::replacing();
    let created = create_tenant(&transport(&server.uri(), tokens.clone()))
        .await
        .unwrap();

    assert_eq!(created.status().as_u16(), 201);
    assert_eq!(
        (tokens.fetched(), tokens.reports()),
        (2, vec!["rejected 0".to_owned(), "accepted 1".to_owned()])
    );
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(
        sent[1]
            .headers
            .get_all("authorization")
            .iter()
            .collect::<Vec<_>>(),
        ["Bearer token-1"]
    );
}

#[tokio::test]
async fn permanently_rejected_token_is_replaced_only_once() {
    let server = server_accepting("none").await;
    let tokens = Tokens::replacing();
    let error = create_tenant(&transport(&server.uri(), tokens.clone()))
        .await
        .unwrap_err();

    assert!(error.is_unauthorized());
    assert_eq!(
        error.problem().unwrap().problem_type(),
        Some("UNAUTHORIZED")
    );
    assert_eq!(
        (tokens.fetched(), tokens.reports()),
        (2, vec!["rejected 0".to_owned(), "rejected 1".to_owned()])
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn token_that_its_source_does_not_replace_is_final() {
    let server = server_accepting("token-1").await;
    let tokens = Tokens::default();
    let error = create_tenant(&transport(&server.uri(), tokens.clone()))
        .await
        .unwrap_err();

    assert!(error.is_unauthorized());
    assert_eq!(
        (tokens.fetched(), tokens.reports()),
        (1, vec!["rejected 0".to_owned()])
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn failed_replacement_is_a_token_error() {
    let server = server_accepting("token-1").await;
    let error = create_tenant(&transport(&server.uri(), Tokens::failing_after(1)))
        .await
        .unwrap_err();
    assert!(error.is_token() && !error.is_unauthorized() && !error.has_acted());
    assert_eq!(error.status().unwrap().as_u16(), 401);
    assert_eq!(
        error.to_string(),
        "createTenant: the access token was rejected, and no other could be obtained"
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn replacement_that_cannot_be_sent_keeps_the_401_response() {
    for unusable in ["", "two\nlines"] {
        let server = server_accepting("nothing").await;
        let fetches = AtomicUsize::new(0);
        let tokens = token_fn(move || {
            let first = fetches.fetch_add(1, Ordering::SeqCst) == 0;
            let text = if first { "first" } else { unusable };
            async move { Ok(AccessToken::new(text, 0)) }
        });
        let error = create_tenant(&transport(&server.uri(), tokens))
            .await
            .unwrap_err();
        assert!(error.is_token(), "{error:?}");
        assert_eq!(error.status().unwrap().as_u16(), 401);
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn static_token_is_final() {
    let server = server_accepting("other").await;
    let error = create_tenant(&transport(&server.uri(), StaticToken::new("mine")))
        .await
        .unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn closure_is_called_again_and_the_same_token_is_not_sent_twice() {
    let server = server_accepting("second").await;
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let changing = token_fn(move || {
        let text = if counter.fetch_add(1, Ordering::SeqCst) == 0 {
            "first"
        } else {
            "second"
        };
        async move { Ok(AccessToken::new(text, 0)) }
    });
    create_tenant(&transport(&server.uri(), changing))
        .await
        .unwrap();
    assert_eq!(
        (
            fetches.load(Ordering::SeqCst),
            server.received_requests().await.unwrap().len()
        ),
        (2, 2)
    );

    let constant = token_fn(|| async { Ok(AccessToken::new("first", 0)) });
    let error = create_tenant(&transport(&server.uri(), constant))
        .await
        .unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

/// A body that can be read only once.
pub(crate) struct Once(pub(crate) Option<&'static str>);

impl futures_core::Stream for Once {
    type Item = Result<&'static str, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

#[tokio::test]
async fn streamed_body_is_not_sent_again_after_a_401() {
    let server = server_accepting("token-1").await;
    let tokens = Tokens::replacing();
    let transport = transport(&server.uri(), tokens.clone());
    let call = transport.call(&CREATE_TENANT, CallOptions::default());
    let body = reqwest::Body::wrap_stream(Once(Some("{}")));
    let request = transport
        .reqwest()
        .post(format!("{}/tenants", server.uri()))
        .body(body);
    let received = call.receive(build(request)).await.unwrap();
    let error = received.json::<Member>().unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(
        (tokens.fetched(), tokens.reports()),
        (1, vec!["rejected 0".to_owned()])
    );
}

#[tokio::test]
async fn client_without_a_token_source_sends_no_token_and_does_not_retry_a_401() {
    let server = server_accepting("other").await;
    let base_url = auth0_core::codegen::BaseUrl::parse(&server.uri()).unwrap();
    let transport = auth0_core::codegen::TransportBuilder::new()
        .without_token()
        .build(base_url)
        .unwrap();
    let error = create_tenant(&transport).await.unwrap_err();
    assert!(error.is_unauthorized());
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].headers.contains_key("authorization"));
}
