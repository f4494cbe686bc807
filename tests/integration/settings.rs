//! The settings of a generated client and the errors that they cause.

use std::time::Duration;

use auth0_core::{AccessToken, token_fn};
use auth0_teams::{Auth0Client, Limiter, Limits, Operation, Rate, RetryPolicy, Scopes, operations};
use serde_json::json;
use tower::ServiceBuilder;

use crate::support::{builder, http_client, mock_server_json, only_request, requests};

/// The member that the server returns.
fn member() -> serde_json::Value {
    json!({
        "id": "auth0|1", "email": "ann@example.com", "name": "Ann", "given_name": "Ann", "family_name": "A",
        "nickname": "ann", "role": "teams_owner",
    })
}

#[tokio::test]
async fn settings_are_set_then_the_call_uses_them() {
    let server = mock_server_json(200, member()).await;
    let limits = Limits::new(Rate::per_second(16).burst(50), Rate::per_second(4));
    let limiter = Limiter::new(limits.headroom(0.2)).unwrap();
    let stamp = ServiceBuilder::new().map_request(|mut request: auth0_teams::reqwest::Request| {
        let value = auth0_teams::http::HeaderValue::from_static("stamped");
        request.headers_mut().insert("x-layer", value);
        request
    });
    let client = builder(auth0_core::StaticToken::new("t"))
        .base_url(server.uri())
        .http_client(http_client().layer(stamp.into_inner()))
        .check_scopes()
        .limiter(limiter.clone())
        .retry(RetryPolicy::default().max_attempts(5))
        .timeout(Duration::from_secs(20))
        .call_timeout(Duration::from_secs(30))
        .max_response_bytes(1024)
        .user_agent("fleet/2")
        .auth0_client(Auth0Client::new("fleet", "2"))
        .build()
        .unwrap();
    let response = client
        .members()
        .get("auth0|1")
        .retry(RetryPolicy::never())
        .call_timeout(Duration::from_secs(10))
        .send()
        .await
        .unwrap();
    assert_eq!(response.attempts(), 1);
    let request = only_request(&server).await;
    assert_eq!(request.headers["x-layer"], "stamped");
    assert_eq!(request.headers["user-agent"], "fleet/2");
    assert!(request.headers.contains_key("auth0-client"));
    let snapshot = limiter.snapshot();
    let granted: Vec<_> = snapshot
        .hosts
        .values()
        .map(|host| host.read.granted)
        .collect();
    assert_eq!(granted, [1]);
}

#[tokio::test]
async fn telemetry_headers_are_disabled_then_they_are_not_sent() {
    let server = mock_server_json(200, member()).await;
    let client = builder(auth0_core::StaticToken::new("t"))
        .base_url(server.uri())
        .auth0_client(None)
        .build()
        .unwrap();
    client.members().get("auth0|1").await.unwrap();
    assert!(
        !only_request(&server)
            .await
            .headers
            .contains_key("auth0-client")
    );
}

#[tokio::test]
async fn scope_is_missing_then_the_call_is_rejected_before_it_is_sent() {
    let server = mock_server_json(200, member()).await;
    let client = builder(token_fn(|| async {
        Ok(AccessToken::new("t", 1).with_scopes(Scopes::parse("read:tenants")))
    }))
    .base_url(server.uri())
    .check_scopes()
    .build()
    .unwrap();
    let error = client.members().get("auth0|1").await.unwrap_err();
    assert!(error.is_missing_scope() && !error.is_status(), "{error:?}");
    assert_eq!(
        error.to_string(),
        "members().get: the token lacks a scope, the request was not sent; it needs read:members; the token was granted \
         read:tenants"
    );
    assert!(requests(&server).await.is_empty());
}

#[test]
fn scopes_of_several_operations_are_combined() {
    let reading = operations::ALL
        .iter()
        .copied()
        .filter(|operation: &&Operation| operation.method() == "GET");
    assert_eq!(
        Scopes::needed_by(reading).to_string(),
        "read:members read:team_activity read:tenants"
    );
}
