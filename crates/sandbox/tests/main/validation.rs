//! Requests with bodies that break a rule of the document: status 400 names the field and the rule.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{assert_invalid, member, reply, start};

const ID: &str = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";

#[tokio::test]
async fn invitation_breaks_a_rule_then_the_field_is_named() {
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
    // Several rules at once are all named.
    let answer = sandbox
        .post("/api/members", json!({"email": 1, "extra": 2}))
        .await;
    for part in ["/email", "role", "extra"] {
        assert!(answer.details().contains(part), "{}", answer.details());
    }
    assert!(sandbox.invitations().is_empty());
}

#[tokio::test]
async fn tenant_breaks_a_rule_then_the_field_is_named() {
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
    // Neither of the two forms, both, and a tag in the private cloud.
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
async fn access_breaks_a_rule_then_the_field_is_named() {
    let sandbox = start().await;
    let path = format!("{}/tenants", member(&sandbox.first_member().id));
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
async fn body_is_no_json_object_then_that_is_said() {
    let sandbox = start().await;
    let send = async |kind: Option<&str>, body: &str| {
        let mut request = sandbox
            .request(Method::POST, "/api/members")
            .body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        reply(request).await
    };
    let json = Some("application/json");
    let right = r#"{"email":"new@example.com","role":"teams_contributor"}"#;
    assert_invalid(&send(json, "").await, "body", "found none");
    assert_invalid(&send(None, "").await, "body", "found none");
    assert_invalid(&send(json, "{").await, "body", "line 1, column 1");
    assert_invalid(&send(json, "{\"email\":\n}").await, "body", "line 2");
    assert_invalid(
        &send(json, &format!("{right} x")).await,
        "body",
        "expected JSON",
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
        assert_invalid(&send(kind, right).await, "content-type", "application/json");
    }
    send(Some("Application/JSON; charset=utf-8"), right)
        .await
        .expect(201);
    let invalid = [b'"', 0xFF, b'"'];
    let request = sandbox
        .request(Method::POST, "/api/members")
        .header("content-type", "application/json");
    assert_invalid(
        &reply(request.body(invalid.to_vec())).await,
        "body",
        "expected JSON",
    );
    // A DELETE has a body where the document says so.
    let path = format!("{}/tenants", member(&sandbox.first_member().id));
    assert_invalid(&sandbox.delete(&path).await, "body", "found none");
}

#[tokio::test]
async fn body_is_too_long_then_it_is_refused_and_seen() {
    let sandbox = start().await;
    for path in ["/api/members", "/oauth/token"] {
        let request = sandbox
            .request(Method::POST, path)
            .body(" ".repeat(1024 * 1024 + 1));
        let answer = reply(request.header("content-type", "application/json")).await;
        assert_invalid(&answer, "body", "at most 1048576 bytes");
        let last = sandbox.requests().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.status, last.acted),
            (path, Some(400), false)
        );
    }
}
