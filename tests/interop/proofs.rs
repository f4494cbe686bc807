//! Client authentication with a private key or a certificate.

use std::fs;

use auth0_auth::{
    ClientCredentials, ClientCredentialsBuilder, DpopKey, PrivateKey, SigningAlgorithm,
};
use auth0_core::HttpClient;
use reqwest::{Certificate, Identity};

use crate::provider::{RegisteredClient, provider};
use crate::support::{DOMAIN, call, call_at, next_token, token};

const ALGORITHMS: [(&str, SigningAlgorithm); 6] = [
    ("rs256", SigningAlgorithm::Rs256),
    ("rs384", SigningAlgorithm::Rs384),
    ("ps256", SigningAlgorithm::Ps256),
    ("ps384", SigningAlgorithm::Ps384),
    ("es256", SigningAlgorithm::Es256),
    ("es384", SigningAlgorithm::Es384),
];

fn source(client: &RegisteredClient) -> ClientCredentialsBuilder {
    ClientCredentials::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .audience(&provider().audience)
        .scope("read:members")
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn assertion_is_signed_with_each_algorithm_then_the_api_accepts_the_token() {
    for (name, algorithm) in ALGORITHMS {
        let client = provider().client(name);
        assert_eq!(client.algorithm, algorithm.name());
        for key in [
            PrivateKey::from_pem(&client.pem, algorithm),
            PrivateKey::from_jwk(&client.jwk.to_string(), algorithm),
        ] {
            let source = source(client)
                .private_key_jwt(key.unwrap())
                .build()
                .unwrap();
            let seen = call(&source).await.unwrap().into_value();
            assert_eq!(seen["client_id"], client.client_id);
        }
    }
}

/// The provider accepts each assertion only once.
#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn second_token_is_requested_then_the_assertion_is_new() {
    let client = provider().client("es256");
    let key = PrivateKey::from_pem(&client.pem, SigningAlgorithm::Es256).unwrap();
    let source = source(client).private_key_jwt(key).build().unwrap();
    let first = token(&source).await.unwrap();
    let second = next_token(&source, &first).await.unwrap();
    assert_ne!(first.secret(), second.secret());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn assertion_is_signed_with_another_key_or_algorithm_then_the_error_is_invalid_client() {
    let strange = DpopKey::generate().unwrap().to_pem().unwrap();
    let ps256 = provider().client("ps256");
    for (name, key) in [
        (
            "es256",
            PrivateKey::from_pem(strange.secret(), SigningAlgorithm::Es256),
        ),
        (
            "ps256",
            PrivateKey::from_pem(&ps256.pem, SigningAlgorithm::Rs256),
        ),
    ] {
        let source = source(provider().client(name)).private_key_jwt(key.unwrap());
        let error = token(&source.build().unwrap()).await.unwrap_err();
        assert!(error.is_invalid_client(), "{name}: {error:?}");
        assert_eq!(error.status(), Some(401));
    }
}

/// A client that trusts the provider's certificate authority, with or without a client certificate.
fn https(certificate_of: Option<&RegisteredClient>) -> HttpClient {
    let ca = Certificate::from_pem(&fs::read(&provider().mtls.ca).unwrap()).unwrap();
    let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([ca]);
    if let Some(client) = certificate_of {
        let mut pem = fs::read(&client.key).unwrap();
        pem.extend(fs::read(&client.certificate).unwrap());
        builder = builder.identity(Identity::from_pem(&pem).unwrap());
    }
    HttpClient::from_builder(builder).unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn certificate_is_presented_at_the_mtls_alias_then_a_token_is_issued() {
    for name in ["mtls", "mtls_self_signed"] {
        let client = provider().client(name);
        let with = https(Some(client));
        let source = source(client)
            .mutual_tls()
            .http_client(with.clone())
            .build()
            .unwrap();
        let seen = call_at(&provider().mtls.api, with, &source).await.unwrap();
        assert_eq!(seen.into_value()["client_id"], client.client_id);
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn certificate_is_missing_or_wrong_then_the_error_is_invalid_client() {
    let clients = ["mtls", "mtls_self_signed"].map(|name| provider().client(name));
    for (client, other) in [(clients[0], clients[1]), (clients[1], clients[0])] {
        for http_client in [https(None), https(Some(other))] {
            let source = source(client).mutual_tls().http_client(http_client);
            let error = token(&source.build().unwrap()).await.unwrap_err();
            assert!(error.is_invalid_client(), "{}: {error:?}", client.client_id);
        }
    }
}
