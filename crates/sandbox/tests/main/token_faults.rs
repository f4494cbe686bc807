//! Faults of the token endpoint.

use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Sandbox, Script};
use reqwest::Method;
use serde_json::Value;

use crate::support::{TestSandbox, send_request, start};

#[tokio::test]
async fn quota_fault_issues_no_token() {
    let fault = || {
        Fault::of("token")
            .times(1)
            .then(Effect::Quota { seconds: 1800 })
    };
    for sandbox in start_each_way(fault(), "then = { quota = { seconds = 1800 } }\ntimes = 1").await
    {
        let before = sandbox.tokens_granted();
        let rejected = sandbox.request_default_token("").await;
        assert_eq!(rejected.header("retry-after"), Some("1800"));
        assert_eq!(
            rejected.header("auth0-client-quota-limit"),
            Some("b=per_hour;q=10;r=0;t=1800")
        );
        assert_eq!(rejected.expect(429)["error"], "too_many_requests");
        assert_eq!(sandbox.tokens_granted(), before);
        assert!(!sandbox.requests_of("token").pop().unwrap().acted);
        sandbox.request_default_token("").await.expect(200);
    }
}

#[tokio::test]
async fn early_expiry_fault_is_not_visible_in_the_response() {
    let fault = || Fault::of("token").then(Effect::EarlyExpiry { seconds: 86_000 });
    for mut sandbox in
        start_each_way(fault(), "then = { early-expiry = { seconds = 86000 } }").await
    {
        let response = sandbox.request_default_token("").await.expect(200);
        assert_eq!(response["expires_in"], 86_400);
        sandbox.token = response["access_token"].as_str().unwrap().to_owned();
        sandbox.get("/api/environments").await.expect(200);
        sandbox.advance(Duration::from_secs(300));
        sandbox.get("/api/environments").await.expect(200);
        sandbox.advance(Duration::from_secs(100));
        assert_eq!(
            sandbox.get("/api/environments").await.details(),
            "the token has expired"
        );
    }
}

/// Starts three sandboxes with the same fault: set up by the library, over HTTP and by script.
async fn start_each_way(fault: Fault, text: &str) -> Vec<TestSandbox> {
    let text = format!("[[fault]]\noperation = 'token'\n{text}");
    let by_library = start().await;
    by_library.fail(fault).unwrap();
    let by_http = start().await;
    let table: Value = toml::from_str(&text).unwrap();
    let request = by_http
        .admin(Method::POST, "/faults")
        .json(&table["fault"][0]);
    send_request(request).await.expect(204);
    let script = Script::parse("faults.toml", &text).unwrap();
    let by_script = Sandbox::builder()
        .script(script)
        .check_responses()
        .start()
        .await
        .unwrap();
    vec![by_library, by_http, TestSandbox::without_token(by_script)]
}
