//! The client credentials grant and the claims of its tokens.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{TestSandbox, form, send_request, start, start_with};

/// The claims of a token, verified with nothing but the published metadata and keys.
async fn verified_claims(sandbox: &TestSandbox, token: &str) -> Value {
    let discovery = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = send_request(sandbox.http.get(discovery)).await.expect(200);
    let keys = discovery["jwks_uri"].as_str().unwrap();
    let keys: JwkSet =
        serde_json::from_value(send_request(sandbox.http.get(keys)).await.expect(200)).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[sandbox.audience()]);
    validation.set_issuer(&[discovery["issuer"].as_str().unwrap()]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let token = jsonwebtoken::decode::<Value>(token, &key, &validation);
    token.unwrap().claims
}

fn basic_authorization(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn form_encoded(text: &str) -> String {
    form(&[("", text)])[1..].to_owned()
}

#[tokio::test]
async fn token_verifies_with_the_published_keys() {
    let sandbox = start().await;
    let response = sandbox.request_default_token("").await;
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("auth0-client-quota-limit"), None);
    let response = response.expect(200);
    assert_eq!(response["token_type"], "Bearer");
    assert_eq!(response["expires_in"], 86_400);

    let claims = verified_claims(&sandbox, response["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["azp"], sandbox.client_id());
    assert_eq!(claims["sub"], "sandbox@clients");
    assert_eq!(claims["scope"], response["scope"]);
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 86_400);
    let scopes = "create:invitations create:tenants delete:members delete:tenants read:members read:team_activity read:tenants update:members";
    assert_eq!(response["scope"], scopes);
    assert_eq!(sandbox.tokens_granted(), 2);
}

#[tokio::test]
async fn discovery_names_endpoint_and_authentication_methods() {
    let sandbox = start().await;
    let url = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = send_request(sandbox.http.get(url)).await.expect(200);
    assert_eq!(discovery["issuer"], format!("{}/", sandbox.url()));
    assert_eq!(discovery["token_endpoint"], sandbox.token_url());
    let seen = sandbox.requests().pop().unwrap();
    assert_eq!((seen.operation, seen.status), (None, Some(200)));
    assert_eq!(
        discovery["token_endpoint_auth_methods_supported"],
        json!([
            "client_secret_basic",
            "client_secret_post",
            "none",
            "private_key_jwt"
        ])
    );
    let keys = send_request(sandbox.http.get(discovery["jwks_uri"].as_str().unwrap())).await;
    let keys = keys.expect(200);
    // Parameters of a private key.
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(keys["keys"][0].get(private).is_none(), "{private}");
    }
}

#[tokio::test]
async fn secret_in_the_header_is_form_decoded() {
    let (id, secret) = ("my:client/1", "p%q+r s=&ü:%20");
    let sandbox = Sandbox::builder().application(Application::new(id, secret));
    let sandbox = start_with(sandbox).await;
    let grant = [
        ("grant_type", "client_credentials"),
        ("audience", sandbox.audience()),
    ];
    let request = sandbox.form(&grant);
    let valid = request.header(
        "authorization",
        basic_authorization(&form_encoded(id), &form_encoded(secret)),
    );
    send_request(valid).await.expect(200);
    let plain = sandbox.form(&grant);
    send_request(plain.header(
        "authorization",
        basic_authorization("my", &format!("client/1:{secret}")),
    ))
    .await
    .expect(401);
}

#[tokio::test]
async fn form_delimiters_in_an_unencoded_secret_are_accepted() {
    // Secrets encoded as base64, sent without form encoding.
    for secret in ["c2VjcmV0cw==", "=begins", "and&and&", "a=b=c"] {
        let sandbox = Sandbox::builder().application(Application::new("client", secret));
        let sandbox = start_with(sandbox).await;
        let request = sandbox.form(&[
            ("grant_type", "client_credentials"),
            ("audience", sandbox.audience()),
        ]);
        let response =
            send_request(request.header("authorization", basic_authorization("client", secret)))
                .await;
        assert_eq!(response.status, 200, "{secret}");
    }
}

#[tokio::test]
async fn json_request_obtains_a_token() {
    let sandbox = start().await;
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secret(),
        "audience": sandbox.audience(),
        "scope": "read:tenants",
    });
    let request = sandbox.http.post(sandbox.token_url()).json(&body);
    assert_eq!(
        send_request(request).await.expect(200)["scope"],
        "read:tenants"
    );
}

#[tokio::test]
async fn only_requested_scopes_are_granted() {
    let sandbox = start().await;
    let response = sandbox
        .request_default_token(" read:tenants  read:members ")
        .await;
    let response = response.expect(200);
    assert_eq!(response["scope"], "read:tenants read:members");
    let claims = verified_claims(&sandbox, response["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["scope"], "read:tenants read:members");
}

#[tokio::test]
async fn applications_have_separate_secrets_and_scopes() {
    let sandbox = Sandbox::builder()
        .application(Application::new("first", "one"))
        .application(Application::new("second", "two").scopes(["read:members"]));
    let sandbox = start_with(sandbox).await;
    assert_eq!(sandbox.client_id(), "first");
    let request_token = async |id, secret| {
        sandbox
            .request_token(&[
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", sandbox.audience()),
            ])
            .await
    };
    assert_eq!(
        request_token("second", "two").await.expect(200)["scope"],
        "read:members"
    );
    request_token("second", "one").await.expect(401);
    request_token("first", "two").await.expect(401);
    request_token("third", "one").await.expect(401);
}

#[tokio::test]
async fn tokens_expire_exactly_by_the_sandbox_clock() {
    let sandbox = start_with(Sandbox::builder().token_lifetime(Duration::from_secs(3600))).await;
    assert_eq!(
        sandbox.request_default_token("").await.expect(200)["expires_in"],
        3600
    );
    sandbox.advance(Duration::from_secs(3500));
    sandbox.get("/api/environments").await.expect(200);
    sandbox.advance(Duration::from_secs(100));
    let rejected = sandbox.get("/api/environments").await;
    assert_eq!(rejected.status_and_type(), (401, "UNAUTHORIZED"));
    assert_eq!(rejected.details(), "the token has expired");
}

#[tokio::test]
async fn only_tokens_issued_after_revocation_are_valid() {
    let sandbox = start().await;
    sandbox.revoke_tokens();
    let rejected = sandbox.get("/api/environments").await;
    assert_eq!(rejected.details(), "the token was revoked");
    assert_eq!(rejected.status, 401);
    let token = sandbox.token_with_scope("").await;
    let request = sandbox
        .http
        .get(format!("{}/api/environments", sandbox.url()));
    send_request(request.bearer_auth(token)).await.expect(200);
}
