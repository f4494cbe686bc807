//! Decoding of responses: complete, incomplete, unexpected.

use std::time::Duration;

use auth0_core::codegen::CallOptions;
use auth0_core::{Error, StaticToken};
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;

/// The error of a GET with this response, with responses limited to 1000 bytes.
async fn error_of(response: impl Into<String>) -> Error {
    let server = BareServer::responding([ServerResponse::text(response)]).await;
    let transport = builder(StaticToken::new("t"))
        .max_response_bytes(1000)
        .build(base(&server.url))
        .unwrap();
    get_member(&transport, CallOptions::default())
        .await
        .unwrap_err()
}

fn response(status: &str, content_type: &str, length: usize, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nx-request-id: r1\r\n\r\n{body}"
    )
}

fn json_response(status: &str, body: &str) -> String {
    response(status, "application/json", body.len(), body)
}

#[tokio::test]
async fn problem_of_each_format_is_parsed() {
    let teams = r#"{"status":403,"type":"TENANT_LIMIT_REACHED","title":"Tenant limit reached","details":"10 of 10"}"#;
    let error = error_of(json_response("403 Forbidden", teams)).await;
    assert!(
        error.is_forbidden() && error.is_status() && error.body_is_complete() && !error.has_acted()
    );
    let problem = error.problem().unwrap();
    assert_eq!(
        (problem.status(), problem.detail()),
        (Some(403), Some("10 of 10"))
    );
    assert_eq!(problem.body()["title"], "Tenant limit reached");
    assert_eq!(
        displayed(&error),
        "getMember: 403 Forbidden: TENANT_LIMIT_REACHED: Tenant limit reached: 10 of 10 (GET /members/{id}; request id r1)"
    );
    assert_eq!(error.headers().unwrap()["x-request-id"], "r1");

    let organization = r#"{"type":"https://auth0.com/errors#A0E-400-0001","status":400,"title":"Invalid","validation_errors":[
        {"detail":"is too long","field":"name","pointer":"/name","source":"body"},"odd",7]}"#;
    let error = error_of(json_response("400 Bad Request", organization)).await;
    let found = error.problem().unwrap().validation_errors();
    assert_eq!(
        (found[0].detail(), found[0].field()),
        (Some("is too long"), Some("name"))
    );
    assert_eq!(
        (found[0].pointer(), found[0].source()),
        (Some("/name"), Some("body"))
    );
    assert_eq!(
        (found[1].detail(), found[2].detail(), found[2].value()),
        (Some("odd"), None, &json!(7))
    );
    assert_eq!(
        displayed(&error),
        "getMember: 400 Bad Request: https://auth0.com/errors#A0E-400-0001: Invalid: name: is too long: odd \
         (GET /members/{id}; request id r1)"
    );

    let management = r#"{"statusCode":"404","error":"Not Found","message":"The user x does not exist","errorCode":"inexistent_user"}"#;
    let error = error_of(json_response("404 Not Found", management)).await;
    let problem = error.problem().unwrap();
    assert_eq!(
        (problem.status(), problem.error_code()),
        (Some(404), Some("inexistent_user"))
    );
    assert_eq!(
        (problem.error(), problem.message()),
        (Some("Not Found"), Some("The user x does not exist"))
    );
    assert_eq!(
        displayed(&error),
        "getMember: 404 Not Found: inexistent_user: The user x does not exist (GET /members/{id}; request id r1)"
    );

    let oauth = r#"{"error":"access_denied","error_description":"Unauthorized"}"#;
    let error = error_of(json_response("401 Unauthorized", oauth)).await;
    assert_eq!(
        error.problem().unwrap().error_description(),
        Some("Unauthorized")
    );
    assert!(error.is_unauthorized());
    assert_eq!(
        displayed(&error),
        "getMember: 401 Unauthorized: access_denied (GET /members/{id}; request id r1)"
    );
}

#[tokio::test]
async fn members_of_the_wrong_type_are_ignored() {
    let error = error_of(json_response(
        "409 Conflict",
        r#"{"status":-1,"type":{},"title":7,"details":[],"validation_errors":{}}"#,
    ))
    .await;
    assert!(error.is_conflict());
    let problem = error.problem().unwrap();
    assert_eq!(
        (
            problem.status(),
            problem.problem_type(),
            problem.title(),
            problem.detail()
        ),
        (None, None, None, None)
    );
    assert!(problem.validation_errors().is_empty());
}

#[tokio::test]
async fn body_that_is_not_a_problem_keeps_its_status() {
    let html = "<html>bad gateway</html>";
    for (status, content_type, length, body) in [
        ("502 Bad Gateway", "text/html", html.len(), html),
        ("500 Internal Server Error", "application/json", 0, ""),
        ("500 Internal Server Error", "application/json", 4, "null"),
        (
            "500 Internal Server Error",
            "application/json",
            7,
            "[1,2,3]",
        ),
        ("503 Service Unavailable", "application/json", 7, "{\"title"),
    ] {
        let error = error_of(response(status, content_type, length, body)).await;
        assert!(error.is_status() && error.is_server_error(), "{error}");
        assert_eq!(error.status().unwrap().to_string(), status);
        assert_eq!(&error.body().unwrap()[..], body.as_bytes());
        assert!(error.body_is_complete());
        assert!(error.problem().is_none(), "{body}");
        assert_eq!(
            displayed(&error),
            format!("getMember: {status} (GET /members/{{id}}; request id r1)")
        );
    }
}

#[tokio::test]
async fn incomplete_error_body_keeps_status_and_received_part() {
    let error = error_of(response(
        "404 Not Found",
        "application/json",
        500,
        r#"{"title":"Not f"#,
    ))
    .await;
    assert!(error.is_not_found() && !error.body_is_complete() && error.problem().is_none());
    assert_eq!(&error.body().unwrap()[..], br#"{"title":"Not f"#);
    assert_eq!(error.headers().unwrap()["x-request-id"], "r1");
}

#[tokio::test]
async fn error_body_over_the_limit_keeps_status_and_beginning() {
    let body = "x".repeat(5000);
    let error = error_of(json_response("429 Too Many Requests", &body)).await;
    assert!(error.is_rate_limited() && !error.body_is_complete());
    assert_eq!(error.body().unwrap().len(), 1000);
}

#[tokio::test]
async fn body_of_exactly_the_limit_is_read() {
    let body = format!(r#"{{"name":"{}","age":1}}"#, "n".repeat(1000 - 19));
    assert_eq!(body.len(), 1000);
    let server =
        BareServer::responding([ServerResponse::text(json_response("200 OK", &body))]).await;
    let transport = builder(StaticToken::new("t"))
        .max_response_bytes(1000)
        .build(base(&server.url))
        .unwrap();
    assert!(get_member(&transport, CallOptions::default()).await.is_ok());
}

#[tokio::test]
async fn server_messages_are_truncated_and_sanitized() {
    let title = format!("a\\u001b[2J\\u202eb{}", "x".repeat(500));
    let error = error_of(json_response(
        "400 Bad Request",
        &format!(r#"{{"type":"T","title":"{title}","details":"d3tail"}}"#),
    ))
    .await;
    let text = error.to_string();
    assert!(
        text.starts_with("getMember: 400 Bad Request: T: a[2Jbxxx"),
        "{text}"
    );
    assert!(text.contains("xxx…: d3tail (GET "), "{text}");
    assert!(text.len() < 420);
    assert!(!format!("{error:?} {error:#?}").contains("d3tail"));
}

#[tokio::test]
async fn undecodable_success_has_acted_and_keeps_the_response() {
    let body = "{\n  \"name\": \"acme\",\n  \"age\": \"s3cr3t\"\n}";
    let server =
        BareServer::responding([ServerResponse::text(json_response("201 Created", body))]).await;
    let error = create_tenant(&transport(&server.url, StaticToken::new("t")))
        .await
        .unwrap_err();

    assert!(
        error.is_undecodable() && error.has_acted() && !error.is_status() && !error.is_transport()
    );
    assert_eq!(error.status().unwrap().as_u16(), 201);
    assert_eq!(&error.body().unwrap()[..], body.as_bytes());
    assert!(error.body_is_complete());
    assert_eq!(error.headers().unwrap()["x-request-id"], "r1");
    assert_eq!(error.undecodable().unwrap().path(), "age");
    assert_eq!(
        displayed(&error),
        "createTenant: the server has acted (201 Created), but the response cannot be decoded: \
         age: expected u32, found a string (line 3, column 17) (POST /tenants; request id r1)"
    );
    assert!(!printed(&error).contains("s3cr3t"));
}

#[tokio::test]
async fn empty_or_non_json_success_has_acted() {
    for (status, body, what) in [
        ("200 OK", "", "expected JSON, found an empty body"),
        (
            "200 OK",
            "<html>s3cr3t",
            "expected JSON, found application/json of 12 bytes: \
             a proxy or a login page may have responded instead of the API",
        ),
        ("204 No Content", "", "expected JSON, found an empty body"),
    ] {
        let text = match status {
            "204 No Content" => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            _ => json_response(status, body),
        };
        let error = error_of(text).await;
        assert!(error.is_undecodable() && error.has_acted());
        let text = displayed(&error);
        assert!(
            text.starts_with(&format!(
                "getMember: the server has responded ({status}), but the response cannot be decoded: {what} (GET /members/{{id}}"
            )),
            "{text}"
        );
        assert!(!printed(&error).contains("s3cr3t"));
    }
}

/// The results of a DELETE that is documented as 204, and of bytes that are documented as 200.
async fn undocumented(status: &str, media_type: &str, body: &str) -> [Result<(), Error>; 2] {
    let text = format!(
        "HTTP/1.1 {status}\r\n{media_type}x-request-id: r1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let server = BareServer::responding([
        ServerResponse::text(text.clone()),
        ServerResponse::text(text),
    ])
    .await;
    let transport = transport(&server.url, StaticToken::new("t"));
    let deleted = delete_member(&transport).await.map(drop);
    let received = receive(&transport, &GET_MEMBER, CallOptions::default()).await;
    [deleted, received.unwrap().bytes().map(drop)]
}

#[tokio::test]
async fn success_without_a_documented_body_accepts_empty_and_json_bodies() {
    for status in [
        "200 OK",
        "202 Accepted",
        "204 No Content",
        "205 Reset Content",
        "299 Odd",
    ] {
        for body in ["", " \r\n", "{}", r#"{"deleted":1}"#, "null"] {
            let [deleted, _] = undocumented(status, "content-type: text/html\r\n", body).await;
            assert!(deleted.is_ok(), "{status} {body:?}: {deleted:?}");
        }
    }
}

#[tokio::test]
async fn success_with_an_unexpected_body_is_an_error_that_keeps_it() {
    for status in ["200 OK", "202 Accepted", "206 Partial Content"] {
        for (media_type, found) in [
            (
                "content-type: text/html; charset=utf-8\r\n",
                "text/html of ",
            ),
            ("content-type: application/json\r\n", "application/json of "),
            ("content-type: ;\r\n", " bytes without a media type"),
            ("", " bytes without a media type"),
        ] {
            for body in ["<html>s3cr3t</html>", "s3cr3t", "{\"s3cr3t\":", "{} {}"] {
                let [deleted, _] = undocumented(status, media_type, body).await;
                let error = deleted.unwrap_err();
                assert!(
                    error.is_undecodable() && error.is_outcome_unknown(),
                    "{error}"
                );
                assert!(!error.has_acted() && error.may_have_acted(), "{error}");
                assert!(!error.is_status() && !error.is_retryable(), "{error}");
                assert_eq!(error.status().unwrap().to_string(), status);
                assert_eq!(error.headers().unwrap()["x-request-id"], "r1");
                assert_eq!(&error.body().unwrap()[..], body.as_bytes());
                let text = displayed(&error);
                let unknown = format!(
                    "deleteMember: outcome unknown ({status}): expected 204 without a body, found "
                );
                assert!(text.starts_with(&unknown), "{text}");
                assert!(text.contains(found), "{text}");
                assert!(
                    text.ends_with(" (DELETE /members/{id}; request id r1)"),
                    "{text}"
                );
                assert!(!printed(&error).contains("s3cr3t"));
            }
        }
    }
}

#[tokio::test]
async fn bytes_with_an_undocumented_status_are_an_error_that_keeps_them() {
    let [_, documented] = undocumented("200 OK", "", "<html>").await;
    assert!(documented.is_ok());
    for status in [
        "202 Accepted",
        "203 Non-Authoritative Information",
        "206 Partial Content",
    ] {
        let [_, bytes] = undocumented(status, "content-type: text/html\r\n", "<html>").await;
        let error = bytes.unwrap_err();
        assert!(error.is_undecodable(), "{error}");
        assert_eq!(&error.body().unwrap()[..], b"<html>");
        assert!(error.to_string().contains(", expected 200 ("), "{error}");
    }
}

#[tokio::test]
async fn incomplete_success_has_acted() {
    let error = error_of(response(
        "200 OK",
        "application/json",
        500,
        r#"{"name":"Ann","#,
    ))
    .await;
    assert!(
        error.is_undecodable()
            && error.has_acted()
            && !error.is_timeout()
            && !error.body_is_complete()
    );
    assert_eq!(&error.body().unwrap()[..], br#"{"name":"Ann","#);
    assert!(error.undecodable().is_none());
    assert_eq!(
        displayed(&error),
        "getMember: the server has responded (200 OK), but the response cannot be decoded: the body is incomplete \
         (GET /members/{id}; request id r1)"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn success_over_the_limit_has_acted() {
    let error = error_of(json_response("200 OK", &" ".repeat(5000))).await;
    assert!(error.is_undecodable() && error.has_acted() && !error.body_is_complete());
    assert_eq!(error.body().unwrap().len(), 1000);
    assert!(
        error
            .to_string()
            .contains(": the body exceeds the limit of 1000 bytes (GET ")
    );
}

#[tokio::test]
async fn body_timeout_keeps_the_status() {
    async fn error_of(status: &str) -> Error {
        let text = response(status, "application/json", 500, r#"{"title""#);
        let server = BareServer::responding([ServerResponse::Hang(text.into_bytes())]).await;
        let options = CallOptions::default().timeout(Duration::from_millis(500));
        get_member(&transport(&server.url, StaticToken::new("t")), options)
            .await
            .unwrap_err()
    }
    let (success, failure) =
        tokio::join!(error_of("200 OK"), error_of("500 Internal Server Error"));

    assert!(success.is_timeout() && success.is_undecodable() && success.has_acted());
    assert!(!success.is_transport() && !success.body_is_complete());
    assert!(
        success
            .to_string()
            .contains(": the body did not arrive within the timeout (GET ")
    );
    assert!(failure.is_server_error() && !failure.body_is_complete() && !failure.has_acted());
    assert_eq!(&failure.body().unwrap()[..], br#"{"title""#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_failures_each_get_their_own_error() {
    let server = MockServer::start().await;
    let responses = |request: &Request| {
        let number: u16 = request.headers["x-number"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        match number % 4 {
            0 => ResponseTemplate::new(200)
                .set_body_string(format!("{{\"name\":{}", " ".repeat(number.into()))),
            _ => ResponseTemplate::new(400 + number)
                .set_body_json(json!({ "status": number, "title": format!("number {number}") })),
        }
    };
    Mock::given(any())
        .respond_with(responses)
        .mount(&server)
        .await;
    let transport = transport(&server.uri(), StaticToken::new("t"));
    let calls = (0..64_u16).map(|number| {
        let transport = transport.clone();
        tokio::spawn(async move {
            let options = CallOptions::default()
                .header(http::HeaderName::from_static("x-number"), number.into());
            get_member(&transport, options).await.unwrap_err()
        })
    });
    for (number, call) in (0..64_u16).zip(calls.collect::<Vec<_>>()) {
        let error = call.await.unwrap();
        if number % 4 == 0 {
            assert!(error.is_undecodable());
            assert_eq!(error.body().unwrap().len(), 8 + usize::from(number));
            assert!(
                error
                    .to_string()
                    .contains(&format!("column {})", 8 + number))
            );
        } else {
            assert_eq!(error.status().unwrap().as_u16(), 400 + number);
            assert_eq!(
                error.problem().unwrap().title(),
                Some(format!("number {number}").as_str())
            );
        }
    }
}
