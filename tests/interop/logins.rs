//! Browser logins and their sessions.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use auth0_auth::{
    AuthorizationCode, AuthorizationCodeBuilder, CallbackErrorKind, Error, FileStore, Loopback,
    Session,
};
use url::Url;

use crate::browser::login;
use crate::provider::{RegisteredClient, provider};
use crate::support::{DOMAIN, call, claims, next_token, token};

/// A redirect URI of the native client with an unregistered port.
const REDIRECT_URI: &str = "http://127.0.0.1:49152/callback";

pub(crate) fn flow(client: &RegisteredClient) -> AuthorizationCodeBuilder {
    AuthorizationCode::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .audience(&provider().audience)
        .scope("profile email offline_access read:members")
}

pub(crate) fn native() -> AuthorizationCodeBuilder {
    flow(provider().client("native")).redirect_uri(REDIRECT_URI)
}

fn web() -> AuthorizationCodeBuilder {
    let client = provider().client("web");
    flow(client).redirect_uri(&client.redirect_uris[0])
}

/// Logs in `account` without a listener: the callback URL is taken from the browser.
pub(crate) async fn log_in(flow: &AuthorizationCode, account: &str) -> Result<Session, Error> {
    let pending = flow.start().await.unwrap();
    let back = login(pending.url(), account).await;
    assert!(back.as_str().starts_with(flow.redirect_uri()), "{back}");
    flow.finish(pending, back.as_str()).await
}

/// The status with which a listener responds to the browser.
async fn deliver(callback: &Url) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(callback.clone()).send().await.unwrap();
    response.status().as_u16()
}

/// The callback with a wrong value of a parameter.
fn with_wrong_parameter(callback: &Url, name: &str) -> Url {
    let pairs: Vec<_> = callback.query_pairs().into_owned().collect();
    assert!(pairs.iter().any(|(key, _)| key == name), "{callback}");
    let mut url = callback.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(key, value)| {
            (
                key,
                if key == name {
                    "https://evil.example.com/"
                } else {
                    value
                },
            )
        }));
    url
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_logs_in_with_a_listener_then_the_api_accepts_the_session() {
    let loopback = Loopback::bind().await.unwrap();
    let flow = flow(provider().client("native"));
    let flow = flow.redirect_uri(loopback.redirect_uri()).build().unwrap();
    let session = loopback.login(&flow, |url| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let callback = login(&url, "ada").await;
            assert_eq!(
                deliver(&with_wrong_parameter(&callback, "state")).await,
                400
            );
            assert_eq!(deliver(&callback).await, 200);
        });
        Ok(())
    });
    let session = session.await.unwrap();
    let id_token = session.id_token().unwrap();
    assert_eq!(id_token.subject(), "ada");
    assert_eq!(id_token.email(), Some("ada@example.com"));
    assert_eq!(id_token.name(), Some("Ada Lovelace"));
    assert!(id_token.is_email_verified());
    let seen = call(&session).await.unwrap().into_value();
    assert_eq!(seen["sub"], "ada");
    assert_eq!(seen["scope"], "read:members");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_logs_in_at_a_web_application_then_its_secret_obtains_a_session() {
    let secret = provider().client("web").client_secret.as_str();
    let session = log_in(&web().client_secret(secret).build().unwrap(), "grace").await;
    let session = session.unwrap();
    assert_eq!(session.id_token().unwrap().subject(), "grace");
    assert!(!session.id_token().unwrap().is_email_verified());
    assert_eq!(call(&session).await.unwrap().into_value()["sub"], "grace");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn web_application_has_a_wrong_or_no_secret_then_the_error_is_invalid_client() {
    for flow in [web().client_secret("a wrong one"), web()] {
        let error = log_in(&flow.build().unwrap(), "ada").await.unwrap_err();
        assert!(error.is_invalid_client(), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn callback_belongs_to_another_login_or_server_then_the_code_is_not_redeemed() {
    let flow = native().build().unwrap();
    let pending = flow.start().await.unwrap();
    let back = login(pending.url(), "ada").await;
    for (name, fault) in [
        ("state", CallbackErrorKind::State),
        ("iss", CallbackErrorKind::Issuer),
    ] {
        let callback = with_wrong_parameter(&back, name);
        let error = flow
            .finish(pending.clone(), callback.as_str())
            .await
            .unwrap_err();
        assert_eq!(error.callback_error_kind(), Some(fault), "{error:?}");
    }
    let another = flow.start().await.unwrap();
    let error = flow.finish(another, back.as_str()).await.unwrap_err();
    assert_eq!(error.callback_error_kind(), Some(CallbackErrorKind::State));
    flow.finish(pending, back.as_str()).await.unwrap();
}

/// A login whose state an attacker knows fails at the verifier.
#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn code_belongs_to_another_login_then_the_verifier_does_not_match() {
    let flow = native().build().unwrap();
    let stolen = login(flow.start().await.unwrap().url(), "ada").await;
    let code = stolen
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1;
    let pending = flow.start().await.unwrap();
    let mut callback = Url::parse(REDIRECT_URI).unwrap();
    callback
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", pending.state())
        .append_pair("iss", &provider().issuer);
    let error = flow.finish(pending, callback.as_str()).await.unwrap_err();
    assert!(error.is_invalid_grant(), "{error:?}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn code_is_used_twice_then_the_error_is_invalid_grant() {
    let flow = native().build().unwrap();
    let pending = flow.start().await.unwrap();
    let back = login(pending.url(), "ada").await;
    flow.finish(pending.clone(), back.as_str()).await.unwrap();
    let error = flow.finish(pending, back.as_str()).await.unwrap_err();
    assert!(error.is_invalid_grant(), "{error:?}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_denies_then_access_is_denied() {
    let error = log_in(&native().build().unwrap(), "nobody")
        .await
        .unwrap_err();
    assert!(error.is_access_denied(), "{error:?}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn no_refresh_token_is_requested_then_the_session_ends_with_its_access_token() {
    let client = provider().client("native");
    let flow = AuthorizationCode::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&client.client_id)
        .audience(&provider().audience)
        .scope("read:members")
        .redirect_uri(REDIRECT_URI);
    let session = log_in(&flow.build().unwrap(), "ada").await.unwrap();
    let first = token(&session).await.unwrap();
    let error = next_token(&session, &first).await.unwrap_err();
    assert!(
        error.is_session_ended() && !error.is_refresh_token_rejected(),
        "{error:?}"
    );
}

/// A session in a file, and a session on a stolen copy of the file.
async fn stolen(flow: &AuthorizationCode, folder: &Path) -> (Session, FileStore, Session) {
    let [own, copy] = ["own", "copy"].map(|name| FileStore::new(folder.join(name)));
    let session = log_in(flow, "ada").await.unwrap();
    session.keep_in(Arc::new(own.clone()), "ada").await.unwrap();
    fs::copy(own.path(), copy.path()).unwrap();
    let thief = flow.restore(Arc::new(copy), "ada").await.unwrap().unwrap();
    (session, own, thief)
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn session_is_refreshed_twice_then_it_continues_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let flow = native().build().unwrap();
    let (session, store, _) = stolen(&flow, folder.path()).await;
    let first = token(&session).await.unwrap();
    let second = next_token(&session, &first).await.unwrap();
    let third = next_token(&session, &second).await.unwrap();
    assert_ne!(first.secret(), second.secret());
    assert_ne!(second.secret(), third.secret());
    assert_eq!(claims(&third)["sub"], "ada");

    let restored = flow.restore(Arc::new(store), "ada").await.unwrap().unwrap();
    assert_eq!(token(&restored).await.unwrap().secret(), third.secret());
    let fourth = next_token(&restored, &token(&restored).await.unwrap())
        .await
        .unwrap();
    assert_eq!(call(&restored).await.unwrap().into_value()["sub"], "ada");
    assert_ne!(fourth.secret(), third.secret());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn stolen_refresh_token_is_used_then_both_sessions_end() {
    let folder = tempfile::tempdir().unwrap();
    let flow = native().build().unwrap();
    let (session, _, thief) = stolen(&flow, folder.path()).await;
    let own = token(&session).await.unwrap();
    let own = next_token(&session, &own).await.unwrap();
    let copied = token(&thief).await.unwrap();
    for (session, last) in [(&thief, copied), (&session, own)] {
        let error = next_token(session, &last).await.unwrap_err();
        assert!(
            error.is_refresh_token_rejected() && error.is_session_ended(),
            "{error:?}"
        );
        // No response was lost, so the error does not mention that.
        assert!(!error.is_refresh_token_spent());
        assert!(error.is_invalid_grant());
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_signs_out_then_the_refresh_token_is_revoked() {
    let secret = provider().client("web").client_secret.as_str();
    for flow in [native(), web().client_secret(secret)] {
        let folder = tempfile::tempdir().unwrap();
        let flow = flow.build().unwrap();
        let (session, store, thief) = stolen(&flow, folder.path()).await;
        session.sign_out().await.unwrap();
        assert!(token(&session).await.unwrap_err().is_session_ended());
        assert!(
            flow.restore(Arc::new(store), "ada")
                .await
                .unwrap()
                .is_none()
        );
        let last = token(&thief).await.unwrap();
        let error = next_token(&thief, &last).await.unwrap_err();
        assert!(error.is_refresh_token_rejected(), "{error:?}");
    }
}
