//! Signatures and TLS with the backends that are compiled in.

use auth0_auth::{DpopKey, PrivateKey, Signer as _, SigningAlgorithm};
use auth0_teams::{Client, StaticToken};
use backends::install_provider;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The jsonwebtoken crate would panic here if it had to select one of two backends itself.
#[tokio::test]
async fn assertion_is_signed() {
    let pem = DpopKey::generate().unwrap().to_pem().unwrap();
    let key = PrivateKey::from_pem(pem.secret(), SigningAlgorithm::Es256).unwrap();
    assert_eq!(key.sign(b"message").await.unwrap().len(), 64);
}

/// The server rejects the handshake, so the backend has started one, and the error is recognized.
#[tokio::test]
async fn rejected_certificate_is_recognized() {
    install_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4096];
        let read = connection.read(&mut hello).await.unwrap();
        // A handshake record (RFC 8446 §5.1), answered with the fatal alert unknown_ca.
        assert!(read > 5 && hello[0] == 22, "expected a TLS handshake");
        connection.write_all(&[21, 3, 3, 0, 2, 2, 48]).await.unwrap();
        let _ = connection.read(&mut hello).await;
    });
    let client = Client::builder()
        .base_url(&url)
        .token_source(StaticToken::new("token"))
        .build()
        .unwrap();
    let error = client.members().list().await.unwrap_err();
    assert!(error.is_certificate(), "{error}");
    assert_eq!(error.attempts(), 1);
    server.await.unwrap();
}
