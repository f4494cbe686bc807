//! `private_key_jwt`: every assertion is verified like by a server.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth0_auth::{
    BoxFuture, ClientCredentials, ClientCredentialsBuilder, PrivateKey, SignError, Signer,
    SigningAlgorithm,
};
use auth0_core::RetryPolicy;
use auth0_core::time::Clock as _;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::keys::{ALGORITHMS, key, pkcs1, verified};
use crate::retries::FakeSleeper;
use crate::support::{FakeClock, failure, requests, responding_with, text, tokens};

/// The client of `settings`, without its secret.
fn settings(server: &MockServer) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme.us.auth0.com")
        .token_url(format!("{}/oauth/token", server.uri()))
        .client_id("client")
        .audience("https://api.test/")
        .retry(RetryPolicy::never())
}

fn fields(request: &Request) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

fn assertion(request: &Request) -> String {
    let fields = fields(request);
    let found = fields.iter().find(|(name, _)| name == "client_assertion");
    found.unwrap().1.clone()
}

async fn sent(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn assertion_is_valid_for_every_algorithm_and_key_format() {
    let clock = FakeClock::new();
    for (algorithm, jose) in ALGORITHMS {
        let key = key(algorithm);
        let mut named = key.jwk.clone();
        named["kid"] = json!("key-1");
        named["alg"] = json!(algorithm.name());
        named["use"] = json!("sig");
        for (private, key_id) in [
            (PrivateKey::from_pem(&key.pem, algorithm), None),
            (PrivateKey::from_jwk(&key.jwk.to_string(), algorithm), None),
            (
                PrivateKey::from_jwk(&named.to_string(), None),
                Some("key-1"),
            ),
        ] {
            let server = responding_with(tokens()).await;
            let source = settings(&server)
                .private_key_jwt(private.unwrap())
                .clock(clock.clone())
                .build()
                .unwrap();
            assert_eq!(text(&source).await, "token-1");
            let request = &sent(&server).await[0];
            let assertion = assertion(request);

            let header = jsonwebtoken::decode_header(&assertion).unwrap();
            assert_eq!(header.alg, jose);
            assert_eq!(header.typ.as_deref(), Some("JWT"));
            assert_eq!(header.kid.as_deref(), key_id);
            let claims = verified(&assertion, jose, &key.public);
            let now = clock.monotonic().as_secs();
            assert_eq!(claims["iat"], now);
            let lifetime = claims["exp"].as_u64().unwrap() - now;
            assert!((60..=300).contains(&lifetime), "{lifetime}");
            assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
            assert_eq!(claims.as_object().unwrap().len(), 6);

            let mut fields = fields(request);
            fields.retain(|(name, _)| name != "client_assertion");
            let expected = [
                ("grant_type", "client_credentials"),
                ("client_id", "client"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("audience", "https://api.test/"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(fields, expected);
            assert!(!request.headers.contains_key("authorization"));
        }
    }
}

#[tokio::test]
async fn pkcs1_rsa_key_signs() {
    let server = responding_with(tokens()).await;
    let private = PrivateKey::from_pem(&pkcs1(), SigningAlgorithm::Ps384).unwrap();
    let source = settings(&server)
        .private_key_jwt(private.with_key_id("another"))
        .build()
        .unwrap();
    text(&source).await;
    let assertion = assertion(&sent(&server).await[0]);
    let header = jsonwebtoken::decode_header(&assertion).unwrap();
    assert_eq!(header.kid.as_deref(), Some("another"));
    verified(
        &assertion,
        Algorithm::PS384,
        &key(SigningAlgorithm::Ps384).public,
    );
}

#[tokio::test]
async fn each_attempt_has_its_own_assertion() {
    let server = responding_with(ResponseTemplate::new(503)).await;
    let key = key(SigningAlgorithm::Es256);
    let private = PrivateKey::from_pem(&key.pem, SigningAlgorithm::Es256).unwrap();
    let source = settings(&server)
        .private_key_jwt(private)
        .retry(RetryPolicy::default().max_attempts(4))
        .sleeper(FakeSleeper::new())
        .build()
        .unwrap();
    // Two token requests of four attempts each.
    failure(&source).await;
    failure(&source).await;
    let ids: HashSet<String> = sent(&server)
        .await
        .iter()
        .map(|request| {
            let claims = verified(&assertion(request), Algorithm::ES256, &key.public);
            claims["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(requests(&server).await, 8);
    assert_eq!(ids.len(), 8);
}

/// A remote signer that may be unreachable.
struct Remote {
    key: PrivateKey,
    is_reachable: Arc<AtomicBool>,
}

impl Signer for Remote {
    fn algorithm(&self) -> SigningAlgorithm {
        self.key.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        Some("remote")
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if !self.is_reachable.load(Ordering::Relaxed) {
                return Err(SignError::new("the KMS does not respond").with_source(std::fmt::Error));
            }
            self.key.sign(message).await
        })
    }
}

#[tokio::test]
async fn custom_signer_signs_and_its_error_is_the_source() {
    let server = responding_with(tokens()).await;
    let algorithm = SigningAlgorithm::Ps256;
    let is_reachable = Arc::new(AtomicBool::new(false));
    let source = settings(&server)
        .private_key_jwt(Remote {
            key: PrivateKey::from_pem(&key(algorithm).pem, algorithm).unwrap(),
            is_reachable: is_reachable.clone(),
        })
        .build()
        .unwrap();
    let error = failure(&source).await;
    assert!(error.is_signing() && !error.is_rejected());
    assert_eq!(error.to_string(), "signing the request failed");
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the KMS does not respond");
    assert!(cause.source().unwrap().is::<std::fmt::Error>());
    assert_eq!(requests(&server).await, 0);

    is_reachable.store(true, Ordering::Relaxed);
    assert_eq!(text(&source).await, "token-1");
    let assertion = assertion(&sent(&server).await[0]);
    let header = jsonwebtoken::decode_header(&assertion).unwrap();
    assert_eq!(header.kid.as_deref(), Some("remote"));
    verified(&assertion, Algorithm::PS256, &key(algorithm).public);
}

#[test]
fn invalid_key_is_rejected_at_once_without_its_text() {
    use SigningAlgorithm::{Es256, Es384, Rs256};
    let rsa = &key(Rs256).pem;
    let p256 = &key(Es256).pem;
    let secret_line = rsa.lines().nth(1).unwrap();
    let in_part = rsa.replace(secret_line, "");
    let public = "-----BEGIN PUBLIC KEY-----\npl4nted\n-----END PUBLIC KEY-----\n";
    let sec1 = "-----BEGIN EC PRIVATE KEY-----\npl4nted\n-----END EC PRIVATE KEY-----\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\npl4nted\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (pem, algorithm, expected) in [
        (
            p256.as_str(),
            Rs256,
            "expected a private RSA key in PEM for RS256",
        ),
        (rsa, Es256, "expected a private EC key in PEM for ES256"),
        (p256, Es384, "signing failed: the key"),
        (in_part.as_str(), Rs256, "PEM for RS256"),
        (public, Rs256, "found something else"),
        (
            sec1,
            Es256,
            "a SEC1 key; convert it with `openssl pkcs8 -topk8 -nocrypt",
        ),
        (
            encrypted,
            Es256,
            "an encrypted key; decrypt it with `openssl pkcs8",
        ),
        ("pl4nted", Rs256, "found something else"),
        ("", Rs256, "found something else"),
    ] {
        let error = PrivateKey::from_pem(pem, algorithm).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected), "{expected} not in {text}");
        assert!(
            !text.contains("pl4nted") && !text.contains(secret_line),
            "{text}"
        );
    }
}

#[test]
fn invalid_jwk_is_rejected_at_once_without_its_text() {
    use SigningAlgorithm::{Es256, Es384, Rs256};
    let with = |key: &Value, name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    let (rsa, p256) = (&key(Rs256).jwk, &key(Es256).jwk);
    let other = crate::keys::key(Es384).jwk["x"].clone();
    for (jwk, algorithm, expected) in [
        (
            rsa.clone(),
            None,
            "alg is missing, and no algorithm was given",
        ),
        (
            with(rsa, "alg", json!("HS256")),
            None,
            "alg: expected RS256",
        ),
        (
            with(rsa, "alg", json!("PS256")),
            Some(Rs256),
            "alg: expected RS256, found PS256",
        ),
        (
            rsa.clone(),
            Some(Es256),
            "expected a key of P-256 for ES256",
        ),
        (
            p256.clone(),
            Some(Es384),
            "expected a key of P-384 for ES384",
        ),
        (p256.clone(), Some(Rs256), "kty: expected RSA for RS256"),
        (with(rsa, "d", json!(null)), Some(Rs256), "d is missing"),
        (
            with(rsa, "p", json!("pl4nted!")),
            Some(Rs256),
            "p: expected base64url",
        ),
        (
            with(rsa, "d", rsa["p"].clone()),
            Some(Rs256),
            "with inconsistent members",
        ),
        (
            with(p256, "x", other),
            Some(Es256),
            "with inconsistent members",
        ),
        (
            with(p256, "x", p256["y"].clone()),
            Some(Es256),
            "with inconsistent members",
        ),
        (
            with(p256, "d", json!(7)),
            Some(Es256),
            "d: expected base64url",
        ),
        (json!("pl4nted"), Some(Es256), "expected a JWK, found none"),
        (
            json!({"kty": "oct", "k": "pl4nted"}),
            Some(Rs256),
            "kty: expected RSA",
        ),
    ] {
        let error = PrivateKey::from_jwk(&jwk.to_string(), algorithm).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected), "{expected} not in {text}");
        assert!(!text.contains("pl4nted"), "{text}");
        let secret = jwk["d"].as_str().unwrap_or("pl4nted");
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn several_authentication_methods_are_rejected() {
    let key = key(SigningAlgorithm::Es256);
    let private = PrivateKey::from_pem(&key.pem, SigningAlgorithm::Es256).unwrap();
    let error = ClientCredentials::builder("acme.us.auth0.com")
        .client_id("client")
        .client_secret("s3cr3t")
        .private_key_jwt(private)
        .audience("https://api.test/")
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid settings: expected one method of client authentication, found client_secret and \
         private_key_jwt"
    );
}

#[test]
fn key_with_white_space_or_byte_order_mark_is_accepted() {
    for (algorithm, _) in ALGORITHMS {
        let key = key(algorithm);
        let jwk = key.jwk.to_string();
        for (before, after) in [("", "\n"), (" \r\n", "\r\n\n "), ("\u{feff}", "\n")] {
            let around = |text: &str| format!("{before}{}{after}", text.trim());
            PrivateKey::from_pem(&around(&key.pem), algorithm).unwrap();
            PrivateKey::from_jwk(&around(&jwk), algorithm).unwrap();
        }
    }
}
