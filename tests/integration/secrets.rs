//! Secrets and bodies are planted in a complete run and must not be in anything that is printed: `Debug` and `Display`
//! of all values of the crates, errors with their sources, and a log of the run at level TRACE.

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Mutex, Once};

use auth0_core::http::{HeaderName, HeaderValue};
use auth0_core::{AccessToken, StaticToken, TokenSource as _};
use auth0_teams::types::*;
use auth0_teams::{Client, Error, HttpClient, SecretString};
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use wiremock::matchers::any;
use wiremock::{Mock, Request, ResponseTemplate};

use crate::auth0::*;
use crate::bodies::public_cloud;
use crate::samples::*;
use crate::support::*;

const NEW_TENANT_SECRET: &str = "planted-secret-of-the-new-tenant";
const HEADER: &str = "planted-header-value";
const PARAMETER: &str = "planted-parameter";
/// Personal data in bodies and ids. It is not secret, but must not be in logs or errors either.
const PERSONAL: &str = "planted-person";

/// The log of this process.
static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Logs everything of this process from now on, except messages of the mock server itself.
pub(crate) fn log_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let targets = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_target("wiremock", LevelFilter::OFF);
        let writer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(|| LogWriter);
        tracing_subscriber::registry()
            .with(writer)
            .with(targets)
            .init();
    });
}

pub(crate) fn logged() -> String {
    String::from_utf8(LOGGED.lock().unwrap().clone()).unwrap()
}

/// What was printed, with the name of the printed value.
#[derive(Default)]
struct PrintedOutput(Vec<(String, String)>);

impl PrintedOutput {
    fn value(&mut self, name: &str, value: &dyn Debug) {
        self.0
            .push((name.to_owned(), format!("{value:?}\n{value:#?}")));
    }

    fn error(&mut self, name: &str, error: &Error) {
        self.0.push((name.to_owned(), printed(error)));
        self.value(name, &error.problem());
        self.value(name, &error.token_error());
        self.value(name, &error.violations());
    }

    fn assert_without(&self, planted: &[&str]) {
        for (name, text) in &self.0 {
            for planted in planted {
                assert!(!text.contains(planted), "{name} prints {planted}:\n{text}");
            }
        }
    }
}

/// The planted secrets.
fn secrets() -> Vec<String> {
    let mut secrets: Vec<_> = (1..9).map(token).collect();
    secrets.extend([CLIENT_SECRET, NEW_TENANT_SECRET, HEADER, PARAMETER].map(str::to_owned));
    // The form in which `client_secret_basic` sends the secret.
    secrets.push("cHJvZ3JhbTpwbGFudGVk".to_owned());
    secrets
}

fn assert_log_is_clean() {
    let log = logged();
    // The log is not empty and includes the connection layer.
    assert!(log.contains("operation=\"createTenant\""), "{log}");
    assert!(log.contains("access token fetched"), "{log}");
    assert!(log.contains("reqwest") || log.contains("hyper"), "{log}");
    for planted in &secrets() {
        let line = log.lines().find(|line| line.contains(planted));
        assert_eq!(line, None, "the log holds {planted}");
    }
    // Ids and queries are only logged at level TRACE.
    let telling = |line: &&str| !line.contains(" TRACE ") || !line.contains("auth0_core: request ");
    let line = log
        .lines()
        .filter(telling)
        .find(|line| line.contains(PERSONAL));
    assert_eq!(line, None, "the log holds {PERSONAL}");
}

fn payload() -> PublicCloudPayload {
    public_cloud(format!("{PERSONAL}@example.com"), "us")
}

/// Calls that succeed, against an API that creates a tenant and returns a member. Prints their values.
async fn make_successful_calls(client: &Client, out: &mut PrintedOutput) {
    let call = client.tenants().create(payload()).header(
        HeaderName::from_static("x-planted"),
        HeaderValue::from_static(HEADER),
    );
    out.value("call", &call);
    let response = call.send().await.unwrap();
    out.value("response", &response);
    let tenant = response.into_value();
    assert_eq!(
        tenant.management_client().client_secret.secret(),
        NEW_TENANT_SECRET
    );
    out.value("tenant", &tenant);
    out.value("management client", tenant.management_client());
    out.value("secret", &tenant.management_client().client_secret);
    let mut members = client.members().list().stream();
    while members.try_next().await.unwrap().is_some() {
        out.value("listing", &members);
    }
}

fn api(request: &Request) -> ResponseTemplate {
    match (request.method.as_str(), request.url.path()) {
        ("POST", _) => {
            json(201, &created_public(NEW_TENANT_SECRET)).insert_header("set-cookie", HEADER)
        }
        (_, "/api/members") if query(request, "from").is_none() => json(
            200,
            &json!({"members": [member(PERSONAL)], "next": PERSONAL}),
        ),
        _ => json(200, &json!({"members": [member(PERSONAL)]})),
    }
}

#[tokio::test]
async fn run_succeeds_then_no_secret_is_printed_or_logged() {
    log_everything();
    let auth0 = Auth0::start(api).await;
    let mut out = PrintedOutput::default();
    let builder = settings(&auth0.server)
        .parameter("assertion", PARAMETER)
        .authentication(auth0_auth::ClientAuthentication::SecretBasic);
    out.value("source builder", &builder);
    let source = builder.build().unwrap();
    out.value("source", &source);
    let client = client_with(&auth0.server, source.clone());
    make_successful_calls(&client, &mut out).await;
    out.value("used source", &source);
    out.value("access token", &source.token().await.unwrap());
    out.value("static token", &StaticToken::new(token(1)));
    out.value("made-up token", &AccessToken::new(token(1), 1));
    out.value("secret", &SecretString::from(CLIENT_SECRET));
    out.value("client builder", &builder_of(&auth0));
    out.value("client", &client);
    out.value("resource", &client.members().tenants());

    let (tokens, _) = auth0.received_requests().await;
    let basic = tokens[0].headers["authorization"].to_str().unwrap();
    assert!(basic.starts_with("Basic cHJvZ3JhbTpwbGFudGVk"), "{basic}");

    let secrets = secrets();
    out.assert_without(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
    assert_log_is_clean();
}

/// An HTTP client of the caller may hold credentials: for a proxy, or in headers for a gateway.
#[test]
fn http_client_holds_credentials_then_no_value_prints_them() {
    let header = (
        HeaderName::from_static("x-gateway-key"),
        HeaderValue::from_static(HEADER),
    );
    let proxy = format!("http://user:{PARAMETER}@127.0.0.1:1");
    let http_client = reqwest::Client::builder()
        .default_headers([header].into_iter().collect())
        .proxy(reqwest::Proxy::all(proxy).unwrap());
    let client = builder(StaticToken::new(token(1)))
        .http_client(HttpClient::from_builder(http_client).unwrap())
        .base_url("https://example.com")
        .build()
        .unwrap();
    let mut out = PrintedOutput::default();
    out.value("client", &client);
    out.value("resource", &client.members().tenants());
    out.value("call", &client.members().get("id"));
    out.value("listing", &client.members().list().stream());
    let secrets = secrets();
    out.assert_without(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
}

fn builder_of(auth0: &Auth0) -> auth0_teams::ClientBuilder {
    builder(StaticToken::new(token(1))).base_url(auth0.server.uri())
}

/// The error of a creation whose response is `response`.
async fn failure(auth0: &Auth0, response: ResponseTemplate) -> Error {
    let mock = Mock::given(any()).respond_with(response).with_priority(1);
    let _scope = mock.mount_as_scoped(&auth0.server).await;
    let header = (
        HeaderName::from_static("x-planted"),
        HeaderValue::from_static(HEADER),
    );
    let call = auth0.client.tenants().create(payload());
    call.header(header.0, header.1).await.unwrap_err()
}

/// An error body with everything that was planted: its message quotes the request with its secrets, and other fields
/// hold the rest.
fn echo() -> Value {
    let message = format!("{NEW_TENANT_SECRET} and {} and {HEADER}", token(1));
    let echo = format!("{PERSONAL} {CLIENT_SECRET} {PARAMETER} {message}");
    json!({
        "details": message, "detail": message, "message": message, "error_description": message,
        "management_client": {"client_secret": NEW_TENANT_SECRET}, "locality": [echo], "client": {"id": echo},
        "validation_errors": [{"detail": message, "value": echo}],
    })
}

#[tokio::test]
async fn run_fails_in_every_way_then_no_secret_or_body_is_printed_or_logged() {
    log_everything();
    let auth0 = Auth0::start(api).await;
    let mut out = PrintedOutput::default();
    // A token is obtained first, so the log is not empty.
    make_successful_calls(&auth0.client, &mut PrintedOutput::default()).await;

    for status in [302, 400, 401, 403, 404, 409, 418, 429, 500, 503] {
        let error = failure(
            &auth0,
            json(status, &echo()).insert_header(
                "location",
                format!("/login?state={CLIENT_SECRET}#{HEADER}").as_str(),
            ),
        )
        .await;
        assert!(error.body().is_some());
        // The rest of the message is kept.
        let text = error.to_string();
        assert!(text.contains("[…] and […] and […]"), "{text}");
        let is_redirected = error.status().is_some_and(|status| status.is_redirection());
        assert_eq!(text.contains("/login"), is_redirected, "{text}");
        out.error(&format!("status {status}"), &error);
    }
    let text = echo().to_string();
    for body in [
        text.clone(),
        text.replace(':', ""),
        text[..text.len() / 2].to_owned(),
        format!("\"{PERSONAL}\""),
    ] {
        for status in [201, 500] {
            let response = ResponseTemplate::new(status).set_body_string(&body);
            out.error(&format!("body {body}"), &failure(&auth0, response).await);
        }
    }
    for field in [
        "tenant_id",
        "domain",
        "management_client",
        "locality",
        "environment",
    ] {
        let mut body = created_public(NEW_TENANT_SECRET);
        body.as_object_mut().unwrap().remove(field);
        out.error(
            &format!("without {field}"),
            &failure(&auth0, json(201, &body)).await,
        );
        body[field] = json!({CLIENT_SECRET: [PERSONAL]});
        body["domain"] = json!(17);
        out.error(
            &format!("invalid {field}"),
            &failure(&auth0, json(201, &body)).await,
        );
    }

    let mut invalid = payload().tenant_name(NEW_TENANT_SECRET.to_uppercase());
    invalid.locality = CLIENT_SECRET.to_owned();
    out.error(
        "check",
        &auth0.client.tenants().create(invalid).await.unwrap_err(),
    );

    let uri = format!("{}/{PERSONAL}", unused_url().await);
    let lost = client_at(&uri).members().get(PERSONAL).await.unwrap_err();
    assert!(lost.is_connect(), "{lost:?}");
    out.error("connect", &lost);

    for status in [200, 400, 401, 429, 500] {
        let mut body = echo();
        body["error"] = json!("invalid_client");
        let mock = Mock::given(any())
            .respond_with(json(status, &body))
            .with_priority(1);
        let scope = mock.mount_as_scoped(&auth0.server).await;
        let source = settings(&auth0.server).build().unwrap();
        let error = client_with(&auth0.server, source)
            .members()
            .list()
            .await
            .unwrap_err();
        assert!(error.is_token());
        drop(scope);
        // The error keeps the endpoint's description without the secret that was sent.
        assert!(
            !printed(&error).contains(CLIENT_SECRET),
            "{}",
            printed(&error)
        );
    }

    let mut planted = secrets();
    planted.push(PERSONAL.to_owned());
    out.assert_without(&planted.iter().map(String::as_str).collect::<Vec<_>>());
}

/// The URL of a port that nothing listens on.
async fn unused_url() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
