//! The table of errors: every kind with its message, predicates and details.

use auth0_core::codegen::OperationFields;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::time::Duration;

use auth0_core::{
    AccessToken, Error, HttpClient, Limiter, Limits, Operation, Outcome, Outcomes, Rate,
    RetryPolicy, RetrySafety, Scopes, StaticToken, TokenError,
    codegen::{CallOptions, TransportBuilder, dns_label, items},
    token_fn,
};
use tokio::sync::OnceCell;
use tower::util::MapErrLayer;

use crate::paging::List;
use crate::paging::counted::{cut_off, ended};
use crate::support::*;

static BULK: Operation = Operation::new(OperationFields {
    id: "updateTenants",
    method: "PATCH",
    path: "/tenants",
    retry_safety: RetrySafety::Unsafe,
    outcome: Some(Outcomes {
        complete: 204,
        partial: 200,
    }),
    ..OperationFields::DEFAULT
});

/// Operations like generated ones: errors name the client methods.
static READ: Operation = Operation::new(OperationFields {
    client_method: "members().get",
    ..crate::support::READ.fields()
});
static REMOVE: Operation = Operation::new(OperationFields {
    client_method: "members().delete",
    ..crate::support::REMOVE.fields()
});
static CREATE: Operation = Operation::new(OperationFields {
    client_method: "tenants().create",
    verifying_methods: &["tenants().list"],
    ..crate::support::CREATE.fields()
});

/// Shared by all rows: one HTTP client, and a fake timer.
struct Context {
    http_client: HttpClient,
    timer: FakeTimer,
}

impl Context {
    fn builder(&self) -> TransportBuilder {
        self.timer
            .under(builder(StaticToken::new("t")))
            .http_client(self.http_client.clone())
            .max_response_bytes(4096)
    }

    /// The error of a call through `builder` to a server with `script`, whose last behavior repeats.
    async fn error(
        &self,
        builder: TransportBuilder,
        operation: &'static Operation,
        script: &[Behavior],
    ) -> Error {
        let (last, script) = script.split_last().unwrap();
        let server = FailureServer::with_script(script.to_vec(), last.clone());
        let transport = builder.build(base(&server.url)).unwrap();
        within_timeout(call(&transport, operation, CallOptions::default()))
            .await
            .unwrap_err()
    }

    async fn of(&self, operation: &'static Operation, behavior: Behavior) -> Error {
        self.error(self.builder(), operation, &[behavior]).await
    }

    async fn with_short_timeout(&self, operation: &'static Operation, behavior: Behavior) -> Error {
        let builder = self.builder().timeout(Duration::from_millis(300));
        self.error(builder, operation, &[behavior]).await
    }

    async fn status(&self, operation: &'static Operation, status: &str, body: &str) -> Error {
        self.of(operation, Behavior::status(status, "", body)).await
    }

    /// The server rejects the client's certificate.
    async fn rejecting(&self, operation: &'static Operation) -> Error {
        let (url, _) = tls_alert_server(48).await;
        let transport = self.builder().build(base(&url)).unwrap();
        call(&transport, operation, CallOptions::default())
            .await
            .unwrap_err()
    }

    async fn connection_refused(&self, operation: &'static Operation) -> Error {
        let unused_port = UnusedPort::new();
        let transport = self.builder().build(base(&unused_port.url)).unwrap();
        call(&transport, operation, CallOptions::default())
            .await
            .unwrap_err()
    }

    async fn with_failing_layer(&self, operation: &'static Operation) -> Error {
        let failing = MapErrLayer::new(|_: Box<dyn StdError + Send + Sync>| {
            std::io::Error::other("the circuit is open")
        });
        let builder = self
            .builder()
            .http_client(self.http_client.clone().layer(failing));
        self.error(builder, operation, &[Behavior::ResetAfterRequest])
            .await
    }

    /// The error of a DELETE that is documented as 204.
    async fn without_body(&self, status: &str, media_type: &str, body: &str) -> Error {
        let text = format!(
            "HTTP/1.1 {status}\r\n{media_type}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = FailureServer::always(Behavior::Respond(text.into_bytes()));
        let transport = self.builder().build(base(&server.url)).unwrap();
        let received = receive(&transport, &REMOVE, CallOptions::default())
            .await
            .unwrap();
        received.empty().unwrap_err()
    }

    async fn bulk(&self, status: &str, body: &str) -> Error {
        let server = FailureServer::always(Behavior::status(status, "", body));
        let transport = self.builder().build(base(&server.url)).unwrap();
        let received = receive(&transport, &BULK, CallOptions::default())
            .await
            .unwrap();
        let outcome: Result<auth0_core::Response<Outcome<Member>>, _> = received.outcome();
        outcome.unwrap_err()
    }

    async fn before_sending(&self, rows: &mut Vec<Row>) {
        rows.push((
            "a setting that is missing",
            TransportBuilder::new()
                .build(base("https://acme.teams.auth0.com/api"))
                .unwrap_err(),
        ));
        rows.push((
            "a setting that is wrong",
            dns_label("team", "not a label").unwrap_err(),
        ));
        let transport = self.builder().build(base("http://127.0.0.1:1")).unwrap();
        let sending = transport.call(&READ, CallOptions::default());
        let mut checker = sending.checker();
        checker.rule(false, "take", "expected at most 50");
        rows.push((
            "a request that breaks the rules",
            sending.check(checker).unwrap_err(),
        ));
        for (name, url) in [
            ("a request that cannot be built", "http://["),
            ("a request for another place", "http://127.0.0.1:2/"),
        ] {
            let sending = transport.call(&READ, CallOptions::default());
            let request = build(transport.reqwest().get(url));
            rows.push((name, sending.receive(request).await.unwrap_err()));
        }
        let narrow = || {
            token_fn(|| async {
                Ok(AccessToken::new("t", 0).with_scopes(Scopes::parse("read:tenants")))
            })
        };
        let success = [Behavior::success()];
        let narrowed = self.builder().token_source(std::sync::Arc::new(narrow()));
        rows.push((
            "a scope that is missing",
            self.error(narrowed.clone().check_scopes(), &READ, &success)
                .await,
        ));
        let forbidden = [Behavior::status("403 Forbidden", "", "{}")];
        rows.push((
            "403, and a scope is missing",
            self.error(narrowed, &READ, &forbidden).await,
        ));
        let failing = token_fn(|| async {
            let cause = std::io::Error::other("the disk is gone");
            Err(TokenError::new("the token file cannot be read").with_source(cause))
        });
        let failing = self.builder().token_source(std::sync::Arc::new(failing));
        rows.push(("no token", self.error(failing, &CREATE, &success).await));
        let hanging = token_fn(std::future::pending::<Result<AccessToken, TokenError>>);
        let hanging = self
            .builder()
            .token_source(std::sync::Arc::new(hanging))
            .call_timeout(Duration::from_secs(5));
        rows.push((
            "no token in time",
            self.error(hanging, &CREATE, &success).await,
        ));
        let once = || std::sync::Arc::new(Tokens::failing_after(1));
        let unauthorized = [Behavior::status("401 Unauthorized", "", "{}")];
        rows.push((
            "a rejected token without a replacement",
            self.error(self.builder().token_source(once()), &CREATE, &unauthorized)
                .await,
        ));
        let retrying = self
            .builder()
            .token_source(once())
            .retry(RetryPolicy::default());
        rows.push((
            "no token for the second attempt",
            self.error(retrying, &REMOVE, &[Behavior::ResetAfterRequest])
                .await,
        ));
    }

    async fn without_a_response(&self, rows: &mut Vec<Row>) {
        let lost = || Behavior::Respond(Vec::new());
        let silent = || Behavior::KeepOpen(Vec::new());
        rows.extend([
            ("refused, safe", self.connection_refused(&READ).await),
            ("refused, unsafe", self.connection_refused(&CREATE).await),
            ("certificate rejected", self.rejecting(&CREATE).await),
            ("lost, safe", self.of(&READ, lost()).await),
            ("lost, idempotent", self.of(&REMOVE, lost()).await),
            ("lost, unsafe", self.of(&CREATE, lost()).await),
            (
                "too late, safe",
                self.with_short_timeout(&READ, silent()).await,
            ),
            (
                "too late, unsafe",
                self.with_short_timeout(&CREATE, silent()).await,
            ),
            ("a layer fails, safe", self.with_failing_layer(&READ).await),
            (
                "a layer fails, unsafe",
                self.with_failing_layer(&CREATE).await,
            ),
        ]);
        let refused_stream = Behavior::Http2(http2::Reply::Reset(http2::REFUSED_STREAM));
        let builder = self.builder().http_client(http2_client());
        rows.push((
            "refused by HTTP/2, unsafe",
            self.error(builder, &CREATE, &[refused_stream]).await,
        ));
        let persistent = self.builder().retry(RetryPolicy::default());
        rows.push((
            "lost three times, idempotent",
            self.error(persistent, &REMOVE, &[lost()]).await,
        ));
    }

    async fn with_a_status(&self, rows: &mut Vec<Row>) {
        let problem =
            r#"{"status":400,"type":"VALIDATION_ERROR","title":"Invalid","details":"a secret"}"#;
        rows.extend([
            (
                "400",
                self.status(&CREATE, "400 Bad Request", problem).await,
            ),
            ("401", self.status(&READ, "401 Unauthorized", "{}").await),
            ("403", self.status(&READ, "403 Forbidden", "{}").await),
            ("404", self.status(&READ, "404 Not Found", "{}").await),
            ("409", self.status(&CREATE, "409 Conflict", "{}").await),
            (
                "502 with HTML",
                self.status(&READ, "502 Bad Gateway", "<html>").await,
            ),
            (
                "503, unsafe",
                self.status(&CREATE, "503 Service Unavailable", "{}").await,
            ),
        ]);
        let organization = r#"{"type":"https://auth0.com/errors#A0E-400-0003","title":"Bad Request","detail":"2 errors",
            "validation_errors":[{"field":"name","detail":"too\nshort"},{"pointer":"/branding","detail":"unknown"},"other"]}"#;
        let management = r#"{"statusCode":409,"error":"Conflict","errorCode":"organization_exists","message":"acme exists"}"#;
        let location = |to: &str| Behavior::status("302 Found", &format!("location: {to}\r\n"), "");
        rows.extend([
            (
                "400 with validation errors",
                self.status(&CREATE, "400 Bad Request", organization).await,
            ),
            (
                "409 of the Management API",
                self.status(&CREATE, "409 Conflict", management).await,
            ),
            (
                "404 with HTML",
                self.status(&READ, "404 Not Found", "<html>").await,
            ),
            (
                "502 with HTML, unsafe",
                self.status(&CREATE, "502 Bad Gateway", "<html>").await,
            ),
            (
                "a redirect",
                self.of(
                    &READ,
                    location(
                        "https://u:a-secret@login.example.com/u/login?state=a-secret#a-secret",
                    ),
                )
                .await,
            ),
            (
                "a redirect, relative",
                self.of(&READ, location("/login")).await,
            ),
            (
                "a request id",
                self.of(
                    &READ,
                    Behavior::status(
                        "404 Not Found",
                        "x-request-id: r1\r\n",
                        r#"{"error":"no member"}"#,
                    ),
                )
                .await,
            ),
        ]);
        let later = Behavior::status("429 Too Many Requests", "retry-after: 3600\r\n", "{}");
        // A fixed wait, because the error shows the time.
        let from_the_start = FakeTimer::default().under(self.builder());
        rows.push((
            "429",
            self.error(from_the_start, &CREATE, std::slice::from_ref(&later))
                .await,
        ));
        let limits = Limits::new(Rate::per_second(9), Rate::per_second(9));
        let timer = std::sync::Arc::new(FakeTimer::default());
        let limiter = Limiter::with_timer(limits, timer.clone(), timer.clone());
        let server = FailureServer::always(later);
        let limited = timer
            .under(self.builder())
            .limiter(limiter.unwrap())
            .build(base(&server.url))
            .unwrap();
        let mut paused = Vec::new();
        for _ in 0..2 {
            let error = call(&limited, &CREATE, CallOptions::default()).await;
            paused.push(error.unwrap_err());
        }
        rows.push(("the call after a 429, under a limiter", paused.remove(1)));
        let challenge = "www-authenticate: DPoP error=\"invalid_dpop_proof\"\r\n";
        let rejected_proof = Behavior::status("401 Unauthorized", challenge, "{}");
        rows.push((
            "401 for an invalid proof",
            self.of(&CREATE, rejected_proof).await,
        ));
        let script = [
            Behavior::ResetAfterRequest,
            Behavior::status("404 Not Found", "", "{}"),
        ];
        let retrying = || self.builder().retry(RetryPolicy::default());
        rows.push((
            "404 to a retried DELETE",
            self.error(retrying(), &REMOVE, &script).await,
        ));
        let script = [
            Behavior::status("503 Service Unavailable", "", "{}"),
            Behavior::status("404 Not Found", "", "{}"),
        ];
        rows.push((
            "404 to a retried GET",
            self.error(retrying(), &READ, &script).await,
        ));
    }

    async fn of_a_success(&self, rows: &mut Vec<Row>) {
        let odd = r#"{"name":"Ann","age":"a secret"}"#;
        let short = || Behavior::promising("200 OK", 23, r#"{"name":"#);
        let stopping = Behavior::KeepOpen(head("200 OK", "", 23, r#"{"name":"#));
        let endless = Behavior::Endless(head("200 OK", "", 1 << 40, ""));
        rows.extend([
            (
                "a success that does not decode",
                self.status(&CREATE, "201 Created", odd).await,
            ),
            (
                "a success without its body",
                self.status(&READ, "200 OK", "").await,
            ),
            (
                "a success in HTML",
                self.status(&CREATE, "201 Created", "<html>a secret").await,
            ),
            (
                "204 is documented, 200 with HTML",
                self.without_body(
                    "200 OK",
                    "content-type: text/html; charset=utf-8\r\n",
                    "<html>a secret",
                )
                .await,
            ),
            (
                "204 is documented, 202 without a media type",
                self.without_body("202 Accepted", "", "ok").await,
            ),
            (
                "a success that breaks off, safe",
                self.of(&READ, short()).await,
            ),
            (
                "a success that breaks off, unsafe",
                self.of(&CREATE, short()).await,
            ),
            (
                "a success that stops",
                self.with_short_timeout(&CREATE, stopping).await,
            ),
            ("a success without an end", self.of(&CREATE, endless).await),
            (
                "a bulk success of an unknown status",
                self.bulk("202 Accepted", "{}").await,
            ),
            (
                "a bulk failure without a report",
                self.bulk("200 OK", "null").await,
            ),
        ]);
        let page = Behavior::status("200 OK", "", r#"{"numbers":[1],"next":"a"}"#);
        let server = FailureServer::always(page);
        let transport = self.builder().build(base(&server.url)).unwrap();
        let mut listing = items(List::new(transport));
        let repeated = loop {
            if let Err(error) = listing.try_next().await {
                break error;
            }
        };
        rows.push(("a page that names itself as the next", repeated));
        let transport = self.builder().build(base(&server.url)).unwrap();
        let [counted, either] = cut_off(&transport).await;
        rows.push(("a listing that is cut off", counted));
        rows.push(("the same where it can be read to its end", either));
        for (name, page) in [
            (
                "a listing that is incomplete",
                r#"{"numbers":[],"total":2}"#,
            ),
            (
                "a listing whose pages are all the first",
                r#"{"numbers":[1,2],"start":0,"total":9}"#,
            ),
            (
                "a listing of empty pages",
                r#"{"numbers":[],"total":1000000}"#,
            ),
        ] {
            let server = FailureServer::always(Behavior::status("200 OK", "", page));
            let transport = self.builder().build(base(&server.url)).unwrap();
            rows.push((name, ended(transport).await));
        }
    }
}

type Row = (&'static str, Error);

/// All errors, created once for all tests.
async fn rows() -> &'static [Row] {
    static ROWS: OnceCell<Vec<Row>> = OnceCell::const_new();
    ROWS.get_or_init(async || {
        let context = Context {
            http_client: plain_client(),
            timer: FakeTimer::default(),
        };
        let mut rows = Vec::new();
        context.before_sending(&mut rows).await;
        context.without_a_response(&mut rows).await;
        context.with_a_status(&mut rows).await;
        context.of_a_success(&mut rows).await;
        rows
    })
    .await
}

/// `error` and its sources, without system-dependent parts.
fn chain(error: &Error) -> Vec<String> {
    let first: Option<&(dyn StdError + 'static)> = Some(error);
    let shown = std::iter::once(displayed(error));
    let sources = std::iter::successors(first, |&error| error.source()).skip(1);
    shown
        .chain(sources.map(ToString::to_string))
        .map(|text| match text.split_once(" (os error") {
            Some((text, _)) => text.to_owned(),
            None => text,
        })
        .collect()
}

#[tokio::test]
async fn table_of_all_errors() {
    let mut table = String::new();
    for (name, error) in rows().await {
        writeln!(table, "{name}").unwrap();
        let mut line = |title: &str, text: &str| {
            writeln!(table, "    {title:<8} {text}").unwrap();
        };
        let chain = chain(error);
        line("message", &chain[0]);
        for source in &chain[1..] {
            line("because", source);
        }
        line("is", &true_predicates(error).join(", "));
        let acted = if error.has_acted() {
            "has acted"
        } else if error.earlier_attempt_may_have_acted() {
            "may have acted on an earlier attempt"
        } else if error.may_have_acted() {
            "may have acted"
        } else {
            "has not acted"
        };
        line("server", acted);
        let status = error.status().map(|status| status.as_u16().to_string());
        let facts = [
            ("attempts", Some(error.attempts().to_string())),
            ("operation", error.operation().map(str::to_owned)),
            ("request id", error.request_id().map(str::to_owned)),
            ("status", status),
            ("body", error.body().map(|body| body.len().to_string())),
            (
                "decode path",
                error.undecodable().map(|place| place.path().to_owned()),
            ),
            (
                "verify with",
                error.verify_with().first().map(|id| (*id).to_owned()),
            ),
            ("retry at", error.retry_at().map(|_| "yes".to_owned())),
        ];
        let facts = facts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        line("details", &facts.collect::<Vec<_>>().join(", "));
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn every_predicate_is_true_for_some_errors_only() {
    let rows = rows().await;
    for (name, holds) in PREDICATES {
        let count = rows.iter().filter(|(_, error)| holds(error)).count();
        assert!(0 < count && count < rows.len(), "is_{name}: {count}");
    }
}

#[test]
fn every_public_predicate_is_in_the_table() {
    let source = include_str!("../../src/error.rs");
    let public: BTreeSet<_> = source
        .split("pub fn is_")
        .skip(1)
        .map(|rest| rest.split('(').next().unwrap())
        .collect();
    let listed: BTreeSet<_> = PREDICATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(public, listed);
}

#[tokio::test]
async fn error_does_not_repeat_its_sources() {
    for (name, error) in rows().await {
        let chain = chain(error);
        for (index, outer) in chain.iter().enumerate() {
            for inner in &chain[index + 1..] {
                assert!(
                    !outer.contains(inner) && !inner.contains(outer),
                    "{name}: `{outer}` and `{inner}`"
                );
            }
        }
    }
}

#[tokio::test]
async fn errors_print_no_text_of_a_body_except_the_message_of_an_error_body() {
    for (name, error) in rows().await {
        let debugged = format!("{error:?} {error:#?}");
        assert!(!debugged.contains("secret"), "{name}: {error:?}");
        if error.problem().is_none() {
            assert!(!printed(error).contains("secret"), "{name}: {error}");
        }
    }
}
