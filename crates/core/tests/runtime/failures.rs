//! The table of failures that need raw sockets: the result of a call of each retry class if the failure occurs once, and
//! if it always occurs. Statuses, hints with a `Date`, HTML and other failures within HTTP are in the table of
//! `tests/integration/faults.rs`, where the sandbox injects them as faults.
//!
//! | column | content |
//! | --- | --- |
//! | conns | number of connections |
//! | whole | complete requests that the server read |
//! | att. | attempts that the result reports |
//! | waits | waits before a retry: `7s+` was requested by the server, `jitter` was not |
//! | result | `ok`, or every predicate of the error that is true |

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use auth0_core::codegen::CallOptions;
use auth0_core::time::Clock as _;
use auth0_core::{Error, HttpClient, Operation, Response, RetryPolicy};

use crate::support::*;

type Row = (&'static str, Behavior);

/// The outcome of one call.
#[derive(Clone, PartialEq)]
struct CallOutcome {
    connections: usize,
    whole: usize,
    attempts: u32,
    waits: String,
    result: String,
}

const CLASSES: [(&str, &Operation); 3] = [
    ("safe", &READ),
    ("idempotent", &REPLACE),
    ("unsafe", &CREATE),
];

/// Failures that end at once.
fn quick_rows() -> Vec<Row> {
    // Responses of this server have no `Date`, so times are compared with the local clock.
    let limited = |headers: String| Behavior::status("429 Too Many Requests", &headers, "{}");
    let endless = |status| Behavior::Endless(head(status, "", 1 << 40, ""));
    let half_a_head = b"HTTP/1.1 200 OK\r\ncontent-le".to_vec();
    let proxied = |status| Behavior::status(status, "", "<html>");
    vec![
        ("520", proxied("520 Unknown Error")),
        ("522", proxied("522 Connection Timed Out")),
        ("529", proxied("529 Site Overloaded")),
        ("530", proxied("530 Frozen")),
        ("reset, request not read", Behavior::ResetUnread),
        ("reset within the request", Behavior::ResetInHead),
        ("closed without a response", Behavior::Respond(Vec::new())),
        ("incomplete head", Behavior::Respond(half_a_head)),
        ("not HTTP", Behavior::Respond(b"+OK ready\r\n".to_vec())),
        (
            "incomplete success",
            Behavior::promising("200 OK", 23, r#"{"name":"#),
        ),
        (
            "incomplete 503",
            Behavior::promising("503 Service Unavailable", 23, "{"),
        ),
        (
            "incomplete 404",
            Behavior::promising("404 Not Found", 23, "{"),
        ),
        (
            "success longer than declared",
            Behavior::promising("200 OK", 9, MEMBER),
        ),
        ("endless success", endless("200 OK")),
        ("endless 503", endless("503 Service Unavailable")),
        ("429, at a date", limited(dated(7))),
        ("429, reset in 7 s", limited(reset(7))),
        ("429, reset in an hour", limited(reset(3600))),
        ("429, reset, 10 min ahead", limited(reset(607))),
        ("429, reset, 10 min behind", limited(reset(-593))),
    ]
}

/// Failures of HTTP/2. RFC 9113 §8.7 defines whether the request was processed.
fn http2_rows() -> Vec<Row> {
    use http2::*;
    let row = |name, reply| (name, Behavior::Http2(reply));
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

/// Failures that end with the timeout of the attempt.
fn slow_rows() -> Vec<Row> {
    let slow_head = head("200 OK", &"x-slow: 1\r\n".repeat(30), 2, "{}");
    let half_a_success = head("200 OK", "", 23, r#"{"name":"#);
    let half_a_failure = head("503 Service Unavailable", "", 23, "{");
    let slow_body = head("200 OK", "", 1000, "");
    vec![
        ("slow head", Behavior::Slow(Vec::new(), slow_head)),
        ("slow success", Behavior::Slow(slow_body, vec![b' '; 1000])),
        ("stalled success", Behavior::KeepOpen(half_a_success)),
        ("stalled 503", Behavior::KeepOpen(half_a_failure)),
    ]
}

/// `Retry-After` as a date `seconds` ahead.
fn dated(seconds: u64) -> String {
    let at = std::time::UNIX_EPOCH + Duration::from_secs(START + seconds);
    format!("retry-after: {}\r\n", httpdate::fmt_http_date(at))
}

/// `x-ratelimit-reset` in `seconds`.
fn reset(seconds: i64) -> String {
    let at = START.checked_add_signed(seconds).unwrap();
    format!("x-ratelimit-reset: {at}\r\n")
}

/// The HTTP client, and the timeout of each attempt.
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

    async fn call_with_behavior(
        &self,
        behavior: &Behavior,
        operation: &'static Operation,
        always: bool,
    ) -> CallOutcome {
        let server = match behavior {
            _ if always => FailureServer::always(behavior.clone()),
            Behavior::Http2(_) => FailureServer::with_script(
                [behavior.clone()],
                Behavior::Http2(http2::Reply::Success),
            ),
            _ => FailureServer::once(behavior.clone()),
        };
        let timer = FakeTimer::default();
        let result = self.call(&timer, &server.url, operation).await;
        outcome_of(&result, &server, &timer)
    }

    /// Calls a port without a listener: until the first wait, or always.
    async fn call_unused_port(&self, operation: &'static Operation, always: bool) -> CallOutcome {
        let unused_port = UnusedPort::new();
        let url = unused_port.url.clone();
        let timer = FakeTimer::default();
        let (sender, receiver) = mpsc::channel();
        let start_server = move || {
            sender
                .send(unused_port.listen([], Behavior::success()))
                .unwrap()
        };
        let result = if always {
            let result = self.call(&timer, &url, operation).await;
            start_server();
            result
        } else {
            timer.at_first_wait(start_server);
            self.call(&timer, &url, operation).await
        };
        outcome_of(&result, &receiver.recv().unwrap(), &timer)
    }

    /// The outcomes of a call of each class if the failure occurs once and if it always occurs.
    async fn in_every_class(&self, behavior: &Behavior) -> [[CallOutcome; 2]; 3] {
        let [safe, idempotent, not_safe] = CLASSES.map(|(_, operation)| async {
            let (once, always) = tokio::join!(
                self.call_with_behavior(behavior, operation, false),
                self.call_with_behavior(behavior, operation, true)
            );
            [once, always]
        });
        tokio::join!(safe, idempotent, not_safe).into()
    }

    /// Prints `rows`, whose calls run concurrently.
    async fn print(&self, table: &mut String, rows: Vec<Row>) {
        let running: Vec<_> = rows
            .into_iter()
            .map(|(name, behavior)| {
                let conditions = self.clone();
                let outcomes = async move { conditions.in_every_class(&behavior).await };
                (name, tokio::spawn(outcomes))
            })
            .collect();
        for (name, outcomes) in running {
            print(table, name, outcomes.await.unwrap());
        }
    }
}

fn describe_result(result: &Result<Response<Member>, Error>, timer: &FakeTimer) -> String {
    let error = match result {
        Ok(_) => return "ok".to_owned(),
        Err(error) => error,
    };
    let mut parts: Vec<_> = true_predicates(error)
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(status) = error.status() {
        parts.insert(0, status.as_u16().to_string());
    }
    if let Some(at) = error.retry_at() {
        let wait = at.duration_since(timer.now()).unwrap();
        parts.push(format!("at+{}s", wait.as_secs()));
    }
    let acted = [
        ("HAS ACTED", error.has_acted()),
        (
            "MAY HAVE ACTED",
            error.may_have_acted() && !error.has_acted(),
        ),
        ("(earlier)", error.earlier_attempt_may_have_acted()),
    ];
    parts.extend(
        acted
            .iter()
            .filter(|(_, holds)| *holds)
            .map(|(word, _)| (*word).to_owned()),
    );
    parts.join(" ")
}

fn outcome_of(
    result: &Result<Response<Member>, Error>,
    server: &FailureServer,
    timer: &FakeTimer,
) -> CallOutcome {
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
        "an unsafe call was retried"
    );
    CallOutcome {
        connections,
        whole: server.requests().len(),
        attempts,
        waits: waits.collect::<Vec<_>>().join(" "),
        result: describe_result(result, timer),
    }
}

/// Prints the lines of one failure. Classes with the same outcome share a line.
fn print(table: &mut String, mut name: &str, outcomes: [[CallOutcome; 2]; 3]) {
    let mut lines: Vec<(Vec<&str>, [CallOutcome; 2])> = Vec::new();
    for ((class, _), outcome) in CLASSES.into_iter().zip(outcomes) {
        match lines.iter_mut().find(|(_, other)| *other == outcome) {
            Some((classes, _)) => classes.push(class),
            None => lines.push((vec![class], outcome)),
        }
    }
    for (classes, [once, always]) in &lines {
        let classes = match classes.len() {
            3 => "every".to_owned(),
            _ => classes.join(", "),
        };
        if once == always {
            line(table, [name, &classes, "either"], once);
        } else {
            line(table, [name, &classes, "once"], once);
            line(table, ["", "", "always"], always);
        }
        name = "";
    }
}

fn line(table: &mut String, [name, classes, how_often]: [&str; 3], outcome: &CallOutcome) {
    let CallOutcome {
        connections,
        whole,
        attempts,
        waits,
        result,
    } = outcome;
    writeln!(
        table,
        "{name:<28} | {classes:<18} | {how_often:<8} | {connections:>5} | {whole:>5} | {attempts:>4} | {waits:<13} | {result}"
    )
    .unwrap();
}

#[tokio::test]
async fn table_of_all_failures() {
    let mut table = format!(
        "{:<28} | {:<18} | {:<8} | conns | whole | att. | {:<13} | result\n",
        "failure", "class", "occurs", "waits"
    );
    let conditions = Conditions {
        http_client: plain_client(),
        timeout: Duration::from_secs(60),
    };
    let mut outcomes = Vec::new();
    for (_, operation) in CLASSES {
        outcomes.push([
            conditions.call_unused_port(operation, false).await,
            conditions.call_unused_port(operation, true).await,
        ]);
    }
    print(
        &mut table,
        "connection refused",
        outcomes.try_into().ok().unwrap(),
    );
    conditions.print(&mut table, quick_rows()).await;
    let http2 = Conditions {
        http_client: http2_client(),
        ..conditions.clone()
    };
    http2.print(&mut table, http2_rows()).await;
    let with_short_timeout = Conditions {
        timeout: Duration::from_millis(300),
        ..conditions
    };
    with_short_timeout.print(&mut table, slow_rows()).await;
    insta::assert_snapshot!(table);
}

/// The request was not sent, or its stream is above the last processed one, depending on which side notices first.
#[tokio::test]
async fn unsafe_call_is_retried_if_the_http2_connection_ended_before_the_request() {
    let success = Behavior::Http2(http2::Reply::Success);
    let server = FailureServer::with_script(
        [Behavior::Http2GoAwayFirst, Behavior::Http2GoAwayFirst],
        success,
    );
    let conditions = Conditions {
        http_client: http2_client(),
        timeout: Duration::from_secs(60),
    };
    let timer = FakeTimer::default();
    let response = conditions.call(&timer, &server.url, &CREATE).await.unwrap();
    assert_eq!((response.attempts(), server.requests().len()), (3, 1));
}
