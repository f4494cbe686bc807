//! Many callers, one request.

use auth0_core::TokenSource as _;
use tokio::task::JoinSet;
use wiremock::ResponseTemplate;

use crate::support::{
    Gate, answer, answering, failure, grant, requests, source, text, token, tokens, typed,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_concurrent_callers_then_one_request() {
    let (mut gate, respond) = Gate::new();
    let server = answering(respond).await;
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
async fn fetch_fails_then_all_current_waiters_get_the_error() {
    let (mut gate, respond) = Gate::new();
    let server = answering(respond).await;
    let (source, _clock) = source(&server);
    // They are all asked before the answer comes because join! polls each before it waits.
    let callers = async { tokio::join!(source.token(), source.token(), source.token()) };
    let answers = async {
        gate.arrival().await;
        gate.release(ResponseTemplate::new(502));
    };
    let ((first, second, third), ()) = tokio::join!(callers, answers);
    for result in [first, second, third] {
        assert_eq!(typed(&result.unwrap_err()).status(), Some(502));
    }
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn first_caller_is_cancelled_then_the_others_get_their_token() {
    let (mut gate, respond) = Gate::new();
    let server = answering(respond).await;
    let (source, _clock) = source(&server);
    let mut first = source.token();
    let mut second = source.token();
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("the answer is held back"),
        _ = &mut second => unreachable!("the answer is held back"),
        () = gate.arrival() => {}
    }
    drop(first);
    gate.release(grant("token"));
    assert_eq!(second.await.unwrap().secret(), "token");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn only_caller_is_cancelled_then_the_next_takes_its_request_over() {
    let (mut gate, respond) = Gate::new();
    let server = answering(respond).await;
    let (source, _clock) = source(&server);
    let mut first = source.token();
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("the answer is held back"),
        () = gate.arrival() => {}
    }
    drop(first);
    gate.release(grant("token"));
    assert_eq!(text(&source).await, "token");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn early_refresh_is_under_way_then_others_use_the_valid_token_at_once() {
    let server = answering(tokens()).await;
    let (source, clock) = source(&server);
    text(&source).await;
    clock.advance(3600 - 60);

    let (mut gate, respond) = Gate::new();
    answer(&server, respond).await;
    let mut refresher = source.token();
    tokio::select! {
        biased;
        _ = &mut refresher => unreachable!("the answer is held back"),
        () = gate.arrival() => {}
    }
    assert_eq!(text(&source).await, "token-1");

    // When the token has ended meanwhile, they wait for the refresh that is under way.
    clock.advance(60);
    gate.release(grant("token-2"));
    let (refreshed, waited) = tokio::join!(refresher, text(&source));
    assert_eq!(
        (refreshed.unwrap().secret(), waited.as_str()),
        ("token-2", "token-2")
    );
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn early_refresh_is_cancelled_then_the_next_caller_takes_it_over() {
    let server = answering(tokens()).await;
    let (source, clock) = source(&server);
    text(&source).await;
    clock.advance(3600 - 60);

    let (mut gate, respond) = Gate::new();
    answer(&server, respond).await;
    let mut refresher = source.token();
    tokio::select! {
        biased;
        _ = &mut refresher => unreachable!("the answer is held back"),
        () = gate.arrival() => {}
    }
    drop(refresher);
    gate.release(grant("token-2"));
    assert_eq!(text(&source).await, "token-2");
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accepted_token_is_revoked_under_fifty_calls_then_one_request() {
    let server = answering(tokens()).await;
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
async fn fresh_token_is_refused_under_fifty_calls_then_no_request() {
    let server = answering(tokens()).await;
    let (source, _clock) = source(&server);
    let refused = token(&source).await;
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (source, refused) = (source.clone(), refused.clone());
        callers.spawn(async move { source.rejected(&refused) });
    }
    assert!(!callers.join_all().await.contains(&true));
    assert_eq!(requests(&server).await, 1);
}

#[test]
fn runtime_ends_under_an_abandoned_request_then_the_next_one_is_served() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let servers = runtime();
    let (mut gate, respond) = Gate::new();
    let server = servers.block_on(answering(respond));
    let (source, _clock) = source(&server);
    runtime().block_on(async {
        let mut first = source.token();
        tokio::select! {
            biased;
            _ = &mut first => unreachable!("the answer is held back"),
            () = gate.arrival() => {}
        }
    });
    gate.release(grant("lost"));
    gate.release(grant("token"));
    runtime().block_on(async {
        // What became of the first request cannot be known any more; it must not stand in the way.
        failure(&source).await;
        assert_eq!(text(&source).await, "token");
    });
}
