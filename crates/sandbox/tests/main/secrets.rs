//! Places secrets in all inputs and searches all output for them.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox, Script};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use crate::support::{TestSandbox, member_path, send_request, start_with};

const SECRET: &str = "pl4nted/secret+1";
const ENCODED: &str = "pl4nted%2Fsecret%2B1";

/// The log output of the whole process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn assert_no_secret(what: &str, output: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!output.contains(secret.as_str()), "{what} shows {secret}");
    }
}

/// Sends requests of all kinds, some of which fail, with secrets in every input.
async fn call_with_secrets(sandbox: &TestSandbox, secrets: &mut Vec<String>) {
    let email = sandbox.first_member().email.clone();
    for cloud in [
        json!({"locality": "us"}),
        json!({"environment": "private-1"}),
    ] {
        let mut body = cloud;
        body["admin_email"] = json!(email);
        let created = sandbox.post("/api/tenants", body).await.expect(201);
        let secret = created["management_client"]["client_secret"]
            .as_str()
            .unwrap();
        assert_eq!(created.to_string().matches(secret).count(), 1);
        secrets.push(secret.to_owned());
    }
    let basic = STANDARD.encode(format!("robot:{ENCODED}"));
    for (authorization, body) in [
        (
            format!("Basic {basic}"),
            "grant_type=client_credentials&audience=x".to_owned(),
        ),
        (format!("Basic {basic}"), format!("client_secret={ENCODED}")),
        ("Basic x".to_owned(), format!("client_secret={ENCODED}")),
        (
            format!("Bearer {}", sandbox.token),
            format!("client_secret={ENCODED}&client_secret={ENCODED}"),
        ),
        (
            String::new(),
            format!("grant_type=password&password={ENCODED}"),
        ),
    ] {
        let request = sandbox.http.post(sandbox.token_url());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response =
            send_request(request.header("authorization", authorization).body(body)).await;
        assert_no_secret("a response", &response.body.to_string(), secrets);
    }
    // Secrets in unexpected places: invalid bodies, and one that is not JSON.
    for (path, body) in [
        (
            "/api/members",
            json!({"email": SECRET, "role": SECRET, "client_ids": [SECRET]}),
        ),
        (
            "/api/tenants",
            json!({"tenant_name": SECRET, "locality": SECRET, "admin_email": SECRET}),
        ),
        (
            "/api/tenants",
            json!({"tenant_name": 5, "environment": SECRET, "environment_tag": SECRET}),
        ),
        ("/api/members", json!(SECRET)),
    ] {
        let response = sandbox.post(path, body).await;
        assert_eq!(response.status, 400);
        assert_no_secret("a response", &response.body.to_string(), secrets);
    }
    let request = sandbox
        .request(Method::POST, "/api/members")
        .header("content-type", "application/json");
    let response = send_request(request.body(format!("{{\"{SECRET}"))).await;
    assert_no_secret("a response", &response.body.to_string(), secrets);
    let forged = format!("{}x", sandbox.token);
    for token in [forged.as_str(), sandbox.token.as_str(), SECRET] {
        for path in ["/api/members", "/_sandbox/requests", "/api/members/nobody"] {
            let url = format!("{}{path}", sandbox.url());
            let response = send_request(sandbox.http.get(url).bearer_auth(token)).await;
            assert_no_secret("a response", &format!("{response:?}"), secrets);
        }
    }
    sandbox
        .delete(&member_path(&sandbox.first_member().id))
        .await
        .expect(204);
}

#[tokio::test]
async fn secrets_in_inputs_appear_in_no_output() {
    let log = Log::default();
    let writer = log.clone();
    // The log of the whole process: the output of concurrent tests must not contain secrets either.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();

    let application = Application::new("robot", SECRET).name("Robot");
    let mut output = format!("{application:?}");
    let builder = Sandbox::builder().application(application);
    write!(output, "{builder:?}").unwrap();
    let sandbox = start_with(builder).await;
    write!(output, "{:?} {:?}", *sandbox, sandbox.first_member()).unwrap();
    let mut secrets = vec![
        SECRET.to_owned(),
        ENCODED.to_owned(),
        STANDARD.encode(format!("robot:{ENCODED}")),
        sandbox.token.clone(),
        sandbox.connection_info().admin_token,
    ];
    // The signature and the claims of a token count as secrets individually.
    secrets.extend(sandbox.token.split('.').skip(1).map(str::to_owned));

    call_with_secrets(&sandbox, &mut secrets).await;
    assert_eq!(secrets.len(), 9);

    for listing in [
        sandbox.list_all("/api/tenants", "tenants", "").await,
        sandbox.list_all("/api/members", "members", "").await,
        sandbox.list_all("/api/activity/logs", "logs", "").await,
    ] {
        write!(output, "{listing:?}").unwrap();
    }
    for id in sandbox.tenant_ids().await {
        let tenant = sandbox.get(&format!("/api/tenants/{id}")).await;
        write!(output, "{:?}", tenant.expect(200)).unwrap();
    }
    write!(
        output,
        "{:?} {:?}",
        sandbox.requests(),
        sandbox.violations()
    )
    .unwrap();
    let listed = send_request(sandbox.admin(Method::GET, "/requests"))
        .await
        .expect(200);
    write!(output, "{listed} {:?}", sandbox.invitations()).unwrap();
    for error in [
        sandbox.accept_invitation("nobody").unwrap_err(),
        sandbox
            .fail(Fault::of("x").then(Effect::Response(Reply::new(1))))
            .unwrap_err(),
        Script::parse("faults.toml", "x").unwrap_err(),
        Sandbox::builder()
            .token_lifetime(Duration::ZERO)
            .start()
            .await
            .unwrap_err(),
    ] {
        write!(output, "{error} {error:?} {:?}", error.source()).unwrap();
    }
    assert_no_secret("the output", &output, &secrets);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("request operation=\"createTenant\" method=\"POST\" status=201 acted=true"),
        "{log}"
    );
    assert_no_secret("the log", &log, &secrets);
    // Also covers output that contains only a part of a secret.
    assert!(!log.contains("pl4nted"));
}
