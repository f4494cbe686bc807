//! Parsing of token responses.

use std::error::Error as _;
use std::time::Duration;

use auth0_auth::{ClientCredentials, DeviceFlow, Error};
use auth0_core::TokenSource;
use auth0_core::time::Clock as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::provider::Provider;
use crate::support::{chain, failure, requests, responding_with, settings, source, text, token};

/// The message of `error` without the port of the server, which differs between runs.
fn without_port(error: &Error) -> String {
    let text = error.to_string();
    let Some((before, rest)) = text.split_once("127.0.0.1:") else {
        return text;
    };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}127.0.0.1{after}")
}

async fn failure_of(status: u16, body: Value) -> Error {
    let server = responding_with(ResponseTemplate::new(status).set_body_json(body)).await;
    failure(&source(&server).0).await
}

#[tokio::test]
async fn error_response_keeps_code_description_and_uri() {
    let error = failure_of(
        403,
        json!({"error": "access_denied", "error_description": "not authorized", "error_uri": "https://help.test/"}),
    )
    .await;
    assert!(error.is_rejected());
    assert!(!error.is_invalid_client() && !error.is_transport() && !error.is_rate_limited());
    assert_eq!(error.status(), Some(403));
    assert_eq!(error.error(), Some("access_denied"));
    assert_eq!(error.error_description(), Some("not authorized"));
    assert_eq!(error.error_uri(), Some("https://help.test/"));
    assert_eq!(
        without_port(&error),
        "the token endpoint http://127.0.0.1/oauth/token rejected the request (status 403): access_denied, not authorized"
    );
}

#[tokio::test]
async fn invalid_client_and_any_401_are_invalid_client() {
    for (status, code) in [
        (401, "invalid_client"),
        (400, "invalid_client"),
        (401, "access_denied"),
    ] {
        let error = failure_of(status, json!({"error": code})).await;
        assert!(error.is_invalid_client() && error.is_rejected(), "{error}");
    }
    let error = failure_of(400, json!({"error": "invalid_request"})).await;
    assert!(!error.is_invalid_client());
}

#[tokio::test]
async fn error_texts_of_other_types_do_not_hide_the_code() {
    let error = failure_of(
        400,
        json!({"error": "invalid_scope", "error_description": {"a": 1}}),
    )
    .await;
    assert_eq!(error.error(), Some("invalid_scope"));
    assert_eq!(error.error_description(), None);
}

#[tokio::test]
async fn long_description_is_truncated_without_control_characters() {
    let error = failure_of(
        400,
        json!({"error": "invalid_request", "error_description": format!("a\n\u{1b}[31m{}", "x".repeat(5000))}),
    )
    .await;
    let description = error.error_description().unwrap();
    assert_eq!(description.chars().count(), 200);
    assert!(!description.chars().any(char::is_control));
}

#[tokio::test]
async fn error_with_a_success_status_is_a_rejection() {
    let error = failure_of(200, json!({"error": "invalid_request"})).await;
    assert_eq!(error.error(), Some("invalid_request"));
}

#[tokio::test]
async fn html_502_keeps_the_status_but_not_the_body() {
    let server = responding_with(
        ResponseTemplate::new(502).set_body_raw("<html>upstream-detail</html>", "text/html"),
    )
    .await;
    let error = failure(&source(&server).0).await;
    assert!(error.is_invalid_response() && !error.is_rejected());
    assert_eq!(error.status(), Some(502));
    assert_eq!(
        without_port(&error),
        "the response of the token endpoint http://127.0.0.1/oauth/token is invalid (status 502): expected a JSON \
         object, found a body that is not JSON (line 1, column 1)"
    );
    assert!(!chain(&error).contains("upstream-detail"));
}

#[tokio::test]
async fn invalid_response_error_says_what_was_found() {
    for (body, found) in [
        ("", "an empty body"),
        ("{\"access_token\": \"pl4nted", "incomplete JSON"),
        ("[1]", "unexpected JSON"),
        ("\"pl4nted\"", "unexpected JSON"),
        ("{\"access_token\": [\"pl4nted\"]}", "unexpected JSON"),
        ("{}", "expected access_token, found none"),
        ("{\"access_token\": \"\"}", "visible ASCII"),
        ("{\"access_token\": \"pl4nted\\nx: y\"}", "visible ASCII"),
        (
            "{\"access_token\": \"pl4nted\", \"token_type\": 1}",
            "found another JSON type",
        ),
    ] {
        let server = responding_with(ResponseTemplate::new(200).set_body_string(body)).await;
        let error = failure(&source(&server).0).await;
        assert!(error.is_invalid_response(), "{body}: {error}");
        assert_eq!(error.status(), Some(200), "{body}");
        assert!(error.to_string().contains(found), "{body}: {error}");
        assert!(!chain(&error).contains("pl4nted"), "{error:?}");
    }
}

#[tokio::test]
async fn other_token_type_is_an_invalid_response() {
    let error = failure_of(
        200,
        json!({"access_token": "t", "token_type": "DPoP", "expires_in": 60}),
    )
    .await;
    assert!(error.is_invalid_response());
    assert!(
        error
            .to_string()
            .ends_with("expected token_type Bearer, found DPoP"),
        "{error}"
    );
}

#[tokio::test]
async fn token_type_in_another_case_or_missing_is_bearer() {
    for body in [
        json!({"access_token": "t", "token_type": "bearer"}),
        json!({"access_token": "t"}),
    ] {
        let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
        assert_eq!(text(&source(&server).0).await, "t");
    }
}

#[tokio::test]
async fn expires_in_of_each_form_sets_the_expiry() {
    for (expires_in, seconds) in [
        (json!(3600), Some(3600)),
        (json!("3600"), Some(3600)),
        (json!(3600.0), Some(3600)),
        (json!(1e300), None),
        (json!(u64::MAX), None),
        (json!(1_000_000_000_000_u64), Some(30 * 24 * 3600)),
        (json!(0), None),
        (json!(-5), None),
        (json!("soon"), None),
        (json!("NaN"), None),
        (json!(null), None),
        (json!([1]), None),
    ] {
        let body = json!({"access_token": "t", "token_type": "Bearer", "expires_in": expires_in});
        let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
        let (source, clock) = source(&server);
        let expiry = token(&source).await.expiry();
        assert_eq!(
            expiry.map(|at| at.duration_since(clock.now()).unwrap().as_secs()),
            seconds,
            "{expires_in}"
        );
    }
}

#[tokio::test]
async fn exceeded_quota_fails_at_once_with_the_retry_time() {
    let server = responding_with(
        ResponseTemplate::new(429)
            .insert_header("retry-after", "7200")
            .set_body_json(json!({"error": "too_many_requests", "error_description": "quota"})),
    )
    .await;
    let (source, clock) = source(&server);
    let error = failure(&source).await;
    assert!(error.is_rate_limited() && error.is_rejected());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7200)));
    assert_eq!(
        error.retry_at(),
        Some(clock.now() + Duration::from_secs(7200))
    );
    assert_eq!(error.error(), Some("too_many_requests"));
    assert_eq!(
        without_port(&error),
        "the rate limit or quota of the token endpoint http://127.0.0.1/oauth/token is exceeded (status 429), retry after 7200 s: \
         too_many_requests, quota"
    );
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn retry_after_date_is_relative_to_the_server_clock() {
    for (header, expected) in [
        ("Fri, 15 Jan 2027 09:00:30 GMT", Some(3630)),
        ("Fri, 15 Jan 2027 07:00:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", Some(u64::MAX)),
    ] {
        let server = responding_with(
            ResponseTemplate::new(429)
                .insert_header("retry-after", header)
                .insert_header("date", "Fri, 15 Jan 2027 08:00:00 GMT")
                .set_body_string("<html>"),
        )
        .await;
        let error = failure(&source(&server).0).await;
        assert!(error.is_rate_limited() && !error.is_rejected(), "{header}");
        assert_eq!(
            error.retry_after(),
            expected.map(Duration::from_secs),
            "{header}"
        );
        assert_eq!(
            error.retry_at().is_some(),
            expected.is_some_and(|wait| wait < u64::MAX),
            "{header}"
        );
    }
}

#[tokio::test]
async fn too_long_body_is_not_read_completely() {
    let body = format!("{{\"access_token\": \"{}\"}}", "a".repeat(65 * 1024));
    for status in [200, 500] {
        let server =
            responding_with(ResponseTemplate::new(status).set_body_string(body.clone())).await;
        let error = failure(&source(&server).0).await;
        assert!(error.is_invalid_response());
        assert_eq!(error.status(), Some(status));
        assert!(
            error
                .to_string()
                .ends_with("expected at most 65536 bytes, found more"),
            "{error}"
        );
    }
}

/// A server that reads a request, sends `response` and closes the connection, or keeps it open if `hold` is set.
async fn responding_with_bytes(response: &'static str, hold: bool) -> ClientCredentials {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/oauth/token?tenant=pl4nted",
        listener.local_addr().unwrap()
    );
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(response.as_bytes()).await;
            if hold {
                open.push(stream);
            }
        }
    });
    ClientCredentials::builder("acme.us.auth0.com")
        .token_url(url)
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .timeout(Duration::from_millis(if hold { 50 } else { 30_000 }))
        .retry(auth0_core::RetryPolicy::never())
        .build()
        .unwrap()
}

#[tokio::test]
async fn connection_closed_before_the_response_is_a_transport_error_without_the_query() {
    let error = failure(&responding_with_bytes("", false).await).await;
    assert!(error.is_transport() && !error.is_timeout());
    assert_eq!(error.status(), None);
    assert_eq!(
        without_port(&error),
        "no response from the token endpoint http://127.0.0.1/oauth/token"
    );
    assert!(error.source().unwrap().is::<reqwest::Error>());
    assert!(!chain(&error).contains("pl4nted"), "{}", chain(&error));
}

#[tokio::test]
async fn incomplete_body_is_a_transport_error_with_the_status() {
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"access_token\": \"pl4nted";
    let error = failure(&responding_with_bytes(response, false).await).await;
    assert!(error.is_transport());
    assert_eq!(error.status(), Some(200));
    assert_eq!(
        without_port(&error),
        "the response of the token endpoint http://127.0.0.1/oauth/token is incomplete (status 200)"
    );
    assert!(!chain(&error).contains("pl4nted"), "{}", chain(&error));
}

#[tokio::test]
async fn incomplete_body_of_a_429_is_still_rate_limited() {
    let response = "HTTP/1.1 429 Too Many\r\nretry-after: 9\r\ncontent-length: 500\r\n\r\n{";
    let error = failure(&responding_with_bytes(response, false).await).await;
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn missing_response_is_a_timeout() {
    for response in ["", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"] {
        let error = failure(&responding_with_bytes(response, true).await).await;
        assert!(error.is_timeout() && error.is_transport(), "{error:?}");
        assert_eq!(
            without_port(&error),
            "the request to the token endpoint http://127.0.0.1/oauth/token timed out"
        );
    }
}

#[tokio::test]
async fn failed_connection_error_names_the_endpoint_and_the_http_client() {
    let source = ClientCredentials::builder("acme.us.auth0.com")
        .token_url("http://127.0.0.1:1/oauth/token?tenant=pl4nted")
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .retry(auth0_core::RetryPolicy::never())
        .build()
        .unwrap();
    let error = failure(&source).await;
    assert!(error.is_transport());
    assert_eq!(
        without_port(&error),
        "failed to connect to the token endpoint http://127.0.0.1/oauth/token: check the host and the network; set a \
         proxy or a private certificate authority with `http_client` on this builder too"
    );
    assert!(!chain(&error).contains("pl4nted"), "{}", chain(&error));
}

#[tokio::test]
async fn redirect_or_empty_response_error_names_the_location() {
    let place = "/login?state=pl4nted#pl4nted";
    for (response, expected) in [
        (
            ResponseTemplate::new(302).insert_header("location", place),
            "(status 302): redirected to http://127.0.0.1/login, expected no redirect: expected a JSON object, found an \
             empty body (line 1, column 0)",
        ),
        (
            ResponseTemplate::new(302)
                .insert_header("location", "http://a:pl4nted@127.0.0.1/s3cr3t"),
            "(status 302): redirected to http://127.0.0.1/…, expected no redirect: expected a JSON object, found an empty \
             body (line 1, column 0)",
        ),
        (
            ResponseTemplate::new(500),
            "(status 500): expected a JSON object, found an empty body (line 1, column 0)",
        ),
    ] {
        let server = responding_with(response).await;
        let error = failure(&source(&server).0).await;
        let text = error.to_string().replace(&server.uri(), "http://127.0.0.1");
        assert_eq!(
            text,
            format!(
                "the response of the token endpoint http://127.0.0.1/oauth/token is invalid {expected}"
            )
        );
        assert!(!chain(&error).contains("pl4nted"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn error_of_another_endpoint_names_it() {
    let provider = Provider::start().await;
    provider
        .on("/oauth/device/code", ResponseTemplate::new(500))
        .await;
    let flow = DeviceFlow::builder("acme.us.auth0.com")
        .issuer(provider.issuer())
        .client_id("client")
        .retry(auth0_core::RetryPolicy::never())
        .build()
        .unwrap();
    let error = flow.start().await.unwrap_err();
    let (status, issuer) = ("is invalid (status 500)", provider.issuer());
    let expected = format!(
        "the response of the device authorization endpoint {issuer}/oauth/device/code {status}"
    );
    assert!(error.to_string().starts_with(&expected), "{error}");

    provider
        .on("/oauth/revoke", ResponseTemplate::new(500))
        .await;
    let session = provider.login(&provider.flow()).await;
    let error = session.sign_out().await.unwrap_err();
    let expected =
        format!("the response of the revocation endpoint {issuer}/oauth/revoke {status}");
    assert!(error.to_string().starts_with(&expected), "{error}");

    provider
        .describe(json!({"jwks_uri": "http://127.0.0.1:1/keys"}))
        .await;
    let error = provider
        .login_with(&provider.flow(), |nonce| {
            provider.id_token(&provider.claims(nonce))
        })
        .await
        .unwrap_err();
    let expected = "failed to connect to the JWKS endpoint http://127.0.0.1:1/keys: ";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[tokio::test]
async fn token_error_has_the_typed_error_as_source() {
    let server = responding_with(
        ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"})),
    )
    .await;
    let error = settings(&server)
        .build()
        .unwrap()
        .token()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "obtaining an access token failed");
    let typed: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert!(typed.is_invalid_client());
    assert!(Error::find_in(&error).unwrap().is_invalid_client());
    assert!(Error::find_in(&std::fmt::Error).is_none());
}

#[tokio::test]
async fn scope_array_is_accepted_and_other_types_are_unknown_scopes() {
    for (returned, known) in [
        (json!(["read:b", "read:a"]), Some("read:a read:b")),
        (json!(["read:a read:b"]), Some("read:a read:b")),
        (json!([]), None),
        (json!(["read:a", 1]), None),
        (json!(["s3cr3t"]), None),
        (json!([["read:a"]]), None),
        (json!({"read:a": true}), None),
        (json!(1), None),
        (json!(true), None),
        (json!("s3cr3t"), None),
    ] {
        let body = json!({"access_token": "token-1", "token_type": "Bearer", "scope": returned});
        let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
        let source = settings(&server)
            .scope("read:a write:a")
            .client_secret("s3cr3t")
            .build()
            .unwrap();
        let scopes = token(&source).await.scopes().map(ToString::to_string);
        assert_eq!(scopes.as_deref(), known, "{returned}");
    }
}

#[tokio::test]
async fn scopes_of_the_response_take_precedence_over_requested_ones() {
    for (requested, returned, known) in [
        ("read:a read:b", Some("read:a"), Some("read:a")),
        ("read:a read:b", None, Some("read:a read:b")),
        ("read:a", Some(""), Some("read:a")),
        ("", Some("read:b read:a"), Some("read:a read:b")),
        ("", None, None),
        // Values that are not scopes, and values that contain a secret, are ignored.
        ("", Some("s3cr3t"), None),
    ] {
        let body = json!({"access_token": "token-1", "token_type": "Bearer", "scope": returned});
        let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
        let source = settings(&server)
            .scope(requested)
            .client_secret("s3cr3t")
            .build()
            .unwrap();
        let token = token(&source).await;
        let scopes = token.scopes().map(ToString::to_string);
        assert_eq!(scopes.as_deref(), known, "{requested} {returned:?}");
    }
}
