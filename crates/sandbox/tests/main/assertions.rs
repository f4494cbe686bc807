//! `private_key_jwt`: clients that sign what they are.

use std::sync::LazyLock;
use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::keys::{Pair, ec256, ec384, rsa};
use crate::support::{Reply, Running, reply, started};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Pairs<'a> = &'a [(&'a str, &'a str)];

static RSA: LazyLock<Pair> = LazyLock::new(rsa);

/// Claims that are right now.
fn claims(sandbox: &Running, jti: &str) -> Value {
    let now = chrono::Utc::now().timestamp();
    let issuer = format!("{}/", sandbox.url());
    json!({"iss": "robot", "sub": "robot", "aud": issuer, "iat": now, "exp": now + 60, "jti": jti})
}

fn signed(key: &EncodingKey, header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

async fn send(sandbox: &Running, assertion: &str) -> Reply {
    sandbox
        .ask(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
            ("audience", sandbox.audience()),
        ])
        .await
}

/// A sandbox whose one application has this key.
async fn with(application: Application) -> Running {
    let builder = Sandbox::builder()
        .application(application)
        .check_responses();
    Running::without_token(builder.start().await.unwrap())
}

#[tokio::test]
async fn assertion_is_right_then_each_algorithm_and_form_of_key_is_granted_a_token() {
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
            let sandbox = with(application).await;
            for algorithm in algorithms {
                let text = signed(
                    &pair.key,
                    &Header::new(*algorithm),
                    &claims(&sandbox, &format!("{algorithm:?}")),
                );
                let answer = send(&sandbox, &text).await;
                assert_eq!(answer.status, 200, "{algorithm:?} {:?}", answer.body);
            }
        }
    }
}

#[tokio::test]
async fn audience_is_the_token_endpoint_then_it_counts_as_well() {
    let sandbox = with(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let mut claims = claims(&sandbox, "1");
    claims["aud"] = json!(sandbox.token_url());
    let text = signed(&RSA.key, &Header::new(Algorithm::RS256), &claims);
    send(&sandbox, &text).await.expect(200);
}

#[tokio::test]
async fn claim_is_wrong_then_the_client_is_refused_and_told_which() {
    let sandbox = with(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let now = chrono::Utc::now().timestamp();
    let no_slash = json!(sandbox.url());
    let list = json!([format!("{}/", sandbox.url())]);
    #[rustfmt::skip]
    let table: &[(&str, Option<Value>, &str)] = &[
        ("iss", Some(json!("other")), "iss:"),
        ("iss", None, "iss:"),
        ("sub", Some(json!("other")), "no application has this client id"),
        ("sub", None, "sub is missing"),
        ("aud", Some(no_slash), "aud:"),
        ("aud", Some(json!("https://other.test/")), "aud:"),
        ("aud", Some(list), "aud:"),
        ("aud", None, "aud:"),
        ("exp", Some(json!(now - 1)), "exp: it has expired"),
        ("exp", Some(json!(now + 330)), "exp: expected at most 5 minutes"),
        ("exp", Some(json!("soon")), "exp: expected a whole number"),
        ("exp", None, "exp: expected a whole number"),
        ("iat", Some(json!(now + 30)), "iat: it lies in the future"),
        ("iat", Some(json!("now")), "iat: expected a whole number"),
        ("nbf", Some(json!(now + 30)), "nbf: it lies in the future"),
        ("jti", None, "jti is missing"),
        ("jti", Some(json!("")), "jti is missing"),
    ];
    for (name, value, why) in table {
        let mut claims = claims(&sandbox, &format!("{name}{value:?}"));
        match value {
            Some(value) => claims[*name] = value.clone(),
            None => {
                claims.as_object_mut().unwrap().remove(*name);
            }
        }
        let text = signed(&RSA.key, &Header::new(Algorithm::RS256), &claims);
        refused(&send(&sandbox, &text).await, why, &text);
    }
    assert_eq!(sandbox.tokens_granted(), 0);
}

#[tokio::test]
async fn signature_or_header_is_wrong_then_the_client_is_refused() {
    let mut jwk = RSA.jwk.clone();
    jwk["kid"] = json!("first");
    jwk["alg"] = json!("RS256");
    let sandbox = with(Application::native("robot").jwk(&jwk).unwrap()).await;
    let right = |jti: &str| claims(&sandbox, jti);
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("first".to_owned());
    send(&sandbox, &signed(&RSA.key, &header, &right("1")))
        .await
        .expect(200);

    header.kid = Some("second".to_owned());
    let text = signed(&RSA.key, &header, &right("2"));
    refused(&send(&sandbox, &text).await, "kid:", &text);

    let text = signed(&RSA.key, &Header::new(Algorithm::PS256), &right("3"));
    refused(&send(&sandbox, &text).await, "has no key for it", &text);
    let text = signed(&RSA.key, &Header::new(Algorithm::RS512), &right("4"));
    refused(&send(&sandbox, &text).await, "alg: expected RS256", &text);
    let text = signed(&rsa().key, &Header::new(Algorithm::RS256), &right("5"));
    refused(&send(&sandbox, &text).await, "the signature", &text);
    // Signed with what everybody knows.
    let shared = EncodingKey::from_secret(jwk["n"].as_str().unwrap().as_bytes());
    let text = signed(&shared, &Header::new(Algorithm::HS256), &right("6"));
    refused(&send(&sandbox, &text).await, "alg: expected RS256", &text);
    let text = signed(&RSA.key, &Header::new(Algorithm::RS256), &right("7"));
    let (_, rest) = text.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
    refused(&send(&sandbox, &unsigned).await, "alg: expected", &unsigned);
    refused(
        &send(&sandbox, "not a JWT").await,
        "expected a JWT",
        "not a",
    );
}

#[tokio::test]
async fn assertion_is_sent_twice_then_the_second_is_refused() {
    let sandbox = with(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    let text = signed(
        &RSA.key,
        &Header::new(Algorithm::RS256),
        &claims(&sandbox, "1"),
    );
    send(&sandbox, &text).await.expect(200);
    refused(
        &send(&sandbox, &text).await,
        "jti: expected a new one",
        &text,
    );
}

#[tokio::test]
async fn clock_is_moved_on_then_the_assertion_has_expired() {
    let sandbox = with(Application::native("robot").jwk(&RSA.jwk).unwrap()).await;
    sandbox.advance(Duration::from_secs(61));
    let text = signed(
        &RSA.key,
        &Header::new(Algorithm::RS256),
        &claims(&sandbox, "1"),
    );
    refused(&send(&sandbox, &text).await, "exp: it has expired", &text);
}

#[tokio::test]
async fn another_way_is_used_then_it_is_refused() {
    let application = Application::new("robot", "s3cret").jwk(&RSA.jwk).unwrap();
    let other = Application::new("other", "secret");
    let builder = Sandbox::builder()
        .application(application)
        .application(other);
    let sandbox = Running::without_token(builder.check_responses().start().await.unwrap());
    let grant = ("grant_type", "client_credentials");
    let audience = ("audience", sandbox.audience());
    let text = signed(
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
        // A secret no longer counts where there is a key.
        (&[grant, audience, id, secret], 401, "invalid_client"),
        (&[grant, audience, id], 400, "invalid_request"),
        (&[grant, audience, assertion], 400, "invalid_request"),
        (&[grant, audience, assertion, ("client_assertion_type", "jwt")], 401, "invalid_client"),
        (&[grant, audience, assertion, kind, secret], 400, "invalid_request"),
        (&[grant, audience, assertion, kind, other], 401, "invalid_client"),
        (&[grant, audience, assertion, kind, id], 200, ""),
    ];
    for (pairs, status, error) in table {
        let answer = sandbox.ask(pairs).await;
        let found = answer.body["error"].as_str().unwrap_or_default();
        assert_eq!((answer.status, found), (*status, *error), "{pairs:?}");
    }
    let request = sandbox.form(&[grant, audience, assertion, kind]);
    let answer = reply(request.basic_auth("robot", Some("s3cret"))).await;
    assert_eq!(answer.expect(400)["error"], "invalid_request");
}

#[tokio::test]
async fn key_is_private_or_none_then_it_is_not_taken() {
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
async fn clients_are_discovered_then_keys_are_among_the_ways() {
    let sandbox = started(Sandbox::builder()).await;
    let url = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = reply(sandbox.http.get(url)).await.expect(200);
    assert_eq!(
        discovery["token_endpoint_auth_signing_alg_values_supported"],
        json!(["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"])
    );
}

/// The client is refused for this reason, without a word of what it sent.
#[track_caller]
fn refused(answer: &Reply, why: &str, text: &str) {
    let description = answer.body["error_description"].as_str().unwrap();
    assert_eq!(answer.body["error"], "invalid_client", "{why}");
    assert_eq!(answer.status, 401, "{why}");
    assert!(description.contains(why), "{why}: {description}");
    for part in text.split('.').filter(|part| !part.is_empty()) {
        assert!(!description.contains(part), "{description}");
    }
}
