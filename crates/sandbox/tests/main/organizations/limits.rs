//! Rate limits of plans: of an organization, of the tenant, and of the Management API.

use std::time::Duration;

use auth0_sandbox::{Plan, Sandbox};

use super::{Side, code, error, inside, operator, start, text};
use crate::support::{Reply, reply};

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

/// Many reads of each organization, all at the same time.
async fn at_once(sides: &[Side<'_>]) -> Vec<Reply> {
    let mut calls = tokio::task::JoinSet::new();
    for side in std::iter::repeat_n(sides, 12).flatten() {
        let request = side.sandbox.http.get(format!("{}/details", side.url));
        calls.spawn(reply(request.bearer_auth(&side.token)));
    }
    calls.join_all().await
}

/// Many reads of all organizations.
async fn at_once_of(operator: &Side<'_>) -> Vec<Reply> {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = operator
            .sandbox
            .http
            .get(format!("{}/organizations", operator.url));
        calls.spawn(reply(request.bearer_auth(&operator.token)));
    }
    calls.join_all().await
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
    let alone = at_once(&sides[..1]).await;
    let (let_in, refused): (Vec<&Reply>, Vec<&Reply>) =
        alone.iter().partition(|answer| answer.status == 200);
    assert!(let_in.len() >= 4, "{}", let_in.len());
    assert_eq!(let_in[0].header("x-ratelimit-limit"), Some("4"));
    assert_limited(refused[0], "4", false);
    assert_eq!(code(refused[0]), (429, "A0E-429-0003"));
    // Buckets fill while this runs, so it may take more than one try to empty that of the tenant.
    let mut global = None;
    for _ in 0..20 {
        sandbox.advance(Duration::from_secs(2));
        let answers = at_once(&sides).await;
        let is_global = |answer: &Reply| answer.header("x-auth0-error-kind").is_some();
        global = answers.into_iter().find(is_global);
        if global.is_some() {
            break;
        }
    }
    assert_limited(&global.expect("the tenant's limit"), "8", true);
    // Writes have buckets of their own.
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
            let answers = at_once_of(&operator).await;
            let last = answers.into_iter().find(|answer| answer.status == 429);
            let last = last.expect("a refusal");
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
    let tiers = sources["my-organization"]["plans"].as_table().unwrap();
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
