//! Browser logins: the authorization request, the validation of its response, and the exchange of the code.

use auth0_auth::{AuthorizationCode, CallbackErrorKind, PendingLogin, SigningAlgorithm};
use auth0_core::{RetryPolicy, TokenSource as _};
use base64::Engine as _;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;
use wiremock::ResponseTemplate;

use crate::provider::{CLIENT, Provider, REDIRECT, callback_query, field, parameter};
use crate::support::chain;

#[tokio::test]
async fn authorization_url_contains_all_settings() {
    let flow = AuthorizationCode::builder("acme.us.auth0.com")
        .client_id(CLIENT)
        .redirect_uri(format!("{REDIRECT}\n"))
        .audience("https://api.test/")
        .scope("offline_access openid")
        .organization("org_1")
        .login_hint("a@acme.com")
        .max_age(Duration::from_secs(60))
        .authorize_parameter("prompt", "login")
        .build()
        .unwrap();
    // No request is sent: the domain uses Auth0's paths.
    let pending = flow.start().await.unwrap();
    let url = Url::parse(pending.url()).unwrap();
    assert_eq!(
        &url[..url::Position::AfterPath],
        "https://acme.us.auth0.com/authorize"
    );
    let names: Vec<_> = url
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    assert_eq!(
        names.join(" "),
        "response_type client_id redirect_uri scope state nonce code_challenge code_challenge_method audience \
         organization max_age login_hint prompt"
    );
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("scope", "openid offline_access"),
        ("code_challenge_method", "S256"),
        ("audience", "https://api.test/"),
        ("organization", "org_1"),
        ("max_age", "60"),
        ("login_hint", "a@acme.com"),
        ("prompt", "login"),
    ] {
        assert_eq!(
            parameter(pending.url(), name).as_deref(),
            Some(value),
            "{name}"
        );
    }
    assert_eq!(
        parameter(pending.url(), "state").as_deref(),
        Some(pending.state())
    );

    let other = flow
        .with_organization("org_2")
        .with_login_hint("b@acme.com")
        .with_invitation("t1cket")
        .start()
        .await
        .unwrap();
    for (name, value) in [
        ("organization", "org_2"),
        ("login_hint", "b@acme.com"),
        ("invitation", "t1cket"),
    ] {
        assert_eq!(
            parameter(other.url(), name).as_deref(),
            Some(value),
            "{name}"
        );
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(
            parameter(pending.url(), name),
            parameter(other.url(), name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn code_is_exchanged_with_its_verifier() {
    let provider = Provider::start().await;
    for secret in [None, Some("s3cr3t")] {
        provider.reset().await;
        let builder = provider.builder();
        let flow = match secret {
            Some(secret) => builder.client_secret(secret),
            None => builder,
        }
        .build()
        .unwrap();
        let pending = flow.start().await.unwrap();
        let nonce = parameter(pending.url(), "nonce").unwrap();
        let mut claims = provider.claims(&nonce);
        claims["email"] = json!("a@acme.com");
        claims["org_id"] = json!("org_1");
        let grant = crate::provider::grant(
            1,
            json!({ "id_token": provider.id_token(&claims), "scope": "read:a" }),
        );
        provider.on("/oauth/token", grant).await;
        let session = flow
            .finish(pending.clone(), &callback_query(&pending))
            .await
            .unwrap();

        let requests = provider.requests("/oauth/token").await;
        assert_eq!(requests.len(), 1);
        let request = &requests[0];
        assert_eq!(
            field(request, "grant_type").as_deref(),
            Some("authorization_code")
        );
        assert_eq!(field(request, "client_id").as_deref(), Some(CLIENT));
        assert_eq!(field(request, "client_secret").as_deref(), secret);
        assert_eq!(field(request, "code").as_deref(), Some("c0de"));
        assert_eq!(field(request, "redirect_uri").as_deref(), Some(REDIRECT));
        let verifier = field(request, "code_verifier").unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        assert_eq!(
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest),
            parameter(pending.url(), "code_challenge").unwrap()
        );

        let id_token = session.id_token().unwrap();
        assert_eq!(id_token.subject(), "auth0|1");
        assert_eq!(id_token.email(), Some("a@acme.com"));
        assert!(!id_token.is_email_verified());
        assert_eq!(id_token.org_id(), Some("org_1"));
        assert_eq!(id_token.claim("aud"), Some(&json!(CLIENT)));
        let token = session.token().await.unwrap();
        assert_eq!(token.secret(), "access-1");
        assert_eq!(token.scopes().unwrap().to_string(), "read:a");
        assert_eq!(provider.requests("/oauth/token").await.len(), 1);
    }
}

#[tokio::test]
async fn deserialized_pending_login_is_finished_by_another_flow() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = provider
        .pending(&flow, |nonce| provider.id_token(&provider.claims(nonce)))
        .await;
    let serialized = serde_json::to_string(&pending).unwrap();
    let pending: PendingLogin = serde_json::from_str(&serialized).unwrap();
    let query = callback_query(&pending);
    provider.flow().finish(pending, &query).await.unwrap();
}

#[tokio::test]
async fn callback_is_parsed_in_each_form() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    for form in [
        "https://app.test/callback?{}",
        "https://app.test/callback?{}#fragment",
        "/callback?{}",
        "?{}",
        "{}",
        "{}&session_state=a?b",
        "com.acme.app:/callback?{}",
    ] {
        let pending = provider
            .pending(&flow, |nonce| provider.id_token(&provider.claims(nonce)))
            .await;
        let callback = form.replace("{}", &callback_query(&pending));
        flow.finish(pending, &callback).await.expect(form);
    }
}

#[tokio::test]
async fn invalid_callback_has_a_specific_error_and_sends_no_code() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let issuer = provider.issuer();
    for (callback, expected) in [
        ("code=c0de&state=another", CallbackErrorKind::State),
        ("code=c0de&state=", CallbackErrorKind::State),
        ("code=c0de", CallbackErrorKind::State),
        (
            "error=access_denied&state=another",
            CallbackErrorKind::State,
        ),
        ("", CallbackErrorKind::State),
        ("https://app.test/callback", CallbackErrorKind::State),
        ("code=c0de&state={}x", CallbackErrorKind::State),
        (
            "code=c0de&state={}&iss=https%3A%2F%2Fevil.test",
            CallbackErrorKind::Issuer,
        ),
        (
            "error=access_denied&state={}&iss=https%3A%2F%2Fevil.test",
            CallbackErrorKind::Issuer,
        ),
        ("state={}", CallbackErrorKind::Code),
        ("code=&state={}", CallbackErrorKind::Code),
        ("code=a&code=b&state={}", CallbackErrorKind::Repeated),
        ("code=a&state=x&state={}", CallbackErrorKind::Repeated),
    ] {
        let pending = flow.start().await.unwrap();
        let callback = callback.replace("{}", pending.state());
        let error = flow.finish(pending, &callback).await.unwrap_err();
        assert_eq!(error.callback_error_kind(), Some(expected), "{callback}");
        assert!(
            error
                .to_string()
                .starts_with("the authorization response is invalid")
        );
        assert!(!error.is_outcome_unknown() && !error.is_rejected());
    }
    assert!(provider.requests("/oauth/token").await.is_empty());
    // The right issuer is accepted.
    let pending = provider
        .pending(&flow, |nonce| provider.id_token(&provider.claims(nonce)))
        .await;
    let query = format!("{}&iss={issuer}", callback_query(&pending));
    flow.finish(pending, &query).await.unwrap();
}

#[tokio::test]
async fn missing_iss_that_was_announced_sends_no_code() {
    let provider = Provider::start().await;
    let promise = json!({"authorization_response_iss_parameter_supported": true});
    provider.describe(promise).await;
    let flow = provider.flow();
    let issuer = provider.issuer();
    for (callback, found) in [
        (
            "code=c0de&state={}",
            "found none, although the server metadata announces it",
        ),
        ("error=access_denied&state={}", "found none"),
        (
            "code=c0de&state={}&iss=",
            "found text that is not an issuer",
        ),
        (
            "code=c0de&state={}&iss=https%3A%2F%2Fevil.test",
            "found https://evil.test",
        ),
        (
            "code=c0de&state={}&iss=c0de",
            "found text that is not an issuer",
        ),
        (
            "code=c0de&state={}&iss=https%3A%2F%2Fevil.test%2Fc0de",
            "found https://evil.test/…",
        ),
    ] {
        let pending = flow.start().await.unwrap();
        // A web application stores it, and another process may finish the login.
        let serialized = serde_json::to_string(&pending).unwrap();
        let callback = callback.replace("{}", pending.state());
        for flow in [flow.clone(), provider.flow()] {
            let pending: PendingLogin = serde_json::from_str(&serialized).unwrap();
            let error = flow.finish(pending, &callback).await.unwrap_err();
            assert_eq!(
                error.callback_error_kind(),
                Some(CallbackErrorKind::Issuer),
                "{callback}"
            );
            assert!(!error.is_outcome_unknown() && !error.is_access_denied());
            let expected = format!("iss: expected {issuer}, {found}");
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }
    // The response to another login causes no request.
    let other = provider.flow();
    let pending = flow.start().await.unwrap();
    let discoveries = provider
        .requests("/.well-known/openid-configuration")
        .await
        .len();
    let error = other
        .finish(pending, "code=c0de&state=another")
        .await
        .unwrap_err();
    assert_eq!(error.callback_error_kind(), Some(CallbackErrorKind::State));
    let requested = provider
        .requests("/.well-known/openid-configuration")
        .await
        .len();
    assert_eq!(requested, discoveries);
    assert!(provider.requests("/oauth/token").await.is_empty());
    assert!(provider.requests("/jwks").await.is_empty());

    let pending = provider
        .pending(&flow, |nonce| provider.id_token(&provider.claims(nonce)))
        .await;
    let query = format!("{}&iss={issuer}", callback_query(&pending));
    flow.finish(pending, &query).await.unwrap();
}

#[tokio::test]
async fn iss_is_optional_if_not_announced() {
    for promise in [json!(false), json!(null)] {
        let provider = Provider::start().await;
        let promise = json!({"authorization_response_iss_parameter_supported": promise});
        provider.describe(promise).await;
        provider.login(&provider.flow()).await;
    }
}

#[tokio::test]
async fn maximum_durations_do_not_overflow() {
    let provider = Provider::start().await;
    let builder = provider
        .builder()
        .max_age(Duration::MAX)
        .timeout(Duration::MAX);
    let policy = RetryPolicy::default()
        .base(Duration::MAX)
        .max_wait(Duration::MAX)
        .total_time(Duration::MAX);
    let flow = builder.retry(policy).build().unwrap();
    let token = |nonce: &str| {
        let mut claims = provider.claims(nonce);
        claims["auth_time"] = json!(0);
        provider.id_token(&claims)
    };
    provider.login_with(&flow, token).await.unwrap();
}

#[tokio::test]
async fn denied_login_keeps_code_and_description() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    for code in [
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
        "server_error",
    ] {
        let pending = flow.start().await.unwrap();
        let query = format!(
            "error={code}&error_description=no+%1B%5B31mway&state={}",
            pending.state()
        );
        let error = flow.finish(pending, &query).await.unwrap_err();
        assert!(error.is_rejected());
        assert_eq!(error.error(), Some(code));
        assert_eq!(error.error_description(), Some("no [31mway"));
        assert_eq!(error.is_access_denied(), code == "access_denied");
        assert_eq!(
            error.is_interaction_required(),
            code.ends_with("_required"),
            "{code}"
        );
        assert_eq!(error.callback_error_kind(), None);
        assert_eq!(
            error.to_string(),
            format!("the login was denied: {code}, no [31mway")
        );
    }
    assert!(provider.requests("/oauth/token").await.is_empty());
}

#[tokio::test]
async fn rejected_code_is_an_invalid_grant_with_a_known_outcome() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = flow.start().await.unwrap();
    let error_body =
        json!({"error": "invalid_grant", "error_description": "Invalid authorization code"});
    provider
        .on(
            "/oauth/token",
            ResponseTemplate::new(403).set_body_json(error_body),
        )
        .await;
    let query = callback_query(&pending);
    let error = flow.finish(pending, &query).await.unwrap_err();
    assert!(error.is_invalid_grant() && !error.is_outcome_unknown());
    assert!(!error.is_refresh_token_rejected() && !error.is_session_ended());
}

/// A token endpoint that reads and counts each request, sends `response` and closes the connection.
pub(crate) async fn closing_endpoint(
    response: &'static str,
) -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oauth/token", listener.local_addr().unwrap());
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 8192];
            let _ = stream.read(&mut buffer).await;
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    (url, count)
}

/// Ways to lose a response after the server may have processed the request.
pub(crate) const LOST: [&str; 5] = [
    "",
    "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"access_token\": \"a",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 524 Timed Out\r\ncontent-length: 0\r\n\r\n",
];

#[tokio::test]
async fn lost_response_to_the_code_is_not_retried_and_has_an_unknown_outcome() {
    let provider = Provider::start().await;
    for response in LOST {
        let (url, count) = closing_endpoint(response).await;
        let flow = provider
            .builder()
            .token_url(url)
            .retry(RetryPolicy::default())
            .build()
            .unwrap();
        let pending = flow.start().await.unwrap();
        let query = callback_query(&pending);
        let error = flow.finish(pending, &query).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{response}: {error}");
        assert_eq!(
            count.load(std::sync::atomic::Ordering::SeqCst),
            1,
            "{response}"
        );
    }
    assert!(provider.sleeper.seconds().is_empty());
}

#[tokio::test]
async fn code_that_was_not_sent_is_retried() {
    let provider = Provider::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oauth/token", listener.local_addr().unwrap());
    drop(listener);
    let flow = provider
        .builder()
        .token_url(url)
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    let pending = flow.start().await.unwrap();
    let query = callback_query(&pending);
    let error = flow.finish(pending, &query).await.unwrap_err();
    assert!(
        error.is_transport() && !error.is_outcome_unknown(),
        "{error}"
    );
    assert_eq!(provider.sleeper.seconds().len(), 2);
}

#[tokio::test]
async fn unavailable_keys_do_not_spend_the_code() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = flow.start().await.unwrap();
    provider.publish_raw(json!({"keys": "none"})).await;
    let query = callback_query(&pending);
    let error = flow.finish(pending.clone(), &query).await.unwrap_err();
    assert!(
        error.is_invalid_response() && !error.is_outcome_unknown(),
        "{}",
        chain(&error)
    );
    assert!(provider.requests("/oauth/token").await.is_empty());
}

#[test]
fn invalid_settings_are_all_reported() {
    let complete = || {
        AuthorizationCode::builder("acme.us.auth0.com")
            .client_id(CLIENT)
            .redirect_uri(REDIRECT)
    };
    complete().build().unwrap();
    for uri in [
        "http://127.0.0.1:1234/callback",
        "http://localhost/",
        "com.acme.app:/callback",
    ] {
        complete().redirect_uri(uri).build().unwrap();
    }
    for (settings, expected) in [
        (
            AuthorizationCode::builder("acme.us.auth0.com"),
            "client_id is missing; redirect_uri is missing",
        ),
        (
            complete().redirect_uri("http://app.test/p4ss"),
            "redirect_uri: expected https, found http",
        ),
        (
            complete().redirect_uri("https://u:p4ss@app.test/"),
            "redirect_uri: expected no user name",
        ),
        (
            complete().redirect_uri("https://app.test/#p4ss"),
            "redirect_uri: expected no fragment",
        ),
        (
            complete().redirect_uri("javascript:p4ss"),
            "redirect_uri: expected https or a scheme with a dot",
        ),
        (
            complete().redirect_uri("p4ss"),
            "redirect_uri: expected a URL",
        ),
        (complete().audience(""), "audience: expected"),
        (complete().organization(""), "organization: expected"),
        (
            complete().authorize_parameter("", "p4ss"),
            "authorize_parameter: expected a name",
        ),
        (
            complete().authorize_parameter("state", "p4ss"),
            "found state",
        ),
        (
            complete().authorize_parameter("request_uri", "p4ss"),
            "found request_uri",
        ),
        (complete().id_token_algorithms([]), "id_token_algorithms"),
        (
            complete().id_token_leeway(Duration::from_secs(301)),
            "id_token_leeway",
        ),
        (
            complete()
                .id_token_algorithms([SigningAlgorithm::Es256])
                .client_secret(""),
            "client_secret is missing",
        ),
    ] {
        let error = settings.build().unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(!chain(&error).contains("p4ss"), "{error}");
    }
}
