//! Tokens that are granted, and what others can read in them.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Running, form, reply, start, started};

/// The claims of a token, checked by nothing but what the sandbox publishes, as a stranger would do it.
async fn verified(sandbox: &Running, token: &str) -> Value {
    let discovery = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = reply(sandbox.http.get(discovery)).await.expect(200);
    let keys = discovery["jwks_uri"].as_str().unwrap();
    let keys: JwkSet =
        serde_json::from_value(reply(sandbox.http.get(keys)).await.expect(200)).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[sandbox.audience()]);
    validation.set_issuer(&[discovery["issuer"].as_str().unwrap()]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let token = jsonwebtoken::decode::<Value>(token, &key, &validation);
    token.unwrap().claims
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn encoded(text: &str) -> String {
    form(&[("", text)])[1..].to_owned()
}

#[tokio::test]
async fn secret_in_the_form_then_the_token_verifies_by_the_published_keys() {
    let sandbox = start().await;
    let answer = sandbox.ask_as_usual("").await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("auth0-client-quota-limit"), None);
    let answer = answer.expect(200);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 86_400);

    let claims = verified(&sandbox, answer["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["azp"], sandbox.client_id());
    assert_eq!(claims["sub"], "sandbox@clients");
    assert_eq!(claims["scope"], answer["scope"]);
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 86_400);
    let scopes = "create:invitations create:tenants delete:members delete:tenants read:members read:team_activity read:tenants update:members";
    assert_eq!(answer["scope"], scopes);
    assert_eq!(sandbox.tokens_granted(), 2);
}

#[tokio::test]
async fn issuer_is_discovered_then_endpoint_and_ways_are_named() {
    let sandbox = start().await;
    let url = format!("{}/.well-known/openid-configuration", sandbox.url());
    let discovery = reply(sandbox.http.get(url)).await.expect(200);
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
    let keys = reply(sandbox.http.get(discovery["jwks_uri"].as_str().unwrap())).await;
    let keys = keys.expect(200);
    // Parameters of the private key would be named so.
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(keys["keys"][0].get(private).is_none(), "{private}");
    }
}

#[tokio::test]
async fn secret_in_the_header_then_it_is_percent_decoded() {
    let (id, secret) = ("my:client/1", "p%q+r s=&ü:%20");
    let sandbox = Sandbox::builder().application(Application::new(id, secret));
    let sandbox = started(sandbox).await;
    let grant = [
        ("grant_type", "client_credentials"),
        ("audience", sandbox.audience()),
    ];
    let request = sandbox.form(&grant);
    let right = request.header("authorization", basic(&encoded(id), &encoded(secret)));
    reply(right).await.expect(200);
    let plain = sandbox.form(&grant);
    reply(plain.header("authorization", basic("my", &format!("client/1:{secret}"))))
        .await
        .expect(401);
}

#[tokio::test]
async fn secret_in_the_header_has_signs_of_forms_then_they_belong_to_it() {
    // Made by whoever encodes secrets as base64, and sent by whoever forgets to encode it once more.
    for secret in ["c2VjcmV0cw==", "=begins", "and&and&", "a=b=c"] {
        let sandbox = Sandbox::builder().application(Application::new("client", secret));
        let sandbox = started(sandbox).await;
        let request = sandbox.form(&[
            ("grant_type", "client_credentials"),
            ("audience", sandbox.audience()),
        ]);
        let answer = reply(request.header("authorization", basic("client", secret))).await;
        assert_eq!(answer.status, 200, "{secret}");
    }
}

#[tokio::test]
async fn request_is_json_then_a_token_is_granted() {
    let sandbox = start().await;
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secret(),
        "audience": sandbox.audience(),
        "scope": "read:tenants",
    });
    let request = sandbox.http.post(sandbox.token_url()).json(&body);
    assert_eq!(reply(request).await.expect(200)["scope"], "read:tenants");
}

#[tokio::test]
async fn some_scopes_are_asked_for_then_only_they_are_granted() {
    let sandbox = start().await;
    let answer = sandbox.ask_as_usual(" read:tenants  read:members ").await;
    let answer = answer.expect(200);
    assert_eq!(answer["scope"], "read:tenants read:members");
    let claims = verified(&sandbox, answer["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["scope"], "read:tenants read:members");
}

#[tokio::test]
async fn several_applications_then_each_has_its_own_secret_and_scopes() {
    let sandbox = Sandbox::builder()
        .application(Application::new("first", "one"))
        .application(Application::new("second", "two").scopes(["read:members"]));
    let sandbox = started(sandbox).await;
    assert_eq!(sandbox.client_id(), "first");
    let ask = async |id, secret| {
        sandbox
            .ask(&[
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", sandbox.audience()),
            ])
            .await
    };
    assert_eq!(
        ask("second", "two").await.expect(200)["scope"],
        "read:members"
    );
    ask("second", "one").await.expect(401);
    ask("first", "two").await.expect(401);
    ask("third", "one").await.expect(401);
}

#[tokio::test]
async fn clock_is_moved_on_then_tokens_expire_to_the_second() {
    let sandbox = started(Sandbox::builder().token_lifetime(Duration::from_secs(3600))).await;
    assert_eq!(
        sandbox.ask_as_usual("").await.expect(200)["expires_in"],
        3600
    );
    sandbox.advance(Duration::from_secs(3500));
    sandbox.get("/api/environments").await.expect(200);
    sandbox.advance(Duration::from_secs(100));
    let refused = sandbox.get("/api/environments").await;
    assert_eq!(refused.problem(), (401, "UNAUTHORIZED"));
    assert_eq!(refused.details(), "the token has expired");
}

#[tokio::test]
async fn tokens_are_revoked_then_only_later_ones_count() {
    let sandbox = start().await;
    sandbox.revoke_tokens();
    let refused = sandbox.get("/api/environments").await;
    assert_eq!(refused.details(), "the token was revoked");
    assert_eq!(refused.status, 401);
    let token = sandbox.granted("").await;
    let request = sandbox
        .http
        .get(format!("{}/api/environments", sandbox.url()));
    reply(request.bearer_auth(token)).await.expect(200);
}
