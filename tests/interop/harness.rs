//! The provider itself, by plain HTTP: what each flow of the SDK relies on, known to be so before the flow is there.
//! A test of a flow takes the place of the test here.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use auth0_core::time::{Clock as _, SystemTimer};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Certificate, Identity, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::browser::{Device, answer_device, login};
use crate::provider::{Client, provider};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn answer(request: RequestBuilder) -> (u16, HeaderMap, Value) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.json().await.unwrap_or_default())
}

fn form(client: &reqwest::Client, url: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

/// Posts a form that has to be accepted.
async fn post(url: &str, fields: &[(&str, &str)]) -> Value {
    let (status, _, body) = answer(form(&http(), url, fields)).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// Posts a form that has to be refused; the error of RFC 6749.
async fn refused(url: &str, fields: &[(&str, &str)]) -> String {
    let (status, _, body) = answer(form(&http(), url, fields)).await;
    assert_ne!(status, 200, "{body}");
    body["error"].as_str().unwrap().to_owned()
}

/// Signs with the client's key.
fn sign(client: &Client, header: Header, claims: &Value) -> String {
    let key = if client.jwk["kty"] == "EC" {
        EncodingKey::from_ec_pem(client.pem.as_bytes())
    } else {
        EncodingKey::from_rsa_pem(client.pem.as_bytes())
    };
    encode(&header, claims, &key.unwrap()).unwrap()
}

fn now() -> u64 {
    let now = SystemTimer.now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn new_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn text<'v>(body: &'v Value, name: &str) -> &'v str {
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {body}"))
}

/// The claims of a token, whose signature is not looked at.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn discovery_then_it_names_what_the_flows_need() {
    let (_, _, found) = answer(http().get(&provider().discovery)).await;
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
async fn assertion_is_signed_by_each_algorithm_then_there_is_a_token() {
    for name in ["rs256", "rs384", "ps256", "ps384", "es256", "es384"] {
        let client = provider().client(name);
        let mut header = Header::new(client.algorithm.parse::<Algorithm>().unwrap());
        header.kid = client.jwk["kid"].as_str().map(str::to_owned);
        let assertion = sign(
            client,
            header,
            &json!({
                "iss": client.client_id,
                "sub": client.client_id,
                "aud": provider().issuer,
                "jti": new_id(),
                "exp": now() + 60,
            }),
        );
        let fields = [
            ("grant_type", "client_credentials"),
            ("audience", &provider().audience),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ];
        post(&provider().token_endpoint, &fields).await;
        let again = refused(&provider().token_endpoint, &fields).await;
        assert_eq!(again, "invalid_client", "{name}: used twice");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn certificate_is_shown_then_there_is_a_token_and_without_it_none() {
    let door = &provider().mtls;
    let ca = Certificate::from_pem(&fs::read(&door.ca).unwrap()).unwrap();
    let https = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca.clone()])
    };
    for name in ["mtls", "mtls_self_signed"] {
        let client = provider().client(name);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &client.client_id),
            ("audience", &provider().audience),
        ];
        let mut pem = fs::read(&client.key).unwrap();
        pem.extend(fs::read(&client.certificate).unwrap());
        let with = https()
            .identity(Identity::from_pem(&pem).unwrap())
            .build()
            .unwrap();
        let (status, _, body) = answer(form(&with, &door.token_endpoint, &fields)).await;
        assert_eq!(status, 200, "{name}: {body}");
        let api = with.get(&door.api).bearer_auth(text(&body, "access_token"));
        assert_eq!(answer(api).await.0, 200);

        let without = https().build().unwrap();
        let (status, _, body) = answer(form(&without, &door.token_endpoint, &fields)).await;
        assert_eq!((status, text(&body, "error")), (401, "invalid_client"));
    }
}

/// Logs `account` in at `client`; what the client is told, by the names of the parameters.
async fn logged_in(client: &Client, redirect_uri: &str, account: &str) -> Url {
    let mut url = Url::parse(&provider().authorization_endpoint).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", &client.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", "openid profile email offline_access read:members")
        .append_pair("audience", &provider().audience)
        .append_pair("state", "the state")
        .append_pair("nonce", "the nonce")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256");
    let back = login(url.as_str(), account).await;
    assert!(back.as_str().starts_with(redirect_uri), "{back}");
    assert_eq!(parameter(&back, "state"), "the state");
    assert_eq!(parameter(&back, "iss"), provider().issuer);
    back
}

fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name).unwrap();
    value.into_owned()
}

/// A redirect address of the native client, at a port that is not registered.
const LOOPBACK: &str = "http://127.0.0.1:49152/callback";

/// Tokens of the native client for ada.
async fn tokens() -> Value {
    let client = provider().client("native");
    let back = logged_in(client, LOOPBACK, "ada").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.client_id),
        ("code", &parameter(&back, "code")),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ];
    post(&provider().token_endpoint, &fields).await
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_logs_in_at_a_native_client_then_the_code_is_worth_tokens() {
    let tokens = tokens().await;
    let id = claims(text(&tokens, "id_token"));
    assert_eq!(id["sub"], "ada");
    assert_eq!(id["nonce"], "the nonce");
    assert_eq!(id["email"], "ada@example.com");
    let request = http()
        .get(&provider().api)
        .bearer_auth(text(&tokens, "access_token"));
    let (status, _, seen) = answer(request).await;
    assert_eq!((status, text(&seen, "scope")), (200, "read:members"));
    assert_eq!(seen["sub"], "ada");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_logs_in_at_a_web_client_then_the_code_needs_secret_and_verifier() {
    let client = provider().client("web");
    let redirect_uri = &client.redirect_uris[0];
    let back = logged_in(client, redirect_uri, "grace").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.client_id),
        ("client_secret", &client.client_secret),
        ("code", &parameter(&back, "code")),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let url = &provider().token_endpoint;
    assert_eq!(refused(url, &fields[..5]).await, "invalid_grant");
    let mut wrong = fields;
    wrong[2].1 = "a wrong one";
    assert_eq!(refused(url, &wrong).await, "invalid_client");
    let back = logged_in(client, redirect_uri, "grace").await;
    let code = parameter(&back, "code");
    let mut fields = fields;
    fields[3].1 = &code;
    let tokens = post(url, &fields).await;
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], "grace");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_refuses_then_the_client_is_told() {
    let client = provider().client("native");
    let back = logged_in(client, LOOPBACK, "nobody").await;
    assert_eq!(parameter(&back, "error"), "access_denied");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn refresh_token_is_used_twice_then_the_whole_family_is_dead() {
    let first = tokens().await;
    let client_id = &provider().client("native").client_id;
    let url = &provider().token_endpoint;
    let fields = |token| {
        [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("refresh_token", token),
        ]
    };
    let second = post(url, &fields(text(&first, "refresh_token"))).await;
    let third = post(url, &fields(text(&second, "refresh_token"))).await;
    assert_eq!(claims(text(&third, "access_token"))["sub"], "ada");
    for token in [&second, &third] {
        let error = refused(url, &fields(text(token, "refresh_token"))).await;
        assert_eq!(error, "invalid_grant");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn device_waits_then_it_gets_what_the_user_said() {
    let client_id = &provider().client("device").client_id;
    for (said, error) in [
        (Device::Allow, None),
        (Device::Refuse, Some("access_denied")),
    ] {
        let fields = [
            ("client_id", client_id.as_str()),
            ("scope", "openid read:members offline_access"),
            ("audience", &provider().audience),
            ("login_hint", "grace"),
        ];
        let device = post(&provider().device_authorization_endpoint, &fields).await;
        assert_eq!(device["interval"], 1);
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client_id),
            ("device_code", text(&device, "device_code")),
        ];
        let url = &provider().token_endpoint;
        assert_eq!(refused(url, &fields).await, "authorization_pending");
        answer_device(text(&device, "verification_uri_complete"), said).await;
        if let Some(error) = error {
            assert_eq!(refused(url, &fields).await, error);
        } else {
            let tokens = post(url, &fields).await;
            assert_eq!(claims(text(&tokens, "access_token"))["sub"], "grace");
            assert!(tokens["refresh_token"].is_string());
        }
    }
}

/// A proof of possession of the key of the client `es256`, for one request.
fn proof(method: &str, url: &str, nonce: Option<&str>, token: Option<&str>) -> String {
    let client = provider().client("es256");
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("dpop+jwt".into());
    // The type has no place for the private part.
    header.jwk = serde_json::from_value(client.jwk.clone()).unwrap();
    let mut claims = json!({"jti": new_id(), "htm": method, "htu": url, "iat": now()});
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    if let Some(token) = token {
        let digest = Sha256::digest(token.as_bytes());
        claims["ath"] = BASE64_URL_SAFE_NO_PAD.encode(digest).into();
    }
    sign(client, header, &claims)
}

fn nonce(headers: &HeaderMap) -> &str {
    headers["dpop-nonce"].to_str().unwrap()
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn proof_is_without_a_nonce_then_one_is_asked_for_at_both_places() {
    let client = provider().client("dpop");
    let url = &provider().token_endpoint;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.client_id),
        ("client_secret", &client.client_secret),
        ("audience", &provider().audience),
        ("scope", "read:members"),
    ];
    let ask = async |nonce: Option<&str>| {
        let request = form(&http(), url, &fields);
        answer(request.header("dpop", proof("POST", url, nonce, None))).await
    };
    assert_eq!(
        refused(url, &fields).await,
        "invalid_grant",
        "no proof at all"
    );
    let (status, headers, body) = ask(None).await;
    assert_eq!((status, text(&body, "error")), (400, "use_dpop_nonce"));
    let (status, _, body) = ask(Some(nonce(&headers))).await;
    assert_eq!((status, text(&body, "token_type")), (200, "DPoP"));

    let token = text(&body, "access_token");
    let api = format!("{}/members", provider().api);
    let call = async |nonce: Option<&str>| {
        let request = http()
            .get(format!("{api}?take=1"))
            .header(AUTHORIZATION, format!("DPoP {token}"))
            .header("dpop", proof("GET", &api, nonce, Some(token)));
        answer(request).await
    };
    let (status, headers, _) = call(None).await;
    let challenge = headers[WWW_AUTHENTICATE].to_str().unwrap();
    assert_eq!(status, 401);
    assert!(
        challenge.starts_with("DPoP error=\"use_dpop_nonce\""),
        "{challenge}"
    );
    let (status, _, seen) = call(Some(nonce(&headers))).await;
    assert_eq!((status, text(&seen, "scheme")), (200, "DPoP"), "{seen}");

    let stale = nonce(&headers).to_owned();
    let forget = http().post(format!("{}/forget-nonce", provider().api));
    let (status, _, _) = answer(forget.header(AUTHORIZATION, format!("DPoP {token}"))).await;
    assert_eq!(status, 204);
    assert_eq!(call(Some(&stale)).await.0, 401);
    let (status, _, _) = answer(http().get(&api).bearer_auth(token)).await;
    assert_eq!(status, 401, "a bound token was taken without a proof");
}
