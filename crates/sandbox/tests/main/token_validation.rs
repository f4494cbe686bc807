//! Validation of the access token, for every operation.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, send_request, start, start_with};

/// The document of the Teams API.
fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi/teams.json")).unwrap()
}

/// Method, path with parameter values, id and scope of all operations.
fn operations() -> Vec<(Method, String, String, String)> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path
                .replace("{id}", "auth0%7C1")
                .replace("{tenantId}", "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c")
                .replace("{environment}", "US-3");
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let scope = operation["security"][0]["Bearer"][0].as_str().unwrap();
            let method = method.to_uppercase().parse().unwrap();
            operations.push((method, path, id, scope.to_owned()));
        }
    }
    assert!(!operations.is_empty());
    operations
}

async fn get_with_authorization(sandbox: &TestSandbox, authorization: &str) -> TestResponse {
    let request = sandbox
        .http
        .get(format!("{}/api/environments", sandbox.url()));
    send_request(request.header("authorization", authorization)).await
}

/// The claims of the sandbox's token.
fn claims(sandbox: &TestSandbox) -> Value {
    let payload = sandbox.token.split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn call_without_token_is_rejected_by_every_operation() {
    let sandbox = start().await;
    for (method, path, id, _) in operations() {
        let url = format!("{}{path}", sandbox.url());
        let response = send_request(sandbox.http.request(method, url)).await;
        assert_eq!(response.status_and_type(), (401, "UNAUTHORIZED"), "{id}");
        // RFC 6750 §3: no error code if the request has no credentials.
        assert_eq!(response.header("www-authenticate"), Some("Bearer"), "{id}");
        let [record] = &sandbox.requests_of(&id)[..] else {
            panic!("{id} is there several times")
        };
        assert_eq!((record.status, record.acted), (Some(401), false), "{id}");
    }
}

#[tokio::test]
async fn missing_scope_is_named_by_every_operation() {
    let scopes: std::collections::BTreeSet<_> = operations()
        .into_iter()
        .map(|operation| operation.3)
        .collect();
    let none = Application::new("none", "s3cret").scopes::<String>([]);
    let mut sandbox = start_with(Sandbox::builder().application(none)).await;
    let without_any = sandbox.token.clone();
    let all = start_with(Sandbox::builder()).await;
    for (method, path, id, scope) in operations() {
        sandbox.token.clone_from(&without_any);
        let rejected = send_request(sandbox.request(method.clone(), &path)).await;
        assert_eq!(
            rejected.status_and_type(),
            (403, "INSUFFICIENT_SCOPE"),
            "{id}"
        );
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(
            rejected.header("www-authenticate"),
            Some(challenge.as_str())
        );

        let others: Vec<_> = scopes
            .iter()
            .filter(|other| **other != scope)
            .cloned()
            .collect();
        let url = format!("{}{path}", all.url());
        let others = all.token_with_scope(&others.join(" ")).await;
        let request = all.http.request(method.clone(), &url).bearer_auth(others);
        assert_eq!(
            send_request(request).await.status_and_type().1,
            "INSUFFICIENT_SCOPE",
            "{id}"
        );

        // With the scope alone, the call reaches validation and fails only because its resources do not exist.
        let only = all.token_with_scope(&scope).await;
        let request = all.http.request(method, &url).bearer_auth(only);
        let status = send_request(request).await.status;
        assert!(matches!(status, 200 | 400 | 404), "{id}: {status}");
    }
}

#[tokio::test]
async fn malformed_authorization_header_is_an_invalid_request() {
    let sandbox = start().await;
    let basic = format!("Basic {}", STANDARD.encode("sandbox:s3cret"));
    for value in [
        "",
        "Bearer",
        "Bearer ",
        basic.as_str(),
        sandbox.token.as_str(),
    ] {
        let response = get_with_authorization(&sandbox, value).await;
        assert_eq!(
            response.status_and_type(),
            (401, "UNAUTHORIZED"),
            "{value:?}"
        );
        let challenge = response.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_request\""),
            "{challenge}"
        );
    }
    let request = sandbox.request(Method::GET, "/api/environments");
    let twice = request.header("authorization", format!("Bearer {}", sandbox.token));
    send_request(twice).await.expect(401);
    // RFC 9110 §11.1: schemes are case-insensitive.
    get_with_authorization(&sandbox, &format!("bEARER {}", sandbox.token))
        .await
        .expect(200);
    let query = format!(
        "{}/api/environments?access_token={}",
        sandbox.url(),
        sandbox.token
    );
    send_request(sandbox.http.get(query)).await.expect(401);
}

#[tokio::test]
async fn forged_token_is_rejected() {
    let sandbox = start().await;
    let [head, payload, signature] = sandbox.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", sandbox.token)
    };
    let jwks = format!("{}/.well-known/jwks.json", sandbox.url());
    let jwks = send_request(sandbox.http.get(jwks)).await.expect(200);
    let jwk = &jwks["keys"][0];
    let header = |algorithm| {
        let mut header = Header::new(algorithm);
        header.kid = jwk["kid"].as_str().map(str::to_owned);
        header
    };
    let sign = |algorithm, key: &EncodingKey| {
        jsonwebtoken::encode(&header(algorithm), &claims(&sandbox), key).unwrap()
    };

    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let own_key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let mut more = claims(&sandbox);
    more["scope"] = json!("read:members delete:everything");
    let none = part(&json!({"alg": "none", "typ": "JWT"}));
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[100] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(flipped);

    for (what, token) in [
        ("garbage", "garbage".to_owned()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{head}.{payload}.")),
        (
            "half a signature",
            format!("{head}.{payload}.{}", &signature[..100]),
        ),
        (
            "a bit of the signature",
            format!("{head}.{payload}.{flipped}"),
        ),
        ("algorithm none", format!("{none}.{payload}.")),
        (
            "algorithm none, signed",
            format!("{none}.{payload}.{signature}"),
        ),
        (
            "other claims",
            format!("{head}.{}.{signature}", part(&more)),
        ),
        ("another key", sign(Algorithm::RS256, &own_key)),
        ("another algorithm", sign(Algorithm::PS256, &own_key)),
        (
            "HS256 with the modulus",
            sign(Algorithm::HS256, &EncodingKey::from_secret(&modulus)),
        ),
        (
            "HS256 with the JWK",
            sign(
                Algorithm::HS256,
                &EncodingKey::from_secret(jwk.to_string().as_bytes()),
            ),
        ),
    ] {
        // Twice: the claims cache must not accept the token.
        for _ in 0..2 {
            let response = get_with_authorization(&sandbox, &format!("Bearer {token}")).await;
            assert_eq!(response.status_and_type(), (401, "UNAUTHORIZED"), "{what}");
            assert_eq!(
                response.details(),
                "the token has an invalid signature",
                "{what}"
            );
            let challenge = response.header("www-authenticate").unwrap();
            assert!(
                challenge.starts_with("Bearer error=\"invalid_token\""),
                "{what}"
            );
        }
    }
    get_with_authorization(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(200);
}

#[tokio::test]
async fn token_of_another_issuer_is_rejected() {
    // Sandboxes in one process share a key, so the signature is valid.
    let (sandbox, other) = (start().await, start().await);
    let response = get_with_authorization(&sandbox, &format!("Bearer {}", other.token)).await;
    assert_eq!(response.details(), "the token has another issuer");
    assert_eq!(response.status, 401);
}

#[tokio::test]
async fn token_for_another_audience_is_rejected() {
    let before = start().await;
    let port = before.url().rsplit(':').next().unwrap().parse().unwrap();
    let token = before.token.clone();
    drop(before);
    let sandbox = start_with(
        Sandbox::builder()
            .port(port)
            .audience("https://other.test/"),
    )
    .await;
    let response = get_with_authorization(&sandbox, &format!("Bearer {token}")).await;
    assert_eq!(response.details(), "the token has another audience");
    assert_eq!(response.status, 401);
}

#[tokio::test]
async fn first_token_stays_valid_after_the_claims_cache_overflows() {
    let sandbox = start().await;
    for _ in 0..1100 {
        let token = sandbox.token_with_scope("read:members").await;
        get_with_authorization(&sandbox, &format!("Bearer {token}"))
            .await
            .expect(200);
    }
    get_with_authorization(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(200);
    sandbox.advance(Duration::from_secs(86_400));
    // The claims cache must not accept an expired token.
    get_with_authorization(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(401);
}
