//! Tokens that are bound to a DPoP key. Token endpoint and API each require a nonce in every proof.

use std::sync::Arc;

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder, DpopKey, MemoryStore};
use auth0_core::proof::{ProofOfPossession as _, ServerRole};
use auth0_core::{AccessToken, token_fn};
use url::Url;

use crate::logins::{log_in, native};
use crate::provider::provider;
use crate::support::{DOMAIN, call, claims, next_token, token};

fn source() -> ClientCredentialsBuilder {
    let client = provider().client("dpop");
    ClientCredentials::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .client_secret(client.client_secret.as_str())
        .audience(&provider().audience)
        .scope("read:members")
}

/// Stores a stale nonce for `url`.
fn store_stale_nonce(key: &DpopKey, url: &str) {
    for role in [ServerRole::AuthorizationServer, ServerRole::ResourceServer] {
        key.nonce(role, &Url::parse(url).unwrap(), "a stale one");
    }
}

/// The number of token requests with proofs of the key.
async fn token_requests(key: &DpopKey) -> u32 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/{}", provider().token_requests, key.thumbprint());
    let response = client.get(url).send().await.unwrap();
    response.text().await.unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn no_nonce_is_known_then_token_request_and_call_are_retried_once_each() {
    let key = DpopKey::generate().unwrap();
    let source = source().dpop(key.clone()).build().unwrap();
    let bound = token(&source).await.unwrap();
    assert_eq!(claims(&bound)["cnf"]["jkt"], key.thumbprint());
    assert_eq!(token_requests(&key).await, 2);
    // The API has the same origin, so the client first tries the nonce of the token endpoint.
    let seen = call(&source).await.unwrap();
    assert_eq!(seen.attempts(), 2);
    assert_eq!(seen.into_value()["scheme"], "DPoP");
    assert_eq!(call(&source).await.unwrap().attempts(), 1);
    assert_eq!(token(&source).await.unwrap().secret(), bound.secret());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn nonce_is_stale_then_token_request_and_call_are_retried_once_each() {
    let key = DpopKey::generate().unwrap();
    store_stale_nonce(&key, &provider().issuer);
    let source = source().dpop(key.clone()).build().unwrap();
    let bound = token(&source).await.unwrap();
    assert_eq!(token_requests(&key).await, 2);
    call(&source).await.unwrap();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let forget = client
        .post(format!("{}/forget-nonce", provider().api))
        .header("authorization", format!("DPoP {}", bound.secret()));
    assert_eq!(forget.send().await.unwrap().status(), 204);
    let seen = call(&source).await.unwrap();
    assert_eq!(seen.attempts(), 2);
    assert_eq!(token(&source).await.unwrap().secret(), bound.secret());
    // The next token request uses the nonce of the token endpoint, even after the API has sent another one.
    let next = next_token(&source, &bound).await.unwrap();
    assert_eq!(claims(&next)["cnf"]["jkt"], key.thumbprint());
    assert_eq!(token_requests(&key).await, 3);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn client_requires_dpop_and_has_no_key_then_it_obtains_no_token() {
    let error = token(&source().build().unwrap()).await.unwrap_err();
    assert!(error.is_invalid_grant(), "{error:?}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn bound_token_is_stolen_then_it_is_rejected_without_its_key() {
    let source = source().dpop(DpopKey::generate().unwrap()).build().unwrap();
    let bound = token(&source).await.unwrap().secret().to_owned();
    let other = Arc::new(DpopKey::generate().unwrap());
    for key in [None, Some(other)] {
        let bound = bound.clone();
        let thief = Arc::new(token_fn(move || {
            let token = AccessToken::new(bound.clone(), 0);
            let token = match &key {
                Some(key) => token.bound_to(key.clone()),
                None => token,
            };
            async move { Ok(token) }
        }));
        let error = call(&thief).await.unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_logs_in_with_a_key_then_refreshes_and_restarts_keep_the_key() {
    let key = DpopKey::generate().unwrap();
    let flow = native().dpop(key.clone()).build().unwrap();
    let session = log_in(&flow, "ada").await.unwrap();
    let store = Arc::new(MemoryStore::new());
    session.keep_in(store.clone(), "ada").await.unwrap();
    let mut last = token(&session).await.unwrap();
    for _ in 0..2 {
        assert_eq!(claims(&last)["cnf"]["jkt"], key.thumbprint());
        assert_eq!(call(&session).await.unwrap().into_value()["scheme"], "DPoP");
        last = next_token(&session, &last).await.unwrap();
    }
    let kept = DpopKey::from_pem(key.to_pem().unwrap().secret()).unwrap();
    let again = native().dpop(kept).build().unwrap();
    let session = again.restore(store.clone(), "ada").await.unwrap().unwrap();
    let first = token(&session).await.unwrap();
    assert_eq!(first.secret(), last.secret());
    let next = next_token(&session, &first).await.unwrap();
    assert_eq!(claims(&next)["cnf"]["jkt"], key.thumbprint());
    assert_eq!(call(&session).await.unwrap().into_value()["sub"], "ada");

    let other = native().dpop(DpopKey::generate().unwrap()).build().unwrap();
    assert!(other.restore(store, "ada").await.unwrap().is_none());
}
