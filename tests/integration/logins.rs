//! Every flow against the sandbox, each followed by calls with the token: logins of users and devices, private keys,
//! and tokens that are bound to a DPoP key.

use std::sync::Arc;

use auth0_auth::{
    AuthorizationCode, ClientCredentials, DeviceFlow, DpopKey, Error as AuthError, Loopback,
    MemoryStore, PrivateKey, Session, SigningAlgorithm,
};
use auth0_core::TokenSource;
use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use auth0_teams::{Client, RetryPolicy};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};

use crate::sandbox::Local;
use crate::support::http_client;

const ADA: &str = "auth0|ada";
const SCOPE: &str = "openid email offline_access read:members";

fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .application(Application::new("machine", "s3cret"))
        .application(Application::native("program").organizations(["org_1"]))
        .user(User::new(ADA, "ada@example.test", "Ada"))
        .login_at_once()
}

/// A client of the sandbox that obtains its tokens from `source`. It uses the real clock because the login listener
/// does, too.
fn client(local: &Local, source: impl TokenSource) -> Client {
    Client::builder()
        .base_url(local.url())
        .token_source(source)
        .http_client(http_client())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

fn flow(local: &Local, redirect_uri: &str) -> auth0_auth::AuthorizationCodeBuilder {
    AuthorizationCode::builder(local.domain())
        .issuer(format!("{}/", local.url()))
        .client_id("program")
        .http_client(http_client())
        .redirect_uri(redirect_uri)
        .audience(local.audience())
        .scope(SCOPE)
        .login_hint(ADA)
}

/// Logs Ada in as a command-line program does. The browser is a task that follows redirects.
async fn login(local: &Local, key: Option<DpopKey>) -> Session {
    let loopback = Loopback::bind().await.unwrap();
    let mut flow = flow(local, &loopback.redirect_uri()).organization("org_1");
    if let Some(key) = key {
        flow = flow.dpop(key);
    }
    let open = |url: &str| {
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        tokio::spawn(browser.get(url).send());
        Ok(())
    };
    loopback.login(&flow.build().unwrap(), open).await.unwrap()
}

async fn call(client: &Client, local: &Local) -> Result<(), auth0_teams::Error> {
    let id = &local.first_member().id;
    client.members().get(id).await.map(drop)
}

#[tokio::test]
async fn user_logs_in_then_calls_act_for_the_user_and_the_session_is_refreshed() {
    let local = Local::start(builder()).await;
    let session = login(&local, None).await;
    let id_token = session.id_token().unwrap();
    assert_eq!(id_token.subject(), ADA);
    assert_eq!(id_token.org_id(), Some("org_1"));
    assert_eq!(id_token.email(), Some("ada@example.test"));

    let client = client(&local, session);
    call(&client, &local).await.unwrap();
    // A token that the API accepted and later rejects is replaced with the refresh token, several times in a row.
    for _ in 0..3 {
        local.revoke_tokens();
        call(&client, &local).await.unwrap();
    }
    let grants = local.statuses("token");
    assert_eq!(grants, vec![Some(200); 4], "one code, three refreshes");
}

#[tokio::test]
async fn refresh_token_is_used_twice_then_the_second_use_is_rejected_with_the_reason() {
    let local = Local::start(builder()).await;
    let session = login(&local, None).await;
    let flow = flow(&local, "http://127.0.0.1:1/callback")
        .organization("org_1")
        .build()
        .unwrap();
    // Two stores with the same refresh token: one of them is a stolen copy.
    let (own, copy) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    session.keep_in(copy.clone(), "ada").await.unwrap();
    session.keep_in(own.clone(), "ada").await.unwrap();
    let thief_client = flow.restore(copy, "ada").await.unwrap().unwrap();
    let (client, of_thief) = (client(&local, session), client(&local, thief_client));
    call(&client, &local).await.unwrap();
    call(&of_thief, &local).await.unwrap();
    local.revoke_tokens();
    call(&client, &local).await.unwrap();
    let error = call(&of_thief, &local).await.unwrap_err();
    let cause = AuthError::find_in(&error).unwrap();
    assert!(cause.is_refresh_token_rejected(), "{cause:?}");
    // The reuse revoked the whole token family, as refresh token rotation demands.
    local.revoke_tokens();
    let error = call(&client, &local).await.unwrap_err();
    let cause = AuthError::find_in(&error).unwrap();
    assert!(cause.is_refresh_token_rejected(), "{cause:?}");
}

#[tokio::test]
async fn device_is_approved_after_some_polls_then_the_program_is_logged_in() {
    let local = Local::start(builder()).await;
    let flow = DeviceFlow::builder(local.domain())
        .issuer(format!("{}/", local.url()))
        .client_id("program")
        .http_client(http_client())
        .clock(Arc::new(local.timer.clone()))
        .sleeper(Arc::new(local.timer.clone()))
        .audience(local.audience())
        .scope(SCOPE)
        .build()
        .unwrap();
    let denied = flow.start().await.unwrap();
    local.deny_device(denied.user_code()).unwrap();
    let error = denied.finish().await.unwrap_err();
    assert!(error.is_access_denied(), "{error:?}");

    let login = flow.start().await.unwrap();
    local.approve_device(login.user_code(), ADA).unwrap();
    let session = login.finish().await.unwrap();
    assert_eq!(session.id_token().unwrap().subject(), ADA);
    call(&client(&local, session), &local).await.unwrap();
}

#[tokio::test]
async fn application_authenticates_with_a_private_key_then_other_keys_are_rejected() {
    let pems = [(); 2].map(|()| DpopKey::generate().unwrap().to_pem().unwrap());
    let public = EncodingKey::from_ec_pem(pems[0].secret().as_bytes()).unwrap();
    let public = Jwk::from_encoding_key(&public, Algorithm::ES256).unwrap();
    let robot = Application::new("robot", "unused").jwk(&serde_json::to_value(public).unwrap());
    let local = Local::start(builder().application(robot.unwrap())).await;
    let source = |pem: &str| {
        let key = PrivateKey::from_pem(pem, SigningAlgorithm::Es256).unwrap();
        ClientCredentials::builder(local.domain())
            .issuer(format!("{}/", local.url()))
            .client_id("robot")
            .private_key_jwt(key)
            .audience(local.audience())
            .http_client(http_client())
            .build()
            .unwrap()
    };
    call(&client(&local, source(pems[0].secret())), &local)
        .await
        .unwrap();
    let error = call(&client(&local, source(pems[1].secret())), &local)
        .await
        .unwrap_err();
    let cause = AuthError::find_in(&error).unwrap();
    assert!(cause.is_invalid_client(), "{cause:?}");
}

#[tokio::test]
async fn tokens_are_bound_to_a_key_then_each_server_requests_its_nonce_once() {
    let local = Local::start(builder().dpop_nonces()).await;
    let key = DpopKey::generate().unwrap();
    let source = local.credentials().dpop(key).build().unwrap();
    let bound = client(&local, source.clone());
    for _ in 0..5 {
        call(&bound, &local).await.unwrap();
    }
    assert_eq!(local.statuses("token"), [Some(400), Some(200)]);
    let mut expected = vec![Some(401)];
    expected.extend([Some(200); 5]);
    assert_eq!(local.statuses("getMember"), expected);

    // A stolen token is useless without the key.
    let token = source.token().await.unwrap();
    let thief_client = client(&local, auth0_core::StaticToken::new(token.secret()));
    assert!(
        call(&thief_client, &local)
            .await
            .unwrap_err()
            .is_unauthorized()
    );
}

#[tokio::test]
async fn user_logs_in_with_a_key_then_refreshes_keep_the_key() {
    let local = Local::start(builder().dpop_nonces()).await;
    let session = login(&local, Some(DpopKey::generate().unwrap())).await;
    let client = client(&local, session);
    call(&client, &local).await.unwrap();
    local.revoke_tokens();
    call(&client, &local).await.unwrap();
    assert_eq!(local.acted("token"), 2);
}
