//! All kinds of failures and their predicates.

use std::time::Duration;

use auth0_auth::{
    BoxFuture, ClientCredentials, ClientCredentialsBuilder, Error, SignError, Signer,
    SigningAlgorithm,
};
use auth0_core::{RetryPolicy, TokenSource as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::support::{failure, responding_with, settings, source, typed};

/// The predicates that are true.
fn true_predicates(error: &Error) -> Vec<&'static str> {
    let all = [
        ("configuration", error.is_configuration()),
        ("transport", error.is_transport()),
        ("timeout", error.is_timeout()),
        ("rejected", error.is_rejected()),
        ("invalid_client", error.is_invalid_client()),
        ("invalid_grant", error.is_invalid_grant()),
        ("access_denied", error.is_access_denied()),
        ("unauthorized_client", error.is_unauthorized_client()),
        ("interaction_required", error.is_interaction_required()),
        ("rate_limited", error.is_rate_limited()),
        ("quota_used_up", error.is_quota_used_up()),
        ("invalid_response", error.is_invalid_response()),
        ("discovery", error.is_discovery()),
        ("signing", error.is_signing()),
        ("outcome_unknown", error.is_outcome_unknown()),
    ];
    all.into_iter()
        .filter_map(|(name, holds)| holds.then_some(name))
        .collect()
}

#[tokio::test]
async fn each_response_satisfies_exactly_its_predicates() {
    let error = |code: &str| json!({"error": code, "error_description": "why"});
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(u16, Headers, Value, &[&str]); 24] = [
        (
            401,
            &[],
            error("invalid_client"),
            &["rejected", "invalid_client"],
        ),
        (
            400,
            &[],
            error("invalid_client"),
            &["rejected", "invalid_client"],
        ),
        (
            401,
            &[],
            error("unauthorized"),
            &["rejected", "invalid_client"],
        ),
        (
            400,
            &[],
            error("invalid_grant"),
            &["rejected", "invalid_grant"],
        ),
        (
            403,
            &[],
            error("invalid_grant"),
            &["rejected", "invalid_grant"],
        ),
        (
            403,
            &[],
            error("access_denied"),
            &["rejected", "access_denied"],
        ),
        (
            403,
            &[],
            error("unauthorized_client"),
            &["rejected", "unauthorized_client"],
        ),
        (400, &[], error("invalid_request"), &["rejected"]),
        (400, &[], error("invalid_scope"), &["rejected"]),
        (400, &[], error("unsupported_grant_type"), &["rejected"]),
        (
            403,
            &[],
            error("mfa_required"),
            &["rejected", "interaction_required"],
        ),
        (
            403,
            &[],
            error("login_required"),
            &["rejected", "interaction_required"],
        ),
        (
            403,
            &[],
            error("consent_required"),
            &["rejected", "interaction_required"],
        ),
        (
            403,
            &[],
            error("interaction_required"),
            &["rejected", "interaction_required"],
        ),
        (500, &[], error("server_error"), &["rejected"]),
        (503, &[], json!(null), &["invalid_response"]),
        (404, &[], json!("not found"), &["invalid_response"]),
        (200, &[], json!({}), &["invalid_response"]),
        (
            200,
            &[],
            error("invalid_grant"),
            &["rejected", "invalid_grant"],
        ),
        (429, &[], json!(null), &["rate_limited"]),
        (
            429,
            &[("retry-after", "299")],
            error("too_many_requests"),
            &["rejected", "rate_limited"],
        ),
        (
            429,
            &[("retry-after", "300")],
            json!(null),
            &["rate_limited", "quota_used_up"],
        ),
        (
            429,
            &[("auth0-client-quota-limit", "b=per_hour;q=10;r=0;t=5")],
            error("too_many_requests"),
            &["rejected", "rate_limited", "quota_used_up"],
        ),
        // An exhausted quota does not hide another reason of a failure.
        (
            401,
            &[("auth0-client-quota-limit", "b=per_hour;q=10;r=0;t=5")],
            error("invalid_client"),
            &["rejected", "invalid_client"],
        ),
    ];
    for (status, headers, body, expected) in cases {
        let mut template = ResponseTemplate::new(status).set_body_json(&body);
        for (name, value) in headers {
            template = template.insert_header(*name, *value);
        }
        let server = responding_with(template).await;
        let error = failure(&source(&server).0).await;
        assert_eq!(
            true_predicates(&error),
            expected,
            "{status} {body}: {error}"
        );
        assert_eq!(error.status(), Some(status));
        if error.is_rejected() {
            assert_eq!(error.error_description(), Some("why"));
            assert!(error.to_string().ends_with("why"), "{error}");
        }
    }
}

#[tokio::test]
async fn mfa_token_is_available_but_never_printed() {
    let body = json!({
        "error": "mfa_required", "mfa_token": "pl4nted", "error_description": "use pl4nted or pl4\u{7}nted"
    });
    let server = responding_with(ResponseTemplate::new(403).set_body_json(body)).await;
    let error = failure(&source(&server).0).await;
    assert_eq!(error.mfa_token().unwrap().secret(), "pl4nted");
    assert_eq!(error.error_description(), Some("use … or …"));
    assert!(!crate::support::chain(&error).contains("pl4nted"));
}

/// Settings for a server that is unreachable or sends invalid responses.
fn settings_for(url: String) -> ClientCredentialsBuilder {
    ClientCredentials::builder("acme.us.auth0.com")
        .issuer(url)
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
        .retry(RetryPolicy::never())
}

#[tokio::test]
async fn missing_response_satisfies_exactly_its_predicates() {
    let unset = ClientCredentials::builder("").build().unwrap_err();
    assert_eq!(true_predicates(&unset), ["configuration"]);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let silent = settings_for(url.clone()).timeout(Duration::from_millis(20));
    let error = failure(&silent.build().unwrap()).await;
    assert_eq!(true_predicates(&error), ["transport", "timeout"]);
    drop(listener);
    let error = failure(&settings_for(url).build().unwrap()).await;
    assert_eq!(true_predicates(&error), ["transport"]);

    let body = json!({"issuer": "https://other.test/"});
    let server = responding_with(ResponseTemplate::new(200).set_body_json(body)).await;
    let error = failure(&settings_for(server.uri()).build().unwrap()).await;
    assert_eq!(true_predicates(&error), ["discovery"]);
}

/// A signer that returns an error or panics.
struct Broken(bool);

impl Signer for Broken {
    fn algorithm(&self) -> SigningAlgorithm {
        SigningAlgorithm::Es256
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        assert!(self.0, "pl4nted");
        Box::pin(std::future::ready(Err(SignError::new("no"))))
    }
}

#[tokio::test]
async fn panic_of_a_signer_is_not_part_of_the_error() {
    let server = responding_with(ResponseTemplate::new(500)).await;
    let signing = |signer| {
        ClientCredentials::builder("acme.us.auth0.com")
            .token_url(server.uri())
            .client_id("client")
            .private_key_jwt(signer)
            .audience("https://api.test/")
    };
    let error = failure(&signing(Broken(true)).build().unwrap()).await;
    assert_eq!(true_predicates(&error), ["signing"]);
    let with_store = signing(Broken(false)).store(auth0_auth::MemoryStore::new());
    for settings in [signing(Broken(false)), with_store] {
        let source = settings.build().unwrap();
        let error = source.token().await.unwrap_err();
        let text = crate::support::chain(&error);
        assert!(!text.contains("pl4nted"), "{text}");
        let error = typed(&error);
        assert_eq!(true_predicates(&error), [""; 0]);
        assert_eq!(error.to_string(), "the token request panicked");
    }
}

#[tokio::test]
async fn find_in_finds_the_typed_error_at_any_depth() {
    #[derive(Debug)]
    struct Outer(auth0_core::TokenError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let body = json!({"error": "access_denied"});
    let server = responding_with(ResponseTemplate::new(403).set_body_json(body)).await;
    let source = settings(&server).build().unwrap();
    let outer = Outer(source.token().await.unwrap_err());
    assert!(Error::find_in(&outer).unwrap().is_access_denied());
    assert!(Error::find_in(Error::find_in(&outer).unwrap()).is_some());
    assert!(Error::find_in(&std::fmt::Error).is_none());
}
