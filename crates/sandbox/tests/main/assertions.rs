//! Client authentication with `private_key_jwt`.

use std::sync::LazyLock;
use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::keys::{Pair, ec256, ec384, rsa};
use crate::support::{TestResponse, TestSandbox, send_request, start_with};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Pairs<'a> = &'a [(&'a str, &'a str)];

static RSA: LazyLock<Pair> = LazyLock::new(rsa);

/// Valid claims at the current time.
fn claims(sandbox: &TestSandbox, jti: &str) -> Value {
    let now = chrono::Utc::now().timestamp();
    let issuer = format!("{}/", sandbox.url());
    json!({"iss": "robot", "sub": "robot", "aud": issuer, "iat": now, "exp": now + 60, "jti": jti})
}

fn sign(key: &EncodingKey, header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

async fn send(sandbox: &TestSandbox, assertion: &str) -> TestResponse {
    sandbox
        .request_token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
            ("audience", sandbox.audience()),
        ])
        .await
}

/// Starts a sandbox with this application only.
async fn start_with_application(application: Application) -> TestSandbox {
    let builder = Sandbox::builder()
        .application(application)
        .check_responses();
    TestSandbox::without_token(builder.start().await.unwrap())
}

#[tokio::test]
async fn valid_assertion_obtains_a_token_with_every_algorithm_and_key_format() {
    let (small, large) = (ec256(), ec384());
    let table: [(&Pair, &[Algorithm]); 3] = [
        (
            &RSA,
            &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::PS256,
                Algorithm::PS384,
            ],
        ),
        (&small, &[Algorithm::ES256]),
        (&large, &[Algorithm::ES384]),
    ];
    for (pair, algorithms) in table {
        let bare = || Application::native("robot");
        let by_pem = bare().public_key(&pair.public_pem).unwrap();
        let by_jwk = bare().jwk(&pair.jwk).unwrap();
        for application in [by_pem, by_jwk] {
            let sandbox = start_with_application(application).await;
            for algorithm in algorithms {
                let text = sign(
                    &pair.key,
                    &Header::new(*algorithm),
                    &claims(&sandbox, &format!("{algorithm:?}")),
                );
                let response = send(&sandbox, &text).await;
                assert_eq!(response.status, 200, "{algorithm:?} {:?}", response.body);
            }
        }
    }
}

#[tokio::test]
async fn token_endpoint_is_accepted_as_audience() {
    let sandbox = start_with_application(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let mut claims = claims(&sandbox, "1");
    claims["aud"] = json!(sandbox.token_url());
    let text = sign(&RSA.key, &Header::new(Algorithm::RS256), &claims);
    send(&sandbox, &text).await.expect(200);
}

#[tokio::test]
async fn invalid_claim_is_named_in_the_error() {
    let sandbox = start_with_application(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let now = chrono::Utc::now().timestamp();
    let no_slash = json!(sandbox.url());
    let list = json!([format!("{}/", sandbox.url())]);
    #[rustfmt::skip]
    let table: &[(&str, Option<Value>, &str)] = &[
        ("iss", Some(json!("other")), "iss:"),
        ("iss", None, "iss:"),
        ("sub", Some(json!("other")), "unknown client id"),
        ("sub", None, "sub: missing"),
        ("aud", Some(no_slash), "aud:"),
        ("aud", Some(json!("https://other.test/")), "aud:"),
        ("aud", Some(list), "aud:"),
        ("aud", None, "aud:"),
        ("exp", Some(json!(now - 1)), "exp: the assertion has expired"),
        ("exp", Some(json!(now + 330)), "exp: expected at most 5 minutes"),
        ("exp", Some(json!("soon")), "exp: expected an integer"),
        ("exp", None, "exp: expected an integer"),
        ("iat", Some(json!(now + 30)), "iat: expected a time in the past"),
        ("iat", Some(json!("now")), "iat: expected an integer"),
        ("nbf", Some(json!(now + 30)), "nbf: expected a time in the past"),
        ("jti", None, "jti: missing"),
        ("jti", Some(json!("")), "jti: missing"),
    ];
    for (name, value, reason) in table {
        let mut claims = claims(&sandbox, &format!("{name}{value:?}"));
        match value {
            Some(value) => claims[*name] = value.clone(),
            None => {
                claims.as_object_mut().unwrap().remove(*name);
            }
        }
        let text = sign(&RSA.key, &Header::new(Algorithm::RS256), &claims);
        assert_invalid_client(&send(&sandbox, &text).await, reason, &text);
    }
    assert_eq!(sandbox.tokens_granted(), 0);
}

#[tokio::test]
async fn invalid_signature_or_header_is_rejected() {
    let mut jwk = RSA.jwk.clone();
    jwk["kid"] = json!("first");
    jwk["alg"] = json!("RS256");
    let sandbox = start_with_application(Application::native("robot").jwk(&jwk).unwrap()).await;
    let valid_claims = |jti: &str| claims(&sandbox, jti);
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("first".to_owned());
    send(&sandbox, &sign(&RSA.key, &header, &valid_claims("1")))
        .await
        .expect(200);

    header.kid = Some("second".to_owned());
    let text = sign(&RSA.key, &header, &valid_claims("2"));
    assert_invalid_client(&send(&sandbox, &text).await, "kid:", &text);

    let text = sign(&RSA.key, &Header::new(Algorithm::PS256), &valid_claims("3"));
    assert_invalid_client(
        &send(&sandbox, &text).await,
        "has no key for this algorithm",
        &text,
    );
    let text = sign(&RSA.key, &Header::new(Algorithm::RS512), &valid_claims("4"));
    assert_invalid_client(&send(&sandbox, &text).await, "alg: expected RS256", &text);
    let text = sign(
        &rsa().key,
        &Header::new(Algorithm::RS256),
        &valid_claims("5"),
    );
    assert_invalid_client(&send(&sandbox, &text).await, "the signature", &text);
    // Signed with public data as the secret.
    let shared = EncodingKey::from_secret(jwk["n"].as_str().unwrap().as_bytes());
    let text = sign(&shared, &Header::new(Algorithm::HS256), &valid_claims("6"));
    assert_invalid_client(&send(&sandbox, &text).await, "alg: expected RS256", &text);
    let text = sign(&RSA.key, &Header::new(Algorithm::RS256), &valid_claims("7"));
    let (_, rest) = text.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
    assert_invalid_client(&send(&sandbox, &unsigned).await, "alg: expected", &unsigned);
    assert_invalid_client(
        &send(&sandbox, "not a JWT").await,
        "expected a JWT",
        "not a",
    );
}

#[tokio::test]
async fn reused_assertion_is_rejected() {
    let sandbox = start_with_application(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let text = sign(
        &RSA.key,
        &Header::new(Algorithm::RS256),
        &claims(&sandbox, "1"),
    );
    send(&sandbox, &text).await.expect(200);
    assert_invalid_client(
        &send(&sandbox, &text).await,
        "jti: expected a new value",
        &text,
    );
}

#[tokio::test]
async fn assertion_expires_by_the_sandbox_clock() {
    let sandbox = start_with_application(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    sandbox.advance(Duration::from_secs(61));
    let text = sign(
        &RSA.key,
        &Header::new(Algorithm::RS256),
        &claims(&sandbox, "1"),
    );
    assert_invalid_client(
        &send(&sandbox, &text).await,
        "exp: the assertion has expired",
        &text,
    );
}

#[tokio::test]
async fn other_authentication_methods_are_rejected() {
    let application = Application::new("robot", "s3cret").jwk(&RSA.jwk).unwrap();
    let other = Application::new("other", "secret");
    let builder = Sandbox::builder()
        .application(application)
        .application(other);
    let sandbox = TestSandbox::without_token(builder.check_responses().start().await.unwrap());
    let grant = ("grant_type", "client_credentials");
    let audience = ("audience", sandbox.audience());
    let text = sign(
        &RSA.key,
        &Header::new(Algorithm::RS256),
        &claims(&sandbox, "1"),
    );
    let assertion = ("client_assertion", text.as_str());
    let kind = ("client_assertion_type", TYPE);
    let (id, secret) = (("client_id", "robot"), ("client_secret", "s3cret"));
    let other = ("client_id", "other");
    #[rustfmt::skip]
    let table: &[(Pairs<'_>, u16, &str)] = &[
        // The secret is not accepted for an application with a key.
        (&[grant, audience, id, secret], 401, "invalid_client"),
        (&[grant, audience, id], 400, "invalid_request"),
        (&[grant, audience, assertion], 400, "invalid_request"),
        (&[grant, audience, assertion, ("client_assertion_type", "jwt")], 401, "invalid_client"),
        (&[grant, audience, assertion, kind, secret], 400, "invalid_request"),
        (&[grant, audience, assertion, kind, other], 401, "invalid_client"),
        (&[grant, audience, assertion, kind, id], 200, ""),
    ];
    for (pairs, status, error) in table {
        let response = sandbox.request_token(pairs).await;
        let found = response.body["error"].as_str().unwrap_or_default();
        assert_eq!((response.status, found), (*status, *error), "{pairs:?}");
    }
    let request = sandbox.form(&[grant, audience, assertion, kind]);
    let response = send_request(request.basic_auth("robot", Some("s3cret"))).await;
    assert_eq!(response.expect(400)["error"], "invalid_request");
}

#[tokio::test]
async fn private_or_invalid_key_is_rejected() {
    let private = Jwk::from_encoding_key(&RSA.key, Algorithm::RS256).unwrap();
    let mut private = serde_json::to_value(private).unwrap();
    private["d"] = json!("c2VjcmV0");
    let bare = || Application::native("robot");
    let symmetric = json!({"kty": "oct", "k": "c2VjcmV0"});
    let mut encrypting = RSA.jwk.clone();
    encrypting["alg"] = json!("RSA-OAEP");
    let errors = [
        bare().jwk(&private).unwrap_err(),
        bare().jwk(&symmetric).unwrap_err(),
        bare().jwk(&encrypting).unwrap_err(),
        bare().jwk(&json!("text")).unwrap_err(),
        bare().public_key(&RSA.private_pem).unwrap_err(),
        bare().public_key("c2VjcmV0").unwrap_err(),
    ];
    for error in errors {
        let text = format!("{error} {error:?}");
        assert!(text.starts_with("public key: "), "{text}");
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
}

#[tokio::test]
async fn discovery_lists_the_assertion_algorithms() {
    let sandbox = start_with(Sandbox::builder()).await;
    let url = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = send_request(sandbox.http.get(url)).await.expect(200);
    assert_eq!(
        discovery["token_endpoint_auth_signing_alg_values_supported"],
        json!(["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"])
    );
}

/// Asserts that the client is rejected for this reason, and that the response does not repeat the assertion.
#[track_caller]
fn assert_invalid_client(response: &TestResponse, reason: &str, text: &str) {
    let description = response.body["error_description"].as_str().unwrap();
    assert_eq!(response.body["error"], "invalid_client", "{reason}");
    assert_eq!(response.status, 401, "{reason}");
    assert!(description.contains(reason), "{reason}: {description}");
    for part in text.split('.').filter(|part| !part.is_empty()) {
        assert!(!description.contains(part), "{description}");
    }
}
