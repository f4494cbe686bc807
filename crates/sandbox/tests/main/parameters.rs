//! Invalid parameters and unknown paths.

use serde_json::json;

use crate::support::{TestSandbox, assert_invalid, start};

const ID: &str = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";

#[tokio::test]
async fn invalid_parameter_is_named() {
    let sandbox = start().await;
    for (query, field, rule) in [
        ("take=0", "take", "less than the minimum of 1"),
        ("take=51", "take", "greater than the maximum of 50"),
        ("take=-1", "take", "less than the minimum of 1"),
        (
            "take=99999999999999999999999999",
            "take",
            "greater than the maximum",
        ),
        ("take=%2B5", "take", "expected an integer"),
        ("take=+5", "take", "expected an integer"),
        ("take=05", "take", "expected an integer"),
        ("take=5.0", "take", "expected an integer"),
        ("take=5.5", "take", "expected an integer"),
        ("take=1e1", "take", "expected an integer"),
        ("take=%205", "take", "expected an integer"),
        ("take=5%0A", "take", "expected an integer"),
        ("take=", "take", "expected an integer"),
        ("take", "take", "expected an integer"),
        ("take=five", "take", "expected an integer"),
        ("take=%225%22", "take", "expected an integer"),
        ("take=null", "take", "expected an integer"),
        ("take=5&take=5", "take", "found 2"),
        ("from=a&from=b&from=c", "from", "found 3"),
        ("sort=created_at", "sort", "does not match"),
        ("sort=created_at:2", "sort", "does not match"),
        ("sort=name:1", "sort", "does not match"),
        ("environment=", "environment", "shorter than 1"),
        ("locality=", "locality", "shorter than 1"),
        (
            "environment_tag=testing",
            "environment_tag",
            "is not one of",
        ),
    ] {
        let response = sandbox.get(&format!("/api/tenants?{query}")).await;
        assert_invalid(&response, &format!("{field}: "), rule);
    }
    for query in [
        "since=yesterday",
        "since=2025-01-01",
        "since=2025-01-01T00:00:00",
        "since=",
        "since=2025-02-30T00:00:00Z",
        "since=2025-01-01T24:00:00Z",
        "since=2025-01-01T00:00:00+02:00",
    ] {
        let response = sandbox.get(&format!("/api/activity/logs?{query}")).await;
        assert_invalid(&response, "since: ", "\"date-time\"");
        let response = sandbox
            .get(&format!(
                "/api/activity/logs?{}",
                query.replace("since", "until")
            ))
            .await;
        assert_invalid(&response, "until: ", "\"date-time\"");
    }
    for (query, field) in [("type=Unknown", "type"), ("status=success", "status")] {
        let response = sandbox.get(&format!("/api/activity/logs?{query}")).await;
        assert_invalid(&response, &format!("{field}: "), "");
    }
    for id in [
        "1",
        "not-a-uuid",
        "6f8a3c1e7d2b4f6a9c0d1b2e3f4a5b6c",
        "%7B6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c%7D",
    ] {
        for path in [
            format!("/api/tenants/{id}"),
            format!("/api/tenants/{id}/members"),
        ] {
            assert_invalid(&sandbox.get(&path).await, "tenantId: ", "\"uuid\"");
        }
        assert_invalid(
            &sandbox.delete(&format!("/api/tenants/{id}")).await,
            "tenantId: ",
            "\"uuid\"",
        );
    }
}

#[tokio::test]
async fn path_that_is_not_utf8_is_a_bad_request() {
    let sandbox = start().await;
    let response = sandbox.get("/api/members/%FF").await;
    assert_invalid(&response, "path: ", "UTF-8 in `id`");
    let [record] = &sandbox.requests_of("getMember")[..] else {
        panic!("expected one request")
    };
    assert_eq!((record.status, record.acted), (Some(400), false));
}

#[tokio::test]
async fn unknown_parameter_is_ignored() {
    let sandbox = start().await;
    let page = sandbox
        .get("/api/members?take=3&page=2&page=3&sort=x")
        .await
        .expect(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 3);
    let upper = sandbox
        .get(&format!("/api/tenants/{}", ID.to_uppercase()))
        .await;
    assert_eq!(upper.status_and_type(), (404, "TENANT_NOT_FOUND"));
}

#[tokio::test]
async fn unknown_path_or_method_is_rejected_and_logged() {
    let sandbox: TestSandbox = start().await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/member",
        "/api/members/",
        "/members",
        "/api/v1/users",
    ] {
        assert_eq!(
            sandbox.get(path).await.status_and_type(),
            (404, "NOT_FOUND"),
            "{path}"
        );
        let last = sandbox.requests().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.operation, last.status),
            (path, None, Some(404))
        );
    }
    let response = sandbox.put("/api/members", json!({})).await;
    assert_eq!(response.status_and_type(), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(response.header("allow"), Some("GET,HEAD,POST"));
}
