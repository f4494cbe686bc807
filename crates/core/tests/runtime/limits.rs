//! Calls through a limiter. The limiter itself is tested in `limit/tests`.

use std::sync::Arc;
use std::time::Duration;

use auth0_core::codegen::{CallOptions, Transport};
use auth0_core::time::Clock as _;
use auth0_core::{Error, Limiter, Limits, Rate, Response, RetryPolicy};

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
    server: &FailureServer,
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

fn rate_limited(headers: &str) -> Behavior {
    Behavior::status("429 Too Many Requests", headers, "{}")
}

fn whole_seconds(waits: &[Duration]) -> Vec<u64> {
    waits.iter().map(Duration::as_secs).collect()
}

/// The paused classes of the host, with the remaining seconds.
fn paused(limiter: &Limiter, timer: &FakeTimer) -> [Option<u64>; 2] {
    let snapshot = limiter.snapshot();
    let host = snapshot.hosts.values().next().unwrap();
    let left = |until: Option<std::time::SystemTime>| {
        until.map(|until| until.duration_since(timer.now()).unwrap().as_secs())
    };
    [left(host.read.paused_until), left(host.write.paused_until)]
}

#[tokio::test]
async fn calls_beyond_the_rate_of_their_class_wait() {
    let (server, timer) = (
        FailureServer::always(Behavior::success()),
        FakeTimer::default(),
    );
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
async fn rate_limit_response_pauses_its_scope() {
    let ahead = |seconds: u64| (START + seconds).to_string();
    let remaining = |count: u64| {
        let head = format!(
            "x-ratelimit-limit: 4\r\nx-ratelimit-remaining: {count}\r\nx-ratelimit-reset: {}\r\n",
            ahead(9)
        );
        Behavior::status("200 OK", &head, MEMBER)
    };
    for (behavior, expected) in [
        (rate_limited("retry-after: 5\r\n"), [Some(5), None]),
        (
            rate_limited(&format!("x-ratelimit-reset: {}\r\n", ahead(6))),
            [Some(6), None],
        ),
        // No duration, or a time in the past: one second.
        (rate_limited(""), [Some(1), None]),
        (rate_limited("retry-after: 0\r\n"), [Some(1), None]),
        (
            rate_limited("retry-after: 7\r\nx-auth0-error-kind: global-rate-limit\r\n"),
            [Some(7), Some(7)],
        ),
        (
            rate_limited("retry-after: 7\r\nx-auth0-error-kind: other\r\n"),
            [Some(7), None],
        ),
        (remaining(0), [Some(9), None]),
        (remaining(1), [None, None]),
        (
            Behavior::status("503 Service Unavailable", "retry-after: 7\r\n", "{}"),
            [None, None],
        ),
    ] {
        let (server, timer) = (FailureServer::once(behavior), FakeTimer::default());
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
async fn rate_limit_headers_apply_before_the_body_arrives() {
    let head = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\ncontent-length: 9\r\n\r\n";
    let server = BareServer::responding([ServerResponse::Hang(head.into())]).await;
    let timer = FakeTimer::default();
    let limiter = per_second(&timer);
    let transport = timer
        .under(builder(Tokens::default()))
        .http_client(plain_client())
        .limiter(limiter.clone())
        .build(base(&server.url))
        .unwrap();
    let reading = tokio::spawn(async move { read(&transport).await.map(|_| ()) });
    within_timeout(async {
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
async fn paused_organization_does_not_pause_its_host() {
    let server = FailureServer::once(rate_limited("retry-after: 5\r\n"));
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
async fn token_is_requested_again_after_a_long_wait() {
    let (server, timer) = (
        FailureServer::always(Behavior::success()),
        FakeTimer::default(),
    );
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
async fn call_timeout_in_the_queue_sends_no_request() {
    let (server, timer) = (
        FailureServer::always(Behavior::success()),
        FakeTimer::default(),
    );
    // The clock of the limiter is stopped, so only the timeout of the call ends the wait.
    let limiter = per_second(&FakeTimer::stuck());
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    read(&transport).await.unwrap();
    let options = CallOptions::default().call_timeout(Duration::from_secs(10));
    let error = call(&transport, &READ, options).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && error.attempts() == 0);
    assert_eq!(
        error.to_string(),
        "getMember: the call timed out while it waited for the limiter"
    );
    write(&transport).await.expect("the other class is free");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn time_in_the_queue_does_not_count_as_retry_time() {
    let unavailable = Behavior::status("503 Service Unavailable", "", "{}");
    let server =
        FailureServer::with_script([Behavior::success(), unavailable], Behavior::success());
    let timer = FakeTimer::default();
    let limits = Limits::new(Rate::per_minute(1), Rate::per_minute(1)).headroom(0.0);
    let transport = limited_by(&limiter(limits, &timer), &server, &timer, Tokens::default());
    read(&transport).await.unwrap();
    let policy = RetryPolicy::default().total_time(Duration::from_secs(10));
    let options = CallOptions::default().retry(policy);
    let response = call(&transport, &READ, options).await.unwrap();
    assert_eq!(response.attempts(), 2);
    // One minute in the queue, the wait before the retry, and the rest of the next minute in the queue.
    assert_eq!(timer.slept().len(), 3);
    assert_eq!(timer.slept().iter().sum::<Duration>().as_secs(), 120);
}

/// Asserts the error of a call that is delayed by a pause of `seconds`.
fn assert_paused(error: &Error, timer: &FakeTimer, seconds: u64) {
    assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
    let at = error.retry_at().unwrap();
    let left = at.duration_since(timer.now()).unwrap();
    assert_eq!(left.as_secs(), seconds, "{error:?}");
}

#[tokio::test]
async fn pause_beyond_max_wait_fails_later_calls_at_once_without_a_token() {
    let reset = |ahead: u64| {
        let head = format!(
            "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {}\r\n",
            START + ahead
        );
        Behavior::status("200 OK", &head, MEMBER)
    };
    let milliseconds = format!(
        "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {}000\r\n",
        START + 5
    );
    for (behavior, seconds) in [
        (rate_limited("retry-after: 3600\r\n"), 3600),
        (rate_limited("retry-after: 21\r\n"), 21),
        (
            rate_limited("retry-after: Sun, 06 Nov 1994 09:49:37 GMT\r\n"),
            3600,
        ),
        // No pause exceeds one hour.
        (
            rate_limited("retry-after: 99999999999999999999999\r\n"),
            3600,
        ),
        (reset(60), 60),
        (Behavior::status("200 OK", &milliseconds, MEMBER), 3600),
    ] {
        let (server, timer) = (FailureServer::once(behavior), FakeTimer::default());
        let (limiter, tokens) = (per_second(&timer), Tokens::default());
        let transport = limited_by(&limiter, &server, &timer, tokens.clone());
        let first = read(&transport).await;
        assert!(first.is_ok() || first.unwrap_err().is_rate_limited());
        let fetched = tokens.fetched();
        for _ in 0..2 {
            let error = read(&transport).await.unwrap_err();
            assert_paused(&error, &timer, seconds);
            assert!(!error.is_timeout() && !error.is_status());
            assert_eq!((error.attempts(), error.status()), (0, None));
            let expected = format!(
                "getMember: the rate limit of the server is exceeded for another {seconds} s, which is longer than the \
                 call may wait, the request was not sent (retry at "
            );
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
        assert_eq!((tokens.fetched(), server.requests().len()), (fetched, 1));
        assert!(timer.slept().is_empty());
        // Callers that may wait do, and all calls succeed afterwards.
        let patient = RetryPolicy::default().max_wait(Duration::from_secs(seconds));
        let options = CallOptions::default().retry(patient);
        call(&transport, &READ, options).await.unwrap();
        assert_eq!(whole_seconds(&timer.slept()), [seconds]);
        read(&transport).await.unwrap();
    }
}

#[tokio::test]
async fn meaningless_reset_time_pauses_nothing() {
    for reset in [
        "-1".to_owned(),
        "soon".to_owned(),
        (START - 5).to_string(),
        "99999999999999999999999".to_owned(),
    ] {
        let head = format!("x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {reset}\r\n");
        let server = FailureServer::always(Behavior::status("200 OK", &head, MEMBER));
        let timer = FakeTimer::default();
        let transport = limited_by(&per_second(&timer), &server, &timer, Tokens::default());
        read(&transport).await.unwrap();
        read(&transport).await.unwrap();
        assert_eq!(whole_seconds(&timer.slept()), [1], "{reset}");
    }
}

#[tokio::test]
async fn long_pause_fails_calls_of_its_scope_only() {
    let all = "retry-after: 60\r\nx-auth0-error-kind: global-rate-limit\r\n";
    for (headers, [of_write, of_other, of_none]) in
        [("retry-after: 60\r\n", [false; 3]), (all, [true; 3])]
    {
        let (server, timer) = (
            FailureServer::once(rate_limited(headers)),
            FakeTimer::default(),
        );
        let limiter = per_second(&timer);
        let client = |limiter: &Limiter| limited_by(limiter, &server, &timer, Tokens::default());
        let one = client(&limiter.for_organization("org_1"));
        assert!(read(&one).await.unwrap_err().is_status());
        assert_paused(&read(&one).await.unwrap_err(), &timer, 60);
        let other = client(&limiter.for_organization("org_2"));
        for (is_paused, result) in [
            (of_write, write(&one).await),
            (of_other, read(&other).await),
            (of_none, write(&client(&limiter)).await),
        ] {
            match result {
                Ok(_) => assert!(!is_paused),
                Err(error) => {
                    assert!(is_paused);
                    assert_paused(&error, &timer, 60);
                }
            }
        }
    }
}

#[tokio::test]
async fn pause_beyond_the_call_timeout_fails_at_once_with_retry_at() {
    let (server, timer) = (
        FailureServer::once(rate_limited("retry-after: 15\r\n")),
        FakeTimer::default(),
    );
    let limiter = per_second(&timer);
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    assert!(read(&transport).await.unwrap_err().is_status());
    let short = |seconds| CallOptions::default().call_timeout(Duration::from_secs(seconds));
    let error = call(&transport, &READ, short(10)).await.unwrap_err();
    assert_paused(&error, &timer, 15);
    assert!(error.is_timeout() && error.attempts() == 0 && timer.slept().is_empty());
    call(&transport, &READ, short(16)).await.unwrap();
}

#[tokio::test]
async fn retry_delayed_by_a_long_pause_fails_at_once_and_keeps_the_response() {
    let reset = START + 3_000;
    let headers = format!("x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {reset}\r\n");
    let server = FailureServer::once(Behavior::status("503 Service Unavailable", &headers, "{}"));
    let timer = FakeTimer::default();
    // The clock of the limiter is stopped, so the pause does not end.
    let limiter = per_second(&FakeTimer::stuck());
    let transport = limited_by(&limiter, &server, &timer, Tokens::default());
    let policy = RetryPolicy::default().total_time(Duration::from_secs(10));
    let options = CallOptions::default().retry(policy);
    let error = within_timeout(call(&transport, &READ, options))
        .await
        .unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && !error.is_status());
    assert_paused(&error, &timer, 3_000);
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert_eq!(&error.body().unwrap()[..], b"{}");
}
