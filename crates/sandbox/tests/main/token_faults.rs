//! Faults of the token endpoint.

use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Sandbox, Script};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Running, reply, start};

#[tokio::test]
async fn quota_is_told_to_be_used_up_then_no_token_is_granted() {
    let fault = || {
        Fault::of("token")
            .times(1)
            .then(Effect::Quota { seconds: 1800 })
    };
    for sandbox in
        each_way_of_token(fault(), "then = { quota = { seconds = 1800 } }\ntimes = 1").await
    {
        let before = sandbox.tokens_granted();
        let refused = sandbox.ask_as_usual("").await;
        assert_eq!(refused.header("retry-after"), Some("1800"));
        assert_eq!(
            refused.header("auth0-client-quota-limit"),
            Some("b=per_hour;q=10;r=0;t=1800")
        );
        assert_eq!(refused.expect(429)["error"], "too_many_requests");
        assert_eq!(sandbox.tokens_granted(), before);
        assert!(!sandbox.requests_of("token").pop().unwrap().acted);
        sandbox.ask_as_usual("").await.expect(200);
    }
}

#[tokio::test]
async fn token_is_told_to_end_early_then_it_does_and_the_answer_does_not_say_so() {
    let fault = || Fault::of("token").then(Effect::EarlyExpiry { seconds: 86_000 });
    for mut sandbox in
        each_way_of_token(fault(), "then = { early-expiry = { seconds = 86000 } }").await
    {
        let answer = sandbox.ask_as_usual("").await.expect(200);
        assert_eq!(answer["expires_in"], 86_400);
        sandbox.token = answer["access_token"].as_str().unwrap().to_owned();
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

/// The library, the admin endpoint and a script, each with the same fault of the token endpoint.
async fn each_way_of_token(fault: Fault, text: &str) -> Vec<Running> {
    let text = format!("[[fault]]\noperation = 'token'\n{text}");
    let by_library = start().await;
    by_library.fail(fault).unwrap();
    let by_http = start().await;
    let told: Value = toml::from_str(&text).unwrap();
    let request = by_http
        .admin(Method::POST, "/faults")
        .json(&told["fault"][0]);
    reply(request).await.expect(204);
    let script = Script::parse("faults.toml", &text).unwrap();
    let by_script = Sandbox::builder()
        .script(script)
        .check_responses()
        .start()
        .await
        .unwrap();
    vec![by_library, by_http, Running::without_token(by_script)]
}
