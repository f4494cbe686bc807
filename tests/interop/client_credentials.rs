//! Client credentials by secret.

use auth0_auth::{ClientAuthentication, ClientCredentials, ClientCredentialsBuilder};

use crate::provider::{Client, provider};
use crate::support::{DOMAIN, call, token};

/// A source for one of the provider's clients.
fn source(client: &Client) -> ClientCredentialsBuilder {
    ClientCredentials::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .client_secret(client.client_secret.as_str())
        .audience(&provider().audience)
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn secret_is_in_the_form_then_the_api_takes_the_token() {
    let client = provider().client("secret_post");
    let scopes = provider().scopes.join(" ");
    let source = source(client).scope(&scopes).build().unwrap();
    let seen = call(&source).await.unwrap().into_value();
    assert_eq!(seen["client_id"], client.client_id);
    assert_eq!(seen["scope"], scopes);
    assert!(token(&source).await.unwrap().expiry().is_some());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn awkward_secret_is_in_the_header_then_the_api_takes_the_token() {
    let client = provider().client("secret_basic");
    let builder = source(client).authentication(ClientAuthentication::SecretBasic);
    let source = builder.scope("read:members").build().unwrap();
    let seen = call(&source).await.unwrap().into_value();
    assert_eq!(seen["client_id"], client.client_id);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn resource_is_named_by_rfc_8707_then_another_one_is_refused() {
    let client = provider().client("secret_post");
    let builder = source(client).parameter("resource", "https://other.example.com/");
    let error = token(&builder.build().unwrap()).await.unwrap_err();
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
        let error = token(&builder.build().unwrap()).await.unwrap_err();
        assert!(error.is_invalid_client(), "{name}: {error:?}");
        assert_eq!(error.status(), Some(401));
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn one_scope_is_unknown_then_the_token_says_which_were_granted() {
    let client = provider().client("secret_post");
    let source = source(client).scope("read:members no:such").build();
    let token = token(&source.unwrap()).await.unwrap();
    let granted: Vec<&str> = token.scopes().unwrap().iter().collect();
    assert_eq!(granted, ["read:members"]);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn scope_is_not_for_this_client_then_the_refusal_is_told() {
    let client = provider().client("secret_post");
    let source = source(client).scope("offline_access").build();
    let error = token(&source.unwrap()).await.unwrap_err();
    assert_eq!(error.error(), Some("invalid_scope"));
    assert_eq!(error.status(), Some(400));
}

/// A provider whose document names another issuer is not asked for a token.
#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn issuer_is_written_otherwise_then_its_document_is_refused() {
    let builder = source(provider().client("secret_post"));
    let builder = builder.issuer(provider().issuer.trim_end_matches('/'));
    let error = token(&builder.build().unwrap()).await.unwrap_err();
    assert!(error.is_discovery(), "{error:?}");
}
