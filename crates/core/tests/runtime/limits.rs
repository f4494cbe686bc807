//! Calls through a limiter. What the limiter does by itself is tested beside it.

use std::sync::Arc;
use std::time::Duration;

use auth0_core::time::Clock as _;
use auth0_core::{CallOptions, Error, Limiter, Limits, Rate, Response, RetryPolicy, Transport};

use crate::support::*;

/// One request of each class per second.
fn per_second(timer: &FakeTimer) -> Limiter {
    limiter(
        Limits::new(Rate::per_second(1), Rate::per_second(1)).headroom(0.0),
        timer,
    )
}

fn limiter(limits: Limits, timer: &FakeTimer) -> Limiter {
    Limiter::with_timer(limits, Arc::new(timer.clone()), Arc::new(timer.clone())).unwrap()
}

fn limited_by(
    limiter: &Limiter,
    server: &FaultServer,
    timer: &FakeTimer,
    tokens: Tokens,
) -> Transport {
    timer
        .under(builder(tokens))
        .http_client(plain_client())
        .limiter(limiter.clone())
        .build(base(&server.url))
        .unwrap()
}

async fn read(transport: &Transport) -> Result<Response<Member>, Error> {
    call(transport, &READ, CallOptions::default()).await
}

async fn write(transport: &Transport) -> Result<Response<Member>, Error> {
    call(transport, &CREATE, CallOptions::default()).await
}

fn refused(headers: &str) -> Fault {
    Fault::status("429 Too Many Requests", headers, "{}")
}

fn whole_seconds(waits: &[Duration]) -> Vec<u64> {
    waits.iter().map(Duration::as_secs).collect()
}

/// The classes of the one host that are paused, and for how many seconds.
fn paused(limiter: &Limiter, timer: &FakeTimer) -> [Option<u64>; 2] {
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    let left = |until: Option<std::time::SystemTime>| {
        until.map(|until| until.duration_since(timer.now()).unwrap().as_secs())
    };
    [left(host.read.paused_until), left(host.write.paused_until)]
}

#[tokio::test]
async fn calls_beyond_the_rate_wait_and_each_class_has_its_own() {
    let (server, timer) = (FaultServer::always(Fault::fine()), FakeTimer::default());
    let limiter = per_second(&timer);
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    for _ in 0..3 {
        read(&transport).await.unwrap();
    }
    assert_eq!(whole_seconds(&timer.slept()), [1, 1]);
    write(&transport).await.unwrap();
    assert_eq!(timer.slept().len(), 2);
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    assert_eq!(
        (host.read.granted, host.write.granted, host.in_flight),
        (3, 1, 0)
    );
    assert_eq!(host.read.total_wait, Duration::from_secs(2));
}

#[tokio::test]
async fn answer_that_names_a_limit_pauses_what_it_is_about() {
    let ahead = |seconds: u64| (START + seconds).to_string();
    let remaining = |count: u64| {
        let head = format!(
            "x-ratelimit-limit: 4\r\nx-ratelimit-remaining: {count}\r\nx-ratelimit-reset: {}\r\n",
            ahead(9)
        );
        Fault::status("200 OK", &head, MEMBER)
    };
    for (fault, expected) in [
        (refused("retry-after: 5\r\n"), [Some(5), None]),
        (
            refused(&format!("x-ratelimit-reset: {}\r\n", ahead(6))),
            [Some(6), None],
        ),
        // Nothing is said, or what has passed: a second.
        (refused(""), [Some(1), None]),
        (refused("retry-after: 0\r\n"), [Some(1), None]),
        (
            refused("retry-after: 7\r\nx-auth0-error-kind: global-rate-limit\r\n"),
            [Some(7), Some(7)],
        ),
        (
            refused("retry-after: 7\r\nx-auth0-error-kind: other\r\n"),
            [Some(7), None],
        ),
        (remaining(0), [Some(9), None]),
        (remaining(1), [None, None]),
        (
            Fault::status("503 Service Unavailable", "retry-after: 7\r\n", "{}"),
            [None, None],
        ),
    ] {
        let (server, timer) = (FaultServer::once(fault), FakeTimer::default());
        let limiter = per_second(&timer);
        let transport = limited_by(&limiter, &server, &timer, Tokens::default());
        let _ = read(&transport).await;
        assert_eq!(paused(&limiter, &timer), expected);
        if let Some(pause) = expected[0] {
            read(&transport).await.unwrap();
            assert_eq!(whole_seconds(&timer.slept()), [pause]);
        }
    }
}

#[tokio::test]
async fn head_of_an_answer_counts_before_its_body_comes() {
    let head = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\ncontent-length: 9\r\n\r\n";
    let server = BareServer::answering([Answer::Hang(head.into())]).await;
    let timer = FakeTimer::default();
    let limiter = per_second(&timer);
    let transport = timer
        .under(builder(Tokens::default()))
        .http_client(plain_client())
        .limiter(limiter.clone())
        .build(base(&server.url))
        .unwrap();
    let reading = tokio::spawn(async move { read(&transport).await.map(|_| ()) });
    soon(async {
        while paused(&limiter, &timer) == [None, None] {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(paused(&limiter, &timer), [Some(5), None]);
    assert!(!reading.is_finished());
    reading.abort();
}

#[tokio::test]
async fn organization_is_paused_and_its_host_is_not() {
    let server = FaultServer::once(refused("retry-after: 5\r\n"));
    let timer = FakeTimer::default();
    let limiter = per_second(&timer);
    let one = limiter.for_organization("org_1");
    let transport = limited_by(&one, &server, &timer, Tokens::default());
    assert!(read(&transport).await.unwrap_err().is_rate_limited());
    assert_eq!(paused(&limiter, &timer), [None, None]);
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    assert!(host.organizations["org_1"].read.paused_until.is_some());
}

#[tokio::test]
async fn token_is_asked_for_again_after_a_long_wait() {
    let (server, timer) = (FaultServer::always(Fault::fine()), FakeTimer::default());
    let tokens = Tokens::default();
    let limits = Limits::new(Rate::per_minute(1), Rate::per_minute(1)).headroom(0.0);
    let transport = limited_by(&limiter(limits, &timer), &server, &timer, tokens.clone());
    read(&transport).await.unwrap();
    assert_eq!(tokens.fetched(), 1);
    read(&transport).await.unwrap();
    assert_eq!(whole_seconds(&timer.slept()), [60]);
    let sent = server.header("authorization");
    assert_eq!(sent[1], ("Bearer token-2".to_owned(), 1));
}

#[tokio::test]
async fn time_for_the_call_ends_in_the_queue_then_nothing_is_sent() {
    let (server, timer) = (FaultServer::always(Fault::fine()), FakeTimer::default());
    // The limiter goes by a clock that stands still, so only the end of the call comes.
    let limiter = per_second(&FakeTimer::stuck());
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    read(&transport).await.unwrap();
    let options = CallOptions::default().call_timeout(Duration::from_secs(10));
    let error = call(&transport, &READ, options).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && error.attempts() == 0);
    assert_eq!(
        error.to_string(),
        "getMember: the time for the call was over while it waited for the limiter"
    );
    write(&transport).await.expect("the other class is free");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn time_in_the_queue_does_not_count_against_the_retries() {
    let unavailable = Fault::status("503 Service Unavailable", "", "{}");
    let server = FaultServer::playing([Fault::fine(), unavailable], Fault::fine());
    let timer = FakeTimer::default();
    let limits = Limits::new(Rate::per_minute(1), Rate::per_minute(1)).headroom(0.0);
    let transport = limited_by(&limiter(limits, &timer), &server, &timer, Tokens::default());
    read(&transport).await.unwrap();
    let policy = RetryPolicy::default().total_time(Duration::from_secs(10));
    let options = CallOptions::default().retry(policy);
    let response = call(&transport, &READ, options).await.unwrap();
    assert_eq!(response.attempts(), 2);
    // A minute in the queue, the wait before the retry, and the rest of the next minute in the queue.
    assert_eq!(timer.slept().len(), 3);
    assert_eq!(timer.slept().iter().sum::<Duration>().as_secs(), 120);
}

#[tokio::test]
async fn retry_is_held_up_by_a_pause_then_it_ends_with_the_time_of_the_policy_and_keeps_the_answer()
{
    let reset = START + 3_000;
    let headers = format!("x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {reset}\r\n");
    let server = FaultServer::once(Fault::status("503 Service Unavailable", &headers, "{}"));
    let timer = FakeTimer::default();
    // The limiter goes by a clock that stands still, so the pause does not end.
    let limiter = per_second(&FakeTimer::stuck());
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    let policy = RetryPolicy::default().total_time(Duration::from_secs(10));
    let options = CallOptions::default().retry(policy);
    let error = soon(call(&transport, &READ, options)).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && !error.is_status());
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert_eq!(&error.body().unwrap()[..], b"{}");
}
