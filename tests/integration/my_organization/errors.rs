//! Errors of the My Organization API as typed data.

use auth0_my_organization::types::CreateOrganizationDomainRequestContent;
use auth0_my_organization::{Client, Error, Limiter, limits};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::organization;
use crate::support::*;

async fn error_of(status: u16, body: Value) -> Error {
    let server = mock_server_json(status, body).await;
    let body = CreateOrganizationDomainRequestContent::with_domain("acme.com");
    organization(&server)
        .organization()
        .domains()
        .create(body)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn request_violates_server_rules_then_each_violation_is_typed() {
    let error = error_of(
        400,
        json!({
            "type": "https://auth0.com/api-errors#A0E-400-0003",
            "status": 400,
            "title": "Validation Error",
            "validation_errors": [
                {"detail": "planted is taken", "field": "data/domain", "pointer": "/domain", "source": "body"},
                {"detail": "is required"},
            ],
        }),
    )
    .await;
    let problem = error.problem().unwrap();
    assert_eq!(
        problem.problem_type(),
        Some("https://auth0.com/api-errors#A0E-400-0003")
    );
    assert_eq!(
        (problem.title(), problem.detail()),
        (Some("Validation Error"), None)
    );
    let violations: Vec<_> = problem
        .validation_errors()
        .iter()
        .map(|error| {
            (
                error.detail(),
                error.field(),
                error.pointer(),
                error.source(),
            )
        })
        .collect();
    assert_eq!(
        violations,
        [
            (
                Some("planted is taken"),
                Some("data/domain"),
                Some("/domain"),
                Some("body")
            ),
            (Some("is required"), None, None, None),
        ]
    );
    // `Display` shows the message; `Debug`, which is often logged, does not quote the request.
    assert!(
        error.to_string().contains("data/domain: planted is taken"),
        "{error}"
    );
    assert!(!format!("{error:?} {error:#?}").contains("planted"));
    assert!(!format!("{problem:?} {:?}", problem.validation_errors()).contains("planted"));
}

#[tokio::test]
async fn request_is_rejected_for_one_reason_then_there_is_a_detail_and_no_list() {
    let error = error_of(
        409,
        json!({
            "type": "https://auth0.com/api-errors#A0E-409-0003",
            "status": 409,
            "title": "Duplicate Resource",
            "detail": "Domain name must be unique",
        }),
    )
    .await;
    let problem = error.problem().unwrap();
    assert_eq!(problem.detail(), Some("Domain name must be unique"));
    assert!(problem.validation_errors().is_empty());
    assert!(error.is_conflict());
    assert!(error.to_string().contains("#A0E-409-0003"), "{error}");
}

/// A client of one organization that uses `limiter`.
fn limited(server: &wiremock::MockServer, limiter: &Limiter, id: &str) -> Client {
    Client::builder()
        .base_url(format!("{}/my-org", server.uri()))
        .retry(auth0_my_organization::RetryPolicy::never())
        .token_source(auth0_core::StaticToken::new(TOKEN))
        .http_client(http_client())
        .limiter(limiter.for_organization(id))
        .build()
        .unwrap()
}

#[tokio::test]
async fn organization_limit_is_hit_then_only_it_is_paused_and_the_tenant_limit_pauses_all() {
    for (kind, all) in [(None, false), (Some("global-rate-limit"), true)] {
        let mut response = ResponseTemplate::new(429).insert_header("retry-after", "30");
        if let Some(kind) = kind {
            response = response.insert_header("x-auth0-error-kind", kind);
        }
        let server = mock_server(response).await;
        let limiter = Limiter::new(limits::PUBLIC_ENTERPRISE).unwrap();
        let acme = limited(&server, &limiter, "org_acme");
        let error = acme.organization_details().get().await.unwrap_err();
        assert!(error.is_rate_limited(), "{error:?}");
        let snapshot = limiter.snapshot();
        let host = snapshot.hosts.values().next().unwrap();
        assert_eq!(host.read.paused_until.is_some(), all, "{kind:?}");
        assert_eq!(
            host.organizations["org_acme"].read.paused_until.is_some(),
            !all,
            "{kind:?}"
        );

        // While the tenant is paused, a call would wait.
        if !all {
            let other = limited(&server, &limiter, "org_other")
                .organization_details()
                .get();
            assert!(other.await.unwrap_err().is_rate_limited());
            assert_eq!(requests(&server).await.len(), 2);
        }
    }
}
