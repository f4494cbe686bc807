//! Requests that a scenario cannot express: bodies that are not JSON, concurrent requests, and a clock that is set back.

use std::time::Duration;

use auth0_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::organizations::{administrator, error_type, start_default};
use crate::support::{assert_invalid, send_request, start, start_with};

#[tokio::test]
async fn body_that_is_not_a_json_object_is_reported() {
    let sandbox = start().await;
    let send = async |kind: Option<&str>, body: &str| {
        let mut request = sandbox
            .request(Method::POST, "/api/members")
            .body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        send_request(request).await
    };
    let json = Some("application/json");
    let valid = r#"{"email":"new@example.com","role":"teams_contributor"}"#;
    assert_invalid(&send(json, "").await, "body", "found an empty body");
    assert_invalid(&send(None, "").await, "body", "found an empty body");
    assert_invalid(&send(json, "{").await, "body", "line 1, column 1");
    assert_invalid(&send(json, "{\"email\":\n}").await, "body", "line 2");
    assert_invalid(
        &send(json, &format!("{valid} x")).await,
        "body",
        "expected valid JSON",
    );
    for kind in [
        None,
        Some("text/plain"),
        Some("application/xml"),
        Some("application/jsonp"),
        Some("application/x-www-form-urlencoded"),
    ] {
        assert_invalid(&send(kind, valid).await, "content-type", "application/json");
    }
    send(Some("Application/JSON; charset=utf-8"), valid)
        .await
        .expect(201);
    let invalid = [b'"', 0xFF, b'"'];
    let request = sandbox
        .request(Method::POST, "/api/members")
        .header("content-type", "application/json");
    assert_invalid(
        &send_request(request.body(invalid.to_vec())).await,
        "body",
        "expected valid JSON",
    );
}

#[tokio::test]
async fn oversized_body_is_rejected_and_logged() {
    let sandbox = start().await;
    for path in ["/api/members", "/oauth/token"] {
        let request = sandbox
            .request(Method::POST, path)
            .body(" ".repeat(1024 * 1024 + 1));
        let response = send_request(request.header("content-type", "application/json")).await;
        assert_invalid(&response, "body", "at most 1048576 bytes");
        let last = sandbox.requests().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.status, last.acted),
            (path, Some(400), false)
        );
    }
}

#[tokio::test]
async fn invalid_json_has_no_validation_errors_in_the_my_organization_api() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let url = format!("{}/details", my_organization.url);
    let request = sandbox.http.patch(url).bearer_auth(&my_organization.token);
    let request = request.header("content-type", "application/json");
    let response = send_request(request.body("{")).await;
    assert_eq!(error_type(&response), (400, "A0E-400-0001"));
    assert!(response.body["detail"].is_string(), "{response:?}");
}

#[tokio::test]
async fn method_that_is_not_allowed_is_rejected_with_those_that_are() {
    let response = start().await.put("/api/members", json!({})).await;
    assert_eq!(response.header("allow"), Some("GET,HEAD,POST"));
}

#[tokio::test]
async fn creation_times_stay_ordered_when_the_clock_is_set_back() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(1_000_000));
    let sandbox = start_with(sandbox).await;
    sandbox.advance(Duration::from_secs(86_400));
    let body = json!({"locality": "us", "admin_email": sandbox.first_member().email});
    let first = sandbox.post("/api/tenants", body.clone()).await.expect(201);
    sandbox.set_clock_offset(-1_000_000).unwrap();
    let token = sandbox.token_with_scope("").await;
    let request = sandbox.http.post(format!("{}/api/tenants", sandbox.url()));
    let second = send_request(request.bearer_auth(token).json(&body)).await;
    let time = |tenant: &Value| tenant["created_at"].as_str().unwrap().to_owned();
    assert!(time(&second.expect(201)) >= time(&first));
}

#[tokio::test]
async fn concurrent_requests_for_a_name_create_one_tenant() {
    let sandbox = start().await;
    let body = json!({"locality": "us", "tenant_name": "shop", "admin_email": sandbox.first_member().email});
    let requests = (0..20).map(|_| sandbox.post("/api/tenants", body.clone()));
    let responses = futures_util::future::join_all(requests).await;
    let created = responses.iter().filter(|response| response.status == 201);
    assert_eq!(created.count(), 1);
    assert_eq!(sandbox.tenant_ids().await.len(), 9);
}
