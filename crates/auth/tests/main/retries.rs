//! Retries of token requests and their waits, with a fake clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_core::time::Sleeper;
use auth0_core::{BoxFuture, RetryPolicy};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{failure, grant, requests, responding_with, settings, text, tokens_with};

/// A sleeper that returns at once and records the requested durations.
#[derive(Debug, Default)]
pub(crate) struct FakeSleeper(Mutex<Vec<Duration>>);

impl FakeSleeper {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

impl Sleeper for FakeSleeper {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.lock().unwrap().push(duration);
        Box::pin(std::future::ready(()))
    }
}

fn source(server: &MockServer) -> (ClientCredentials, Arc<FakeSleeper>) {
    let sleeper = FakeSleeper::new();
    let source = settings(server)
        .retry(RetryPolicy::default())
        .sleeper(sleeper.clone())
        .build()
        .unwrap();
    (source, sleeper)
}

/// Responds with `first`, and then with a token.
fn then_a_token(first: ResponseTemplate) -> impl wiremock::Respond {
    let count = Mutex::new(0);
    move |_: &Request| {
        let mut count = count.lock().unwrap();
        *count += 1;
        match *count {
            1 => first.clone(),
            _ => grant("token"),
        }
    }
}

#[tokio::test]
async fn transient_failure_is_retried() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server = responding_with(then_a_token(ResponseTemplate::new(status))).await;
        let (source, sleeper) = source(&server);
        assert_eq!(text(&source).await, "token", "{status}");
        assert_eq!(requests(&server).await, 2);
        assert_eq!(sleeper.waits().len(), 1);
        assert!(sleeper.waits()[0] <= Duration::from_millis(500));
    }
}

#[tokio::test]
async fn rejection_is_not_retried() {
    for status in [400, 401, 403, 404, 501] {
        let body = json!({"error": "invalid_client"});
        let server = responding_with(then_a_token(
            ResponseTemplate::new(status).set_body_json(body),
        ))
        .await;
        let (source, sleeper) = source(&server);
        assert_eq!(failure(&source).await.status(), Some(status));
        assert_eq!(requests(&server).await, 1);
        assert!(sleeper.waits().is_empty());
    }
}

#[tokio::test]
async fn persistent_failure_returns_the_last_error() {
    let server = responding_with(ResponseTemplate::new(503)).await;
    let (source, sleeper) = source(&server);
    assert_eq!(failure(&source).await.status(), Some(503));
    assert_eq!(requests(&server).await, 3);
    assert_eq!(sleeper.waits().len(), 2);
}

#[tokio::test]
async fn retry_after_is_respected() {
    let limited = |wait: &str| ResponseTemplate::new(429).insert_header("retry-after", wait);
    let server = responding_with(then_a_token(limited("7"))).await;
    let (source_, sleeper) = source(&server);
    assert_eq!(text(&source_).await, "token");
    let wait = sleeper.waits()[0];
    assert!(wait >= Duration::from_secs(7) && wait < Duration::from_secs(8));

    let server = responding_with(then_a_token(limited("21"))).await;
    let (source, sleeper) = source(&server);
    let error = failure(&source).await;
    assert!(error.is_rate_limited() && !error.is_quota_used_up());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(21)));
    assert!(sleeper.waits().is_empty());
}

#[tokio::test]
async fn exceeded_quota_is_not_retried() {
    for (retry_after, expected) in [(None, 9), (Some("3"), 3), (Some("0"), 0)] {
        let mut response = ResponseTemplate::new(429)
            .insert_header("auth0-client-quota-limit", "b=per_hour;q=10;r=0;t=9")
            .insert_header(
                "auth0-organization-quota-limit",
                "b=per_day;q=100;r=3;t=80000",
            );
        if let Some(wait) = retry_after {
            response = response.insert_header("retry-after", wait);
        }
        let server = responding_with(then_a_token(response)).await;
        let (source, sleeper) = source(&server);
        let error = failure(&source).await;
        assert!(error.is_quota_used_up() && error.is_rate_limited());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(expected)));
        assert_eq!(error.quotas().unwrap().client[0].remaining, 0);
        assert_eq!(source.quotas().unwrap().organization[0].remaining, 3);
        assert_eq!(requests(&server).await, 1);
        assert!(sleeper.waits().is_empty());
    }
}

#[tokio::test]
async fn quotas_of_a_successful_response_are_available() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let server = responding_with(move |_: &Request| {
        let left = 9 - count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        grant("token").insert_header(
            "auth0-client-quota-limit",
            format!("b=per_hour;q=10;r={left};t=3540").as_str(),
        )
    })
    .await;
    let (source, _) = source(&server);
    assert_eq!(source.quotas(), None);
    text(&source).await;
    let quotas = source.quotas().unwrap();
    let window = &quotas.client[0];
    assert_eq!(
        (window.name.as_str(), window.quota, window.remaining),
        ("per_hour", 10, 9)
    );
    assert_eq!(quotas.used_up_until(), None);
    assert!(quotas.organization.is_empty());
}

/// A server that closes the first `failures` connections, in the middle of the response if `cut` is set.
async fn dropping_connections(failures: usize, cut: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oauth/token", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let body = "{\"access_token\": \"token\"}";
            let length = if number < failures { 500 } else { body.len() };
            if number >= failures || cut {
                let response = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(response.as_bytes()).await;
            }
        }
    });
    url
}

#[tokio::test]
async fn broken_connection_is_retried() {
    for cut in [false, true] {
        let sleeper = FakeSleeper::new();
        let source = ClientCredentials::builder("acme.us.auth0.com")
            .token_url(dropping_connections(2, cut).await)
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/")
            .sleeper(sleeper.clone())
            .build()
            .unwrap();
        assert_eq!(text(&source).await, "token");
        assert_eq!(sleeper.waits().len(), 2);
    }
}

#[tokio::test]
async fn rejection_is_cached_and_a_failure_is_not() {
    let clock = crate::support::FakeClock::new();
    let number =
        |number: u64| json!({"error": "invalid_client", "error_description": format!("{number}")});
    let server = responding_with(move |request: &Request| {
        // Every response differs, so that a cached one is noticed.
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let _ = request;
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ResponseTemplate::new(401).set_body_json(number(count))
    })
    .await;
    let source = settings(&server)
        .cache_rejections_for(Duration::from_secs(10))
        .clock(clock.clone())
        .build()
        .unwrap();
    let described = async || {
        failure(&source)
            .await
            .error_description()
            .unwrap()
            .to_owned()
    };
    assert_eq!(described().await, "0");
    clock.advance(9);
    assert_eq!(described().await, "0");
    clock.advance(1);
    assert_eq!(described().await, "1");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn maximum_rejection_cache_time_does_not_overflow() {
    let body = json!({"error": "invalid_client"});
    let server = responding_with(ResponseTemplate::new(401).set_body_json(body)).await;
    let source = settings(&server)
        .cache_rejections_for(Duration::MAX)
        .build()
        .unwrap();
    failure(&source).await;
    assert!(failure(&source).await.is_invalid_client());
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn exceeded_quota_is_cached_until_its_reset_for_at_most_a_minute() {
    for (reset, stands) in [(30, 30), (3600, 60)] {
        let clock = crate::support::FakeClock::new();
        let quota = format!("b=per_hour;q=10;r=0;t={reset}");
        let response =
            ResponseTemplate::new(429).insert_header("auth0-client-quota-limit", quota.as_str());
        let server = responding_with(response).await;
        let source = settings(&server).clock(clock.clone()).build().unwrap();
        failure(&source).await;
        clock.advance(stands - 1);
        assert!(failure(&source).await.is_quota_used_up());
        assert_eq!(requests(&server).await, 1);
        clock.advance(1);
        failure(&source).await;
        assert_eq!(requests(&server).await, 2);
    }
}

#[tokio::test]
async fn rejected_early_refresh_does_not_hide_the_valid_token() {
    // With a lifetime of 20 s, a refresh is due 2 s before the expiry, and the next one before the rejection expires.
    let server = responding_with(tokens_with(
        |number| json!({"access_token": format!("token-{number}"), "expires_in": 20}),
    ))
    .await;
    let (source, clock) = crate::support::source(&server);
    text(&source).await;
    clock.advance(18);
    let body = json!({"error": "invalid_client"});
    crate::support::set_response(&server, ResponseTemplate::new(401).set_body_json(body)).await;
    assert_eq!(text(&source).await, "token-1");
    clock.advance(1);
    assert_eq!(text(&source).await, "token-1");
    clock.advance(1);
    assert!(failure(&source).await.is_invalid_client());
}

#[tokio::test]
async fn rejected_certificate_is_not_retried_and_the_error_says_what_to_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(Mutex::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            let _ = stream.read(&mut [0; 4096]).await;
            // A fatal alert of TLS (RFC 8446 §6): unknown_ca.
            stream.write_all(&[21, 3, 3, 0, 2, 2, 48]).await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    let builder = || {
        ClientCredentials::builder("acme.us.auth0.com")
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/")
    };
    // The token endpoint and the discovery document.
    for builder in [
        builder().token_url(format!("https://{address}/oauth/token")),
        builder().issuer(format!("https://{address}/")),
    ] {
        let sleeper = FakeSleeper::new();
        let source = builder.sleeper(sleeper.clone()).build().unwrap();
        let error = failure(&source).await;
        assert!(error.is_certificate() && error.is_transport(), "{error}");
        assert!(!error.is_outcome_unknown());
        let text = error.to_string();
        assert!(
            text.contains("the certificates of the HttpClient"),
            "{text}"
        );
        assert!(sleeper.waits().is_empty());
    }
    assert_eq!(*count.lock().unwrap(), 2);
}
