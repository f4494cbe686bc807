//! Errors of the token endpoint (RFC 6749 §5.2, with the statuses of Auth0).

use auth0_sandbox::{Application, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::support::{TestResponse, TestSandbox, form, send_request, start_with};

async fn start() -> TestSandbox {
    let application = Application::new("client", "s3cret").scopes(["read:members"]);
    start_with(Sandbox::builder().application(application)).await
}

/// A request: the client's credentials in the header, and the form.
type TokenRequest<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)]);

async fn send(sandbox: &TestSandbox, (credentials, pairs): TokenRequest<'_>) -> TestResponse {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|&(name, value)| match value {
            "AUDIENCE" => (name, sandbox.audience()),
            value => (name, value),
        })
        .collect();
    let mut request = sandbox.form(&pairs);
    if let Some(credentials) = credentials {
        let value = match credentials.split_once(' ') {
            Some(_) => credentials.to_owned(),
            None => format!("Basic {}", STANDARD.encode(credentials)),
        };
        request = request.header("authorization", value);
    }
    send_request(request).await
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const ID: (&str, &str) = ("client_id", "client");
const SECRET: (&str, &str) = ("client_secret", "s3cret");
const AUDIENCE: (&str, &str) = ("audience", "AUDIENCE");

#[tokio::test]
async fn invalid_token_request_returns_the_documented_error() {
    let sandbox = start().await;
    let granted_before = sandbox.tokens_granted();
    #[rustfmt::skip]
    let table: &[(TokenRequest<'_>, u16, &str)] = &[
        ((None, &[GRANT, ID, ("client_secret", "wrong"), AUDIENCE]), 401, "invalid_client"),
        ((None, &[GRANT, ("client_id", "nobody"), SECRET, AUDIENCE]), 401, "invalid_client"),
        ((Some("client:wrong"), &[GRANT, AUDIENCE]), 401, "invalid_client"),
        ((Some("nobody:s3cret"), &[GRANT, AUDIENCE]), 401, "invalid_client"),
        ((Some("no-colon"), &[GRANT, AUDIENCE]), 401, "invalid_client"),
        ((Some("Basic ###"), &[GRANT, AUDIENCE]), 401, "invalid_client"),
        ((Some("Bearer abc"), &[GRANT, AUDIENCE]), 401, "invalid_client"),
        ((Some("client:s3cret"), &[GRANT, ID, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((Some("client:s3cret"), &[GRANT, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((None, &[ID, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, ID, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, ID, SECRET]), 400, "invalid_request"),
        ((None, &[GRANT, ID, SECRET, ("audience", "")]), 400, "invalid_request"),
        ((None, &[GRANT, GRANT, ID, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, ID, SECRET, AUDIENCE, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, ID, SECRET, SECRET, AUDIENCE]), 400, "invalid_request"),
        ((None, &[GRANT, ID, SECRET, AUDIENCE, ("scope", "read:members"), ("scope", "read:members")]), 400, "invalid_request"),
        ((None, &[]), 400, "invalid_request"),
        ((None, &[("grant_type", "password"), ID, SECRET, AUDIENCE]), 400, "unsupported_grant_type"),
        ((None, &[("grant_type", "CLIENT_CREDENTIALS"), ID, SECRET, AUDIENCE]), 400, "unsupported_grant_type"),
        ((None, &[GRANT, ID, SECRET, ("audience", "https://other.test/")]), 403, "access_denied"),
        ((None, &[GRANT, ID, SECRET, ("audience", "https://acme.teams.auth0.com/api")]), 403, "access_denied"),
        ((None, &[GRANT, ID, SECRET, AUDIENCE, ("scope", "read:members delete:members")]), 403, "access_denied"),
        ((None, &[GRANT, ID, SECRET, AUDIENCE, ("scope", "none:such")]), 403, "access_denied"),
    ];
    for &(sent, status, error) in table {
        let response = send(&sandbox, sent).await;
        let found = (response.status, response.body["error"].as_str());
        assert_eq!(
            found,
            (status, Some(error)),
            "{sent:?}: {:?}",
            response.body
        );
        assert!(response.body["error_description"].is_string(), "{sent:?}");
        assert_eq!(
            response.header("cache-control"),
            Some("no-store"),
            "{sent:?}"
        );
        // RFC 6749 §5.2: a 401 names the scheme only if the client used the header.
        let challenge = (status == 401 && sent.0.is_some()).then_some("Basic realm=\"sandbox\"");
        assert_eq!(response.header("www-authenticate"), challenge, "{sent:?}");
    }
    assert_eq!(sandbox.tokens_granted(), granted_before);
    let acted = sandbox.requests_of("token");
    assert_eq!(acted.iter().filter(|request| request.acted).count(), 1);
    assert_eq!(acted.len(), table.len() + 1);
}

#[tokio::test]
async fn empty_parameter_counts_as_omitted() {
    let sandbox = start().await;
    let sent = [GRANT, ID, SECRET, AUDIENCE, ("scope", ""), ("scope", "")];
    send(&sandbox, (None, &sent)).await.expect(200);
    let sent = [GRANT, ("client_id", ""), SECRET, AUDIENCE];
    send(&sandbox, (None, &sent)).await.expect(400);
}

#[tokio::test]
async fn client_id_in_header_and_form_must_agree() {
    let sandbox = start().await;
    let sent = (Some("client:s3cret"), [GRANT, ID, AUDIENCE]);
    send(&sandbox, (sent.0, &sent.1)).await.expect(200);
    let other = [GRANT, ("client_id", "other"), AUDIENCE];
    let response = send(&sandbox, (sent.0, &other)).await;
    assert_eq!(response.expect(400)["error"], "invalid_request");
}

#[tokio::test]
async fn two_authorization_headers_are_rejected() {
    let sandbox = start().await;
    let valid = format!("Basic {}", STANDARD.encode("client:s3cret"));
    let request = sandbox.form(&[GRANT, ("audience", sandbox.audience())]);
    let request = request
        .header("authorization", &valid)
        .header("authorization", "Basic eDp5");
    assert_eq!(
        send_request(request).await.expect(400)["error"],
        "invalid_request"
    );
}

#[tokio::test]
async fn unsupported_body_is_an_invalid_request() {
    let sandbox = start().await;
    let body = form(&[GRANT, ID, SECRET, ("audience", sandbox.audience())]);
    for (kind, body) in [
        (None, body.as_str()),
        (Some("text/plain"), body.as_str()),
        (Some("application/json"), body.as_str()),
        (Some("application/json"), "[]"),
        (Some("application/json"), ""),
        (Some("application/x-www-form-urlencoded"), ""),
    ] {
        let mut request = sandbox.http.post(sandbox.token_url()).body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let response = send_request(request).await.expect(400);
        assert_eq!(response["error"], "invalid_request", "{kind:?} {body}");
    }
    let request = sandbox.http.post(sandbox.token_url()).body(body.clone());
    let kind = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    send_request(request.header("content-type", kind))
        .await
        .expect(200);
}

#[tokio::test]
async fn method_other_than_post_is_not_allowed() {
    let sandbox = start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = sandbox.http.request(method, sandbox.token_url());
        let response = send_request(request).await;
        assert_eq!(response.status_and_type(), (405, "METHOD_NOT_ALLOWED"));
        assert_eq!(response.header("allow"), Some("POST"));
    }
}
