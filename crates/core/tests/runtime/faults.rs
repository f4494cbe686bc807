//! The table of faults that need raw sockets: what each one makes of a call of each class of retry safety, when it
//! befalls the call once, and when it does not end. Statuses, hints with a `Date`, HTML and all else that a server can do
//! within HTTP stand in the table of `tests/integration/faults.rs`, where a sandbox has the faults.
//!
//! | column | holds |
//! | --- | --- |
//! | conns | connections that were made |
//! | whole | requests that the server read to their end |
//! | told | attempts that the caller is told of |
//! | waits | waits before a repetition: `7s+` was asked for by the server, `jitter` was not |
//! | the caller gets | `ok`, or every predicate of the error that holds |

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use auth0_core::codegen::CallOptions;
use auth0_core::time::Clock as _;
use auth0_core::{Error, HttpClient, Operation, Response, RetryPolicy};

use crate::support::*;

type Row = (&'static str, Fault);

/// What became of one call.
#[derive(Clone, PartialEq)]
struct AttemptOutcome {
    connections: usize,
    whole: usize,
    attempts: u32,
    waits: String,
    gets: String,
}

const CLASSES: [(&str, &Operation); 3] = [
    ("safe", &READ),
    ("idempotent", &REPLACE),
    ("unsafe", &CREATE),
];

/// What ends at once.
fn quick_rows() -> Vec<Row> {
    // No answer of this server has a `Date`, so its times are compared with the clock here.
    let limited = |headers: String| Fault::status("429 Too Many Requests", &headers, "{}");
    let endless = |status| Fault::Endless(head(status, "", 1 << 40, ""));
    let half_a_head = b"HTTP/1.1 200 OK\r\ncontent-le".to_vec();
    let proxied = |status| Fault::status(status, "", "<html>");
    vec![
        ("520", proxied("520 Unknown Error")),
        ("522", proxied("522 Connection Timed Out")),
        ("529", proxied("529 Site Overloaded")),
        ("530", proxied("530 Frozen")),
        ("reset, request not read", Fault::ResetUnread),
        ("reset in the request", Fault::ResetInHead),
        ("closed without an answer", Fault::Answer(Vec::new())),
        ("half a head", Fault::Answer(half_a_head)),
        ("no HTTP", Fault::Answer(b"+OK ready\r\n".to_vec())),
        (
            "half a success",
            Fault::promising("200 OK", 23, r#"{"name":"#),
        ),
        (
            "half a 503",
            Fault::promising("503 Service Unavailable", 23, "{"),
        ),
        ("half a 404", Fault::promising("404 Not Found", 23, "{")),
        (
            "success longer than it says",
            Fault::promising("200 OK", 9, MEMBER),
        ),
        ("success without an end", endless("200 OK")),
        ("503 without an end", endless("503 Service Unavailable")),
        ("429, at a date", limited(dated(7))),
        ("429, reset in 7 s", limited(reset(7))),
        ("429, reset in an hour", limited(reset(3600))),
        ("429, reset, 10 min ahead", limited(reset(607))),
        ("429, reset, 10 min behind", limited(reset(-593))),
    ]
}

/// What an HTTP/2 server does to a request. Whether it processed the request is told by RFC 9113 §8.7.
fn http2_rows() -> Vec<Row> {
    use http2::*;
    let row = |name, reply| (name, Fault::Http2(reply));
    vec![
        row("stream refused", Reply::Reset(REFUSED_STREAM)),
        row("going away, not processed", Reply::GoAwayBelow(NO_ERROR)),
        row("same with an error", Reply::GoAwayBelow(ENHANCE_YOUR_CALM)),
        row(
            "going away, may be processed",
            Reply::GoAwayIncluding(NO_ERROR),
        ),
        row("stream reset, internal error", Reply::Reset(INTERNAL_ERROR)),
        row("stream reset, cancel", Reply::Reset(CANCEL)),
        row(
            "connection reset, error",
            Reply::GoAwayIncluding(INTERNAL_ERROR),
        ),
    ]
}

/// What ends by the time-out of the attempt alone.
fn slow_rows() -> Vec<Row> {
    let slow_head = head("200 OK", &"x-slow: 1\r\n".repeat(30), 2, "{}");
    let half_a_success = head("200 OK", "", 23, r#"{"name":"#);
    let half_a_failure = head("503 Service Unavailable", "", 23, "{");
    let slow_body = head("200 OK", "", 1000, "");
    vec![
        ("a head byte by byte", Fault::Slow(Vec::new(), slow_head)),
        (
            "a success byte by byte",
            Fault::Slow(slow_body, vec![b' '; 1000]),
        ),
        ("a success that stops", Fault::Keep(half_a_success)),
        ("a 503 that stops", Fault::Keep(half_a_failure)),
    ]
}

/// `Retry-After` as a date that is `seconds` away.
fn dated(seconds: u64) -> String {
    let at = std::time::UNIX_EPOCH + Duration::from_secs(START + seconds);
    format!("retry-after: {}\r\n", httpdate::fmt_http_date(at))
}

/// `x-ratelimit-reset` in `seconds`.
fn reset(seconds: i64) -> String {
    let at = START.checked_add_signed(seconds).unwrap();
    format!("x-ratelimit-reset: {at}\r\n")
}

/// The client of all calls, and how long each attempt may take.
#[derive(Clone)]
struct Conditions {
    http_client: HttpClient,
    timeout: Duration,
}

impl Conditions {
    /// One call against the server at `url`.
    async fn call(
        &self,
        timer: &FakeTimer,
        url: &str,
        operation: &'static Operation,
    ) -> Result<Response<Member>, Error> {
        let transport = timer
            .under(builder(Tokens::replacing()))
            .http_client(self.http_client.clone())
            .retry(RetryPolicy::default())
            .timeout(self.timeout)
            .max_response_bytes(4096)
            .build(base(url))
            .unwrap();
        call(&transport, operation, CallOptions::default()).await
    }

    async fn befallen(
        &self,
        fault: &Fault,
        operation: &'static Operation,
        for_ever: bool,
    ) -> AttemptOutcome {
        let server = match fault {
            _ if for_ever => FaultServer::always(fault.clone()),
            Fault::Http2(_) => {
                FaultServer::playing([fault.clone()], Fault::Http2(http2::Reply::Fine))
            }
            _ => FaultServer::once(fault.clone()),
        };
        let timer = FakeTimer::default();
        let result = self.call(&timer, &server.url, operation).await;
        ending(&result, &server, &timer)
    }

    /// Nobody listens: until the first wait, or for ever.
    async fn refused(&self, operation: &'static Operation, for_ever: bool) -> AttemptOutcome {
        let deserted = Deserted::new();
        let url = deserted.url.clone();
        let timer = FakeTimer::default();
        let (sender, receiver) = mpsc::channel();
        let settle = move || sender.send(deserted.settle([], Fault::fine())).unwrap();
        let result = if for_ever {
            let result = self.call(&timer, &url, operation).await;
            settle();
            result
        } else {
            timer.at_first_wait(settle);
            self.call(&timer, &url, operation).await
        };
        ending(&result, &receiver.recv().unwrap(), &timer)
    }

    /// What becomes of a call of each class, when the fault befalls it once and when it does not end.
    async fn in_every_class(&self, fault: &Fault) -> [[AttemptOutcome; 2]; 3] {
        let [safe, idempotent, not_safe] = CLASSES.map(|(_, operation)| async {
            let (once, for_ever) = tokio::join!(
                self.befallen(fault, operation, false),
                self.befallen(fault, operation, true)
            );
            [once, for_ever]
        });
        tokio::join!(safe, idempotent, not_safe).into()
    }

    /// Prints `rows`, all of which befall their calls at the same time.
    async fn print(&self, table: &mut String, rows: Vec<Row>) {
        let befalling: Vec<_> = rows
            .into_iter()
            .map(|(name, fault)| {
                let conditions = self.clone();
                let endings = async move { conditions.in_every_class(&fault).await };
                (name, tokio::spawn(endings))
            })
            .collect();
        for (name, endings) in befalling {
            print(table, name, endings.await.unwrap());
        }
    }
}

fn what_it_gets(result: &Result<Response<Member>, Error>, timer: &FakeTimer) -> String {
    let error = match result {
        Ok(_) => return "ok".to_owned(),
        Err(error) => error,
    };
    let mut words: Vec<_> = true_predicates(error)
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(status) = error.status() {
        words.insert(0, status.as_u16().to_string());
    }
    if let Some(at) = error.retry_at() {
        let wait = at.duration_since(timer.now()).unwrap();
        words.push(format!("at+{}s", wait.as_secs()));
    }
    let acted = [
        ("HAS ACTED", error.has_acted()),
        (
            "MAY HAVE ACTED",
            error.may_have_acted() && !error.has_acted(),
        ),
        ("(earlier)", error.earlier_attempt_may_have_acted()),
    ];
    words.extend(
        acted
            .iter()
            .filter(|(_, holds)| *holds)
            .map(|(word, _)| (*word).to_owned()),
    );
    words.join(" ")
}

fn ending(
    result: &Result<Response<Member>, Error>,
    server: &FaultServer,
    timer: &FakeTimer,
) -> AttemptOutcome {
    let waits = timer.slept().into_iter().map(|wait| match wait.as_secs() {
        0 => "jitter".to_owned(),
        seconds => format!("{seconds}s+"),
    });
    let (attempts, acts_twice) = match result {
        Ok(response) => (response.attempts(), false),
        Err(error) => {
            let acts_again = error.operation() == Some(CREATE.id());
            (error.attempts(), acts_again && error.may_have_acted())
        }
    };
    let connections = server.connections();
    assert!(
        !acts_twice || connections <= 1,
        "an unsafe call was sent again"
    );
    AttemptOutcome {
        connections,
        whole: server.requests().len(),
        attempts,
        waits: waits.collect::<Vec<_>>().join(" "),
        gets: what_it_gets(result, timer),
    }
}

/// The lines of one fault: one for each class, or for several classes to which the same happens.
fn print(table: &mut String, mut name: &str, endings: [[AttemptOutcome; 2]; 3]) {
    let mut lines: Vec<(Vec<&str>, [AttemptOutcome; 2])> = Vec::new();
    for ((class, _), ending) in CLASSES.into_iter().zip(endings) {
        match lines.iter_mut().find(|(_, other)| *other == ending) {
            Some((classes, _)) => classes.push(class),
            None => lines.push((vec![class], ending)),
        }
    }
    for (classes, [once, for_ever]) in &lines {
        let classes = match classes.len() {
            3 => "every".to_owned(),
            _ => classes.join(", "),
        };
        if once == for_ever {
            line(table, [name, &classes, "either"], once);
        } else {
            line(table, [name, &classes, "once"], once);
            line(table, ["", "", "for ever"], for_ever);
        }
        name = "";
    }
}

fn line(table: &mut String, [name, classes, how_often]: [&str; 3], ending: &AttemptOutcome) {
    let AttemptOutcome {
        connections,
        whole,
        attempts,
        waits,
        gets,
    } = ending;
    writeln!(
        table,
        "{name:<28} | {classes:<18} | {how_often:<8} | {connections:>5} | {whole:>5} | {attempts:>4} | {waits:<13} | {gets}"
    )
    .unwrap();
}

#[tokio::test]
async fn every_fault_in_every_class_has_its_ending() {
    let mut table = format!(
        "{:<28} | {:<18} | {:<8} | conns | whole | told | {:<13} | the caller gets\n",
        "fault", "class", "befalls", "waits"
    );
    let conditions = Conditions {
        http_client: plain_client(),
        timeout: Duration::from_secs(60),
    };
    let mut endings = Vec::new();
    for (_, operation) in CLASSES {
        endings.push([
            conditions.refused(operation, false).await,
            conditions.refused(operation, true).await,
        ]);
    }
    print(
        &mut table,
        "connection refused",
        endings.try_into().ok().unwrap(),
    );
    conditions.print(&mut table, quick_rows()).await;
    let http2 = Conditions {
        http_client: http2_client(),
        ..conditions.clone()
    };
    http2.print(&mut table, http2_rows()).await;
    let hasty = Conditions {
        timeout: Duration::from_millis(300),
        ..conditions
    };
    hasty.print(&mut table, slow_rows()).await;
    insta::assert_snapshot!(table);
}

/// Whichever of both ends notices first: the request was not sent, or it has a stream above the last one.
#[tokio::test]
async fn http2_connection_ends_before_the_request_then_an_unsafe_call_is_sent_again() {
    let fine = Fault::Http2(http2::Reply::Fine);
    let server = FaultServer::playing([Fault::Http2TurnedAway, Fault::Http2TurnedAway], fine);
    let conditions = Conditions {
        http_client: http2_client(),
        timeout: Duration::from_secs(60),
    };
    let timer = FakeTimer::default();
    let response = conditions.call(&timer, &server.url, &CREATE).await.unwrap();
    assert_eq!((response.attempts(), server.requests().len()), (3, 1));
}
