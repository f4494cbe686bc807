//! The token of a call: what it has to be, for every operation.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Running, reply, start, started};

/// The document that the sandbox goes by.
fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi/teams.json")).unwrap()
}

/// Method, path with something for each parameter, id and scopes of all operations.
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
    assert_eq!(operations.len(), 16);
    operations
}

async fn with(sandbox: &Running, authorization: &str) -> Reply {
    let request = sandbox
        .http
        .get(format!("{}/api/environments", sandbox.url()));
    reply(request.header("authorization", authorization)).await
}

/// Claims like those of the sandbox's tokens.
fn claims(sandbox: &Running) -> Value {
    let payload = sandbox.token.split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn call_has_no_token_then_no_operation_lets_it_in() {
    let sandbox = start().await;
    for (method, path, id, _) in operations() {
        let url = format!("{}{path}", sandbox.url());
        let answer = reply(sandbox.http.request(method, url)).await;
        assert_eq!(answer.problem(), (401, "UNAUTHORIZED"), "{id}");
        // RFC 6750 §3: no error code for who did not try.
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{id}");
        let [record] = &sandbox.requests_of(&id)[..] else {
            panic!("{id} is there several times")
        };
        assert_eq!((record.status, record.acted), (Some(401), false), "{id}");
    }
}

#[tokio::test]
async fn token_lacks_the_scope_then_every_operation_names_it() {
    let scopes: std::collections::BTreeSet<_> = operations()
        .into_iter()
        .map(|operation| operation.3)
        .collect();
    let none = Application::new("none", "s3cret").scopes::<String>([]);
    let mut sandbox = started(Sandbox::builder().application(none)).await;
    let without_any = sandbox.token.clone();
    let all = started(Sandbox::builder()).await;
    for (method, path, id, scope) in operations() {
        sandbox.token.clone_from(&without_any);
        let refused = reply(sandbox.request(method.clone(), &path)).await;
        assert_eq!(refused.problem(), (403, "INSUFFICIENT_SCOPE"), "{id}");
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));

        let others: Vec<_> = scopes
            .iter()
            .filter(|other| **other != scope)
            .cloned()
            .collect();
        let url = format!("{}{path}", all.url());
        let others = all.granted(&others.join(" ")).await;
        let request = all.http.request(method.clone(), &url).bearer_auth(others);
        assert_eq!(
            reply(request).await.problem().1,
            "INSUFFICIENT_SCOPE",
            "{id}"
        );

        // The scope alone is enough to get to the request itself, which asks for nothing that exists.
        let only = all.granted(&scope).await;
        let request = all.http.request(method, &url).bearer_auth(only);
        let status = reply(request).await.status;
        assert!(matches!(status, 200 | 400 | 404), "{id}: {status}");
    }
}

#[tokio::test]
async fn header_is_no_bearer_token_then_it_is_an_invalid_request() {
    let sandbox = start().await;
    let basic = format!("Basic {}", STANDARD.encode("sandbox:s3cret"));
    for value in [
        "",
        "Bearer",
        "Bearer ",
        basic.as_str(),
        sandbox.token.as_str(),
    ] {
        let answer = with(&sandbox, value).await;
        assert_eq!(answer.problem(), (401, "UNAUTHORIZED"), "{value:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_request\""),
            "{challenge}"
        );
    }
    let request = sandbox.request(Method::GET, "/api/environments");
    let twice = request.header("authorization", format!("Bearer {}", sandbox.token));
    reply(twice).await.expect(401);
    // RFC 9110 §11.1: schemes are written in any case.
    with(&sandbox, &format!("bEARER {}", sandbox.token))
        .await
        .expect(200);
    let query = format!(
        "{}/api/environments?access_token={}",
        sandbox.url(),
        sandbox.token
    );
    reply(sandbox.http.get(query)).await.expect(401);
}

#[tokio::test]
async fn token_is_forged_then_it_is_refused() {
    let sandbox = start().await;
    let [head, payload, signature] = sandbox.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", sandbox.token)
    };
    let jwks = format!("{}/.well-known/jwks.json", sandbox.url());
    let jwks = reply(sandbox.http.get(jwks)).await.expect(200);
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
        // Twice: what is remembered of a token must not let it in.
        for _ in 0..2 {
            let answer = with(&sandbox, &format!("Bearer {token}")).await;
            assert_eq!(answer.problem(), (401, "UNAUTHORIZED"), "{what}");
            assert_eq!(
                answer.details(),
                "the token's signature is not valid",
                "{what}"
            );
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(
                challenge.starts_with("Bearer error=\"invalid_token\""),
                "{what}"
            );
        }
    }
    with(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(200);
}

#[tokio::test]
async fn token_is_of_another_issuer_then_it_is_refused() {
    // One process has one key, so that the signature of this token is right.
    let (sandbox, other) = (start().await, start().await);
    let answer = with(&sandbox, &format!("Bearer {}", other.token)).await;
    assert_eq!(answer.details(), "the token comes from another issuer");
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn token_is_for_another_audience_then_it_is_refused() {
    let before = start().await;
    let port = before.url().rsplit(':').next().unwrap().parse().unwrap();
    let token = before.token.clone();
    drop(before);
    let sandbox = started(
        Sandbox::builder()
            .port(port)
            .audience("https://other.test/"),
    )
    .await;
    let answer = with(&sandbox, &format!("Bearer {token}")).await;
    assert_eq!(answer.details(), "the token is for another audience");
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn many_tokens_were_seen_then_the_first_one_still_counts() {
    let sandbox = start().await;
    for _ in 0..1100 {
        let token = sandbox.granted("read:members").await;
        with(&sandbox, &format!("Bearer {token}")).await.expect(200);
    }
    with(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(200);
    sandbox.advance(Duration::from_secs(86_400));
    // What was remembered is no reason to let it in.
    with(&sandbox, &format!("Bearer {}", sandbox.token))
        .await
        .expect(401);
}
