//! The program as a separate process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{client, form, send_request};

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth0-sandbox"));
    // The environment must have no effect.
    command.args(arguments).env("RUST_LOG", "trace");
    command
}

/// A running program, killed on drop.
struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    line: Value,
    http: Client,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts the program and waits for its ready line.
    fn start(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self {
            line: serde_json::from_str(&line).unwrap(),
            child,
            out,
            http: client(),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.line[name].as_str().unwrap()
    }

    /// Sends a signal. Returns the exit status and the remaining output.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = self.child.wait().unwrap().code();
        let (mut out, mut log) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        (status, out, log)
    }

    async fn token(&self) -> Value {
        let request = self.http.post(self.text("token_url"));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&[
                ("grant_type", "client_credentials"),
                ("client_id", self.text("client_id")),
                ("client_secret", self.text("client_secret")),
                ("audience", self.text("audience")),
            ]));
        send_request(request).await.expect(200)
    }

    async fn get(&self, path: &str) -> crate::support::TestResponse {
        let token = self.token().await;
        let request = self.http.get(format!("{}{path}", self.text("url")));
        send_request(request.bearer_auth(token["access_token"].as_str().unwrap())).await
    }
}

/// Writes a file for one test.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn started_program_prints_its_connection_details() {
    let program = Program::start(&["--members", "30", "--tenants", "3"]);
    let names: Vec<_> = program.line.as_object().unwrap().keys().collect();
    let expected = [
        "admin_email",
        "admin_token",
        "audience",
        "client_id",
        "client_secret",
        "domain",
        "management_audience",
        "management_url",
        "member_email",
        "my_organization_audience",
        "my_organization_url",
        "native_client_id",
        "organization_id",
        "organization_name",
        "pid",
        "team",
        "token_url",
        "url",
    ];
    assert_eq!(names, expected);
    assert_eq!(program.line["pid"], program.child.id());
    assert!(program.text("url").starts_with("http://127.0.0.1:"));
    assert_eq!(program.text("team"), "acme");
    assert_eq!(program.text("client_id"), "sandbox");
    let members = program.get("/api/members").await.expect(200);
    assert_eq!(members["members"].as_array().unwrap().len(), 30);
    assert_eq!(members["members"][0]["email"], program.text("admin_email"));
    let url = format!("{}/_sandbox/requests", program.text("url"));
    let request = program
        .http
        .get(url)
        .bearer_auth(program.text("admin_token"));
    assert_eq!(
        send_request(request)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // The environment sets RUST_LOG to trace.
    assert_eq!(program.end("-INT"), (Some(0), String::new(), String::new()));
}

#[test]
fn signal_right_after_the_ready_line_exits_with_0() {
    for signal in ["-INT", "-TERM"] {
        for _ in 0..5 {
            let (status, out, log) = Program::start(&[]).end(signal);
            assert_eq!(
                (status, out.as_str(), log.as_str()),
                (Some(0), "", ""),
                "{signal}"
            );
        }
    }
}

#[tokio::test]
async fn signal_stops_the_program_during_a_pending_response() {
    let script = file("late.toml", "[[fault]]\nthen = { silence = {} }");
    let program = Program::start(&["--faults", script.to_str().unwrap()]);
    let token = program.token().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = format!("{}/api/members", program.text("url"));
    let waiting = tokio::spawn(program.http.get(url).bearer_auth(token).send());
    let requests = format!("{}/_sandbox/requests", program.text("url"));
    loop {
        let request = program
            .http
            .get(&requests)
            .bearer_auth(program.text("admin_token"));
        if send_request(request)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len()
            == 2
        {
            break;
        }
    }
    assert_eq!(program.end("-TERM").0, Some(0));
    waiting.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn all_options_take_effect() {
    let script = file(
        "everything.toml",
        "[[fault]]\noperation = 'listTenants'\nthen = { answer = { status = 418 } }",
    );
    let program = Program::start(&[
        "--members",
        "2",
        "--tenants",
        "1",
        "--activity",
        "5",
        "--seed",
        "7",
        "--team",
        "globex",
        "--client-id",
        "robot",
        "--client-secret",
        "its secret",
        "--scope",
        "read:members",
        "--scope",
        "read:tenants",
        "--audience",
        "https://api.test/",
        "--token-lifetime",
        "600",
        "--token-quota",
        "5",
        "--rate-limit",
        "free",
        "--tenant-limit",
        "1",
        "--accept-invitations",
        "--check-answers",
        "--verbose",
        "--faults",
        script.to_str().unwrap(),
    ]);
    assert_eq!(program.text("team"), "globex");
    assert_eq!(program.text("client_secret"), "its secret");
    assert_eq!(program.text("audience"), "https://api.test/");
    let token = program.token().await;
    assert_eq!(
        (&token["expires_in"], &token["scope"]),
        (&json!(600), &json!("read:members read:tenants"))
    );
    let response = program.get("/api/members").await;
    assert_eq!(response.header("x-ratelimit-limit"), Some("4"));
    assert_eq!(response.expect(200)["members"].as_array().unwrap().len(), 2);
    program.get("/api/tenants").await.expect(418);
    program.get("/api/activity/logs").await.expect(403);
    let (status, out, log) = program.end("-TERM");
    assert_eq!((status, out.as_str()), (Some(0), ""));
    // The log has one line per request and contains no secret.
    assert_eq!(log.lines().count(), 7, "{log}");
    assert!(!log.contains("its secret"));
}

#[test]
fn port_in_use_is_reported() {
    let program = Program::start(&[]);
    let port = program.text("url").rsplit(':').next().unwrap().to_owned();
    let Output { status, stderr, .. } = command(&["--port", &port]).output().unwrap();
    let rejected = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    let expected = format!("error: binding 127.0.0.1:{port} failed: ");
    assert!(rejected.starts_with(&expected), "{rejected}");
    assert_eq!(program.end("-INT").0, Some(0));
}

#[test]
fn closed_standard_output_is_reported() {
    let mut child = command(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("error: writing to standard output failed: "),
        "{text}"
    );
}

#[tokio::test]
async fn native_application_logs_users_in_by_page_or_at_once() {
    for (at_once, status) in [(false, 200), (true, 302)] {
        let mut arguments = vec!["--native", "program"];
        arguments.extend(at_once.then_some("--login-at-once"));
        let program = Program::start(&arguments);
        let query = form(&[
            ("client_id", "program"),
            ("response_type", "code"),
            ("redirect_uri", "http://127.0.0.1:1/callback"),
            ("state", "s"),
            ("login_hint", program.text("admin_email")),
            // From RFC 7636, appendix B.
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ),
            ("code_challenge_method", "S256"),
        ]);
        let http = Client::builder().no_proxy();
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let url = format!("{}/authorize?{query}", program.text("url"));
        let response = http.get(url).send().await.unwrap();
        assert_eq!(response.status(), status);
        // The default machine application still exists.
        assert!(program.token().await["access_token"].is_string());
    }
}
