//! The HTTP client of a source: its own, else that of the API client that uses it.

use std::sync::Arc;

use auth0_auth::ClientCredentials;
use auth0_core::{BaseUrl, HttpClient, TokenSource, TransportBuilder};
use wiremock::MockServer;

use crate::provider::{Provider, grant};
use crate::support::{answering, settings, text, tokens};

/// A client that is told from others by a header of its requests.
fn named(name: &'static str) -> HttpClient {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-client", name.parse().unwrap());
    let builder = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers);
    HttpClient::from_builder(builder).unwrap()
}

/// Builds an API client, as the generated ones do it.
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

#[tokio::test]
async fn client_is_set_on_the_api_client_then_a_source_without_one_uses_it() {
    type Use = fn(ClientCredentials);
    let uses: [(Use, &str); 6] = [
        (|source| use_in_a_client(source, Some(named("api"))), "api"),
        (
            |source| use_in_a_client(Box::new(source) as Box<dyn TokenSource>, Some(named("api"))),
            "api",
        ),
        (
            |source| use_in_a_client(Arc::new(source) as Arc<dyn TokenSource>, Some(named("api"))),
            "api",
        ),
        (
            |source| {
                use_in_a_client(&*Box::leak(Box::new(source)), Some(named("api")));
            },
            "api",
        ),
        (|source| use_in_a_client(source, None), "default"),
        (
            |source| {
                use_in_a_client(source.clone(), None);
                use_in_a_client(source.clone(), Some(named("first")));
                use_in_a_client(source, Some(named("second")));
            },
            "first",
        ),
    ];
    for (number, (use_it, expected)) in uses.into_iter().enumerate() {
        let server = answering(tokens()).await;
        let source = settings(&server).build().unwrap();
        use_it(source.clone());
        text(&source).await;
        assert_eq!(clients(&server).await, [expected], "{number}");
    }
}

#[tokio::test]
async fn source_has_a_client_of_its_own_then_it_keeps_it() {
    let server = answering(tokens()).await;
    let source = settings(&server).http_client(named("own")).build().unwrap();
    use_in_a_client(source.clone(), Some(named("api")));
    text(&source).await;
    assert_eq!(clients(&server).await, ["own"]);
}

#[tokio::test]
async fn session_is_used_by_an_api_client_then_its_refreshes_go_through_the_client_of_that() {
    let provider = Provider::start().await;
    let session = provider.login(&provider.flow()).await;
    session.token().await.unwrap();
    use_in_a_client(session.clone(), Some(named("api")));
    provider.reset().await;
    let answer = grant(2, serde_json::json!({}));
    provider.on("/oauth/token", answer).await;
    provider.clock.advance(3600);
    session.token().await.unwrap();
    // The discovery document is an hour old.
    assert_eq!(clients(&provider.server).await, ["api", "api"]);
}
