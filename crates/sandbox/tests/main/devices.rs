//! The device flow: codes, polling and decisions.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, User};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, form, send_request};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPE: &str = "openid offline_access read:members none:such";

async fn start() -> TestSandbox {
    let builder = Sandbox::builder()
        .application(Application::native("program"))
        .application(Application::native("other"))
        .user(User::new("auth0|ada", "ada@example.test", "Ada"));
    TestSandbox::without_token(builder.check_responses().start().await.unwrap())
}

async fn send(sandbox: &TestSandbox, path: &str, pairs: &[(&str, &str)]) -> TestResponse {
    let request = sandbox.http.post(format!("{}{path}", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send_request(request.body(form(pairs))).await
}

async fn begin(sandbox: &TestSandbox) -> Value {
    let audience = sandbox.audience();
    let pairs = [
        ("client_id", "program"),
        ("scope", SCOPE),
        ("audience", audience),
    ];
    send(sandbox, "/oauth/device/code", &pairs)
        .await
        .expect(200)
}

async fn poll_as(sandbox: &TestSandbox, client: &str, device: &Value) -> TestResponse {
    let code = device["device_code"].as_str().unwrap();
    sandbox
        .request_token(&[
            ("grant_type", GRANT),
            ("client_id", client),
            ("device_code", code),
        ])
        .await
}

async fn poll(sandbox: &TestSandbox, device: &Value) -> TestResponse {
    poll_as(sandbox, "program", device).await
}

fn user_code(device: &Value) -> &str {
    device["user_code"].as_str().unwrap()
}

#[track_caller]
fn assert_error(response: &TestResponse, status: u16, error: &str) {
    let found = response.body["error"].as_str().unwrap_or_default();
    assert_eq!(
        (response.status, found),
        (status, error),
        "{:?}",
        response.body
    );
}

#[tokio::test]
async fn approved_code_obtains_tokens_once() {
    let mut sandbox = start().await;
    let device = begin(&sandbox).await;
    assert_eq!(device["expires_in"], 900);
    assert_eq!(device["interval"], 5);
    let page = format!("{}/activate", sandbox.url());
    assert_eq!(device["verification_uri"], page);
    let complete = format!("{page}?user_code={}", user_code(&device));
    assert_eq!(device["verification_uri_complete"], complete);
    assert_error(&poll(&sandbox, &device).await, 403, "authorization_pending");
    sandbox
        .approve_device(user_code(&device), "ada@example.test")
        .unwrap();
    let other = poll_as(&sandbox, "other", &device).await;
    assert_error(&other, 403, "invalid_grant");
    let response = poll(&sandbox, &device).await.expect(200);
    assert_eq!(response["scope"], "openid offline_access read:members");
    assert!(response["id_token"].is_string() && response["refresh_token"].is_string());
    sandbox.token = response["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
    assert_error(&poll(&sandbox, &device).await, 403, "invalid_grant");
    let refresh = response["refresh_token"].as_str().unwrap();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "program"),
        ("refresh_token", refresh),
    ];
    sandbox.request_token(&pairs).await.expect(200);
}

#[tokio::test]
async fn fast_polling_increases_the_interval() {
    let sandbox = start().await;
    let device = begin(&sandbox).await;
    for (seconds, status, error) in [
        (0, 403, "authorization_pending"),
        (5, 403, "authorization_pending"),
        (4, 429, "slow_down"),
        // The interval is now ten seconds.
        (6, 429, "slow_down"),
        // The interval is now fifteen seconds.
        (15, 403, "authorization_pending"),
        (11, 429, "slow_down"),
    ] {
        sandbox.advance(Duration::from_secs(seconds));
        assert_error(&poll(&sandbox, &device).await, status, error);
    }
    sandbox
        .approve_device(user_code(&device), "auth0|ada")
        .unwrap();
    poll(&sandbox, &device).await.expect(200);
}

#[tokio::test]
async fn denied_or_expired_code_obtains_no_token() {
    let sandbox = start().await;
    let device = begin(&sandbox).await;
    sandbox.deny_device(user_code(&device)).unwrap();
    assert_error(&poll(&sandbox, &device).await, 403, "access_denied");
    // A request can be decided only once.
    sandbox
        .approve_device(user_code(&device), "auth0|ada")
        .unwrap_err();

    let device = begin(&sandbox).await;
    sandbox.advance(Duration::from_secs(890));
    assert_error(&poll(&sandbox, &device).await, 403, "authorization_pending");
    sandbox.advance(Duration::from_secs(10));
    assert_error(&poll(&sandbox, &device).await, 403, "expired_token");
    let error = sandbox
        .approve_device(user_code(&device), "auth0|ada")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no pending device authorization has this user code"
    );
    let error = sandbox.approve_device("X", "eve").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no user has the id or e-mail address `eve`"
    );
    let unknown = json!({"device_code": "unknown"});
    assert_error(&poll(&sandbox, &unknown).await, 403, "invalid_grant");
}

#[tokio::test]
async fn invalid_device_request_returns_no_code() {
    let sandbox = start().await;
    let other = [
        ("client_id", "program"),
        ("audience", "https://other.test/"),
    ];
    let response = send(&sandbox, "/oauth/device/code", &other).await;
    assert_error(&response, 403, "access_denied");
    let response = send(&sandbox, "/oauth/device/code", &[("scope", "openid")]).await;
    assert_error(&response, 400, "invalid_request");
    let bare = [("grant_type", GRANT), ("client_id", "program")];
    assert_error(&sandbox.request_token(&bare).await, 400, "invalid_request");
}

#[tokio::test]
async fn decision_on_the_page_takes_effect() {
    let sandbox = start().await;
    for (choice, status) in [(("user", "auth0|ada"), 200), (("deny", "true"), 403)] {
        let device = begin(&sandbox).await;
        let url = device["verification_uri_complete"].as_str().unwrap();
        let page = send_request(sandbox.http.get(url)).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let page = page.expect(200);
        assert!(page.as_str().unwrap().contains(user_code(&device)));
        // In the form that people type.
        let typed = user_code(&device).to_lowercase().replace('-', " ");
        let code = ("user_code", typed.as_str());
        let nobody = send(&sandbox, "/activate", &[code, ("user", "eve")]).await;
        nobody.expect(400);
        let invalid = [("user_code", "AAAA-AAAA"), choice];
        send(&sandbox, "/activate", &invalid).await.expect(400);
        assert_error(&poll(&sandbox, &device).await, 403, "authorization_pending");
        send(&sandbox, "/activate", &[code, choice])
            .await
            .expect(200);
        assert_eq!(poll(&sandbox, &device).await.status, status);
    }
    let raw = format!("{}/activate?user_code=%22%3E%3Cscript%3E", sandbox.url());
    let page = send_request(sandbox.http.get(raw)).await.expect(200);
    assert!(!page.as_str().unwrap().contains("<script"));
}

#[tokio::test]
async fn decision_of_the_control_api_takes_effect_and_codes_are_not_logged() {
    let sandbox = start().await;
    let decide = async |body: Value| {
        let request = sandbox.admin(Method::POST, "/devices").json(&body);
        send_request(request).await
    };
    let first = begin(&sandbox).await;
    let code = user_code(&first);
    decide(json!({"user_code": code})).await.expect(400);
    decide(json!({"user_code": code, "user": "auth0|ada", "deny": true}))
        .await
        .expect(400);
    decide(json!({"user_code": code, "user": "eve"}))
        .await
        .expect(404);
    decide(json!({"user_code": "x", "deny": true}))
        .await
        .expect(404);
    decide(json!({"user_code": code, "user": "auth0|ada"}))
        .await
        .expect(204);
    poll(&sandbox, &first).await.expect(200);
    let second = begin(&sandbox).await;
    decide(json!({"user_code": user_code(&second), "deny": true}))
        .await
        .expect(204);
    assert_error(&poll(&sandbox, &second).await, 403, "access_denied");

    let url = second["verification_uri_complete"].as_str().unwrap();
    send_request(sandbox.http.get(url)).await.expect(200);
    let shown = format!("{:?} {:?}", sandbox.requests(), *sandbox);
    for device in [&first, &second] {
        for name in ["device_code", "user_code"] {
            assert!(!shown.contains(device[name].as_str().unwrap()), "{shown}");
        }
    }
}
