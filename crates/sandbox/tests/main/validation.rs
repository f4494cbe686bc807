//! Invalid request bodies: a 400 names the field and the rule.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{assert_invalid, member_path, send_request, start};

const ID: &str = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";

#[tokio::test]
async fn invalid_invitation_names_the_field() {
    let sandbox = start().await;
    for (field, value, rule) in [
        ("email", Value::Null, "string"),
        ("email", json!(7), "\"string\""),
        ("email", json!("nobody"), "\"email\""),
        ("email", json!(""), "\"email\""),
        ("role", json!("owner"), "is not one of"),
        ("role", json!(""), "is not one of"),
        ("role", json!(["teams_owner"]), "\"string\""),
        ("tenant_ids", json!(ID), "\"array\""),
        ("tenant_ids", json!(["no-uuid"]), "\"uuid\""),
        (
            "tenant_ids/1",
            json!([ID, "6f8a3c1e7d2b4f6a9c0d1b2e3f4a5b6c"]),
            "\"uuid\"",
        ),
        ("tenant_roles/0", json!(["king"]), "is not one of"),
        ("client_ids/0", json!(["abcd"]), "shorter than 5"),
        ("client_ids/0", json!(["a".repeat(51)]), "longer than 50"),
        ("client_ids/0", json!(["abc/def"]), "does not match"),
        ("nickname", json!("x"), "dditional properties"),
    ] {
        let mut body = json!({"email": "new@example.com", "role": "teams_contributor"});
        body[field.split('/').next().unwrap()] = value;
        assert_invalid(&sandbox.post("/api/members", body).await, field, rule);
    }
    for field in ["email", "role"] {
        let mut body = json!({"email": "new@example.com", "role": "teams_contributor"});
        body.as_object_mut().unwrap().remove(field);
        assert_invalid(&sandbox.post("/api/members", body).await, field, "required");
    }
    // All violated rules are named.
    let response = sandbox
        .post("/api/members", json!({"email": 1, "extra": 2}))
        .await;
    for part in ["/email", "role", "extra"] {
        assert!(response.details().contains(part), "{}", response.details());
    }
    assert!(sandbox.invitations().is_empty());
}

#[tokio::test]
async fn invalid_tenant_names_the_field() {
    let sandbox = start().await;
    let email = sandbox.first_member().email.clone();
    for (field, value, rule) in [
        ("tenant_name", json!("ab"), "shorter than 3"),
        ("tenant_name", json!("a".repeat(64)), "longer than 63"),
        ("tenant_name", json!("Upper"), "does not match"),
        ("tenant_name", json!("-begins"), "does not match"),
        ("tenant_name", json!("ends-"), "does not match"),
        ("tenant_name", json!("new\n"), "does not match"),
        ("locality", json!("x"), "shorter than 2"),
        ("locality", json!("toolong"), "longer than 5"),
        ("environment_tag", json!("testing"), "is not one of"),
        ("admin_email", json!("nobody"), "\"email\""),
        ("admin_email", Value::Null, "\"string\""),
    ] {
        let mut body = json!({"admin_email": email, "locality": "us"});
        body[field] = value;
        assert_invalid(&sandbox.post("/api/tenants", body).await, field, rule);
    }
    for environment in [
        json!("Upper"),
        json!("two--hyphens"),
        json!(""),
        json!("a".repeat(33)),
        json!(1),
    ] {
        let body = json!({"admin_email": email, "environment": environment});
        assert_invalid(&sandbox.post("/api/tenants", body).await, "environment", "");
    }
    // Neither form, both forms, and a tag in the private cloud.
    let neither = sandbox
        .post("/api/tenants", json!({"admin_email": email}))
        .await;
    assert_invalid(&neither, "", "required");
    let both = json!({"admin_email": email, "locality": "us", "environment": "private-1"});
    assert_invalid(
        &sandbox.post("/api/tenants", both).await,
        "",
        "dditional properties",
    );
    let tagged =
        json!({"admin_email": email, "environment": "private-1", "environment_tag": "staging"});
    assert_invalid(
        &sandbox.post("/api/tenants", tagged).await,
        "environment_tag",
        "",
    );
    assert_eq!(sandbox.tenant_ids().await.len(), 8);
}

#[tokio::test]
async fn invalid_access_names_the_field() {
    let sandbox = start().await;
    let path = format!("{}/tenants", member_path(&sandbox.first_member().id));
    let eleven = json!(vec![ID; 11]);
    for (method, body, field, rule) in [
        (
            Method::PUT,
            json!({"tenants": [], "roles": ["owner"]}),
            "/tenants",
            "less than 1 item",
        ),
        (
            Method::PUT,
            json!({"tenants": eleven, "roles": ["owner"]}),
            "/tenants",
            "more than 10 items",
        ),
        (
            Method::PUT,
            json!({"tenants": [ID], "roles": []}),
            "/roles",
            "less than 1 item",
        ),
        (Method::PUT, json!({"tenants": [ID]}), "roles", "required"),
        (
            Method::PUT,
            json!({"roles": ["owner"]}),
            "tenants",
            "required",
        ),
        (
            Method::PATCH,
            json!({"tenants": [], "roles": ["owner"]}),
            "/tenants",
            "less than 1 item",
        ),
        (
            Method::PATCH,
            json!({"tenants": [ID], "roles": ["x"]}),
            "/roles/0",
            "is not one of",
        ),
        (
            Method::DELETE,
            json!({"tenants": eleven}),
            "/tenants",
            "more than 10 items",
        ),
        (
            Method::DELETE,
            json!({"tenants": [ID], "roles": ["owner"]}),
            "roles",
            "dditional properties",
        ),
        (
            Method::DELETE,
            json!({"tenants": [1]}),
            "/tenants/0",
            "\"string\"",
        ),
        (Method::DELETE, json!({}), "tenants", "required"),
    ] {
        assert_invalid(&sandbox.send(method, &path, body).await, field, rule);
    }
}

#[tokio::test]
async fn body_that_is_not_a_json_object_is_reported() {
    let sandbox = start().await;
    let send = async |kind: Option<&str>, body: &str| {
        let mut request = sandbox
            .request(Method::POST, "/api/members")
            .body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        send_request(request).await
    };
    let json = Some("application/json");
    let valid = r#"{"email":"new@example.com","role":"teams_contributor"}"#;
    assert_invalid(&send(json, "").await, "body", "found an empty body");
    assert_invalid(&send(None, "").await, "body", "found an empty body");
    assert_invalid(&send(json, "{").await, "body", "line 1, column 1");
    assert_invalid(&send(json, "{\"email\":\n}").await, "body", "line 2");
    assert_invalid(
        &send(json, &format!("{valid} x")).await,
        "body",
        "expected valid JSON",
    );
    for body in ["[]", "null", "7", "\"text\"", "true"] {
        assert_invalid(&send(json, body).await, "body", "\"object\"");
    }
    for kind in [
        None,
        Some("text/plain"),
        Some("application/xml"),
        Some("application/jsonp"),
        Some("application/x-www-form-urlencoded"),
    ] {
        assert_invalid(&send(kind, valid).await, "content-type", "application/json");
    }
    send(Some("Application/JSON; charset=utf-8"), valid)
        .await
        .expect(201);
    let invalid = [b'"', 0xFF, b'"'];
    let request = sandbox
        .request(Method::POST, "/api/members")
        .header("content-type", "application/json");
    assert_invalid(
        &send_request(request.body(invalid.to_vec())).await,
        "body",
        "expected valid JSON",
    );
    // A DELETE requires a body if the document defines one.
    let path = format!("{}/tenants", member_path(&sandbox.first_member().id));
    assert_invalid(&sandbox.delete(&path).await, "body", "found an empty body");
}

#[tokio::test]
async fn oversized_body_is_rejected_and_logged() {
    let sandbox = start().await;
    for path in ["/api/members", "/oauth/token"] {
        let request = sandbox
            .request(Method::POST, path)
            .body(" ".repeat(1024 * 1024 + 1));
        let response = send_request(request.header("content-type", "application/json")).await;
        assert_invalid(&response, "body", "at most 1048576 bytes");
        let last = sandbox.requests().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.status, last.acted),
            (path, Some(400), false)
        );
    }
}
