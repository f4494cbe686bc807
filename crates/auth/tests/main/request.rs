//! The token request on the wire.

use auth0_auth::{ClientAuthentication, ClientCredentials, PrivateKey, SigningAlgorithm};
use auth0_core::{HttpClient, TokenSource};
use wiremock::{Request, ResponseTemplate};

use crate::support::{grant, requests, responding_with, settings, text, tokens};

async fn only_request(server: &wiremock::MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

#[tokio::test]
async fn secret_post_sends_credentials_in_the_form() {
    let server = responding_with(tokens()).await;
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
async fn secret_basic_form_encodes_credentials_before_base64() {
    let server = responding_with(tokens()).await;
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
async fn white_space_around_settings_is_not_sent() {
    for around in ["\n", "\r\n", " ", "\t\n", "\u{feff}"] {
        let around = |text: &str| match around {
            "\u{feff}" => format!("\u{feff}{text}"),
            _ => format!("{around}{text}{around}"),
        };
        for authentication in [
            ClientAuthentication::SecretPost,
            ClientAuthentication::SecretBasic,
        ] {
            let server = responding_with(tokens()).await;
            let source = settings(&server)
                .client_id(around("client").replace('\u{feff}', ""))
                .client_secret(around("s3cr3t"))
                .audience(around("https://api.test/").replace('\u{feff}', ""))
                .organization(around("org_1").replace('\u{feff}', ""))
                .authentication(authentication)
                .build()
                .unwrap();
            source.token().await.unwrap();
            let request = only_request(&server).await;
            let body = String::from_utf8(request.body).unwrap();
            match authentication {
                ClientAuthentication::SecretBasic => {
                    // The base64 of "client:s3cr3t".
                    let expected = "Basic Y2xpZW50OnMzY3IzdA==";
                    assert_eq!(request.headers["authorization"], expected);
                }
                _ => assert!(
                    body.contains("client_id=client&client_secret=s3cr3t&"),
                    "{body}"
                ),
            }
            let rest = "audience=https%3A%2F%2Fapi.test%2F&organization=org_1";
            assert!(body.ends_with(rest), "{body}");
        }
    }
}

#[test]
fn line_break_in_secret_or_id_is_rejected_without_its_text() {
    let settings = || {
        ClientCredentials::builder("acme.us.auth0.com")
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/")
    };
    for (settings, name) in [
        (
            settings().client_secret("pl4nted\npl4nted\n"),
            "client_secret",
        ),
        (
            settings().client_secret("pl4nted\0pl4nted"),
            "client_secret",
        ),
        (settings().client_id("pl4nted\r\npl4nted"), "client_id"),
    ] {
        let error = settings.build().unwrap_err();
        assert!(error.is_configuration());
        let expected = format!("{name}: expected no line break or other control character");
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(!error.to_string().contains("pl4nted"), "{error}");
    }
    let error = settings().client_secret(" \n").build().unwrap_err();
    assert!(
        error.to_string().contains("client_secret is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn form_contains_all_options_in_order() {
    let server = responding_with(tokens()).await;
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
async fn redirect_sends_no_credentials_to_the_other_host() {
    let key = crate::keys::key(SigningAlgorithm::Es256);
    for status in [301, 302, 303, 307, 308] {
        let other = responding_with(grant("stolen")).await;
        let redirect = ResponseTemplate::new(status).insert_header("location", other.uri());
        let server = responding_with(redirect).await;
        let signing = ClientCredentials::builder("acme.us.auth0.com")
            .token_url(server.uri())
            .client_id("client")
            .private_key_jwt(PrivateKey::from_pem(&key.pem, SigningAlgorithm::Es256).unwrap())
            .audience("https://api.test/");
        // Redirects are disabled even if the client is configured to follow them.
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
        assert_eq!(requests(&other).await, 0);
    }
}
