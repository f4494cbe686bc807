//! Device logins.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auth0_auth::{DeviceFlow, Error, Session};
use auth0_core::BoxFuture;
use auth0_core::time::{Sleeper, SystemTimer};

use crate::browser::{DeviceDecision, submit_device_decision};
use crate::provider::provider;
use crate::support::{DOMAIN, call, next_token, token};

/// A user who decides after the program has polled in vain.
#[derive(Debug)]
struct User {
    decision: DeviceDecision,
    page: OnceLock<String>,
    waits: AtomicUsize,
}

/// A sleeper that shares the user.
#[derive(Debug, Clone)]
struct UserSleeper(Arc<User>);

impl Sleeper for UserSleeper {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // The interval of the provider.
        assert_eq!(duration, Duration::from_secs(1));
        let user = self.0.clone();
        Box::pin(async move {
            // The second sleep follows a response that told the client to keep polling.
            if user.waits.fetch_add(1, Ordering::SeqCst) == 1 {
                submit_device_decision(user.page.get().unwrap(), user.decision).await;
            }
            SystemTimer.sleep(duration).await;
        })
    }
}

/// The result of a login about which the user `grace` decides.
async fn log_in(decision: DeviceDecision) -> Result<Session, Error> {
    let user = Arc::new(User {
        decision,
        page: OnceLock::new(),
        waits: AtomicUsize::new(0),
    });
    let flow = DeviceFlow::builder(DOMAIN)
        .issuer(&provider().issuer)
        .client_id(&provider().client("device").client_id)
        .audience(&provider().audience)
        .scope("openid profile offline_access read:members")
        .parameter("login_hint", "grace")
        .sleeper(Arc::new(UserSleeper(user.clone())))
        .build()
        .unwrap();
    let login = flow.start().await.unwrap();
    assert_eq!(login.expires_in(), Duration::from_secs(300));
    let page = login.verification_uri_complete().unwrap();
    assert!(page.as_str().contains(login.user_code()));
    user.page.set(page.to_string()).unwrap();
    let result = login.finish().await;
    assert_eq!(user.waits.load(Ordering::SeqCst), 2);
    result
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_approves_after_a_while_then_the_session_is_refreshable() {
    let session = log_in(DeviceDecision::Allow).await.unwrap();
    let id_token = session.id_token().unwrap();
    assert_eq!(
        (id_token.subject(), id_token.name()),
        ("grace", Some("Grace Hopper"))
    );
    assert_eq!(call(&session).await.unwrap().into_value()["sub"], "grace");
    let first = token(&session).await.unwrap();
    let second = next_token(&session, &first).await.unwrap();
    assert_ne!(first.secret(), second.secret());
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_denies_after_a_while_then_access_is_denied() {
    let error = log_in(DeviceDecision::Deny).await.unwrap_err();
    assert!(error.is_access_denied(), "{error:?}");
}
