//! Calls of APIs whose operations have other credentials, bodies and servers than those of Auth0.

use std::sync::{Arc, Mutex};

use auth0_core::codegen::{
    BaseUrl, CallOptions, Multipart, OperationFields, PreparedRequest, RawResponse, RequestBuilder,
    SchemeKind, SecurityScheme, Transport, TransportBuilder,
};
use auth0_core::http::header::COOKIE;
use auth0_core::http::{HeaderValue, Method};
use auth0_core::proof::{ProofOfPossession, ProofRequest, ServerRole};
use auth0_core::{
    AccessToken, Error, Limiter, Limits, Operation, Rate, RetryPolicy, SecretString, TokenError,
    token_fn,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;
use wiremock::ResponseTemplate;

use crate::support::*;

static READ: Operation = Operation::new(OperationFields {
    id: "read",
    method: "GET",
    ..OperationFields::DEFAULT
});

const BASIC: &str = "basic";
const QUERY: &str = "query";
const COOKIE_KEY: &str = "cookie";

static KEYED: Operation = Operation::new(OperationFields {
    id: "keyed",
    method: "POST",
    security: Some(&[&[BASIC, QUERY, COOKIE_KEY]]),
    ..OperationFields::DEFAULT
});

const SCHEMES: &[SecurityScheme] = &[
    scheme(BASIC, SchemeKind::Basic),
    scheme(QUERY, SchemeKind::Query("key")),
    scheme(COOKIE_KEY, SchemeKind::Cookie("session")),
];

const fn scheme(name: &'static str, kind: SchemeKind) -> SecurityScheme {
    SecurityScheme {
        name,
        setter: name,
        kind,
    }
}

fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url).unwrap()
}

fn builder() -> TransportBuilder {
    TransportBuilder::new()
        .without_token()
        .retry(RetryPolicy::never())
        .http_client(http_client())
}

fn keyed(url: &str) -> Transport {
    builder()
        .schemes(SCHEMES)
        .scheme_basic(BASIC, "ada", "s3cr3t-password")
        .scheme_key(QUERY, "s3cr3t/key of query")
        .scheme_key(COOKIE_KEY, "s3cr3t-session")
        .build(base(url))
        .unwrap()
}

fn get(url: &str) -> PreparedRequest {
    RequestBuilder::new(Method::GET, url).build().unwrap()
}

async fn read(transport: &Transport, url: &str) -> Result<RawResponse, Error> {
    let call = transport.call(&READ, CallOptions::default());
    call.receive(Ok(get(url))).await
}

/// A key that records where nonces come from.
#[derive(Default)]
struct Key(Mutex<Vec<String>>);

impl ProofOfPossession for Key {
    fn proof(&self, _request: ProofRequest<'_>) -> Result<SecretString, TokenError> {
        Ok("a-proof".into())
    }

    fn nonce(&self, _role: ServerRole, url: &Url, nonce: &str) {
        self.0.lock().unwrap().push(format!("{nonce} of {url}"));
    }
}

#[tokio::test]
async fn nonce_belongs_to_the_server_that_sent_it() {
    let with_nonce = |nonce: &str| ResponseTemplate::new(200).insert_header("DPoP-Nonce", nonce);
    let main = mock_server(with_nonce("nonce-1")).await;
    let own = mock_server(with_nonce("nonce-2")).await;
    let key = Arc::new(Key::default());
    let bound = Arc::clone(&key);
    let tokens = token_fn(move || {
        let token = AccessToken::new("s3cr3t", 1).bound_to(Arc::clone(&bound) as _);
        async { Ok::<_, TokenError>(token) }
    });
    let transport = builder()
        .token_source(Arc::new(tokens))
        .servers(vec![base(&own.uri())])
        .build(base(&main.uri()))
        .unwrap();
    for server in [&main, &own] {
        let url = format!("{}/a", server.uri());
        read(&transport, &url).await.unwrap();
    }
    let nonces = key.0.lock().unwrap().join(", ");
    let expected = format!("nonce-1 of {}/a, nonce-2 of {}/a", main.uri(), own.uri());
    assert_eq!(nonces, expected);
}

#[tokio::test]
async fn pause_of_one_server_does_not_delay_the_others() {
    let main = mock_server(ResponseTemplate::new(200)).await;
    let paused = ResponseTemplate::new(429).insert_header("Retry-After", "3600");
    let own = mock_server(paused).await;
    let rate = Rate::per_second(1_000);
    let transport = builder()
        .limiter(Limiter::new(Limits::new(rate, rate)).unwrap())
        .servers(vec![base(&own.uri())])
        .build(base(&main.uri()))
        .unwrap();
    let received = read(&transport, &own.uri()).await.unwrap();
    assert!(received.json::<()>().is_err());
    assert!(read(&transport, &main.uri()).await.is_ok());
    let error = read(&transport, &own.uri()).await.unwrap_err();
    assert!(error.retry_at().is_some(), "{error}");
    assert_eq!(requests(&own).await.len(), 1);
    assert_eq!(requests(&main).await.len(), 1);
}

#[tokio::test]
async fn request_to_an_unknown_server_is_not_sent() {
    let server = mock_server(ResponseTemplate::new(200)).await;
    let transport = builder().build(base("http://127.0.0.1:1")).unwrap();
    assert!(read(&transport, &server.uri()).await.is_err());
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn cookies_of_caller_parameter_and_key_are_sent_in_one_header() {
    let server = mock_server(ResponseTemplate::new(204)).await;
    let transport = keyed(&server.uri());
    let mut request = RequestBuilder::new(Method::POST, &server.uri());
    request.cookie("theme", "dark", auth0_core::codegen::Style::FORM);
    let options = CallOptions::default().header(COOKIE, HeaderValue::from_static("own=1"));
    let call = transport.call(&KEYED, options);
    call.receive(request.build())
        .await
        .unwrap()
        .empty()
        .unwrap();
    let sent = only_request(&server).await;
    assert_eq!(
        sent.headers[COOKIE],
        "theme=dark; own=1; session=s3cr3t-session"
    );
    assert_eq!(sent.headers.get_all(COOKIE).iter().count(), 1);
}

#[test]
fn user_name_with_a_colon_is_rejected() {
    let built = builder()
        .schemes(SCHEMES)
        .scheme_basic(BASIC, "ada:lovelace", "s3cr3t-password")
        .build(base("https://example.com"));
    let error = built.unwrap_err();
    assert!(error.is_configuration(), "{error}");
    let text = error.to_string();
    assert!(text.contains("basic: found a colon"), "{text}");
    assert!(!printed(&error).contains("s3cr3t"), "{error}");
}

/// A server may repeat the request in its message.
#[tokio::test]
async fn secrets_of_credentials_and_bodies_are_redacted_in_messages() {
    let server = mock_server_with(|request| {
        let cookie = request.headers.get(COOKIE).unwrap().to_str().unwrap();
        let message = format!(
            "{} {} {} ada:s3cr3t-password, s3cr3t/key of query",
            request.url,
            cookie,
            String::from_utf8_lossy(&request.body)
        );
        json(
            400,
            &json!({"statusCode": 400, "error": "Bad Request", "message": message}),
        )
    })
    .await;
    let transport = keyed(&server.uri());
    let post = || RequestBuilder::new(Method::POST, &server.uri());

    let mut form = post();
    let body =
        json!({"client_secret": "s3cr3t/1 a", "name": "acme", "options": {"token": ["s3cr3t-2"]}});
    form.form("application/x-www-form-urlencoded", &body, &[]);
    let mut multipart = post();
    let mut parts = Multipart::new();
    parts.value("api_key", "s3cr3t-3", None);
    parts.value("settings", &json!({"password": "s3cr3t-4"}), None);
    multipart.multipart(parts);
    for request in [form, multipart] {
        let call = transport.call(&KEYED, CallOptions::default());
        let received = call.receive(request.build()).await.unwrap();
        let error = received.empty().unwrap_err();
        let text = printed(&error);
        assert!(!text.contains("s3cr3t"), "{text}");
        assert!(text.contains("acme") || text.contains("settings"), "{text}");
    }
}

async fn streamed(media_type: &str, body: &str) -> RawResponse {
    let server = mock_server(ResponseTemplate::new(200).set_body_raw(body, media_type)).await;
    let transport = builder().build(base(&server.uri())).unwrap();
    let call = transport.call(&READ, CallOptions::default()).streaming();
    call.receive(Ok(get(&server.uri()))).await.unwrap()
}

#[tokio::test]
async fn stream_that_is_another_document_keeps_its_body() {
    for (media_type, body) in [
        ("text/html; charset=utf-8", "<title>Log in</title>"),
        ("application/json", r#"{"error": "overloaded"}"#),
    ] {
        let received = streamed(media_type, body).await;
        let error = received.events::<String>().unwrap_err();
        assert!(error.is_undecodable(), "{error}");
        assert_eq!(error.body().unwrap(), body.as_bytes());
    }
    let received = streamed("text/html", "<title>Log in</title>").await;
    assert!(received.lines::<u32>().unwrap_err().body().is_some());
}

#[tokio::test]
async fn lines_that_are_labelled_as_json_are_read() {
    let received = streamed("application/json", "1\n2\n").await;
    let mut lines = received.lines::<u32>().unwrap().into_value();
    let mut values = Vec::new();
    while let Some(value) = lines.try_next().await.unwrap() {
        values.push(value);
    }
    assert_eq!(values, [1, 2]);
}

/// Such a stream may never end.
#[tokio::test]
async fn lines_that_are_labelled_as_json_are_read_while_they_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        // A response before the request would be an error of HTTP.
        let mut request = [0; 4096];
        connection.read(&mut request).await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("{head}2\r\n1\n\r\n");
        connection.write_all(chunk.as_bytes()).await.unwrap();
        connection
    });
    let transport = builder().build(base(&url)).unwrap();
    let mut request = RequestBuilder::new(Method::GET, &url);
    request.accept("application/x-ndjson");
    let call = transport.call(&READ, CallOptions::default()).streaming();
    let received = call.receive(request.build()).await.unwrap();
    let mut lines = received.lines::<u32>().unwrap().into_value();
    assert_eq!(lines.try_next().await.unwrap(), Some(1));
    drop(server.await.unwrap());
}
