//! What the tests share: clients for a mock server, and what it saw.

use std::error::Error as StdError;
use std::sync::LazyLock;

use auth0_teams::{Client, ClientBuilder, HttpClient, RetryPolicy, TokenSource};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The token that [`client`] sends.
pub(crate) const TOKEN: &str = "token-of-the-tests";

/// A client for `server` with a token that needs no fetching.
pub(crate) fn client(server: &MockServer) -> Client {
    client_at(&server.uri())
}

/// The same, for a server that is not wiremock's.
pub(crate) fn client_at(url: &str) -> Client {
    builder(auth0_core::StaticToken::new(TOKEN))
        .base_url(url)
        .build()
        .unwrap()
}

/// A client for `server` that gets its tokens from `source`.
pub(crate) fn client_with(server: &MockServer, source: impl TokenSource) -> Client {
    builder(source).base_url(server.uri()).build().unwrap()
}

/// A builder that has everything but a place to go. Its clients send each call once.
pub(crate) fn builder(source: impl TokenSource) -> ClientBuilder {
    Client::builder()
        .retry(RetryPolicy::never())
        .token_source(source)
        .http_client(http_client())
}

/// One HTTP client for all tests, because it takes long to make. It keeps no connections, for their tests are over
/// before it, and the environment's proxies stay out.
pub(crate) fn http_client() -> HttpClient {
    static CLIENT: LazyLock<HttpClient> = LazyLock::new(|| {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0);
        HttpClient::from_builder(builder).unwrap()
    });
    CLIENT.clone()
}

/// A server that answers every request with `answer`.
pub(crate) async fn answering(answer: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A server that answers every request with `status` and `body`.
pub(crate) async fn answering_json(status: u16, body: Value) -> MockServer {
    answering(json(status, &body)).await
}

/// A server that answers every request with what `answer` makes of it.
pub(crate) async fn answering_with(
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    answering(answer).await
}

/// An answer with `status` and `body`.
pub(crate) fn json(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// Everything that `server` was asked.
pub(crate) async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

/// The one request that `server` was asked.
pub(crate) async fn only_request(server: &MockServer) -> Request {
    let mut requests = requests(server).await;
    assert_eq!(requests.len(), 1, "expected one request");
    requests.remove(0)
}

/// The value of a query parameter.
pub(crate) fn query(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// `error` and its sources, in every form that prints.
pub(crate) fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error}\n{error:#}\n{error:?}\n{error:#?}\n"));
        next = error.source();
    }
    text
}
