//! A program that installs no provider although it has to. A process of its own, because a provider cannot be removed.
#![cfg(all(feature = "ring", not(any(feature = "rustls", feature = "native-tls"))))]

use auth0_teams::{Client, StaticToken};

#[test]
fn missing_provider_is_an_error_that_says_what_to_do() {
    let built = Client::builder()
        .team("acme")
        .token_source(StaticToken::new("token"))
        .build();
    let error = built.unwrap_err();
    assert!(error.is_configuration(), "{error}");
    assert!(error.to_string().contains("install one"), "{error}");
    backends::install_provider();
    let built = Client::builder()
        .team("acme")
        .token_source(StaticToken::new("token"))
        .build();
    built.unwrap();
}
