//! Unexpected responses: unknown fields and values, bulk outcomes with and without a body, and bodies that are not
//! JSON.

use auth0_teams::Outcome;
use auth0_teams::types::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::bodies::{changed_access, invitation, new_access, public_cloud};
use crate::samples::*;
use crate::support::*;

/// Values to put in place of an enum, a date or an id.
fn unexpected_values() -> Vec<Value> {
    vec![
        json!("something new"),
        json!(""),
        json!(null),
        json!(42),
        json!(-1.5),
        json!(true),
        json!(["owner"]),
        json!({"owner": null}),
    ]
}

#[tokio::test]
async fn response_has_unknown_fields_then_it_decodes() {
    let mut body = member("auth0|1");
    body["last_login"] = json!({"at": "2026-01-08", "ip": ["192.0.2.1"]});
    let server = mock_server_json(200, body.clone()).await;
    assert_eq!(
        client(&server).members().get("auth0|1").await.unwrap().id,
        "auth0|1"
    );

    let page = json!({"members": [body], "total": 1, "next": null});
    let server = mock_server_json(200, page).await;
    let page = client(&server).members().list().await.unwrap();
    assert_eq!((page.members.len(), page.next), (1, None));

    let mut body = report();
    body["warnings"] = json!([]);
    body["failure"][0]["retryable"] = json!(false);
    body["summary"]["skipped_count"] = json!(0);
    let server = mock_server_json(200, body).await;
    let request = new_access([TenantMemberRoleEnum::Owner], [tenant_id()]);
    let outcome = client(&server)
        .members()
        .tenants()
        .create(MEMBER_ID, request)
        .await
        .unwrap();
    assert_eq!(outcome.failures().len(), 1);
}

#[tokio::test]
async fn one_role_of_a_page_is_unknown_then_the_page_decodes_and_keeps_it() {
    for unexpected in unexpected_values() {
        let mut unexpected_member = member("auth0|2");
        unexpected_member["role"] = unexpected.clone();
        let page = json!({"members": [member("auth0|1"), unexpected_member, member("auth0|3")]});
        let server = mock_server_json(200, page).await;
        let page = client(&server).members().list().await.unwrap();
        assert_eq!(page.members.len(), 3);
        assert_eq!(page.members[0].role, TeamMemberRoleEnum::TeamsOwner);
        assert_eq!(page.members[1].role.known(), None);
        assert_eq!(
            serde_json::to_value(&page.members[1].role).unwrap(),
            unexpected
        );
    }
}

#[tokio::test]
async fn one_role_in_a_tenant_is_unknown_then_the_others_decode() {
    for unexpected in unexpected_values() {
        let mut unexpected_member = tenant_member("auth0|2");
        unexpected_member["roles"] = json!(["owner", unexpected]);
        let server = mock_server_json(200, json!({"members": [unexpected_member]})).await;
        let page = client(&server)
            .tenants()
            .members()
            .list(tenant_id())
            .await
            .unwrap();
        let roles = &page.members[0].roles;
        assert_eq!(roles[0], TenantMemberRoleEnum::Owner);
        assert_eq!(serde_json::to_value(&roles[1]).unwrap(), unexpected);
    }
}

#[tokio::test]
async fn date_id_and_tag_of_one_tenant_are_invalid_then_the_page_decodes() {
    for unexpected in unexpected_values() {
        let mut unexpected_tenant = tenant("odd");
        for field in ["created_at", "tenant_id", "environment_tag"] {
            unexpected_tenant[field] = unexpected.clone();
        }
        let page = json!({"tenants": [unexpected_tenant, tenant("acme-dev")]});
        let server = mock_server_json(200, page).await;
        let page = client(&server).tenants().list().await.unwrap();
        let read = serde_json::to_value(&page.tenants[0]).unwrap();
        assert_eq!(read["created_at"], unexpected);
        assert_eq!(read["tenant_id"], unexpected);
        // A null in an optional field is the same as an absent field.
        assert_eq!(read["environment_tag"], unexpected);
        assert_eq!(page.tenants[1].tenant_id, tenant_id());
        assert!(page.tenants[1].created_at.known().is_some());
    }
}

#[tokio::test]
async fn activity_entry_has_unexpected_values_then_the_page_decodes() {
    for unexpected in unexpected_values() {
        let mut entry = activity();
        for field in ["id", "created_at", "status", "type"] {
            entry[field] = unexpected.clone();
        }
        entry["actor"]["type"] = unexpected.clone();
        let server = mock_server_json(200, json!({"logs": [entry.clone(), activity()]})).await;
        let page = client(&server).activity().list().await.unwrap();
        let read = serde_json::to_value(&page.logs[0]).unwrap();
        for field in ["id", "created_at", "status", "type", "actor"] {
            assert_eq!(read[field], entry[field], "{field}");
        }
        assert_eq!(page.logs[1].status, ActivityLogStatusEnum::Success);
    }
}

#[tokio::test]
async fn event_type_is_the_newest_of_the_python_sdk_then_it_is_known() {
    let mut entry = activity();
    entry["type"] = json!("Teams API M2M Activity");
    let server = mock_server_json(200, json!({"logs": [entry]})).await;
    let page = client(&server).activity().list().await.unwrap();
    let kind = page.logs[0].type_.as_ref().unwrap();
    assert_eq!(*kind, ActivityLogEventTypeEnum::TeamsApiM2mActivity);
}

#[tokio::test]
async fn dates_have_different_offsets_then_they_decode_to_the_same_instant() {
    for text in [
        "2026-01-08T10:00:00Z",
        "2026-01-08T11:00:00.000+01:00",
        "2026-01-08T10:00:00.000000000Z",
    ] {
        let mut body = tenant("acme-dev");
        body["created_at"] = json!(text);
        let server = mock_server_json(200, body).await;
        let tenant = client(&server).tenants().get(tenant_id()).await.unwrap();
        let at = tenant.created_at.known().unwrap();
        assert_eq!(at.timestamp(), 1_767_866_400, "{text}");
    }
}

#[tokio::test]
async fn required_field_is_missing_then_the_error_names_its_path() {
    let mut unexpected_member = member("auth0|2");
    unexpected_member.as_object_mut().unwrap().remove("email");
    let page = json!({"members": [member("auth0|1"), unexpected_member]});
    let server = mock_server_json(200, page).await;
    let error = client(&server).members().list().await.unwrap_err();
    assert!(error.is_undecodable(), "{error:?}");
    assert!(
        error.to_string().contains("missing field `email`"),
        "{error}"
    );
    assert!(
        error
            .undecodable()
            .is_some_and(|place| place.path() == "members[1]"),
        "{error}"
    );
}

/// Makes the three bulk calls against a server that returns `response`: the number of failed items, or `None` for a
/// complete success.
async fn bulk(response: ResponseTemplate) -> [Result<Option<usize>, auth0_teams::Error>; 3] {
    let server = mock_server(response).await;
    let tenants = client(&server).members().tenants();
    let roles = [TenantMemberRoleEnum::Owner];
    let add = new_access(roles, [tenant_id()]);
    let change = changed_access(roles, [tenant_id()]);
    let remove = DeleteMembersTenantsRequestContent::with_tenants([tenant_id()]);
    [
        tenants.create(MEMBER_ID, add).await.map(failed),
        tenants.update(MEMBER_ID, change).await.map(failed),
        tenants.remove(MEMBER_ID, remove).await.map(failed),
    ]
}

fn failed<R: auth0_teams::PartialReport>(outcome: Outcome<R>) -> Option<usize> {
    match outcome {
        Outcome::Complete => {
            assert_eq!(outcome.failures().len(), 0);
            None
        }
        Outcome::Partial(report) => Some(report.failures().len()),
    }
}

#[tokio::test]
async fn bulk_response_is_204_then_the_outcome_is_complete_whatever_the_body() {
    for body in ["", "null", "{}", "<html>", &report().to_string()] {
        let response = ResponseTemplate::new(204).set_body_string(body);
        for result in bulk(response).await {
            assert_eq!(result.unwrap(), None, "{body}");
        }
    }
}

#[tokio::test]
async fn bulk_response_is_200_then_the_outcome_is_partial_even_without_failures() {
    let mut body = report();
    body["success"] = json!([]);
    body["failure"] = json!([]);
    for result in bulk(json(200, &body)).await {
        assert_eq!(result.unwrap(), Some(0));
    }
    body["failure"] = report()["failure"].clone();
    for result in bulk(json(200, &body)).await {
        assert_eq!(result.unwrap(), Some(1));
    }
}

#[tokio::test]
async fn bulk_response_is_200_without_a_report_then_it_is_an_error() {
    for body in ["", "null", "{}", "[]", "\"done\""] {
        let response = ResponseTemplate::new(200).set_body_string(body);
        for result in bulk(response).await {
            let error = result.unwrap_err();
            assert!(
                error.is_undecodable() && error.has_acted(),
                "{body}: {error:?}"
            );
            assert_eq!(error.body().unwrap(), body);
        }
    }
}

#[tokio::test]
async fn bulk_response_is_another_success_then_the_error_names_the_status() {
    for status in [201, 202, 206] {
        for result in bulk(json(status, &report())).await {
            let error = result.unwrap_err();
            assert!(error.has_acted(), "{error:?}");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
    }
}

#[tokio::test]
async fn success_has_an_undocumented_status_then_it_decodes() {
    let server = mock_server_json(202, member("auth0|1")).await;
    assert_eq!(
        client(&server).members().get("auth0|1").await.unwrap().id,
        "auth0|1"
    );
    let server = mock_server(ResponseTemplate::new(200)).await;
    client(&server).members().delete("auth0|1").await.unwrap();
}

#[tokio::test]
async fn error_response_is_not_json_then_status_headers_and_body_are_kept() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    for (status, body) in [
        (502, html),
        (500, ""),
        (503, "null"),
        (404, "[]"),
        (400, "{\"type\":"),
        (418, "\u{0}"),
    ] {
        let response = ResponseTemplate::new(status)
            .insert_header("x-request-id", "r-1")
            .set_body_raw(body, "text/html");
        let server = mock_server(response).await;
        let error = client(&server).members().get("auth0|1").await.unwrap_err();
        assert!(error.is_status(), "{error:?}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.headers().unwrap()["x-request-id"], "r-1");
        assert_eq!(error.body().unwrap(), body);
        assert!(error.problem().is_none());
        assert_eq!(error.is_server_error(), status >= 500);
        let text = printed(&error);
        assert!(
            !text.contains("Bad Gateway</") && !text.contains("html"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn error_response_has_validation_errors_then_each_is_typed() {
    let body = json!({
        "status": 400,
        "type": "VALIDATION_ERROR",
        "title": "Invalid request",
        "detail": "two things are wrong",
        "validation_errors": [{"detail": "too short", "field": "tenant_name", "source": "body"}, "odd"],
    });
    let server = mock_server_json(400, body).await;
    let error = client(&server).members().list().await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!(problem.detail(), Some("two things are wrong"));
    let fields: Vec<_> = problem
        .validation_errors()
        .iter()
        .map(|error| error.field())
        .collect();
    assert_eq!(fields, [Some("tenant_name"), None]);
}

#[tokio::test]
async fn success_is_not_json_then_the_error_says_that_the_server_has_acted() {
    for body in ["", "<html>", "{\"id\":", "\u{feff}{}"] {
        let server = mock_server(ResponseTemplate::new(201).set_body_raw(body, "text/html")).await;
        let request = invitation("ada@example.com", TeamMemberRoleEnum::TeamsOwner);
        let error = client(&server).members().invite(request).await.unwrap_err();
        assert!(
            error.is_undecodable() && error.has_acted(),
            "{body}: {error:?}"
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(201));
        assert_eq!(error.body().unwrap(), body);
    }
}

#[tokio::test]
async fn response_is_a_redirect_then_it_is_not_followed() {
    let target = mock_server_json(200, member("auth0|1")).await;
    for status in [301, 302, 303, 307, 308] {
        let response = ResponseTemplate::new(status).insert_header("location", target.uri());
        let server = mock_server(response).await;
        let error = client(&server).members().get("auth0|1").await.unwrap_err();
        assert!(error.is_status(), "{error:?}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    }
    assert_eq!(requests(&target).await.len(), 0);
}

/// Starts a server on a bare socket that sends `response` to one connection. Returns its URL and the request it
/// received.
async fn raw_server(response: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !is_complete_request(&request) {
            let mut chunk = Vec::new();
            assert_ne!(stream.read_buf(&mut chunk).await.unwrap(), 0, "{request}");
            request.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        stream.write_all(response.as_bytes()).await.unwrap();
        request
    });
    (url, served)
}

/// Whether `request` is as long as its `content-length` header says.
fn is_complete_request(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() == length
}

#[tokio::test]
async fn body_is_truncated_then_the_received_part_is_kept_and_the_server_has_acted() {
    let response = "HTTP/1.1 201 Created\r\ncontent-length: 400\r\n\r\n{\"management_client\":{\"client_secret\":\"s3cr3t\"";
    let (url, _served) = raw_server(response).await;
    let payload = public_cloud("ada@example.com", "us");
    let error = client_at(&url).tenants().create(payload).await.unwrap_err();
    assert!(error.is_undecodable() && error.has_acted(), "{error:?}");
    assert!(!error.body_is_complete());
    assert!(String::from_utf8_lossy(error.body().unwrap()).ends_with("\"s3cr3t\""));
    assert!(!printed(&error).contains("s3cr3t"));
}

#[tokio::test]
async fn error_body_is_truncated_then_the_status_is_kept() {
    let (url, _served) = raw_server(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 400\r\n\r\n{\"title\":\"do",
    )
    .await;
    let error = client_at(&url).members().get("auth0|1").await.unwrap_err();
    assert!(error.is_server_error(), "{error:?}");
    assert!(!error.body_is_complete());
    assert_eq!(error.body().unwrap(), "{\"title\":\"do");
}

#[tokio::test]
async fn id_holds_reserved_characters_then_the_raw_request_line_is_encoded() {
    let (url, served) = raw_server("HTTP/1.1 204 No Content\r\n\r\n").await;
    let body = DeleteMembersTenantsRequestContent::with_tenants([tenant_id()]);
    let outcome = client_at(&url)
        .members()
        .tenants()
        .remove(MEMBER_ID, body)
        .await
        .unwrap();
    assert!(outcome.is_complete());
    let request = served.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let line = format!("DELETE /api/members/{ENCODED_MEMBER_ID}/tenants HTTP/1.1\r\n");
    assert!(head.starts_with(&line), "{head}");
    assert!(!head.to_ascii_lowercase().contains("api-version"), "{head}");
    assert_eq!(body, format!("{{\"tenants\":[\"{TENANT_ID}\"]}}"));
}
