//! Concurrent callers share one request.

use std::sync::Arc;

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, DpopKey, FileStore, MemoryStore};
use auth0_core::TokenSource as _;
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{
    FakeClock, Gate, grant, on_new_runtime, requests, responding_with, runtime, set_response,
    settings, source, text, token, tokens, typed,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_concurrent_callers_share_one_request() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let (source, _clock) = source(&server);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let source = source.clone();
        callers.spawn(async move { token(&source).await });
    }
    gate.arrival().await;
    gate.release(grant("token"));
    let tokens = callers.join_all().await;
    assert_eq!(tokens.len(), 200);
    assert!(
        tokens
            .iter()
            .all(|token| token.secret() == "token" && token.id() == tokens[0].id())
    );
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failed_fetch_is_returned_to_all_waiting_callers() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let (source, _clock) = source(&server);
    // All callers start before the response: join! polls each one before it waits.
    let callers = async { tokio::join!(source.token(), source.token(), source.token()) };
    let responses = async {
        gate.arrival().await;
        gate.release(ResponseTemplate::new(502));
    };
    let ((first, second, third), ()) = tokio::join!(callers, responses);
    for result in [first, second, third] {
        assert_eq!(typed(&result.unwrap_err()).status(), Some(502));
    }
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn cancelled_first_caller_does_not_affect_the_others() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let (source, _clock) = source(&server);
    let mut first = source.token();
    let mut second = source.token();
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("the response is held back"),
        _ = &mut second => unreachable!("the response is held back"),
        () = gate.arrival() => {}
    }
    drop(first);
    gate.release(grant("token"));
    assert_eq!(second.await.unwrap().secret(), "token");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn request_of_a_cancelled_caller_serves_the_next() {
    let (mut gate, respond) = Gate::new();
    let server = responding_with(respond).await;
    let (source, _clock) = source(&server);
    let mut first = source.token();
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("the response is held back"),
        () = gate.arrival() => {}
    }
    drop(first);
    gate.release(grant("token"));
    assert_eq!(text(&source).await, "token");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn hanging_early_refresh_does_not_block_callers() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    text(&source).await;
    clock.advance(3600 - 60);

    let (mut gate, respond) = Gate::new();
    set_response(&server, respond).await;
    assert_eq!(text(&source).await, "token-1");
    gate.arrival().await;
    for _ in 0..10 {
        assert_eq!(text(&source).await, "token-1");
    }

    // After the token has expired, callers wait for the refresh in flight.
    clock.advance(60);
    let (mut first, mut second) = (source.token(), source.token());
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    gate.release(grant("token-2"));
    for token in [first.await, second.await] {
        assert_eq!(token.unwrap().secret(), "token-2");
    }
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn token_expires_during_a_refresh_and_waiting_callers_get_its_error() {
    let server = responding_with(tokens()).await;
    let (source, clock) = source(&server);
    text(&source).await;
    clock.advance(3600 - 60);
    let (mut gate, respond) = Gate::new();
    set_response(&server, respond).await;
    text(&source).await;
    gate.arrival().await;
    clock.advance(60);
    let mut waiter = source.token();
    assert!((&mut waiter).now_or_never().is_none());
    gate.release(ResponseTemplate::new(502));
    assert_eq!(typed(&waiter.await.unwrap_err()).status(), Some(502));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn token_revoked_under_fifty_calls_is_replaced_by_one_request() {
    let server = responding_with(tokens()).await;
    let (source, _clock) = source(&server);
    let revoked = token(&source).await;
    source.accepted(&revoked);

    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (source, revoked) = (source.clone(), revoked.clone());
        callers.spawn(async move {
            assert!(source.rejected(&revoked));
            text(&source).await
        });
    }
    assert!(
        callers
            .join_all()
            .await
            .iter()
            .all(|text| text == "token-2")
    );
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fresh_token_rejected_under_fifty_calls_causes_no_request() {
    let server = responding_with(tokens()).await;
    let (source, _clock) = source(&server);
    let rejected = token(&source).await;
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (source, rejected) = (source.clone(), rejected.clone());
        callers.spawn(async move { source.rejected(&rejected) });
    }
    assert!(!callers.join_all().await.contains(&true));
    assert_eq!(requests(&server).await, 1);
}

/// Sources with tokens from `server`: plain, with a store, and with a DPoP key.
fn all_kinds(server: &MockServer) -> Vec<(ClientCredentials, Arc<FakeClock>)> {
    // The directory is not removed; it contains only a token of this test.
    let directory = tempfile::tempdir().unwrap().keep();
    let kinds: [fn(ClientCredentialsBuilder, std::path::PathBuf) -> ClientCredentialsBuilder; 4] = [
        |plain, _| plain,
        |stored, _| stored.store(MemoryStore::new()),
        |stored, directory| stored.store(FileStore::new(directory.join("tokens.json"))),
        |bound, _| bound.dpop(DpopKey::generate().unwrap()),
    ];
    let kinds = kinds.into_iter().map(|kind| {
        let clock = FakeClock::new();
        let builder = settings(server).clock(clock.clone());
        (kind(builder, directory.clone()).build().unwrap(), clock)
    });
    kinds.collect()
}

#[test]
fn idle_runtime_of_the_first_caller_does_not_block_others() {
    let servers = multi_thread();
    let (mut gate, respond) = Gate::new();
    let server = servers.block_on(responding_with(respond));
    for (source, _clock) in all_kinds(&server) {
        let idle = runtime();
        let mut first = source.token();
        idle.block_on(async {
            tokio::select! {
                biased;
                _ = &mut first => unreachable!("the response is held back"),
                () = gate.arrival() => {}
            }
        });
        gate.release(grant("token"));
        let other = source.clone();
        assert_eq!(on_new_runtime(async move { text(&other).await }), "token");
        // It returns the token when its runtime continues.
        assert_eq!(idle.block_on(first).unwrap().secret(), "token");
    }
    assert_eq!(servers.block_on(requests(&server)), 4);
}

#[test]
fn ended_runtime_of_the_first_caller_does_not_block_others() {
    let servers = multi_thread();
    let (mut gate, respond) = Gate::new();
    let server = servers.block_on(responding_with(respond));
    for (source, _clock) in all_kinds(&server) {
        runtime().block_on(async {
            let mut first = source.token();
            tokio::select! {
                biased;
                _ = &mut first => unreachable!("the response is held back"),
                () = gate.arrival() => {}
            }
        });
        gate.release(grant("token"));
        assert_eq!(on_new_runtime(async move { text(&source).await }), "token");
    }
    assert_eq!(servers.block_on(requests(&server)), 4);
}

#[test]
fn connection_of_an_idle_runtime_does_not_block_others() {
    let servers = multi_thread();
    let server = servers.block_on(responding_with(tokens()));
    for (source, clock) in all_kinds(&server) {
        let idle = runtime();
        let first = idle.block_on(text(&source));
        clock.advance(3600);
        assert_ne!(on_new_runtime(async move { text(&source).await }), first);
        drop(idle);
    }
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}
