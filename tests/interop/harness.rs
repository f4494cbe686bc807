//! The provider itself over plain HTTP: checks that it rejects invalid requests, because the other tests rely on it.

use auth0_core::time::{Clock as _, SystemTimer};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::browser::login;
use crate::provider::provider;

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// Sends a token request.
async fn request_token(fields: &[(&str, &str)]) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = http()
        .post(&provider().token_endpoint)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    answer(request).await
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn discovery_document_names_the_endpoints_of_the_flows() {
    let (_, found) = answer(http().get(&provider().discovery)).await;
    assert_eq!(found["issuer"], provider().issuer);
    assert_eq!(found["token_endpoint"], provider().token_endpoint);
    assert_eq!(
        found["mtls_endpoint_aliases"]["token_endpoint"],
        provider().mtls.token_endpoint
    );
    assert_eq!(
        found["authorization_response_iss_parameter_supported"],
        true
    );
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn assertion_is_used_twice_then_it_is_rejected() {
    let client = provider().client("es256");
    let mut header = Header::new(Algorithm::ES256);
    header.kid = client.jwk["kid"].as_str().map(str::to_owned);
    let now = SystemTimer.now().duration_since(std::time::UNIX_EPOCH);
    let claims = json!({
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": provider().issuer,
        "jti": "used twice",
        "exp": now.unwrap().as_secs() + 60,
    });
    let key = EncodingKey::from_ec_pem(client.pem.as_bytes()).unwrap();
    let assertion = encode(&header, &claims, &key).unwrap();
    let fields = [
        ("grant_type", "client_credentials"),
        ("audience", &provider().audience),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
    ];
    assert_eq!(request_token(&fields).await.0, 200);
    let (status, body) = request_token(&fields).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
}

/// The challenge is from RFC 7636, appendix B.
#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn verifier_is_missing_then_the_code_is_rejected() {
    let client = provider().client("web");
    let redirect_uri = &client.redirect_uris[0];
    let issuer = Url::parse(&provider().issuer).unwrap();
    let mut url = issuer.join("authorize").unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", &client.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", "openid")
        .append_pair(
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .append_pair("code_challenge_method", "S256");
    let back = login(url.as_str(), "ada").await;
    let code = back.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.client_id),
        ("client_secret", &client.client_secret),
        ("redirect_uri", redirect_uri),
        ("code", &code),
    ];
    let (status, body) = request_token(&fields).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}
