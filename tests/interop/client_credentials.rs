//! Client credentials with a client secret.

use auth0_auth::{ClientAuthentication, ClientCredentials, ClientCredentialsBuilder};

use crate::provider::{RegisteredClient, provider};
use crate::support::{DOMAIN, call, token};

/// A token source for a client of the provider.
fn source(client: &RegisteredClient) -> ClientCredentialsBuilder {
    ClientCredentials::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .client_secret(client.client_secret.as_str())
        .audience(&provider().audience)
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn secret_is_sent_in_the_form_then_the_api_accepts_the_token() {
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
async fn secret_with_special_characters_is_sent_in_the_header_then_the_api_accepts_the_token() {
    let client = provider().client("secret_basic");
    let builder = source(client).authentication(ClientAuthentication::SecretBasic);
    let source = builder.scope("read:members").build().unwrap();
    let seen = call(&source).await.unwrap().into_value();
    assert_eq!(seen["client_id"], client.client_id);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn resource_parameter_is_sent_then_an_unknown_resource_is_rejected() {
    let client = provider().client("secret_post");
    let builder = source(client).parameter("resource", "https://other.example.com/");
    let error = token(&builder.build().unwrap()).await.unwrap_err();
    assert_eq!(error.error(), Some("invalid_target"));
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn secret_is_wrong_then_the_error_is_invalid_client() {
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
async fn one_scope_is_unknown_then_the_token_lists_the_granted_scopes() {
    let client = provider().client("secret_post");
    let source = source(client).scope("read:members no:such").build();
    let token = token(&source.unwrap()).await.unwrap();
    let granted: Vec<&str> = token.scopes().unwrap().iter().collect();
    assert_eq!(granted, ["read:members"]);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn scope_is_not_allowed_for_the_client_then_the_error_says_so() {
    let client = provider().client("secret_post");
    let source = source(client).scope("offline_access").build();
    let error = token(&source.unwrap()).await.unwrap_err();
    assert_eq!(error.error(), Some("invalid_scope"));
    assert_eq!(error.status(), Some(400));
}

/// If the discovery document names another issuer, no token request is sent.
#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn issuer_differs_from_the_discovery_document_then_it_is_rejected() {
    let builder = source(provider().client("secret_post"));
    let builder = builder.issuer(provider().issuer.trim_end_matches('/'));
    let error = token(&builder.build().unwrap()).await.unwrap_err();
    assert!(error.is_discovery(), "{error:?}");
}
