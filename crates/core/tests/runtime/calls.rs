//! Requests of calls: headers, settings, validation before sending.

use std::time::Duration;

use auth0_core::codegen::{BaseUrl, CallOptions, TransportBuilder};
use auth0_core::{HttpClient, StaticToken};
use http::{HeaderName, HeaderValue};
use serde_json::json;
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

async fn server_with_member() -> MockServer {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200).set_body_json(json!({ "name": "Ann", "age": 41 }));
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn call_sends_token_accept_and_user_agent_but_no_api_version() {
    let server = server_with_member().await;
    let response = get_member(
        &transport(&server.uri(), StaticToken::new("t0ken")),
        CallOptions::default(),
    )
    .await
    .unwrap();

    assert_eq!(
        response.value(),
        &Member {
            name: "Ann".to_owned(),
            age: 41
        }
    );
    assert_eq!(
        (response.status().as_u16(), response.operation()),
        (200, "getMember")
    );
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(&response.body()[..], br#"{"age":41,"name":"Ann"}"#);
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(sent.url.path(), "/members/1");
    assert_eq!(sent.headers["authorization"], "Bearer t0ken");
    assert_eq!(sent.headers["accept"], "application/json");
    assert_eq!(
        sent.headers["user-agent"],
        concat!("auth0-core-rust/", env!("CARGO_PKG_VERSION"))
    );
    // No other headers, in particular not `api-version`, which progenitor's clients usually send.
    let mut names: Vec<&str> = sent.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "auth0-client",
            "authorization",
            "host",
            "user-agent"
        ]
    );
}

#[tokio::test]
async fn settings_of_a_call_apply_to_that_call_only() {
    let server = server_with_member().await;
    let transport = builder(StaticToken::new("t0ken"))
        .user_agent("fleet/2")
        .build(base(&server.uri()))
        .unwrap();
    let options = CallOptions::default().header(
        HeaderName::from_static("x-request-source"),
        HeaderValue::from_static("nightly"),
    );
    get_member(&transport, options).await.unwrap();
    get_member(&transport, CallOptions::default())
        .await
        .unwrap();

    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent[0].headers["x-request-source"], "nightly");
    assert_eq!(sent[0].headers["authorization"], "Bearer t0ken");
    assert_eq!(sent[0].headers.get_all("authorization").iter().count(), 1);
    assert_eq!(sent[0].headers["user-agent"], "fleet/2");
    assert!(!sent[1].headers.contains_key("x-request-source"));
}

#[tokio::test]
async fn header_that_the_client_sets_is_rejected_before_sending() {
    let server = server_with_member().await;
    let clients = [
        transport(&server.uri(), StaticToken::new("t0ken")),
        TransportBuilder::new()
            .without_token()
            .build(base(&server.uri()))
            .unwrap(),
    ];
    for name in [
        "authorization",
        "dpop",
        "proxy-authorization",
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "accept-encoding",
        "transfer-encoding",
        "trailer",
        "te",
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "http2-settings",
        "expect",
    ] {
        for transport in &clients {
            let options = CallOptions::default().header(
                HeaderName::from_static(name),
                HeaderValue::from_static("s3cr3t"),
            );
            let error = get_member(transport, options).await.unwrap_err();
            assert!(error.is_invalid_request(), "{error}");
            assert_eq!(error.violations()[0].field(), format!("header {name}"));
            assert!(!printed(&error).contains("s3cr3t"), "{error}");
        }
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn own_client_keeps_its_user_agent() {
    let server = server_with_member().await;
    let transport = builder(StaticToken::new("t"))
        .http_client(own_client())
        .build(base(&server.uri()))
        .unwrap();
    get_member(&transport, CallOptions::default())
        .await
        .unwrap();
    assert_eq!(
        server.received_requests().await.unwrap()[0].headers["user-agent"],
        "own-client/1"
    );
}

#[tokio::test]
async fn redirect_is_returned_and_not_followed() {
    let other = server_with_member().await;
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(307).insert_header("location", other.uri());
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    // The builder enables redirects, which the client ignores.
    let following = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5));
    let transport = builder(StaticToken::new("t"))
        .http_client(HttpClient::from_builder(following).unwrap())
        .build(base(&server.uri()))
        .unwrap();
    let error = get_member(&transport, CallOptions::default())
        .await
        .unwrap_err();

    assert!(error.is_status());
    assert_eq!(error.status().unwrap().as_u16(), 307);
    assert_eq!(error.headers().unwrap()["location"], other.uri());
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn request_outside_the_base_url_is_not_sent() {
    let server = server_with_member().await;
    let tokens = Tokens::default();
    let transport = transport(&format!("{}/api", server.uri()), tokens.clone());
    for url in [
        format!("{}/apis/members/1", server.uri()),
        format!("{}/members/1", server.uri()),
        format!("{}/api/../members/1", server.uri()),
        format!(
            "{}/api/members/1",
            server.uri().replace("127.0.0.1", "localhost")
        ),
        "http://127.0.0.1:1/api/members/1".to_owned(),
    ] {
        let call = transport.call(&GET_MEMBER, CallOptions::default());
        let error = call
            .receive(build(transport.reqwest().get(&url)))
            .await
            .unwrap_err();
        assert!(error.is_invalid_request(), "{url}: {error}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
    assert_eq!(tokens.fetched(), 0);
}

#[tokio::test]
async fn request_that_cannot_be_built_is_an_invalid_request() {
    let transport = transport("http://127.0.0.1:1", StaticToken::new("t"));
    let call = transport.call(&GET_MEMBER, CallOptions::default());
    let error = call
        .receive(build(transport.reqwest().get("http://[s3cr3t")))
        .await
        .unwrap_err();

    assert!(error.is_invalid_request());
    assert_eq!(
        error.to_string(),
        "getMember: the request cannot be built and was not sent"
    );
    assert!(std::error::Error::source(&error).is_none());
    assert!(!printed(&error).contains("s3cr3t"));
}

#[tokio::test]
async fn undocumented_success_in_json_still_decodes_and_keeps_its_status() {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(202).set_body_json(json!({ "name": "acme", "age": 0 }));
    Mock::given(method("POST"))
        .and(path("/tenants"))
        .and(body_json(json!({ "name": "acme" })))
        .respond_with(response)
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .respond_with(ResponseTemplate::new(200).set_body_string("{\"done\":true}"))
        .mount(&server)
        .await;
    let transport = transport(&server.uri(), StaticToken::new("t"));

    let created = create_tenant(&transport).await.unwrap();
    assert_eq!(
        (created.status().as_u16(), created.value().name.as_str()),
        (202, "acme")
    );
    let deleted = delete_member(&transport).await.unwrap();
    assert_eq!(
        (deleted.status().as_u16(), &deleted.body()[..]),
        (200, &b"{\"done\":true}"[..])
    );
}

#[tokio::test]
async fn server_that_never_responds_is_a_timeout() {
    let server = BareServer::responding([
        ServerResponse::Hang(Vec::new()),
        ServerResponse::Hang(Vec::new()),
    ])
    .await;
    let short = Duration::from_millis(30);
    let of_the_client = builder(StaticToken::new("t"))
        .timeout(short)
        .build(base(&server.url))
        .unwrap();
    let of_the_call = transport(&server.url, StaticToken::new("t"));
    for result in [
        get_member(&of_the_client, CallOptions::default()).await,
        get_member(&of_the_call, CallOptions::default().timeout(short)).await,
    ] {
        let error = result.unwrap_err();
        assert!(error.is_timeout() && error.is_transport() && !error.is_connect());
        assert!(!error.has_acted() && error.status().is_none() && error.body().is_none());
        assert_eq!(
            displayed(&error),
            "getMember: no response within the timeout (GET /members/{id})"
        );
    }
}

#[tokio::test]
async fn refused_connection_is_distinguished_from_a_lost_one() {
    let error = create_tenant(&transport(&unused_url().await, StaticToken::new("t")))
        .await
        .unwrap_err();
    assert!(error.is_transport() && error.is_connect() && !error.is_timeout());
    assert_eq!(
        displayed(&error),
        "createTenant: no connection to the server (POST /tenants)"
    );

    let server = BareServer::responding([ServerResponse::text("")]).await;
    let error = create_tenant(&transport(&server.url, StaticToken::new("t")))
        .await
        .unwrap_err();
    assert!(error.is_outcome_unknown() && !error.is_transport() && !error.is_connect());
    assert_eq!(
        displayed(&error),
        "createTenant: outcome unknown: the connection failed before a response arrived, and the server may have acted \
         (POST /tenants)"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn response_is_decoded_as_the_operation_documents() {
    let server = BareServer::responding([
        ServerResponse::text("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\u{1}\u{2}\u{3}"),
        ServerResponse::text("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"),
        ServerResponse::text("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"),
    ])
    .await;
    let transport = transport(&server.url, StaticToken::new("t"));
    let receive = async || {
        let call = transport.call(&GET_MEMBER, CallOptions::default());
        let request = transport.reqwest().get(&server.url);
        call.receive(build(request)).await.unwrap()
    };
    let bytes = receive().await.bytes().unwrap();
    assert_eq!(&bytes.value()[..], [1, 2, 3]);
    let nothing = receive().await.json::<Option<Member>>().unwrap();
    assert_eq!(nothing.value(), &None);
    let error = receive().await.json::<Member>().unwrap_err();
    assert!(error.is_undecodable() && error.has_acted(), "{error}");
}

#[tokio::test]
async fn checker_with_violations_rejects_the_call() {
    let transport = transport("http://127.0.0.1:1", StaticToken::new("t"));
    let call = transport.call(&GET_MEMBER, CallOptions::default());
    assert!(call.check(call.checker()).is_ok());
    let mut checker = call.checker();
    checker.path_segment("id", "..");
    checker.rule(false, "take", "expected at most 50");
    let error = call.check(checker).unwrap_err();
    assert!(error.is_invalid_request());
    assert_eq!(error.operation(), Some("getMember"));
    assert_eq!(error.violations().len(), 2);
    assert_eq!(
        error.to_string(),
        "getMember: the request is invalid and was not sent: \
         id: `..` is not allowed in a path, expected an id; take: expected at most 50"
    );
}

#[test]
fn missing_or_invalid_settings_are_configuration_errors() {
    let base = || BaseUrl::parse("https://acme.teams.auth0.com/api").unwrap();
    let missing = TransportBuilder::new().build(base()).unwrap_err();
    assert!(missing.is_configuration());
    assert_eq!(
        missing.to_string(),
        "token_source: not set, expected a source of access tokens"
    );

    let wrong = TransportBuilder::new()
        .token_source(std::sync::Arc::new(StaticToken::new("t")))
        .user_agent("a\r\nx: y")
        .build(base())
        .unwrap_err();
    assert!(wrong.is_configuration());
    assert!(wrong.to_string().starts_with("user_agent: "));
}

#[tokio::test]
async fn token_that_is_not_a_header_value_is_a_token_error_before_sending() {
    let server = server_with_member().await;
    Mock::given(header("x", "y"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let error = get_member(
        &transport(&server.uri(), StaticToken::new("s3cr3t\r\nx: y")),
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    assert!(error.is_token());
    assert!(!printed(&error).contains("s3cr3t"));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[test]
fn shared_types_are_send_and_sync() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<auth0_core::Error>();
    is_shared::<auth0_core::codegen::Transport>();
    is_shared::<auth0_core::codegen::Call>();
    is_shared::<auth0_core::Response<String>>();
}
