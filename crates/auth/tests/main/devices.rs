//! The device flow: its requests, the polling interval, and the handling of each response.

use auth0_auth::{DeviceFlow, DeviceFlowBuilder, DeviceLogin, IdTokenErrorKind, MemoryStore};
use auth0_core::{RetryPolicy, TokenSource as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use wiremock::ResponseTemplate;

use crate::logins::closing_endpoint;
use crate::provider::{CLIENT, Provider, field, grant};
use crate::support::chain;

fn builder(provider: &Provider) -> DeviceFlowBuilder {
    DeviceFlow::builder("acme.us.auth0.com")
        .issuer(provider.issuer())
        .client_id(CLIENT)
        .audience("https://api.test/")
        .scope("offline_access")
        .clock(provider.clock.clone())
        .sleeper(provider.sleeper.clone())
        .retry(RetryPolicy::never())
}

fn authorization() -> Value {
    json!({
        "device_code": "dev1ce", "user_code": "WDJB-MJHT", "verification_uri": "https://acme.test/activate",
        "verification_uri_complete": "https://acme.test/activate?user_code=WDJB-MJHT", "expires_in": 900,
        "interval": 5,
    })
}

async fn started(provider: &Provider, authorization: Value) -> DeviceLogin {
    let response = ResponseTemplate::new(200).set_body_json(authorization);
    provider.on("/oauth/device/code", response).await;
    builder(provider).build().unwrap().start().await.unwrap()
}

fn error_response(status: u16, error: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": error }))
}

#[tokio::test]
async fn started_login_displays_the_code() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    let request = &provider.requests("/oauth/device/code").await[0];
    for (name, value) in [
        ("client_id", CLIENT),
        ("scope", "offline_access"),
        ("audience", "https://api.test/"),
    ] {
        assert_eq!(field(request, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(login.user_code(), "WDJB-MJHT");
    assert_eq!(
        login.verification_uri().as_str(),
        "https://acme.test/activate"
    );
    assert_eq!(login.expires_in(), Duration::from_secs(900));
    assert_eq!(
        login.to_string(),
        "Open https://acme.test/activate?user_code=WDJB-MJHT and confirm the code WDJB-MJHT."
    );
    provider.reset().await;
    let mut plain = authorization();
    plain["verification_uri_complete"] = Value::Null;
    let login = started(&provider, plain).await;
    assert!(login.verification_uri_complete().is_none());
    assert_eq!(
        login.to_string(),
        "Open https://acme.test/activate and enter the code WDJB-MJHT."
    );
}

#[tokio::test]
async fn confirmed_login_returns_a_session() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    provider
        .once("/oauth/token", error_response(403, "authorization_pending"))
        .await;
    let token = provider.id_token(&provider.claims("unasked"));
    provider
        .once("/oauth/token", grant(1, json!({ "id_token": token })))
        .await;
    let session = login.finish().await.unwrap();
    assert_eq!(session.token().await.unwrap().secret(), "access-1");
    assert_eq!(session.id_token().unwrap().subject(), "auth0|1");
    assert_eq!(provider.sleeper.seconds(), [5, 5]);
    for request in provider.requests("/oauth/token").await {
        for (name, value) in [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", "dev1ce"),
            ("client_id", CLIENT),
        ] {
            assert_eq!(field(&request, name).as_deref(), Some(value), "{name}");
        }
    }
    // It can be saved and restored like any other session.
    let store = Arc::new(MemoryStore::new());
    session.keep_in(store.clone(), "user").await.unwrap();
    let flow = builder(&provider).build().unwrap();
    let restored = flow.restore(store, "user").await.unwrap().unwrap();
    assert_eq!(restored.token().await.unwrap().secret(), "access-1");
}

#[tokio::test]
async fn error_code_decides_regardless_of_the_status() {
    for status in [400, 401, 403, 428, 429] {
        let provider = Provider::start().await;
        let login = started(&provider, authorization()).await;
        for error in [
            "authorization_pending",
            "slow_down",
            "authorization_pending",
            "slow_down",
            "authorization_pending",
        ] {
            provider
                .once("/oauth/token", error_response(status, error))
                .await;
        }
        provider.once("/oauth/token", grant(1, json!({}))).await;
        let session = login.finish().await.unwrap();
        assert!(session.id_token().is_none());
        // `slow_down` applies to all later requests.
        assert_eq!(
            provider.sleeper.seconds(),
            [5, 5, 10, 10, 15, 15],
            "{status}"
        );
    }
    for status in [400, 403, 429, 500] {
        for error in [
            "access_denied",
            "expired_token",
            "invalid_grant",
            "unauthorized_client",
        ] {
            if status >= 429 && !matches!(error, "access_denied" | "expired_token") {
                continue;
            }
            let provider = Provider::start().await;
            let login = started(&provider, authorization()).await;
            provider
                .on("/oauth/token", error_response(status, error))
                .await;
            let found = login.finish().await.unwrap_err();
            assert_eq!(found.error(), Some(error));
            assert_eq!(found.status(), Some(status));
            assert_eq!(found.is_access_denied(), error == "access_denied");
            assert_eq!(found.is_login_expired(), error == "expired_token");
            assert_eq!(found.is_invalid_grant(), error == "invalid_grant");
            assert_eq!(provider.requests("/oauth/token").await.len(), 1, "{error}");
        }
    }
}

#[tokio::test]
async fn missing_or_invalid_interval_is_five_seconds() {
    for (interval, seconds) in [
        (Value::Null, 5),
        (json!("7"), 7),
        (json!(9), 9),
        (json!(0), 5),
        (json!(-3), 5),
        (json!([]), 5),
    ] {
        let provider = Provider::start().await;
        let mut response = authorization();
        response["interval"] = interval;
        let login = started(&provider, response).await;
        provider.on("/oauth/token", grant(1, json!({}))).await;
        login.finish().await.unwrap();
        assert_eq!(provider.sleeper.seconds(), [seconds]);
    }
}

#[tokio::test]
async fn unconfirmed_login_ends_with_the_code() {
    let provider = Provider::start().await;
    let mut response = authorization();
    response["expires_in"] = json!(22);
    let login = started(&provider, response).await;
    provider
        .on("/oauth/token", error_response(403, "authorization_pending"))
        .await;
    let error = login.finish().await.unwrap_err();
    assert!(error.is_login_expired() && !error.is_rejected());
    assert_eq!(provider.sleeper.seconds(), [5, 5, 5, 5]);
    assert_eq!(provider.requests("/oauth/token").await.len(), 4);
}

#[tokio::test]
async fn network_and_server_failures_are_polled_again_more_slowly() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    provider
        .once("/oauth/token", ResponseTemplate::new(502))
        .await;
    let limited = ResponseTemplate::new(429).insert_header("retry-after", "33");
    provider.once("/oauth/token", limited).await;
    provider
        .once(
            "/oauth/token",
            error_response(503, "temporarily_unavailable"),
        )
        .await;
    provider.once("/oauth/token", grant(1, json!({}))).await;
    login.finish().await.unwrap();
    assert_eq!(provider.sleeper.seconds(), [5, 10, 33, 40]);
}

#[tokio::test]
async fn retry_after_beyond_the_expiry_fails_at_once() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    let limited = ResponseTemplate::new(429).insert_header("retry-after", "7200");
    provider.on("/oauth/token", limited).await;
    let error = login.finish().await.unwrap_err();
    assert!(error.is_quota_used_up());
    assert_eq!(provider.sleeper.seconds(), [5]);
}

#[tokio::test]
async fn lost_response_is_polled_again_until_the_code_expires() {
    let provider = Provider::start().await;
    let response = ResponseTemplate::new(200).set_body_json(authorization());
    provider.on("/oauth/device/code", response).await;
    let (url, count) = closing_endpoint("").await;
    let flow = builder(&provider).token_url(url).build().unwrap();
    let error = flow.start().await.unwrap().finish().await.unwrap_err();
    assert!(error.is_login_expired(), "{error}");
    assert_eq!(provider.sleeper.seconds(), [5, 10, 20, 40, 80, 160, 320]);
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 7);
}

#[tokio::test]
async fn spent_code_after_a_lost_response_has_an_unknown_outcome() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    provider
        .once("/oauth/token", ResponseTemplate::new(502))
        .await;
    provider
        .once("/oauth/token", error_response(403, "invalid_grant"))
        .await;
    let error = login.finish().await.unwrap_err();
    assert!(error.is_invalid_grant() && error.is_outcome_unknown());
}

#[tokio::test]
async fn invalid_authorization_response_error_says_what_was_expected() {
    for (name, value, expected) in [
        ("device_code", Value::Null, "unexpected JSON"),
        ("device_code", json!(""), "a device_code"),
        ("device_code", json!(["pl4nted"]), "unexpected JSON"),
        ("user_code", json!(""), "a user_code"),
        ("user_code", json!("\u{1b}[31mpl4nted"), "a user_code"),
        ("user_code", json!("A".repeat(65)), "a user_code"),
        (
            "verification_uri",
            json!("pl4nted"),
            "verification_uri: expected a URL",
        ),
        (
            "verification_uri",
            json!("http://evil.test/pl4nted"),
            "verification_uri: expected https",
        ),
        (
            "verification_uri",
            json!("javascript:pl4nted"),
            "verification_uri: expected https",
        ),
        (
            "verification_uri_complete",
            json!("https://u:pl4nted@a.test/"),
            "verification_uri_complete: expected no user name",
        ),
        ("expires_in", json!(0), "an expires_in"),
        ("expires_in", Value::Null, "an expires_in"),
    ] {
        let provider = Provider::start().await;
        let mut response = authorization();
        response[name] = value;
        let response = ResponseTemplate::new(200).set_body_json(response);
        provider.on("/oauth/device/code", response).await;
        let flow = builder(&provider).build().unwrap();
        let error = flow.start().await.unwrap_err();
        assert!(error.is_invalid_response(), "{name}: {error}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert!(!chain(&error).contains("pl4nted"), "{error:?}");
    }
}

#[tokio::test]
async fn rejected_start_has_a_typed_error() {
    let provider = Provider::start().await;
    provider
        .on(
            "/oauth/device/code",
            error_response(403, "unauthorized_client"),
        )
        .await;
    let error = builder(&provider)
        .build()
        .unwrap()
        .start()
        .await
        .unwrap_err();
    assert!(error.is_unauthorized_client());
    let error = DeviceFlow::builder("").audience("").build().unwrap_err();
    for expected in [
        "domain is missing",
        "client_id is missing",
        "audience: expected",
    ] {
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn invalid_id_token_is_rejected() {
    let provider = Provider::start().await;
    let login = started(&provider, authorization()).await;
    let mut claims = provider.claims("");
    claims["aud"] = json!("another");
    let response = grant(1, json!({ "id_token": provider.id_token(&claims) }));
    provider.on("/oauth/token", response).await;
    let error = login.finish().await.unwrap_err();
    assert_eq!(
        error.id_token_error_kind(),
        Some(IdTokenErrorKind::Audience)
    );
}

#[tokio::test]
async fn id_token_leeway_allows_clock_skew() {
    for (leeway, is_accepted) in [(None, false), (Some(59), false), (Some(120), true)] {
        let provider = Provider::start().await;
        let mut builder = builder(&provider);
        if let Some(seconds) = leeway {
            builder = builder.id_token_leeway(Duration::from_secs(seconds));
        }
        let response = ResponseTemplate::new(200).set_body_json(authorization());
        provider.on("/oauth/device/code", response).await;
        let login = builder.build().unwrap().start().await.unwrap();
        // It expired 90 s before the code is confirmed.
        let mut claims = provider.claims("unused");
        claims.as_object_mut().unwrap().remove("nonce");
        let now = crate::provider::seconds(auth0_core::time::Clock::now(&*provider.clock)) + 5;
        claims["exp"] = json!(now - 90);
        claims["iat"] = json!(now - 100);
        let id_token = provider.id_token(&claims);
        provider
            .on("/oauth/token", grant(1, json!({ "id_token": id_token })))
            .await;
        let result = login.finish().await;
        let error_kind = result
            .as_ref()
            .err()
            .and_then(|error| error.id_token_error_kind());
        assert_eq!(result.is_ok(), is_accepted, "{leeway:?} {error_kind:?}");
        assert_eq!(error_kind.is_none(), is_accepted, "{leeway:?}");
    }
}

#[test]
fn too_large_id_token_leeway_is_rejected() {
    let error = DeviceFlow::builder("acme.us.auth0.com")
        .client_id(CLIENT)
        .id_token_leeway(Duration::from_secs(301))
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid settings: id_token_leeway: expected at most 300 s, found 301 s"
    );
}
