//! Searches for planted secrets of tokens, headers and bodies in all output.

use std::fmt::Write as _;
use std::sync::{Mutex, Once};

use auth0_core::{
    AccessToken, HttpClient, SecretString, StaticToken, TokenError, codegen::CallOptions, token_fn,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::bound_tokens::Key;
use crate::support::*;

/// Everything that is logged through `tracing` or `log`.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Collector;

/// One record. Records are separate, because other tests log concurrently.
struct Line(String);

impl Line {
    fn keep(&self) {
        LOGGED.lock().unwrap().push_str(&self.0);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl tracing::Subscriber for Collector {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut line = Line("\nspan".to_owned());
        span.record(&mut line);
        line.keep();
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut line = Line("\nrecord".to_owned());
        values.record(&mut line);
        line.keep();
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("\n{} {}", metadata.target(), metadata.level()));
        event.record(&mut line);
        line.keep();
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let _ = write!(
            LOGGED.lock().unwrap(),
            "\nlog {} {}",
            record.target(),
            record.args()
        );
    }

    fn flush(&self) {}
}

/// Collects all log records from now on, on all threads.
pub(crate) fn collect() {
    static START: Once = Once::new();
    START.call_once(|| {
        tracing::subscriber::set_global_default(Collector).unwrap();
        // A callsite that another test registered before may be cached as disabled.
        tracing::callsite::rebuild_interest_cache();
        log::set_logger(&Collector).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

fn response(status: &str, body: &str) -> ServerResponse {
    let length = body.len();
    ServerResponse::text(format!(
        "HTTP/1.1 {status}\r\nset-cookie: sid=plantedcookie\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

/// A client with a user's secret in every request, configured to log everything that it sends and receives.
fn verbose_client() -> HttpClient {
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static("x-gateway-key"),
        HeaderValue::from_static("plantedkey"),
    )]);
    let builder = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .connection_verbose(true);
    HttpClient::from_builder(builder).unwrap()
}

#[tokio::test]
async fn no_output_contains_a_planted_secret() {
    collect();
    let problem = r#"{"status":400,"type":"VALIDATION_ERROR","title":"Invalid: plantedtoken","details":"plantedsecret","message":"not plantedheader\u200b, not planted\u0007token: plantedsecret",
        "validation_errors":[{"detail":"plantedsecret","field":"client_secret"}],"client":{"client_secret":"plantedsecret"},"body":"plantedbody"}"#;
    let server = BareServer::responding([
        response("200 OK", r#"{"name":"Ann","age":41}"#),
        response("400 Bad Request", problem),
        response("401 Unauthorized", "plantedbody"),
        response("502 Bad Gateway", "<html>plantedbody"),
        response("200 OK", r#"{"name":"Ann","age":"plantedbody"}"#),
        response("200 OK", r#"{"name":{"plantedbody":1}}"#),
        response("200 OK", "plantedbody"),
        ServerResponse::text("HTTP/1.1 200 OK\r\nx-secret: plantedheader\r\ncontent-length: 99\r\n\r\n{\"plantedbody"),
        ServerResponse::text("HTTP/1.1 plantedheader nonsense\r\n\r\n"),
        ServerResponse::text(""),
    ])
    .await;
    let source = StaticToken::new("plantedtoken");
    let mut text = format!("{source:?} {:?}", SecretString::from("plantedsecret"));
    let http_client = verbose_client();
    write!(text, "{http_client:?} {http_client:#?}").unwrap();
    let building = builder(source).http_client(http_client);
    write!(text, "{building:?}").unwrap();
    let transport = building.build(base(&server.url)).unwrap();
    let options = || {
        CallOptions::default().header(
            HeaderName::from_static("x-own"),
            HeaderValue::from_static("plantedheader"),
        )
    };
    let call = transport.call(&GET_MEMBER, options());
    write!(text, "{transport:?} {call:?} {call:#?} {:?}", options()).unwrap();

    let response = get_member(&transport, options()).await.unwrap();
    write!(text, "{response:?}").unwrap();
    for _ in 0..9 {
        let error = get_member(&transport, options()).await.unwrap_err();
        text.push_str(&printed(&error));
    }
    assert_eq!(server.requests().len(), 10);
    assert!(
        server.requests()[0].contains("plantedtoken")
            && server.requests()[0].contains("plantedheader")
    );

    let failing = token_fn(|| async { Err(TokenError::new("no token")) });
    text.push_str(&printed(
        &get_member(&crate::support::transport(&server.url, failing), options())
            .await
            .unwrap_err(),
    ));
    assert!(
        !text.contains("/members/1"),
        "an error contains its URL: {text}"
    );
    let logged = LOGGED.lock().unwrap().clone();
    assert!(
        logged.contains("auth0_core"),
        "events of the runtime were collected"
    );
    assert!(
        logged.contains("operation=\"getMember\"")
            && logged.contains("url.template=\"/members/{id}\"")
    );
    assert!(
        logged.contains("log hyper")
            || logged.contains("log reqwest")
            || logged.contains("\nhyper"),
        "events of lower layers were collected"
    );
    let with_an_id: Vec<_> = logged
        .lines()
        .filter(|line| line.contains("/members/1"))
        .collect();
    assert!(
        !with_an_id.is_empty()
            && with_an_id
                .iter()
                .all(|line| line.starts_with("auth0_core TRACE")),
        "ids of paths are logged at trace level only: {with_an_id:?}"
    );
    for printed in [text, logged] {
        if let Some(position) = printed.find("planted") {
            panic!(
                "a planted secret was printed: {}",
                &printed[position.saturating_sub(200)..(position + 20).min(printed.len())]
            );
        }
    }
}

#[tokio::test]
async fn no_output_contains_a_proof_or_a_bound_token() {
    collect();
    let nonce_required = "401 Unauthorized\r\nwww-authenticate: DPoP error=\"use_dpop_nonce\", realm=\"plantedrealm\"\r\n\
                   dpop-nonce: plantednonce";
    let invalid = "401 Unauthorized\r\nwww-authenticate: DPoP error=\"invalid_dpop_proof\", realm=\"plantedrealm\"";
    let server = BareServer::responding([
        response(nonce_required, "plantedbody"),
        response("200 OK", r#"{"name":"Ann","age":41}"#),
        response(nonce_required, "plantedbody"),
        response(nonce_required, "plantedbody"),
        response(invalid, "plantedbody"),
    ])
    .await;
    let key = std::sync::Arc::new(Key::constant("plantedproof"));
    let token = AccessToken::new("plantedtoken", 0).bound_to(key);
    let mut text = format!("{token:?} {token:#?}");
    let transport = builder(token_fn(move || std::future::ready(Ok(token.clone()))))
        .http_client(verbose_client())
        .build(base(&server.url))
        .unwrap();
    get_member(&transport, CallOptions::default())
        .await
        .unwrap();
    for _ in 0..2 {
        let error = get_member(&transport, CallOptions::default())
            .await
            .unwrap_err();
        text.push_str(&printed(&error));
    }
    let broken = AccessToken::new("plantedtoken", 0)
        .bound_to(std::sync::Arc::new(Key::constant("planted\nproof")));
    let broken = token_fn(move || std::future::ready(Ok(broken.clone())));
    let error = get_member(
        &crate::support::transport(&server.url, broken),
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    text.push_str(&printed(&error));
    assert_eq!(server.requests().len(), 5);
    assert!(server.requests()[4].contains("plantedproof"));
    let logged = LOGGED.lock().unwrap().clone();
    assert!(logged.contains("retrying with the DPoP nonce"));
    for printed in [text, logged] {
        let line = printed.lines().find(|line| line.contains("planted"));
        assert_eq!(line, None, "a planted secret was printed");
    }
}

#[tokio::test]
async fn http2_logs_no_more_than_http1() {
    collect();
    let server = wiremock::MockServer::start().await;
    let response = wiremock::ResponseTemplate::new(200)
        .insert_header("set-cookie", "sid=plantedcookie")
        .set_body_string(r#"{"name":"plantedbody","age":41}"#);
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(response)
        .mount(&server)
        .await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge();
    let transport = builder(StaticToken::new("plantedtoken"))
        .http_client(HttpClient::from_builder(client).unwrap())
        .build(base(&server.uri()))
        .unwrap();
    let options = CallOptions::default().header(
        HeaderName::from_static("x-own"),
        HeaderValue::from_static("plantedheader"),
    );
    let member = get_member(&transport, options).await.unwrap();
    assert_eq!(member.value().name, "plantedbody");
    let logged = LOGGED.lock().unwrap().clone();
    assert!(
        logged.contains("\nlog h2") || logged.contains("\nh2::"),
        "HTTP/2 was used"
    );
    let line = logged.lines().find(|line| line.contains("planted"));
    assert_eq!(line, None, "a planted secret was logged");
}
