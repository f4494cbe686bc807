//! `/_sandbox`: the sandbox told what to do by HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Running, reply, start};

async fn told(sandbox: &Running, path: &str, body: Value) -> crate::support::Reply {
    reply(sandbox.admin(Method::POST, path).json(&body)).await
}

const ALL: [(Method, &str); 9] = [
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
async fn token_is_not_that_of_the_sandbox_then_nothing_is_done() {
    let sandbox = start().await;
    let admin = sandbox.connection_info().admin_token;
    for (method, path) in ALL {
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
            // A token for the API is none for this.
            request().bearer_auth(&sandbox.token),
            request().header("authorization", &admin),
            request().basic_auth("admin", Some(&admin)),
        ] {
            let answer = reply(request).await;
            assert_eq!(answer.problem(), (401, "UNAUTHORIZED"), "{path}");
        }
    }
    sandbox.get("/api/environments").await.expect(200);
}

#[tokio::test]
async fn requests_are_listed_then_it_is_what_the_library_says() {
    let sandbox = start().await;
    sandbox.get("/api/members?take=1").await.expect(200);
    sandbox.delete("/api/members/nobody").await.expect(404);
    let listed = reply(sandbox.admin(Method::GET, "/requests"))
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
    reply(sandbox.admin(Method::DELETE, "/requests"))
        .await
        .expect(204);
    assert!(sandbox.requests().is_empty());
    sandbox.get("/api/members?take=1").await.expect(200);
    assert_eq!(sandbox.requests()[0].number, 4);
    sandbox.forget_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn tokens_are_revoked_then_they_no_longer_count() {
    let sandbox = start().await;
    reply(sandbox.admin(Method::POST, "/tokens/revoke"))
        .await
        .expect(204);
    assert_eq!(sandbox.get("/api/environments").await.status, 401);
}

#[tokio::test]
async fn order_is_wrong_then_it_is_refused_with_the_reason() {
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
        let answer = told(&sandbox, path, body).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR"), "{reason}");
        assert!(
            answer.details().contains(reason),
            "{reason}: {}",
            answer.details()
        );
    }
    let unknown = reply(sandbox.admin(Method::POST, "/invitations/uinv_1/accept")).await;
    assert_eq!(unknown.problem(), (404, "NOT_FOUND"));
    let unknown = reply(sandbox.admin(Method::GET, "/nothing")).await;
    assert_eq!(unknown.problem(), (404, "NOT_FOUND"));
    let listed = reply(sandbox.admin(Method::GET, "/faults"))
        .await
        .expect(200);
    assert_eq!(listed, json!([]));
}
