use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use auth0_core::BoxFuture;
use auth0_core::time::{Clock, Sleeper};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Time that is set by hand, and a time-out that has passed or never will.
#[derive(Debug, Default)]
struct Time {
    now: Mutex<Duration>,
    is_up: AtomicBool,
}

impl Time {
    fn advance(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }
}

impl Clock for Time {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }
}

impl Sleeper for Time {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        match self.is_up.load(Ordering::Relaxed) {
            true => Box::pin(std::future::ready(())),
            false => Box::pin(pending()),
        }
    }
}

/// A server that counts its connections and answers each command with `answer`, or never.
async fn server(answer: Option<&'static str>) -> (String, Arc<AtomicUsize>) {
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
                    if let Some(answer) = answer {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    (url, connections)
}

fn link(url: &str) -> (Arc<Link>, Arc<Time>) {
    let time = Arc::new(Time::default());
    let address = Address::parse(&url.to_owned().into()).unwrap();
    let time_out = Duration::from_millis(250);
    (
        Link::new(address, None, time_out, time.clone(), time.clone()),
        time,
    )
}

fn ping() -> Cmd {
    let mut command = Cmd::new();
    command.arg("PING");
    command
}

#[tokio::test]
async fn server_is_silent_then_it_is_asked_once_until_some_time_has_passed() {
    let (url, connections) = server(None).await;
    let (link, time) = link(&url);
    let seconds = Duration::from_secs;
    // The pauses double up to 15 s, and a quarter may come on top by lot.
    for (number, pause) in [1, 2, 4, 8, 15, 15].into_iter().enumerate() {
        {
            let ping = ping();
            let mut ask = Box::pin(link.ask(&ping));
            while connections.load(Ordering::Relaxed) == number {
                assert!(poll(&mut ask).is_pending());
                tokio::task::yield_now().await;
            }
            drop(ask);
        }
        time.is_up.store(true, Ordering::Relaxed);
        let text = link.ask(&ping()).await.unwrap_err().to_string();
        assert_eq!(text, "it did not answer within 250 ms");
        time.is_up.store(false, Ordering::Relaxed);
        time.advance(seconds(pause) - Duration::from_millis(1));
        assert_eq!(link.ask(&ping()).await.unwrap_err().to_string(), text);
        assert!(connections.load(Ordering::Relaxed) <= number + 2);
        time.advance(seconds(pause) / 4 + Duration::from_millis(2));
    }
}

#[tokio::test]
async fn one_tries_whether_it_is_back_then_the_others_do_not_wait() {
    let (url, _) = server(None).await;
    let (link, time) = link(&url);
    time.is_up.store(true, Ordering::Relaxed);
    link.ask(&ping()).await.unwrap_err();
    time.is_up.store(false, Ordering::Relaxed);
    time.advance(MAX_PAUSE);
    let ping = ping();
    let mut first = Box::pin(link.ask(&ping));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut Box::pin(link.ask(&ping))).is_ready());
    // It goes away before it knows: the next one tries.
    drop(first);
    let mut second = Box::pin(link.ask(&ping));
    assert!(poll(&mut second).is_pending());
    // Nobody polls that one any more, as on a runtime that idles: it keeps the others away for a while only.
    assert!(poll(&mut Box::pin(link.ask(&ping))).is_ready());
    time.advance(link.time_out + FIRST_PAUSE);
    assert!(poll(&mut Box::pin(link.ask(&ping))).is_pending());
}

#[test]
fn connection_was_made_by_a_caller_whose_runtime_idles_or_ends_then_others_use_it() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for ends in [false, true] {
        let (url, connections) = servers.block_on(server(Some("+PONG\r\n")));
        let (link, _) = link(&url);
        let first = runtime();
        assert!(first.block_on(link.ask(&ping())).is_ok());
        let idle = (!ends).then_some(first);
        let asking = link.clone();
        let other = std::thread::spawn(move || {
            runtime().block_on(async {
                let limit = Duration::from_secs(10);
                tokio::time::timeout(limit, asking.ask(&ping()))
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
async fn server_answers_again_then_all_ask_it() {
    let (url, _) = server(Some("+PONG\r\n")).await;
    let (link, time) = link(&url);
    time.is_up.store(true, Ordering::Relaxed);
    link.fails(&Trouble::new("away"));
    time.is_up.store(false, Ordering::Relaxed);
    assert!(link.ask(&ping()).await.is_err());
    time.advance(MAX_PAUSE);
    assert!(link.ask(&ping()).await.is_ok());
    assert!(link.ask(&ping()).await.is_ok());
    // The next outage begins with the shortest pause.
    link.fails(&Trouble::new("away"));
    time.advance(FIRST_PAUSE * 5 / 4);
    assert!(link.ask(&ping()).await.is_ok());
}

#[tokio::test]
async fn several_fail_together_then_it_is_one_outage() {
    let (link, time) = link("redis://127.0.0.1:1");
    for _ in 0..10 {
        link.fails(&Trouble::new("away"));
    }
    time.advance(FIRST_PAUSE * 5 / 4);
    assert!(link.admit().is_ok());
}

#[tokio::test]
async fn server_speaks_something_else_then_its_words_are_not_repeated() {
    for (answer, expected) in [
        (
            "-NOAUTH pl4nted\r\n",
            "it answered NOAUTH: the URL has to have a password",
        ),
        ("-CUSTOM pl4nted\r\n", "it answered CUSTOM"),
        ("-pl4nted \r\n", "it answered with an error"),
        (
            "HTTP/1.1 400 pl4nted\r\n\r\n",
            "it answers in another way than Redis does",
        ),
    ] {
        let (url, _) = server(Some(answer)).await;
        let (link, _) = link(&url);
        let trouble = link.ask(&ping()).await.unwrap_err();
        assert_eq!(trouble.to_string(), expected);
        assert!(!format!("{trouble:?}").contains("pl4nted"));
    }
}

#[tokio::test]
async fn url_is_wrong_then_the_error_says_how_and_quotes_nothing() {
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
        let error = Address::parse(&url.to_owned().into()).err();
        let error = error.unwrap_or_else(|| panic!("{url} is taken"));
        assert!(error.starts_with("url: expected redis://"), "{error}");
        assert!(!error.contains("pl4nted"), "{error}");
    }
    for url in [
        "redis://host",
        "valkey://:password@host:1/15",
        "rediss://[::1]/?protocol=resp3",
        "valkeys://user:p%40ss@host.test",
    ] {
        assert!(Address::parse(&url.to_owned().into()).is_ok(), "{url}");
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
