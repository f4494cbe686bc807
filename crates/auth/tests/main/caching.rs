//! How long a token is used and when it is refreshed.

use std::time::Duration;

use auth0_core::TokenSource as _;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::secrets::Collector;
use crate::support::{
    FakeClock, grant, refreshed, requests, responding_with, set_response, settings, source, text,
    token, tokens, tokens_with,
};

#[tokio::test]
async fn token_is_used_until_the_leeway() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let first = token(&source).await;
    // 60 s of leeway and up to 15 s of jitter.
    clock.advance(3600 - 76);
    let second = token(&source.clone()).await;
    assert_eq!((second.secret(), second.id()), ("token-1", first.id()));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn token_within_the_leeway_is_refreshed_early() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let first = token(&source).await;
    clock.advance(3600 - 60);
    let meanwhile = token(&source).await;
    assert_eq!(
        (meanwhile.secret(), meanwhile.id()),
        ("token-1", first.id())
    );
    source.finish_refresh().await;
    let second = token(&source).await;
    assert_eq!(second.secret(), "token-2");
    assert_ne!(second.id(), first.id());
    assert_eq!(text(&source).await, "token-2");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn leeway_is_capped_at_a_tenth_of_the_lifetime() {
    let server = responding_with(tokens_with(
        |number| json!({"access_token": format!("token-{number}"), "expires_in": 100}),
    ))
    .await;
    let (source, clock) = source(&server);
    text(&source).await;
    clock.advance(100 - 13);
    assert_eq!(text(&source).await, "token-1");
    clock.advance(3);
    assert_eq!(refreshed(&source).await, "token-2");
}

#[tokio::test]
async fn zero_leeway_uses_the_token_until_it_expires() {
    let server = responding_with(tokens()).await;
    let clock = FakeClock::new();
    let source = settings(&server)
        .clock(clock.clone())
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    text(&source).await;
    clock.advance(3599);
    assert_eq!(text(&source).await, "token-1");
    clock.advance(1);
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn missing_expires_in_uses_the_fallback_lifetime() {
    let server = responding_with(tokens_with(
        |number| json!({"access_token": format!("token-{number}"), "token_type": "Bearer"}),
    ))
    .await;
    let clock = FakeClock::new();
    let source = settings(&server)
        .clock(clock.clone())
        .fallback_lifetime(Duration::from_secs(100))
        .build()
        .unwrap();
    assert_eq!(token(&source).await.expiry(), None);
    clock.advance(87);
    assert_eq!(text(&source).await, "token-1");
    clock.advance(3);
    assert_eq!(refreshed(&source).await, "token-2");

    let (source, clock) = crate::support::source(&server);
    text(&source).await;
    clock.advance(262);
    assert_eq!(text(&source).await, "token-3");
    clock.advance(13);
    assert_eq!(refreshed(&source).await, "token-4");
}

#[tokio::test]
async fn failed_early_refresh_keeps_the_valid_token() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let held = token(&source).await;
    clock.advance(3600 - 60);

    set_response(&server, ResponseTemplate::new(503)).await;
    let log = Collector::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    for _ in 0..10 {
        assert_eq!(token(&source).await.id(), held.id());
        source.finish_refresh().await;
    }
    assert_eq!(requests(&server).await, 1, "not with every call");
    let warnings = || log.text().matches("early refresh failed").count();
    assert_eq!(warnings(), 1, "the failure is logged once");
    clock.advance(14);
    assert_eq!(refreshed(&source).await, "token-1");
    assert_eq!(requests(&server).await, 1);
    clock.advance(1);
    assert_eq!(refreshed(&source).await, "token-1");
    assert_eq!(warnings(), 2);
    assert_eq!(
        requests(&server).await,
        2,
        "again after a quarter of what was left"
    );
    clock.advance(44);
    assert_eq!(text(&source).await, "token-1");
    clock.advance(1);
    let error = source.token().await.unwrap_err();
    assert_eq!(crate::support::typed(&error).status(), Some(503));

    set_response(&server, grant("token-2")).await;
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn rate_limited_early_refresh_is_not_retried_before_the_expiry() {
    for wait in ["7200", "18446744073709551615"] {
        let server = responding_with(tokens()).await;
        let (source, clock) = source(&server);
        text(&source).await;
        clock.advance(3600 - 60);
        set_response(
            &server,
            ResponseTemplate::new(429).insert_header("retry-after", wait),
        )
        .await;
        for _ in 0..60 {
            assert_eq!(refreshed(&source).await, "token-1");
            clock.advance(1);
        }
        assert_eq!(requests(&server).await, 1);
        assert!(crate::support::failure(&source).await.is_rate_limited());
    }
}

#[tokio::test]
async fn transient_failure_is_not_cached() {
    let server = responding_with(ResponseTemplate::new(500)).await;
    let (source, _clock) = source(&server);
    source.token().await.unwrap_err();
    source.token().await.unwrap_err();
    assert_eq!(requests(&server).await, 2);
    set_response(&server, grant("token")).await;
    assert_eq!(text(&source).await, "token");
}

#[tokio::test]
async fn rejected_fresh_token_is_kept() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let held = token(&source).await;
    clock.advance(60);
    assert!(!source.rejected(&held));
    assert_eq!(token(&source).await.id(), held.id());
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn rejected_older_token_is_replaced() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let held = token(&source).await;
    clock.advance(61);
    assert!(source.rejected(&held));
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn rejected_token_that_was_accepted_before_is_replaced_once() {
    let server = responding_with(tokens()).await;
    let (source, _clock) = source(&server);
    let revoked = token(&source).await;
    source.accepted(&revoked);
    assert!(source.rejected(&revoked));
    let next = token(&source).await;
    assert_eq!(next.secret(), "token-2");

    // A late report about the old token does not drop the new one, which is not accepted yet.
    assert!(source.rejected(&revoked));
    source.accepted(&revoked);
    assert!(!source.rejected(&next));
    assert_eq!(token(&source).await.id(), next.id());
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn late_acceptance_of_an_old_token_does_not_affect_the_new_one() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    let old = token(&source).await;
    clock.advance(3600);
    let new = token(&source).await;
    source.accepted(&new);
    source.accepted(&old);
    assert!(source.rejected(&new));
    assert_eq!(text(&source).await, "token-3");
}
