//! What goes over the wire.

use auth0_auth::{ClientAuthentication, ClientCredentials, PrivateKey, SigningAlgorithm};
use auth0_core::{HttpClient, TokenSource};
use wiremock::{Request, ResponseTemplate};

use crate::support::{answering, grant, requests, settings, text, tokens};

async fn only_request(server: &wiremock::MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

#[tokio::test]
async fn secret_post_then_credentials_are_fields_of_the_form() {
    let server = answering(tokens()).await;
    let source = settings(&server).build().unwrap();
    assert_eq!(text(&source).await, "token-1");

    let request = only_request(&server).await;
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.path(), "/oauth/token");
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "grant_type=client_credentials&client_id=client&client_secret=s3cr3t&audience=https%3A%2F%2Fapi.test%2F"
    );
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(request.headers["accept"], "application/json");
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn secret_basic_then_both_are_form_encoded_before_base64() {
    let server = answering(tokens()).await;
    let source = settings(&server)
        .client_id("my client:1")
        .client_secret("p@ss+word/ü")
        .authentication(ClientAuthentication::SecretBasic)
        .build()
        .unwrap();
    source.token().await.unwrap();

    let request = only_request(&server).await;
    // The base64 of "my+client%3A1:p%40ss%2Bword%2F%C3%BC".
    assert_eq!(
        request.headers["authorization"],
        "Basic bXkrY2xpZW50JTNBMTpwJTQwc3MlMkJ3b3JkJTJGJUMzJUJD"
    );
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "grant_type=client_credentials&audience=https%3A%2F%2Fapi.test%2F"
    );
}

#[tokio::test]
async fn every_option_then_the_form_holds_all_in_order() {
    let server = answering(tokens()).await;
    let source = settings(&server)
        .scope("read:members  read:tenants")
        .scope("create:tenants")
        .organization("org_1")
        .parameter("resource", "https://one.test/?a=b&c")
        .parameter("resource", "https://two.test/")
        .build()
        .unwrap();
    source.token().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "grant_type=client_credentials&client_id=client&client_secret=s3cr3t&audience=https%3A%2F%2Fapi.test%2F\
         &scope=read%3Amembers+read%3Atenants+create%3Atenants&organization=org_1\
         &resource=https%3A%2F%2Fone.test%2F%3Fa%3Db%26c&resource=https%3A%2F%2Ftwo.test%2F"
    );
}

#[tokio::test]
async fn redirect_then_neither_secret_nor_assertion_goes_to_the_other_host() {
    let key = crate::keys::key(SigningAlgorithm::Es256);
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = answering(grant("stolen")).await;
        let redirect = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let server = answering(redirect).await;
        let signing = ClientCredentials::builder("acme.us.auth0.com")
            .token_url(server.uri())
            .client_id("client")
            .private_key_jwt(PrivateKey::from_pem(&key.pem, SigningAlgorithm::Es256).unwrap())
            .audience("https://api.test/");
        // One that follows redirects by itself is kept from it.
        let following = reqwest::redirect::Policy::limited(5);
        let following = reqwest::Client::builder().redirect(following);
        let http_client = HttpClient::from_builder(following).unwrap();
        for settings in [
            settings(&server),
            settings(&server).authentication(ClientAuthentication::SecretBasic),
            settings(&server).http_client(http_client),
            signing,
        ] {
            let error = crate::support::failure(&settings.build().unwrap()).await;
            assert!(error.is_invalid_response());
            assert_eq!(error.status(), Some(status));
        }
        assert_eq!(requests(&server).await, 4);
        assert_eq!(requests(&elsewhere).await, 0);
    }
}
