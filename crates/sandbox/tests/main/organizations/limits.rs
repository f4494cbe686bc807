//! Rate limits of plans: of an organization, of the tenant, and of the Management API.

use std::time::Duration;

use auth0_sandbox::{Plan, Sandbox};

use super::{code, error, inside, operator, start, text};
use crate::support::Reply;

#[track_caller]
fn assert_limited(answer: &Reply, limit: &str, is_global: bool) {
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("x-ratelimit-limit"), Some(limit));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    let now = chrono::Utc::now().timestamp();
    assert!((now..now + 4).contains(&reset), "{reset} at {now}");
    assert!(answer.header("retry-after").is_some());
    let kind = answer.header("x-auth0-error-kind");
    assert_eq!(kind, is_global.then_some("global-rate-limit"));
}

#[tokio::test]
async fn organization_asks_too_much_then_it_is_refused_and_another_is_not_until_the_tenant_is_empty()
 {
    // Four reads a second for an organization, eight for the tenant.
    let plan: Plan = "public-self-service".parse().unwrap();
    let sandbox = start(Sandbox::builder().plan(plan)).await;
    let all = operator(&sandbox, "")
        .await
        .get("/organizations")
        .await
        .expect(200);
    let mut sides = Vec::new();
    for organization in all.as_array().unwrap() {
        sides.push(inside(&sandbox, text(organization, "id"), "").await);
    }
    // A clock that stands still would be better; buckets fill while this runs.
    for side in &sides[..2] {
        let mut answers = Vec::new();
        for _ in 0..30 {
            let answer = side.get("/details").await;
            let is_refused = answer.status == 429;
            answers.push(answer);
            if is_refused {
                break;
            }
        }
        let last = answers.pop().unwrap();
        assert!(answers.len() >= 4, "{}", answers.len());
        assert_eq!(answers[0].header("x-ratelimit-limit"), Some("4"));
        if last.header("x-auth0-error-kind").is_none() {
            assert_limited(&last, "4", false);
            assert_eq!(code(&last), (429, "A0E-429-0003"));
        }
    }
    sandbox.advance(Duration::from_secs(2));
    // Writes have buckets of their own, and those of the tenant are as small as those of two organizations.
    let mut refused = None;
    'all: for _ in 0..40 {
        for side in &sides {
            let answer = side.get("/details").await;
            if answer.header("x-auth0-error-kind").is_some() {
                refused = Some(answer);
                break 'all;
            }
        }
    }
    assert_limited(&refused.expect("the tenant's limit"), "8", true);
    let change = serde_json::json!({"display_name": "Still there"});
    sides[0].patch("/details", change).await.expect(200);
}

#[tokio::test]
async fn plan_is_published_for_the_management_api_then_reads_and_writes_share_its_bucket() {
    let plan: Plan = "public-enterprise".parse().unwrap();
    for (plan, limit) in [(plan, "10"), (plan.production(), "50")] {
        let sandbox = start(Sandbox::builder().plan(plan)).await;
        let operator = operator(&sandbox, "").await;
        let first = operator.get("/organizations").await;
        assert_eq!(first.header("x-ratelimit-limit"), Some(limit));
        let answer = operator
            .post("/organizations", serde_json::json!({"name": "x"}))
            .await;
        let left: u64 = answer
            .header("x-ratelimit-remaining")
            .unwrap()
            .parse()
            .unwrap();
        assert!(left < limit.parse().unwrap());
        if limit == "10" {
            let mut last = answer;
            for _ in 0..30 {
                last = operator.get("/organizations").await;
                if last.status == 429 {
                    break;
                }
            }
            assert_limited(&last, limit, false);
            assert_eq!(error(&last), (429, "too_many_requests"));
        }
    }
    let plan: Plan = "free".parse().unwrap();
    let sandbox = start(Sandbox::builder().plan(plan)).await;
    let answer = operator(&sandbox, "").await.get("/organizations").await;
    assert_eq!(answer.header("x-ratelimit-limit"), None);
}

#[test]
fn plan_is_unknown_then_the_error_names_those_that_there_are() {
    let error = "enterprise".parse::<Plan>().unwrap_err();
    assert!(
        error.starts_with("expected a plan, found `enterprise`; there are free, "),
        "{error}"
    );
}

/// The figures stand in `openapi/sources.toml` too, which belongs to the repository and not to this crate.
#[tokio::test]
async fn plans_are_published_then_the_sandbox_has_the_same_figures() {
    let sources =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/sources.toml");
    let sources: toml::Table = std::fs::read_to_string(sources).unwrap().parse().unwrap();
    let tiers = sources["my-organization"]["tiers"].as_table().unwrap();
    assert_eq!(tiers.len(), 5);
    for (name, tier) in tiers {
        let plan: Plan = name.parse().unwrap();
        let sandbox = start(Sandbox::builder().plan(plan)).await;
        let side = super::administrator(&sandbox).await;
        let limit = |answer: &Reply| answer.header("x-ratelimit-limit").unwrap().to_owned();
        let read = limit(&side.get("/details").await);
        let write = limit(
            &side
                .patch("/details", serde_json::json!({"name": "x"}))
                .await,
        );
        let figure = |what: &str| tier["organization"][what].as_integer().unwrap().to_string();
        assert_eq!((read, write), (figure("read"), figure("write")), "{name}");
    }
}
