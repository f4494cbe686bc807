//! Outcomes of bulk operations, determined by the status.

use auth0_core::codegen::CallOptions;
use auth0_core::codegen::OperationFields;
use auth0_core::{Error, Operation, Outcome, Outcomes, PartialReport, Response, StaticToken};

use crate::support::*;

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
struct Report {
    failure: Vec<String>,
}

impl PartialReport for Report {
    type Failure = String;

    fn failures(&self) -> &[String] {
        &self.failure
    }
}

async fn outcome_of(status: &str, body: &str) -> Result<Response<Outcome<Report>>, Error> {
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let server = BareServer::responding([ServerResponse::text(text)]).await;
    update_tenants(&transport(&server.url, StaticToken::new("t"))).await
}

#[tokio::test]
async fn complete_status_is_complete() {
    let response = outcome_of("204 No Content", "").await.unwrap();
    assert_eq!(response.status().as_u16(), 204);
    assert!(response.body().is_empty());
    let outcome = response.into_value();
    assert!(outcome.is_complete() && outcome.report().is_none());
    assert_eq!(outcome.failures().count(), 0);
    assert_eq!(outcome.into_result(), Ok(()));
}

#[tokio::test]
async fn complete_status_with_a_body_is_complete() {
    for body in [r#"{"failure":["t1"]}"#, "null", "<html>"] {
        // HTTP allows no body with a 204, so it is ignored.
        assert!(
            outcome_of("204 No Content", body)
                .await
                .unwrap()
                .value()
                .is_complete()
        );
    }
}

#[tokio::test]
async fn partial_status_returns_its_report() {
    let outcome = outcome_of("200 OK", r#"{"failure":["t1","t2"]}"#)
        .await
        .unwrap()
        .into_value();
    assert!(!outcome.is_complete());
    assert_eq!(outcome.failures().collect::<Vec<_>>(), ["t1", "t2"]);
    assert_eq!(
        outcome.into_result(),
        Err(Report {
            failure: vec!["t1".to_owned(), "t2".to_owned()]
        })
    );
}

#[tokio::test]
async fn partial_status_without_failures_is_still_partial() {
    assert!(
        !outcome_of("200 OK", r#"{"failure":[]}"#)
            .await
            .unwrap()
            .value()
            .is_complete()
    );
}

#[tokio::test]
async fn partial_status_without_a_report_is_never_a_success() {
    for (body, what) in [
        ("", "expected JSON, found an empty body"),
        // Only JSON counts as a success of the API.
        (
            "<html>",
            "expected JSON, found 6 bytes without a media type: \
             a proxy or a login page may have responded instead of the API",
        ),
        (
            "null",
            "the status means a partial failure, but the body has no report",
        ),
        (
            " null\n",
            "the status means a partial failure, but the body has no report",
        ),
        ("{}", "missing field `failure` (line 1, column 2)"),
    ] {
        let error = outcome_of("200 OK", body).await.unwrap_err();
        let is_html = body == "<html>";
        assert!(error.is_undecodable() && error.may_have_acted());
        assert_eq!(
            (error.has_acted(), error.is_outcome_unknown()),
            (!is_html, is_html)
        );
        assert_eq!(&error.body().unwrap()[..], body.as_bytes());
        let outcome = match is_html {
            true => "outcome unknown (200 OK)",
            false => "the server has acted (200 OK), but the response cannot be decoded",
        };
        assert_eq!(
            displayed(&error),
            format!("updateMemberTenants: {outcome}: {what} (PATCH /members/{{id}}/tenants)")
        );
    }
}

#[tokio::test]
async fn undocumented_success_is_neither_complete_nor_partial() {
    for body in ["", "null", r#"{"failure":[]}"#] {
        let error = outcome_of("202 Accepted", body).await.unwrap_err();
        assert!(error.is_undecodable() && error.has_acted());
        assert!(
            error
                .to_string()
                .contains(": the status is not a documented success, expected 200 or 204 ("),
            "{error}"
        );
    }
}

/// An operation whose complete status allows a body.
static WITH_BODY: Operation = Operation::new(OperationFields {
    id: "updateAll",
    method: "PATCH",
    path: "/members",
    success: &[200, 207],
    outcome: Some(Outcomes {
        complete: 200,
        partial: 207,
    }),
    ..OperationFields::DEFAULT
});

#[tokio::test]
async fn complete_status_with_a_body_that_is_not_json_is_an_error() {
    let outcome = |body: &'static str| async move {
        let server = FailureServer::always(Behavior::status("200 OK", "", body));
        let transport = transport(&server.url, StaticToken::new("t"));
        let received = receive(&transport, &WITH_BODY, CallOptions::default()).await;
        received.unwrap().outcome::<Report>()
    };
    for body in ["", "{}", "null", r#"{"failure":["t1"]}"#] {
        assert!(outcome(body).await.unwrap().value().is_complete(), "{body}");
    }
    for body in ["<html>", "OK"] {
        let error = outcome(body).await.unwrap_err();
        assert!(
            error.is_undecodable() && error.is_outcome_unknown(),
            "{error}"
        );
        assert_eq!(&error.body().unwrap()[..], body.as_bytes());
    }
}

#[tokio::test]
async fn rejected_bulk_request_is_a_status_error() {
    let error = outcome_of("404 Not Found", r#"{"title":"Not found"}"#)
        .await
        .unwrap_err();
    assert!(error.is_not_found() && !error.has_acted());
}
