use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use auth0_core::BoxFuture;
use auth0_core::time::{Clock, Sleeper};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A clock that the test advances, and a sleeper whose sleeps end at once or never.
#[derive(Debug, Default)]
struct TestTime {
    now: Mutex<Duration>,
    sleeps_end: AtomicBool,
}

impl TestTime {
    fn advance(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }
}

impl Clock for TestTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }
}

impl Sleeper for TestTime {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        match self.sleeps_end.load(Ordering::Relaxed) {
            true => Box::pin(std::future::ready(())),
            false => Box::pin(pending()),
        }
    }
}

/// Starts a server that sends `response` to each command, or nothing. Returns its URL and the number of its connections.
async fn start_server(response: Option<&'static str>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    if let Some(response) = response {
                        stream.write_all(response.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    (url, connections)
}

fn connection_to(url: &str) -> (Arc<SharedConnection>, Arc<TestTime>) {
    let time = Arc::new(TestTime::default());
    let endpoint = Endpoint::parse(&url.to_owned().into()).unwrap();
    let timeout = Duration::from_millis(250);
    (
        SharedConnection::new(endpoint, None, timeout, time.clone(), time.clone()),
        time,
    )
}

fn ping() -> Cmd {
    let mut command = Cmd::new();
    command.arg("PING");
    command
}

#[tokio::test]
async fn silent_server_is_probed_after_pauses_that_double() {
    let (url, connections) = start_server(None).await;
    let (connection, time) = connection_to(&url);
    let seconds = Duration::from_secs;
    // The pauses double up to 15 s, with up to 25 % jitter.
    for (number, pause) in [1, 2, 4, 8, 15, 15].into_iter().enumerate() {
        {
            let ping = ping();
            let mut run = Box::pin(connection.run(&ping));
            while connections.load(Ordering::Relaxed) == number {
                assert!(poll(&mut run).is_pending());
                tokio::task::yield_now().await;
            }
            drop(run);
        }
        time.sleeps_end.store(true, Ordering::Relaxed);
        let message = connection.run(&ping()).await.unwrap_err().to_string();
        assert_eq!(message, "no response within 250 ms");
        time.sleeps_end.store(false, Ordering::Relaxed);
        time.advance(seconds(pause) - Duration::from_millis(1));
        assert_eq!(
            connection.run(&ping()).await.unwrap_err().to_string(),
            message
        );
        assert!(connections.load(Ordering::Relaxed) <= number + 2);
        time.advance(seconds(pause) / 4 + Duration::from_millis(2));
    }
}

#[tokio::test]
async fn other_commands_fail_immediately_while_one_probes() {
    let (url, _) = start_server(None).await;
    let (connection, time) = connection_to(&url);
    time.sleeps_end.store(true, Ordering::Relaxed);
    connection.run(&ping()).await.unwrap_err();
    time.sleeps_end.store(false, Ordering::Relaxed);
    time.advance(MAX_PAUSE);
    let ping = ping();
    let mut first = Box::pin(connection.run(&ping));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut Box::pin(connection.run(&ping))).is_ready());
    // The probe is cancelled, so the next command probes.
    drop(first);
    let mut second = Box::pin(connection.run(&ping));
    assert!(poll(&mut second).is_pending());
    // That one is no longer polled, as on a stopped runtime, so it blocks the others only for a while.
    assert!(poll(&mut Box::pin(connection.run(&ping))).is_ready());
    time.advance(connection.timeout + FIRST_PAUSE);
    assert!(poll(&mut Box::pin(connection.run(&ping))).is_pending());
}

#[test]
fn connection_outlives_the_runtime_that_opened_it() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let server_runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for is_dropped in [false, true] {
        let (url, connections) = server_runtime.block_on(start_server(Some("+PONG\r\n")));
        let (connection, _) = connection_to(&url);
        let first = runtime();
        assert!(first.block_on(connection.run(&ping())).is_ok());
        let idle = (!is_dropped).then_some(first);
        let shared = connection.clone();
        let other = std::thread::spawn(move || {
            runtime().block_on(async {
                let limit = Duration::from_secs(10);
                tokio::time::timeout(limit, shared.run(&ping()))
                    .await
                    .unwrap()
            })
        });
        assert!(other.join().unwrap().is_ok());
        assert_eq!(connections.load(Ordering::Relaxed), 1);
        drop(idle);
    }
}

#[tokio::test]
async fn recovered_server_is_used_by_all_commands() {
    let (url, _) = start_server(Some("+PONG\r\n")).await;
    let (connection, time) = connection_to(&url);
    time.sleeps_end.store(true, Ordering::Relaxed);
    connection.record_failure(&Failure::new("unavailable"));
    time.sleeps_end.store(false, Ordering::Relaxed);
    assert!(connection.run(&ping()).await.is_err());
    time.advance(MAX_PAUSE);
    assert!(connection.run(&ping()).await.is_ok());
    assert!(connection.run(&ping()).await.is_ok());
    // The next outage begins with the shortest pause.
    connection.record_failure(&Failure::new("unavailable"));
    time.advance(FIRST_PAUSE * 5 / 4);
    assert!(connection.run(&ping()).await.is_ok());
}

#[tokio::test]
async fn simultaneous_failures_are_one_outage() {
    let (connection, time) = connection_to("redis://127.0.0.1:1");
    for _ in 0..10 {
        connection.record_failure(&Failure::new("unavailable"));
    }
    time.advance(FIRST_PAUSE * 5 / 4);
    assert!(connection.admit().is_ok());
}

#[tokio::test]
async fn failure_does_not_quote_the_server() {
    for (response, expected) in [
        (
            "-NOAUTH pl4nted\r\n",
            "the server returned NOAUTH: add a password to the URL",
        ),
        ("-CUSTOM pl4nted\r\n", "the server returned CUSTOM"),
        ("-pl4nted \r\n", "the server returned an error"),
        (
            "HTTP/1.1 400 pl4nted\r\n\r\n",
            "unexpected response; check that the server is Redis or Valkey",
        ),
    ] {
        let (url, _) = start_server(Some(response)).await;
        let (connection, _) = connection_to(&url);
        let failure = connection.run(&ping()).await.unwrap_err();
        assert_eq!(failure.to_string(), expected);
        assert!(!format!("{failure:?}").contains("pl4nted"));
    }
}

#[tokio::test]
async fn invalid_url_is_an_error_that_does_not_quote_it() {
    for url in [
        "pl4nted",
        "http://pl4nted@pl4nted/",
        "redis://u:pl4nted@host/pl4nted",
        "rediss://u:pl4nted@host/#insecure",
        "redis://u:pl4nted@0.0.0.0/",
        "redis:///pl4nted",
        "rediss://pl4nted..host/",
        "redis+unix:///pl4nted",
    ] {
        let error = Endpoint::parse(&url.to_owned().into()).err();
        let error = error.unwrap_or_else(|| panic!("{url} is accepted"));
        assert!(error.starts_with("url: expected redis://"), "{error}");
        assert!(!error.contains("pl4nted"), "{error}");
    }
    for url in [
        "redis://host",
        "valkey://:password@host:1/15",
        "rediss://[::1]/?protocol=resp3",
        "valkeys://user:p%40ss@host.test",
    ] {
        assert!(Endpoint::parse(&url.to_owned().into()).is_ok(), "{url}");
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
