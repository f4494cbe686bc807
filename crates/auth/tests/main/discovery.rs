//! Discovery of the token endpoint: validation, and the alias for mTLS clients.

use std::sync::Arc;

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, Error};
use auth0_core::{HttpClient, RetryPolicy};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{FakeClock, failure, grant, refreshed, requests, settings, text};

/// A server whose discovery document, below `base`, is the result of `document` for its URL.
async fn serving(base: &str, document: impl FnOnce(&str) -> Value) -> MockServer {
    let server = MockServer::start().await;
    mount(&server, base, document).await;
    server
}

async fn mount(server: &MockServer, base: &str, document: impl FnOnce(&str) -> Value) {
    let body = document(&server.uri());
    let place = format!("{base}/.well-known/openid-configuration");
    Mock::given(method("GET"))
        .and(path(place))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
    for (place, token) in [("/token", "token"), ("/mtls/token", "mtls-token")] {
        Mock::given(method("POST"))
            .and(path(place))
            .respond_with(grant(token))
            .mount(server)
            .await;
    }
}

fn discovering(issuer: String) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme.us.auth0.com")
        .issuer(issuer)
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .retry(RetryPolicy::never())
}

async fn failing(server: &MockServer, issuer: &str) -> Error {
    let source = discovering(format!("{}{issuer}", server.uri()));
    failure(&source.build().unwrap()).await
}

async fn paths(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .map(|request| request.url.path().to_owned())
        .collect()
}

#[tokio::test]
async fn discovery_document_is_fetched_once_an_hour() {
    let server = serving(
        "",
        |uri| json!({"issuer": uri, "token_endpoint": format!("{uri}/token")}),
    )
    .await;
    let clock = FakeClock::new();
    let source = discovering(server.uri())
        .clock(clock.clone())
        .build()
        .unwrap();
    assert_eq!(text(&source).await, "token");
    assert_eq!(
        paths(&server).await,
        ["/.well-known/openid-configuration", "/token"]
    );
    clock.advance(3590);
    refreshed(&source).await;
    assert_eq!(
        requests(&server).await,
        3,
        "the token alone is fetched anew"
    );
    clock.advance(3600);
    text(&source).await;
    assert_eq!(requests(&server).await, 5);
}

#[tokio::test]
async fn line_break_after_the_issuer_is_removed() {
    let server = serving(
        "",
        |uri| json!({"issuer": uri, "token_endpoint": format!("{uri}/token")}),
    )
    .await;
    let source = discovering(format!("{}\n", server.uri())).build().unwrap();
    assert_eq!(text(&source).await, "token");
}

#[tokio::test]
async fn issuer_with_a_path_and_slash_has_its_document_below() {
    for issuer in ["/tenant", "/tenant/"] {
        let server = serving("/tenant", |uri| {
            json!({"issuer": format!("{uri}{issuer}"), "token_endpoint": format!("{uri}/token")})
        })
        .await;
        let source = discovering(format!("{}{issuer}", server.uri()))
            .build()
            .unwrap();
        assert_eq!(text(&source).await, "token");
    }
}

#[tokio::test]
async fn document_of_another_issuer_is_rejected() {
    for (other, shown) in [
        ("https://evil.test/", "found https://evil.test/;"),
        ("https://evil.test/\u{202e}/", "found https://evil.test//;"),
        ("", "found text that is not an issuer;"),
        ("pl4nted", "found text that is not an issuer;"),
        (
            "https://user:pl4nted@evil.test/",
            "found text that is not an issuer;",
        ),
        (
            "https://evil.test/?pl4nted",
            "found text that is not an issuer;",
        ),
    ] {
        let server = serving(
            "",
            |uri| json!({"issuer": other, "token_endpoint": format!("{uri}/token")}),
        )
        .await;
        let error = failing(&server, "").await;
        assert!(error.is_discovery());
        let expected = format!("issuer: expected {}, {shown}", server.uri());
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(!error.to_string().contains("pl4nted"), "{error}");
    }
    // The comparison is exact: an additional slash is another issuer.
    let server = serving(
        "",
        |uri| json!({"issuer": format!("{uri}/"), "token_endpoint": format!("{uri}/token")}),
    )
    .await;
    assert!(failing(&server, "").await.is_discovery());
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn missing_or_plain_http_endpoint_is_rejected() {
    for (endpoint, expected) in [
        (None, "token_endpoint is missing"),
        (Some("http://evil.test/token"), "expected https, found http"),
        (Some("ftp://evil.test/token"), "found another scheme"),
        (
            Some("https://user:p4ssw0rd@evil.test/"),
            "expected no user name",
        ),
        (Some("token"), "expected a URL"),
    ] {
        let server = serving("", |uri| json!({"issuer": uri, "token_endpoint": endpoint})).await;
        let error = failing(&server, "").await;
        assert!(error.is_discovery() && !error.is_configuration());
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("p4ssw0rd"), "{error}");
    }
}

#[tokio::test]
async fn unavailable_document_error_contains_the_status() {
    for (response, status) in [
        (ResponseTemplate::new(404), 404),
        (
            ResponseTemplate::new(200).set_body_string("<html>pl4nted"),
            200,
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"issuer": ["pl4nted"]})),
            200,
        ),
    ] {
        let server = crate::support::responding_with(response).await;
        let error = failing(&server, "").await;
        assert!(error.is_invalid_response(), "{error}");
        assert_eq!(error.status(), Some(status));
        let expected = format!(
            "the response of the discovery endpoint {}/.well-known/openid-configuration is invalid (status {status}): ",
            server.uri()
        );
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(!crate::support::chain(&error).contains("pl4nted"));
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let other = serving(
        "",
        |uri| json!({"issuer": uri, "token_endpoint": format!("{uri}/token")}),
    )
    .await;
    let place = format!("{}/.well-known/openid-configuration", other.uri());
    let redirect = ResponseTemplate::new(307).insert_header("location", format!("{place}?pl4nted"));
    let server = crate::support::responding_with(redirect).await;
    let error = failing(&server, "").await;
    assert_eq!(error.status(), Some(307));
    let text = error.to_string();
    assert!(
        text.contains(&format!("redirected to {place}, expected no redirect")),
        "{text}"
    );
    assert!(!crate::support::chain(&error).contains("pl4nted"));
    assert_eq!(requests(&other).await, 0);
}

#[tokio::test]
async fn failed_refetch_uses_the_last_document_and_is_retried_soon() {
    let document = |uri: &str| json!({"issuer": uri, "token_endpoint": format!("{uri}/token")});
    let server = serving("", document).await;
    let clock = FakeClock::new();
    let source = discovering(server.uri())
        .clock(clock.clone())
        .leeway(std::time::Duration::ZERO)
        .build()
        .unwrap();
    text(&source).await;
    server.reset().await;
    Mock::given(method("POST"))
        .respond_with(
            grant("token").set_body_json(json!({"access_token": "short", "expires_in": 40})),
        )
        .mount(&server)
        .await;
    clock.advance(3600);
    assert_eq!(text(&source).await, "short");
    assert_eq!(
        paths(&server).await,
        ["/.well-known/openid-configuration", "/token"]
    );
    clock.advance(40);
    text(&source).await;
    assert_eq!(requests(&server).await, 3);
    clock.advance(40);
    text(&source).await;
    assert_eq!(requests(&server).await, 5);

    // A document of another server is still rejected.
    server.reset().await;
    mount(&server, "", |_| json!({"issuer": "https://evil.test/"})).await;
    clock.advance(3600);
    assert!(failure(&source).await.is_discovery());
}

#[tokio::test]
async fn mutual_tls_uses_the_alias_endpoint() {
    let both = |uri: &str| {
        json!({
            "issuer": uri,
            "token_endpoint": format!("{uri}/token"),
            "mtls_endpoint_aliases": {"token_endpoint": format!("{uri}/mtls/token")},
        })
    };
    let mutual = |server: &MockServer| {
        ClientCredentials::builder("acme.us.auth0.com")
            .issuer(server.uri())
            .client_id("client")
            .audience("https://api.test/")
            .mutual_tls()
            .http_client(HttpClient::direct().unwrap())
            .build()
            .unwrap()
    };
    let server = serving("", both).await;
    assert_eq!(text(&mutual(&server)).await, "mtls-token");
    let sent = server.received_requests().await.unwrap();
    assert_eq!(
        String::from_utf8(sent[1].body.clone()).unwrap(),
        "grant_type=client_credentials&client_id=client&audience=https%3A%2F%2Fapi.test%2F"
    );
    assert!(!sent[1].headers.contains_key("authorization"));

    // Other clients do not use it, and without an alias mTLS clients use the regular endpoint (RFC 8705 §5).
    assert_eq!(
        text(&discovering(server.uri()).build().unwrap()).await,
        "token"
    );
    let server = serving(
        "",
        |uri| json!({"issuer": uri, "token_endpoint": format!("{uri}/token")}),
    )
    .await;
    assert_eq!(text(&mutual(&server)).await, "token");
}

#[test]
fn mutual_tls_without_http_client_is_rejected() {
    let error = ClientCredentials::builder("acme.us.auth0.com")
        .client_id("client")
        .audience("https://api.test/")
        .mutual_tls()
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid settings: mutual_tls: expected an http_client with a client certificate, found none"
    );
}

#[test]
fn invalid_issuer_is_rejected() {
    for (issuer, expected) in [
        (
            "http://acme.us.auth0.com/",
            "issuer: expected https, found http",
        ),
        (
            "https://acme.us.auth0.com/?a=b",
            "issuer: expected no query",
        ),
        (
            "https://acme.us.auth0.com/#a",
            "issuer: expected no fragment",
        ),
        ("acme", "issuer: expected a URL"),
    ] {
        let error = discovering(issuer.into()).build().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn explicit_token_url_needs_no_discovery() {
    let server = serving("", |_| json!({})).await;
    let source = settings(&server)
        .issuer(server.uri())
        .token_url(format!("{}/token", server.uri()))
        .clock(Arc::new(auth0_core::time::SystemTimer))
        .build()
        .unwrap();
    assert_eq!(text(&source).await, "token");
    assert_eq!(requests(&server).await, 1);
}
