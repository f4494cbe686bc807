//! DPoP tokens, from the token endpoint to the API.

use std::collections::HashSet;
use std::sync::Arc;

use auth0_auth::{
    ClientCredentials, ClientCredentialsBuilder, DpopKey, PrivateKey, SigningAlgorithm,
};
use auth0_core::proof::ProofOfPossession as _;
use auth0_core::{HttpClient, RetryPolicy, TokenSource as _};
use serde_json::{Value, json};
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{
    FakeClock, chain, failure, requests, responding_with, set_response, settings, token, tokens,
};

mod api;
mod keys;
mod rfc;
mod secrets;
mod verifier;

use verifier::{Proof, header};

/// Complete settings for tokens bound to `key`.
fn bound(server: &MockServer, key: &DpopKey) -> ClientCredentialsBuilder {
    settings(server)
        .http_client(plain_client())
        .dpop(key.clone())
}

/// A client for plain http. It loads no certificates, which would be slow.
fn plain_client() -> HttpClient {
    HttpClient::from_builder(reqwest::Client::builder().no_proxy().tls_certs_only([])).unwrap()
}

fn source(server: &MockServer, key: &DpopKey) -> ClientCredentials {
    bound(server, key).build().unwrap()
}

/// A token response with this token type.
fn granted(text: &str, token_type: &str) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"access_token": text, "token_type": token_type, "expires_in": 3600}))
}

/// The nonce challenge of RFC 9449 §8.
fn challenge(nonce: &str) -> ResponseTemplate {
    let body = json!({"error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof"});
    ResponseTemplate::new(400)
        .set_body_json(body)
        .insert_header("dpop-nonce", nonce)
}

/// The proof of each request, verified like by a token endpoint.
async fn proofs(server: &MockServer) -> Vec<Proof> {
    let received = server.received_requests().await.unwrap();
    let proof = |request: &Request| {
        let proof = Proof::verified(header(request, "dpop"));
        assert_eq!(proof.method(), request.method.as_str());
        assert_eq!(
            proof.url(),
            format!("{}{}", server.uri(), request.url.path())
        );
        proof
    };
    received.iter().map(proof).collect()
}

#[tokio::test]
async fn token_request_has_a_proof_without_an_access_token_hash() {
    let server = responding_with(granted("t", "DPoP")).await;
    let key = DpopKey::generate().unwrap();
    let clock = FakeClock::new();
    let url = format!("{}/oauth%2Ftoken?tenant=a#", server.uri());
    let url = url.trim_end_matches('#');
    let source = bound(&server, &key)
        .token_url(url)
        .clock(clock)
        .build()
        .unwrap();
    assert!(token(&source).await.is_bound());

    let proofs = proofs(&server).await;
    assert_eq!(proofs.len(), 1);
    let claims = &proofs[0].claims;
    assert_eq!(
        claims.keys().collect::<Vec<_>>(),
        ["htm", "htu", "iat", "jti"]
    );
    assert_eq!(claims["htu"], format!("{}/oauth%2Ftoken", server.uri()));
    // The proof uses the clock of the source.
    assert_eq!(claims["iat"], json!(1_800_000_000_u64));
    assert_eq!(proofs[0].thumbprint, key.thumbprint());
}

#[tokio::test]
async fn request_without_a_key_has_no_proof() {
    let server = responding_with(tokens()).await;
    let source = settings(&server).build().unwrap();
    assert!(!token(&source).await.is_bound());
    let received = server.received_requests().await.unwrap();
    assert!(!received[0].headers.contains_key("dpop"));
}

#[tokio::test]
async fn each_attempt_and_refresh_has_its_own_proof_with_one_key() {
    let server = responding_with(ResponseTemplate::new(503)).await;
    let key = DpopKey::generate().unwrap();
    let clock = FakeClock::new();
    let source = bound(&server, &key)
        .retry(RetryPolicy::default().base(std::time::Duration::ZERO))
        .clock(clock.clone())
        .build()
        .unwrap();
    failure(&source).await;
    let mut all = proofs(&server).await;
    assert_eq!(all.len(), 3);

    set_response(&server, granted("t", "DPoP")).await;
    for _ in 0..2 {
        token(&source).await;
        clock.advance(3600);
    }
    all.extend(proofs(&server).await);
    assert_eq!(all.len(), 5);
    let ids: HashSet<_> = all
        .iter()
        .map(|proof| proof.claims["jti"].clone())
        .collect();
    assert_eq!(ids.len(), 5);
    assert!(all.iter().all(|proof| proof.thumbprint == key.thumbprint()));
}

#[tokio::test]
async fn nonce_request_is_retried_once() {
    let server = responding_with(|request: &Request| {
        match Proof::verified(header(request, "dpop")).nonce() {
            Some("n1") => granted("t", "DPoP").insert_header("dpop-nonce", "n2"),
            Some("n2") => granted("u", "DPoP"),
            _ => challenge("n1"),
        }
    })
    .await;
    let key = DpopKey::generate().unwrap();
    let clock = FakeClock::new();
    let source = bound(&server, &key).clock(clock.clone()).build().unwrap();
    assert_eq!(token(&source).await.secret(), "t");
    clock.advance(3600);
    // The response contained the next nonce.
    assert_eq!(token(&source).await.secret(), "u");
    let proofs = proofs(&server).await;
    let nonces: Vec<_> = proofs.iter().map(Proof::nonce).collect();
    assert_eq!(nonces, [None, Some("n1"), Some("n2")]);
    assert_ne!(proofs[0].claims["jti"], proofs[1].claims["jti"]);
}

#[tokio::test]
async fn nonce_retry_has_a_new_assertion() {
    let server = responding_with(|request: &Request| {
        match Proof::verified(header(request, "dpop")).nonce() {
            None => challenge("n1"),
            Some(_) => granted("t", "DPoP"),
        }
    })
    .await;
    let client = DpopKey::generate().unwrap().to_pem().unwrap();
    let client = PrivateKey::from_pem(client.secret(), SigningAlgorithm::Es256).unwrap();
    let source = ClientCredentials::builder("acme.us.auth0.com")
        .token_url(format!("{}/oauth/token", server.uri()))
        .client_id("client")
        .audience("https://api.test/")
        .private_key_jwt(client)
        .http_client(plain_client())
        .retry(RetryPolicy::never())
        .dpop(DpopKey::generate().unwrap())
        .build()
        .unwrap();
    token(&source).await;
    let received = server.received_requests().await.unwrap();
    let assertion = |request: &Request| {
        let form = url::form_urlencoded::parse(&request.body).into_owned();
        let mut fields = form.filter(|(name, _)| name == "client_assertion");
        fields.next().unwrap().1
    };
    assert_eq!(received.len(), 2);
    assert_ne!(assertion(&received[0]), assertion(&received[1]));
}

#[tokio::test]
async fn second_nonce_request_is_the_error() {
    let server = responding_with(challenge("n1")).await;
    let error = failure(&source(&server, &DpopKey::generate().unwrap())).await;
    assert_eq!(
        (error.error(), error.status()),
        (Some("use_dpop_nonce"), Some(400))
    );
    assert!(error.is_rejected() && !error.is_outcome_unknown());
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn nonce_request_without_a_nonce_is_the_error() {
    let body = json!({"error": "use_dpop_nonce"});
    for invalid in [None, Some("two words")] {
        let mut template = ResponseTemplate::new(400).set_body_json(&body);
        if let Some(invalid) = invalid {
            template = template.insert_header("dpop-nonce", invalid);
        }
        let server = responding_with(template).await;
        let error = failure(&source(&server, &DpopKey::generate().unwrap())).await;
        assert_eq!(error.error(), Some("use_dpop_nonce"));
        assert_eq!(requests(&server).await, 1);
    }
}

#[tokio::test]
async fn other_rejections_with_a_nonce_are_not_retried_but_store_it() {
    let rejected = ResponseTemplate::new(400)
        .set_body_json(json!({"error": "invalid_dpop_proof"}))
        .insert_header("dpop-nonce", "n7");
    let server = responding_with(rejected).await;
    let key = DpopKey::generate().unwrap();
    let error = failure(&source(&server, &key)).await;
    assert_eq!(error.error(), Some("invalid_dpop_proof"));
    assert_eq!(requests(&server).await, 1);
    // Another source with the same key uses the nonce.
    failure(&source(&server, &key)).await;
    assert_eq!(proofs(&server).await[1].nonce(), Some("n7"));
}

#[tokio::test]
async fn nonce_request_without_a_key_is_the_error() {
    let server = responding_with(challenge("n1")).await;
    let error = failure(&settings(&server).build().unwrap()).await;
    assert_eq!(error.error(), Some("use_dpop_nonce"));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn token_type_of_the_response_decides() {
    let key = DpopKey::generate().unwrap();
    for (token_type, is_bound) in [
        ("DPoP", true),
        ("dpop", true),
        ("Bearer", false),
        ("bearer", false),
    ] {
        let server = responding_with(granted("t", token_type)).await;
        let token = token(&source(&server, &key)).await;
        assert_eq!(token.is_bound(), is_bound, "{token_type}");
    }
    let server =
        responding_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "t"})))
            .await;
    assert!(!token(&source(&server, &key)).await.is_bound());
}

#[tokio::test]
async fn unusable_token_type_is_an_invalid_response() {
    let key = DpopKey::generate().unwrap();
    for token_type in [json!("mac"), json!(""), json!(1), json!(["DPoP"])] {
        let body = json!({"access_token": "t", "token_type": token_type});
        let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
        let error = failure(&source(&server, &key)).await;
        assert!(error.is_invalid_response(), "{token_type}");
        assert!(
            error
                .to_string()
                .contains("expected token_type DPoP or Bearer, found "),
            "{error}"
        );
    }
    // No key was proven, so the token is not usable.
    let server = responding_with(granted("t", "DPoP")).await;
    let error = failure(&settings(&server).build().unwrap()).await;
    assert!(error.is_invalid_response());
    assert!(
        error
            .to_string()
            .ends_with("expected token_type Bearer, found DPoP"),
        "{error}"
    );
}
