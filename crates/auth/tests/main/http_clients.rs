//! The HTTP client of a source: its own, or that of the API client that uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use auth0_auth::{
    AuthorizationCode, ClientCredentials, StoreError, StoreGuard, StoredToken, TokenKey, TokenStore,
};
use auth0_core::codegen::{BaseUrl, TransportBuilder};
use auth0_core::{BoxFuture, HttpClient, RetryPolicy, TokenSource};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use wiremock::MockServer;

use crate::provider::{Provider, grant};
use crate::support::{failure, responding_with, settings, text, tokens, typed};

/// A client that is identified by a header of its requests.
fn named(name: &'static str) -> HttpClient {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-client", name.parse().unwrap());
    let builder = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers);
    HttpClient::from_builder(builder).unwrap()
}

/// Builds an API client like the generated ones.
fn use_in_a_client(source: impl TokenSource, client: Option<HttpClient>) {
    let builder = TransportBuilder::new().token_source(Arc::new(source));
    let builder = match client {
        Some(client) => builder.http_client(client),
        None => builder,
    };
    let url = BaseUrl::parse("https://acme.teams.auth0.com/api").unwrap();
    builder.build(url).unwrap();
}

/// The names of the clients that sent the requests.
async fn clients(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let name = |request: &wiremock::Request| match request.headers.get("x-client") {
        Some(name) => name.to_str().unwrap().to_owned(),
        None => "default".to_owned(),
    };
    requests.iter().map(name).collect()
}

/// A client with a proxy that serves no requests, and the number of connections to the proxy.
async fn proxied() -> (HttpClient, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
        }
    });
    let proxy = reqwest::Proxy::all(proxy).unwrap();
    let client = HttpClient::from_builder(reqwest::Client::builder().proxy(proxy)).unwrap();
    (client, count)
}

#[tokio::test]
async fn source_without_a_client_uses_that_of_the_api_client() {
    type Use = fn(ClientCredentials, [HttpClient; 2]);
    let uses: [Use; 5] = [
        |source, [one, _]| use_in_a_client(source, Some(one)),
        |source, [one, _]| {
            use_in_a_client(Box::new(source) as Box<dyn TokenSource>, Some(one));
        },
        |source, [one, _]| {
            use_in_a_client(Arc::new(source) as Arc<dyn TokenSource>, Some(one));
        },
        |source, [one, _]| use_in_a_client(&*Box::leak(Box::new(source)), Some(one)),
        |source, [one, other]| {
            use_in_a_client(source.clone(), None);
            use_in_a_client(source.clone(), Some(one));
            use_in_a_client(source, Some(other));
        },
    ];
    for (number, use_it) in uses.into_iter().enumerate() {
        let ((one, used), (other, unused)) = (proxied().await, proxied().await);
        let source = ClientCredentials::builder("acme.us.auth0.com")
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/")
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        use_it(source.clone(), [one, other]);
        assert!(failure(&source).await.is_transport(), "{number}");
        let counts = [used, unused].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(counts, [1, 0], "{number}");
    }
}

#[tokio::test]
async fn plain_http_server_does_not_use_the_client_of_the_api_client() {
    let server = responding_with(tokens()).await;
    for client in [None, Some(named("api"))] {
        let source = settings(&server).build().unwrap();
        use_in_a_client(source.clone(), client);
        text(&source).await;
    }
    assert_eq!(clients(&server).await, ["default", "default"]);

    let provider = Provider::start().await;
    let session = provider.login(&provider.flow()).await;
    session.token().await.unwrap();
    let (client, count) = proxied().await;
    use_in_a_client(session.clone(), Some(client));
    provider.reset().await;
    let response = grant(2, serde_json::json!({}));
    provider.on("/oauth/token", response).await;
    provider.clock.advance(3600);
    session.token().await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn source_keeps_its_own_client() {
    let server = responding_with(tokens()).await;
    let source = settings(&server).http_client(named("own")).build().unwrap();
    use_in_a_client(source.clone(), Some(named("api")));
    text(&source).await;
    assert_eq!(clients(&server).await, ["own"]);
}

/// A store that returns one session, with an expired access token, for every key.
struct Ended;

impl TokenStore for Ended {
    fn load<'a>(
        &'a self,
        _: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        let mut token = StoredToken::new("access-1", SystemTime::UNIX_EPOCH);
        token.expires_at = Some(SystemTime::UNIX_EPOCH);
        token.refresh_token = Some("refresh-1".into());
        Box::pin(std::future::ready(Ok(Some(token))))
    }

    fn save<'a>(
        &'a self,
        _: &'a TokenKey,
        _: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(&'a self, _: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn lock<'a>(&'a self, _: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        Box::pin(std::future::ready(Ok(StoreGuard::new(()))))
    }
}

#[tokio::test]
async fn session_refreshes_with_the_client_of_the_api_client() {
    let flow = AuthorizationCode::builder("acme.us.auth0.com")
        .client_id("client")
        .redirect_uri("https://app.test/callback")
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let session = flow
        .restore(Arc::new(Ended), "user")
        .await
        .unwrap()
        .unwrap();
    let (client, count) = proxied().await;
    use_in_a_client(session.clone(), Some(client));
    let error = typed(&session.token().await.unwrap_err());
    assert!(error.is_transport(), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
