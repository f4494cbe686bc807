//! Shared by the tests: clients for a mock server, and the requests that it received.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fs;
use std::sync::LazyLock;

use auth0_core::Operation;
use auth0_teams::{Client, ClientBuilder, HttpClient, RetryPolicy, TokenSource};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::repository::repository;

/// The token that [`client`] sends.
pub(crate) const TOKEN: &str = "token-of-the-tests";

/// A client for `server` with a static token.
pub(crate) fn client(server: &MockServer) -> Client {
    client_at(&server.uri())
}

/// The same, for a server that is not a wiremock server.
pub(crate) fn client_at(url: &str) -> Client {
    builder(auth0_core::StaticToken::new(TOKEN))
        .base_url(url)
        .build()
        .unwrap()
}

/// A client for `server` that obtains its tokens from `source`.
pub(crate) fn client_with(server: &MockServer, source: impl TokenSource) -> Client {
    builder(source).base_url(server.uri()).build().unwrap()
}

/// A builder without a base URL. Its clients do not retry.
pub(crate) fn builder(source: impl TokenSource) -> ClientBuilder {
    Client::builder()
        .retry(RetryPolicy::never())
        .token_source(source)
        .http_client(http_client())
}

/// One HTTP client for all tests, because building one is slow. It keeps no idle connections, because the runtime of a
/// test that opened them ends with the test, and it ignores the proxies of the environment.
pub(crate) fn http_client() -> HttpClient {
    static CLIENT: LazyLock<HttpClient> = LazyLock::new(|| {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0);
        HttpClient::from_builder(builder).unwrap()
    });
    CLIENT.clone()
}

/// A server that returns `response` to every request.
pub(crate) async fn mock_server(response: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

/// A server that returns `status` and `body` to every request.
pub(crate) async fn mock_server_json(status: u16, body: Value) -> MockServer {
    mock_server(json(status, &body)).await
}

/// A server that computes its responses with `response`.
pub(crate) async fn mock_server_with(
    response: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    mock_server(response).await
}

/// A response with `status` and `body`.
pub(crate) fn json(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// All requests that `server` received.
pub(crate) async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

/// The only request that `server` received.
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

/// `error` and its sources, in every form of output.
pub(crate) fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error}\n{error:#}\n{error:?}\n{error:#?}\n"));
        next = error.source();
    }
    text
}

/// The `User-Agent` of a generated crate, from its manifest.
pub(crate) fn user_agent(krate: &str) -> String {
    let manifest = repository().join(format!("generated/{krate}/Cargo.toml"));
    let manifest = fs::read_to_string(manifest).unwrap();
    let value = |key: &str| {
        manifest
            .lines()
            .find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
            .unwrap()
    };
    format!("{}/{}", value("name"), value("version"))
}

/// The operations that nobody has described yet: those of a new version of a document. `general_case` tests them until they have
/// a case of their own.
fn undescribed_operations() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for api in ["teams", "my-organization", "management"] {
        let path = crate::repository::repository().join(format!("openapi/{api}/normalized.json"));
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let operations = items.flat_map(|item| item.as_object().unwrap().values());
        let undescribed = operations.filter(|operation| {
            let description = operation["description"].as_str().unwrap_or_default();
            description.contains(xtask::spec::derived::MARK)
        });
        found.extend(
            undescribed.filter_map(|operation| Some(operation["operationId"].as_str()?.to_owned())),
        );
    }
    found
}

/// Asserts that `found` has exactly the operations of the table `all` that are not in `excluded`; those without a description may
/// be missing. A failure names only the operations that differ.
pub(crate) fn assert_operations<'a>(
    found: impl IntoIterator<Item = &'a str>,
    all: &[&Operation],
    excluded: &[&str],
) {
    let all: BTreeSet<_> = all.iter().map(|operation| operation.id()).collect();
    assert!(!all.is_empty(), "the operation table is empty");
    let excluded: BTreeSet<_> = excluded.iter().copied().collect();
    let unknown: Vec<_> = excluded.difference(&all).collect();
    assert!(
        unknown.is_empty(),
        "excluded but not in the table: {unknown:?}"
    );
    let found: BTreeSet<_> = found.into_iter().collect();
    let expected: BTreeSet<_> = all.difference(&excluded).copied().collect();
    let undescribed = undescribed_operations();
    let missing: Vec<_> = expected
        .difference(&found)
        .filter(|id| !undescribed.contains(**id))
        .collect();
    let unexpected: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && unexpected.is_empty(),
        "missing operations: {missing:?}, unexpected operations: {unexpected:?}"
    );
}
