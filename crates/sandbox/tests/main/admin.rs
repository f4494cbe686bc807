//! The control API under `/_sandbox`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestSandbox, send_request, start};

async fn post_admin(
    sandbox: &TestSandbox,
    path: &str,
    body: Value,
) -> crate::support::TestResponse {
    send_request(sandbox.admin(Method::POST, path).json(&body)).await
}

const ENDPOINTS: [(Method, &str); 9] = [
    (Method::GET, "/requests"),
    (Method::DELETE, "/requests"),
    (Method::GET, "/faults"),
    (Method::POST, "/faults"),
    (Method::DELETE, "/faults"),
    (Method::POST, "/clock"),
    (Method::POST, "/tokens/revoke"),
    (Method::GET, "/invitations"),
    (Method::POST, "/invitations/1/accept"),
];

#[tokio::test]
async fn request_without_admin_token_is_rejected() {
    let sandbox = start().await;
    let admin = sandbox.connection_info().admin_token;
    for (method, path) in ENDPOINTS {
        let url = format!("{}/_sandbox{path}", sandbox.url());
        let request = || {
            sandbox
                .http
                .request(method.clone(), &url)
                .json(&json!({"advance_seconds": 1_000_000}))
        };
        for request in [
            request(),
            request().bearer_auth("wrong"),
            request().bearer_auth(&admin[1..]),
            // A token for an API is not an admin token.
            request().bearer_auth(&sandbox.token),
            request().header("authorization", &admin),
            request().basic_auth("admin", Some(&admin)),
        ] {
            let response = send_request(request).await;
            assert_eq!(response.status_and_type(), (401, "UNAUTHORIZED"), "{path}");
        }
    }
    sandbox.get("/api/environments").await.expect(200);
}

#[tokio::test]
async fn listed_requests_match_the_library() {
    let sandbox = start().await;
    sandbox.get("/api/members?take=1").await.expect(200);
    sandbox.delete("/api/members/nobody").await.expect(404);
    let listed = send_request(sandbox.admin(Method::GET, "/requests"))
        .await
        .expect(200);
    assert_eq!(listed, serde_json::to_value(sandbox.requests()).unwrap());
    assert_eq!(
        listed,
        json!([
            {"number": 1, "method": "POST", "path": "/oauth/token", "operation": "token", "status": 200, "acted": true},
            {"number": 2, "method": "GET", "path": "/api/members", "query": "take=1", "operation": "listMembers", "status": 200, "acted": true},
            {"number": 3, "method": "DELETE", "path": "/api/members/nobody", "operation": "deleteMember", "status": 404, "acted": false},
        ])
    );
    send_request(sandbox.admin(Method::DELETE, "/requests"))
        .await
        .expect(204);
    assert!(sandbox.requests().is_empty());
    sandbox.get("/api/members?take=1").await.expect(200);
    assert_eq!(sandbox.requests()[0].number, 4);
    sandbox.forget_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn revoked_token_is_rejected() {
    let sandbox = start().await;
    send_request(sandbox.admin(Method::POST, "/tokens/revoke"))
        .await
        .expect(204);
    assert_eq!(sandbox.get("/api/environments").await.status, 401);
}

#[tokio::test]
async fn invalid_command_is_rejected_with_a_reason() {
    let sandbox = start().await;
    for (path, body, reason) in [
        ("/clock", json!({"advance": 1}), "unknown field `advance`"),
        ("/clock", json!({"advance_seconds": -1}), "invalid value"),
        (
            "/faults",
            json!({"operation": "getTenants", "then": "truncate"}),
            "expected an operation, found `getTenants`",
        ),
        (
            "/faults",
            json!({"operation": "getTenant"}),
            "expected `then` or `delay-ms`, found neither",
        ),
        (
            "/faults",
            json!({"then": {"answer": {"status": 700}}}),
            "expected a status from 200 to 599, found 700",
        ),
        ("/faults", json!({"then": "quota"}), "body: "),
        (
            "/faults",
            json!({"then": {"quota": {"seconds": 5}}}),
            "expected operation = \"token\"",
        ),
    ] {
        let response = post_admin(&sandbox, path, body).await;
        assert_eq!(
            response.status_and_type(),
            (400, "VALIDATION_ERROR"),
            "{reason}"
        );
        assert!(
            response.details().contains(reason),
            "{reason}: {}",
            response.details()
        );
    }
    let unknown = send_request(sandbox.admin(Method::POST, "/invitations/uinv_1/accept")).await;
    assert_eq!(unknown.status_and_type(), (404, "NOT_FOUND"));
    let unknown = send_request(sandbox.admin(Method::GET, "/nothing")).await;
    assert_eq!(unknown.status_and_type(), (404, "NOT_FOUND"));
    let listed = send_request(sandbox.admin(Method::GET, "/faults"))
        .await
        .expect(200);
    assert_eq!(listed, json!([]));
}
