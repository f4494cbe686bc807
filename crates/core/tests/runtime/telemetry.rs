//! Telemetry of calls: the `Auth0-Client` header, spans and events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::codegen::CallOptions;
use auth0_core::{Auth0Client, Operation, RetryPolicy};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::secrets::collect;
use crate::support::*;

/// The decoded `Auth0-Client` header of a client; `None` if it sends none.
async fn auth0_client(
    set: impl FnOnce(auth0_core::codegen::TransportBuilder) -> auth0_core::codegen::TransportBuilder,
) -> Option<serde_json::Value> {
    let server = FailureServer::always(Behavior::success());
    let building = builder(Tokens::default()).http_client(plain_client());
    let transport = set(building).build(base(&server.url)).unwrap();
    call(&transport, &READ, CallOptions::default())
        .await
        .unwrap();
    let (value, times) = server.header("auth0-client").remove(0);
    assert!(times <= 1);
    let json = URL_SAFE_NO_PAD.decode(value).unwrap();
    (times == 1).then(|| serde_json::from_slice(&json).unwrap())
}

#[tokio::test]
async fn auth0_client_header_defaults_to_this_crate_and_can_be_replaced_or_omitted() {
    let default = auth0_client(|builder| builder).await.unwrap();
    assert_eq!(default["name"], "auth0-core");
    assert_eq!(default["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(default["env"]["os"], std::env::consts::OS);

    let own = Auth0Client::new("acme-fleet", "2.1.0").env("region", "eu");
    let replaced = auth0_client(|builder| builder.auth0_client(own))
        .await
        .unwrap();
    assert_eq!(replaced["name"], "acme-fleet");
    assert_eq!(replaced["version"], "2.1.0");
    assert_eq!(replaced["env"]["region"], "eu");

    assert_eq!(
        auth0_client(|builder| builder.auth0_client(None)).await,
        None
    );
}

type Fields = BTreeMap<&'static str, String>;

/// Records the span of each call and the events of the runtime in it.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    span: Fields,
    events: Vec<Fields>,
}

struct FieldVisitor<'f>(&'f mut Fields);

impl Visit for FieldVisitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "auth0_core"
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut FieldVisitor(&mut self.0.lock().unwrap().span));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut FieldVisitor(&mut self.0.lock().unwrap().span));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut FieldVisitor(&mut fields));
        self.0.lock().unwrap().events.push(fields);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The records of one call to a server with `script`.
async fn recorded(
    operation: &'static Operation,
    script: impl IntoIterator<Item = Behavior>,
) -> Recorded {
    let server = FailureServer::with_script(script, Behavior::success());
    let transport = FakeTimer::default()
        .under(builder(Tokens::replacing()))
        .http_client(plain_client())
        .retry(RetryPolicy::default().base(Duration::ZERO))
        .build(base(&server.url))
        .unwrap();
    // With a subscriber for all threads, no callsite is disabled because another test registered it first.
    collect();
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    let _ = call(&transport, operation, CallOptions::default()).await;
    drop(guard);
    std::mem::take(&mut recorder.0.lock().unwrap())
}

fn fields(fields: &Fields, names: &[&'static str]) -> Vec<String> {
    let value = |name| fields.get(name).cloned().unwrap_or_default();
    names.iter().map(value).collect()
}

const END_FIELDS: [&str; 5] = [
    "http.response.status_code",
    "http.request.resend_count",
    "waited_ms",
    "request_id",
    "error.type",
];

#[tokio::test]
async fn span_of_a_call_records_its_result() {
    let unavailable = Behavior::status("503 Service Unavailable", "retry-after: 7\r\n", "{}");
    let success = Behavior::status("200 OK", "x-request-id: r1\r\n", MEMBER);
    let script = [unavailable, Behavior::ResetAfterRequest, success];
    let Recorded { span, events } = recorded(&READ, script).await;

    let of_the_call = [
        "operation",
        "http.request.method",
        "url.template",
        "server.address",
        "otel.kind",
    ];
    assert_eq!(
        fields(&span, &of_the_call),
        ["getMember", "GET", "/members/{id}", "127.0.0.1", "client"]
    );
    assert_eq!(fields(&span, &END_FIELDS), ["200", "2", "7000", "r1", ""]);

    let named = |name: &str| -> Vec<&Fields> {
        let is = |event: &&Fields| event["message"] == name;
        events.iter().filter(is).collect()
    };
    let of_an_attempt = ["attempt", "http.response.status_code", "error.type"];
    let attempts: Vec<_> = named("attempt")
        .into_iter()
        .map(|event| fields(event, &of_an_attempt))
        .collect();
    assert_eq!(
        attempts,
        [["1", "503", ""], ["2", "", "connection"], ["3", "200", ""]]
    );
    let waits: Vec<_> = named("waiting before a retry")
        .into_iter()
        .map(|event| event["wait_ms"].as_str())
        .collect();
    assert_eq!(waits, ["7000", "0"]);
    assert_eq!(named("request").len(), 3);
}

#[tokio::test]
async fn span_of_a_failed_call_names_its_kind() {
    for (behavior, end) in [
        (
            Behavior::status("404 Not Found", "x-request-id: r2\r\n", "{}"),
            ["404", "", "", "r2", "404"],
        ),
        (
            Behavior::ResetAfterRequest,
            ["", "", "", "", "outcome_unknown"],
        ),
        (
            Behavior::promising("200 OK", 23, "{"),
            ["200", "", "", "", "undecodable"],
        ),
    ] {
        let span = recorded(&CREATE, [behavior]).await.span;
        assert_eq!(fields(&span, &END_FIELDS), end);
    }
}
