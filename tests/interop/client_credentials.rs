//! Client credentials by secret.

use auth0_auth::{ClientAuthentication, ClientCredentials, ClientCredentialsBuilder, Error};
use auth0_core::{AccessToken, TokenSource};
use serde_json::Value;

use crate::provider::{Client, provider};

/// A source for one of the provider's clients. The domain is not used where the endpoint is given.
fn source(client: &Client) -> ClientCredentialsBuilder {
    ClientCredentials::builder("interop.example.com")
        .token_url(&provider().token_endpoint)
        .client_id(&client.client_id)
        .client_secret(client.client_secret.as_str())
        .audience(&provider().audience)
}

async fn token(builder: ClientCredentialsBuilder) -> Result<AccessToken, Error> {
    let result = builder.build().unwrap().token().await;
    result.map_err(|error| Error::find_in(&error).unwrap().clone())
}

/// What the API understood of the token.
async fn at_the_api(token: &AccessToken) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(&provider().api).bearer_auth(token.secret());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn secret_is_in_the_form_then_the_api_takes_the_token() {
    let client = provider().client("secret_post");
    let scopes = provider().scopes.join(" ");
    let token = token(source(client).scope(&scopes)).await.unwrap();
    let seen = at_the_api(&token).await;
    assert_eq!(seen["client_id"], client.client_id);
    assert_eq!(seen["scope"], scopes);
    assert!(token.expiry().is_some());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn awkward_secret_is_in_the_header_then_the_api_takes_the_token() {
    let client = provider().client("secret_basic");
    let builder = source(client).authentication(ClientAuthentication::SecretBasic);
    let token = token(builder.scope("read:members")).await.unwrap();
    assert_eq!(at_the_api(&token).await["client_id"], client.client_id);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn resource_is_named_by_rfc_8707_then_another_one_is_refused() {
    let client = provider().client("secret_post");
    let builder = source(client).parameter("resource", "https://other.example.com/");
    let error = token(builder).await.unwrap_err();
    assert_eq!(error.error(), Some("invalid_target"));
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn wrong_secret_then_it_is_an_invalid_client() {
    for (name, authentication) in [
        ("secret_post", ClientAuthentication::SecretPost),
        ("secret_basic", ClientAuthentication::SecretBasic),
    ] {
        let builder = source(provider().client(name))
            .client_secret("a wrong one")
            .authentication(authentication);
        let error = token(builder).await.unwrap_err();
        assert!(error.is_invalid_client(), "{name}: {error:?}");
        assert_eq!(error.status(), Some(401));
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn one_scope_is_unknown_then_the_token_says_which_were_granted() {
    let client = provider().client("secret_post");
    let token = token(source(client).scope("read:members no:such"))
        .await
        .unwrap();
    let granted: Vec<&str> = token.scopes().unwrap().iter().collect();
    assert_eq!(granted, ["read:members"]);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn scope_is_not_for_this_client_then_the_refusal_is_told() {
    let client = provider().client("secret_post");
    let error = token(source(client).scope("offline_access"))
        .await
        .unwrap_err();
    assert_eq!(error.error(), Some("invalid_scope"));
    assert_eq!(error.status(), Some(400));
}
