//! Rate limit plans: limits of an organization, of the tenant and of the Management API.

use std::time::Duration;

use auth0_sandbox::{RateLimitPlan, Sandbox};

use super::{ApiClient, error_code, error_type, management, my_organization, start, str_field};
use crate::support::{TestResponse, send_request};

#[track_caller]
fn assert_limited(response: &TestResponse, limit: &str, is_global: bool) {
    assert_eq!(response.status, 429);
    assert_eq!(response.header("x-ratelimit-limit"), Some(limit));
    assert_eq!(response.header("x-ratelimit-remaining"), Some("0"));
    let reset: i64 = response
        .header("x-ratelimit-reset")
        .unwrap()
        .parse()
        .unwrap();
    let now = chrono::Utc::now().timestamp();
    assert!((now..now + 4).contains(&reset), "{reset} at {now}");
    assert!(response.header("retry-after").is_some());
    let kind = response.header("x-auth0-error-kind");
    assert_eq!(kind, is_global.then_some("global-rate-limit"));
}

/// Sends many concurrent reads for each organization.
async fn read_all_concurrently(clients: &[ApiClient<'_>]) -> Vec<TestResponse> {
    let mut calls = tokio::task::JoinSet::new();
    for client in std::iter::repeat_n(clients, 12).flatten() {
        let request = client.sandbox.http.get(format!("{}/details", client.url));
        calls.spawn(send_request(request.bearer_auth(&client.token)));
    }
    calls.join_all().await
}

/// Sends many concurrent reads of the organization list.
async fn list_concurrently(management: &ApiClient<'_>) -> Vec<TestResponse> {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = management
            .sandbox
            .http
            .get(format!("{}/organizations", management.url));
        calls.spawn(send_request(request.bearer_auth(&management.token)));
    }
    calls.join_all().await
}

#[tokio::test]
async fn organization_limit_is_separate_until_the_tenant_limit_is_exceeded() {
    // Four reads per second for an organization, eight for the tenant.
    let plan: RateLimitPlan = "public-self-service".parse().unwrap();
    let sandbox = start(Sandbox::builder().rate_limit_plan(plan)).await;
    let all = management(&sandbox, "")
        .await
        .get("/organizations")
        .await
        .expect(200);
    let mut clients = Vec::new();
    for organization in all.as_array().unwrap() {
        clients.push(my_organization(&sandbox, str_field(organization, "id"), "").await);
    }
    let alone = read_all_concurrently(&clients[..1]).await;
    let (accepted, rejected): (Vec<&TestResponse>, Vec<&TestResponse>) =
        alone.iter().partition(|response| response.status == 200);
    assert!(accepted.len() >= 4, "{}", accepted.len());
    assert_eq!(accepted[0].header("x-ratelimit-limit"), Some("4"));
    assert_limited(rejected[0], "4", false);
    assert_eq!(error_type(rejected[0]), (429, "A0E-429-0003"));
    // The buckets refill during the test, so emptying that of the tenant may take several attempts.
    let mut global = None;
    for _ in 0..20 {
        sandbox.advance(Duration::from_secs(2));
        let responses = read_all_concurrently(&clients).await;
        let is_global = |response: &TestResponse| response.header("x-auth0-error-kind").is_some();
        global = responses.into_iter().find(is_global);
        if global.is_some() {
            break;
        }
    }
    assert_limited(&global.expect("the tenant's limit"), "8", true);
    // Writes have separate buckets.
    let change = serde_json::json!({"display_name": "Still there"});
    clients[0].patch("/details", change).await.expect(200);
}

#[tokio::test]
async fn management_api_reads_and_writes_share_a_bucket() {
    let plan: RateLimitPlan = "public-enterprise".parse().unwrap();
    for (plan, limit) in [(plan, "10"), (plan.production(), "50")] {
        let sandbox = start(Sandbox::builder().rate_limit_plan(plan)).await;
        let management = management(&sandbox, "").await;
        let first = management.get("/organizations").await;
        assert_eq!(first.header("x-ratelimit-limit"), Some(limit));
        let response = management
            .post("/organizations", serde_json::json!({"name": "x"}))
            .await;
        let left: u64 = response
            .header("x-ratelimit-remaining")
            .unwrap()
            .parse()
            .unwrap();
        assert!(left < limit.parse().unwrap());
        if limit == "10" {
            let responses = list_concurrently(&management).await;
            let last = responses
                .into_iter()
                .find(|response| response.status == 429);
            let last = last.expect("a rejected response");
            assert_limited(&last, limit, false);
            assert_eq!(error_code(&last), (429, "too_many_requests"));
        }
    }
    let plan: RateLimitPlan = "free".parse().unwrap();
    let sandbox = start(Sandbox::builder().rate_limit_plan(plan)).await;
    let response = management(&sandbox, "").await.get("/organizations").await;
    assert_eq!(response.header("x-ratelimit-limit"), None);
}

#[test]
fn unknown_plan_error_names_the_known_plans() {
    let error = "enterprise".parse::<RateLimitPlan>().unwrap_err();
    assert!(
        error.starts_with("expected one of the plans free, ")
            && error.ends_with(", found `enterprise`"),
        "{error}"
    );
}

/// The values must match `openapi/sources.toml`, which belongs to the repository rather than to this crate.
#[tokio::test]
async fn plan_limits_match_the_published_values() {
    let sources =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/sources.toml");
    let sources: toml::Table = std::fs::read_to_string(sources).unwrap().parse().unwrap();
    let plans = sources["my-organization"]["plans"].as_table().unwrap();
    assert_eq!(plans.len(), 5);
    for (name, plan_limits) in plans {
        let plan: RateLimitPlan = name.parse().unwrap();
        let sandbox = start(Sandbox::builder().rate_limit_plan(plan)).await;
        let client = super::administrator(&sandbox).await;
        let limit =
            |response: &TestResponse| response.header("x-ratelimit-limit").unwrap().to_owned();
        let read = limit(&client.get("/details").await);
        let write = limit(
            &client
                .patch("/details", serde_json::json!({"name": "x"}))
                .await,
        );
        let figure = |what: &str| {
            plan_limits["organization"][what]
                .as_integer()
                .unwrap()
                .to_string()
        };
        assert_eq!((read, write), (figure("read"), figure("write")), "{name}");
    }
}
