//! The loopback listener for the authorization response, over plain HTTP.

use std::sync::Arc;
use std::time::Duration;

use auth0_auth::{AuthorizationCode, Error, Loopback, Session};
use auth0_core::time::Sleeper;
use auth0_core::{BoxFuture, TokenSource as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::provider::{Provider, grant, parameter};

/// A sleeper that ends when the test says so.
#[derive(Debug, Default)]
struct HeldSleeper(Arc<Notify>);

impl Sleeper for HeldSleeper {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        assert_eq!(duration, Duration::from_secs(77));
        let notify = self.0.clone();
        Box::pin(async move { notify.notified().await })
    }
}

/// A pending login: its URL, its redirect URI and its result.
struct Login {
    url: String,
    address: String,
    session: JoinHandle<Result<Session, Error>>,
    time_passes: Arc<Notify>,
}

impl Login {
    async fn start(provider: &Provider) -> Self {
        let loopback = Loopback::bind()
            .await
            .unwrap()
            .timeout(Duration::from_secs(77));
        let redirect = loopback.redirect_uri();
        let address = redirect
            .strip_prefix("http://")
            .and_then(|rest| rest.strip_suffix("/callback"))
            .unwrap()
            .to_owned();
        assert!(address.starts_with("127.0.0.1:"));
        let sleeper = Arc::new(HeldSleeper::default());
        let time_passes = sleeper.0.clone();
        let flow = provider
            .builder()
            .redirect_uri(redirect)
            .sleeper(sleeper)
            .build()
            .unwrap();
        let (opened, url) = oneshot::channel();
        let session = tokio::spawn(async move {
            let open = |url: &str| {
                opened.send(url.to_owned()).unwrap();
                Ok(())
            };
            loopback.login(&flow, open).await
        });
        let url = url.await.unwrap();
        let nonce = parameter(&url, "nonce").unwrap();
        let token = provider.id_token(&provider.claims(&nonce));
        provider
            .on("/oauth/token", grant(1, json!({ "id_token": token })))
            .await;
        Self {
            url,
            address,
            session,
            time_passes,
        }
    }

    fn callback(&self) -> String {
        let state = parameter(&self.url, "state").unwrap();
        format!("/callback?code=c0de&state={state}")
    }

    /// The response to a raw request.
    async fn send(&self, request: String) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        // The connection is closed if the request is too large.
        let _ = stream.read_to_end(&mut response).await;
        String::from_utf8(response).unwrap()
    }

    async fn get(&self, target: &str) -> String {
        let host = &self.address;
        self.send(format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\ncookie: a=b\r\n\r\n"
        ))
        .await
    }
}

#[tokio::test]
async fn authorization_response_yields_a_session_and_a_closing_page() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    assert_eq!(
        parameter(&login.url, "redirect_uri").unwrap(),
        format!("http://{}/callback", login.address)
    );
    let response = login.get(&login.callback()).await;
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"));
    for header in [
        "content-type: text/html; charset=utf-8".to_owned(),
        format!("content-length: {}", body.len()),
        "cache-control: no-store".to_owned(),
        "content-security-policy: default-src 'none'; frame-ancestors 'none'".to_owned(),
        "referrer-policy: no-referrer".to_owned(),
        "x-content-type-options: nosniff".to_owned(),
        "connection: close".to_owned(),
    ] {
        assert!(head.contains(&header), "{header} not in {head}");
    }
    assert!(body.contains("You can close this window"));
    let state = parameter(&login.url, "state").unwrap();
    assert!(!response.contains("c0de") && !response.contains(&state));
    let session = login.session.await.unwrap().unwrap();
    assert_eq!(session.token().await.unwrap().secret(), "access-1");
    // The port is closed.
    assert!(TcpStream::connect(&login.address).await.is_err());
}

#[tokio::test]
async fn other_requests_are_rejected_before_the_valid_one_is_accepted() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    let (host, callback) = (&login.address, login.callback());
    let evil = "<script>alert(1)</script>";
    let request = |line: &str| format!("{line} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    for (request, status) in [
        (
            request(&format!("GET /callback?code=c0de&state={evil}")),
            "400",
        ),
        (request("GET /callback?code=c0de"), "400"),
        (request("GET /callback"), "400"),
        (request("GET /callback?error=access_denied&state=x"), "400"),
        (request(&format!("GET {callback}&state=x")), "400"),
        (request(&format!("POST {callback}")), "405"),
        (request(&format!("HEAD {callback}")), "405"),
        (request("GET /favicon.ico"), "404"),
        (request("GET /"), "404"),
        (request(&format!("GET /x{callback}")), "404"),
        (request(&format!("GET http://evil.test{callback}")), "404"),
        (request(&format!("GET  {callback}")), "400"),
        (
            format!("GET {callback} HTTP/1.1\r\nhost: evil.test\r\n\r\n"),
            "421",
        ),
        (
            format!("GET {callback} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            "421",
        ),
        (format!("GET {callback} HTTP/1.1\r\n\r\n"), "421"),
        (
            format!("GET {callback} HTTP/1.1\r\nhost: {host}\r\nhost: evil.test\r\n\r\n"),
            "421",
        ),
        (
            format!("GET {callback} HTTP/2.0\r\nhost: {host}\r\n\r\n"),
            "400",
        ),
        (format!("{evil}\r\n\r\n"), "400"),
        ("\r\n\r\n".to_owned(), "400"),
    ] {
        let response = login.send(request.clone()).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {response}"
        );
        assert!(!response.contains("close this window"), "{response}");
        assert!(
            !response.contains("script") && !response.contains("evil"),
            "{response}"
        );
        assert_eq!(response.contains("allow: GET"), status == "405");
    }
    // Invalid and endless requests.
    assert_eq!(login.send(format!("GET {}", "a".repeat(20_000))).await, "");
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(&login.address).await.unwrap());
    }
    drop(TcpStream::connect(&login.address).await.unwrap());
    assert!(provider.requests("/oauth/token").await.is_empty());

    let response = login.get(&callback).await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    login.session.await.unwrap().unwrap();
}

#[tokio::test]
async fn idle_connections_do_not_block_the_browser() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    let mut silent = Vec::new();
    for count in 0..100 {
        let mut stream = TcpStream::connect(&login.address).await.unwrap();
        // Some connections send an incomplete request.
        if count % 2 == 0 {
            stream
                .write_all(b"GET /callback HTTP/1.1\r\n")
                .await
                .unwrap();
        }
        silent.push(stream);
    }
    let response = login.get(&login.callback()).await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    login.session.await.unwrap().unwrap();
    // The oldest connections were closed.
    let mut rest = Vec::new();
    silent[1].read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn idle_connection_is_closed_and_the_login_continues() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    let mut silent = TcpStream::connect(&login.address).await.unwrap();
    let mut slow = TcpStream::connect(&login.address).await.unwrap();
    slow.write_all(b"GET /").await.unwrap();
    // When this request gets its response, the earlier connections are accepted.
    login.get("/favicon.ico").await;
    // The paused clock only moves on demand, while sockets use real time.
    let pass = async |seconds| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    pass(9).await;
    let rest = format!(" HTTP/1.1\r\nhost: {}\r\n\r\n", login.address);
    slow.write_all(rest.as_bytes()).await.unwrap();
    let mut response = String::new();
    slow.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 404"), "{response}");
    pass(2).await;
    // It is closed or reset.
    assert!(!matches!(silent.read(&mut [0]).await, Ok(1..)));
    let response = login.get(&login.callback()).await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    login.session.await.unwrap().unwrap();
}

#[tokio::test]
async fn missing_iss_that_was_announced_fails_before_the_code_is_sent() {
    let provider = Provider::start().await;
    let promise = json!({"authorization_response_iss_parameter_supported": true});
    provider.describe(promise).await;
    let login = Login::start(&provider).await;
    login.get(&login.callback()).await;
    let error = login.session.await.unwrap().unwrap_err();
    assert_eq!(
        error.callback_error_kind(),
        Some(auth0_auth::CallbackErrorKind::Issuer)
    );
    assert!(provider.requests("/oauth/token").await.is_empty());
}

#[tokio::test]
async fn request_in_several_segments_is_accepted() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    let mut stream = TcpStream::connect(&login.address).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nHOST: {}\r\n\r\n",
        login.callback(),
        login.address
    );
    for piece in request.as_bytes().chunks(7) {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    login.session.await.unwrap().unwrap();
}

#[tokio::test]
async fn denied_access_ends_the_login() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    let state = parameter(&login.url, "state").unwrap();
    let target = format!("/callback?error=access_denied&state={state}");
    let response = login.get(&target).await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    assert!(login.session.await.unwrap().unwrap_err().is_access_denied());
}

#[tokio::test]
async fn timeout_ends_the_login_and_closes_the_port() {
    let provider = Provider::start().await;
    let login = Login::start(&provider).await;
    login.get("/favicon.ico").await;
    assert!(!login.session.is_finished());
    login.time_passes.notify_one();
    let error = login.session.await.unwrap().unwrap_err();
    assert!(error.is_login_expired(), "{error}");
    assert!(TcpStream::connect(&login.address).await.is_err());
}

#[tokio::test]
async fn failure_to_open_the_browser_is_reported() {
    let provider = Provider::start().await;
    let loopback = Loopback::bind().await.unwrap();
    let flow = provider
        .builder()
        .redirect_uri(loopback.redirect_uri())
        .build()
        .unwrap();
    let open = |_: &str| Err(std::io::Error::other("there is none"));
    let error = loopback.login(&flow, open).await.unwrap_err();
    assert!(error.is_browser());
    assert!(crate::support::chain(&error).contains("there is none"));
}

#[tokio::test]
async fn port_in_use_and_other_redirect_uri_are_reported() {
    let loopback = Loopback::bind().await.unwrap();
    let uri = loopback.redirect_uri();
    let port = url::Url::parse(&uri).unwrap().port().unwrap();
    let error = Loopback::bind_port(port).await.unwrap_err();
    assert!(error.is_listener());
    let flow = AuthorizationCode::builder("acme.us.auth0.com")
        .client_id("client")
        .redirect_uri("http://127.0.0.1:1/callback")
        .build()
        .unwrap();
    let open = |_: &str| unreachable!("nothing is opened");
    let error = loopback.login(&flow, open).await.unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains(&uri));
}
