//! The sandbox's clock and everything that depends on it.

use auth0_sandbox::{Effect, Fault, Hint, Reply, Sandbox, Script};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestSandbox, send_request, start, start_with};

async fn post_admin(
    sandbox: &TestSandbox,
    path: &str,
    body: Value,
) -> crate::support::TestResponse {
    send_request(sandbox.admin(Method::POST, path).json(&body)).await
}

#[tokio::test]
async fn moved_clock_determines_dates_and_token_expiry() {
    let sandbox = start().await;
    let seconds = |text: &str| {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    };
    let now = post_admin(&sandbox, "/clock", json!({})).await.expect(200);
    let now = seconds(now["now"].as_str().unwrap());
    let ahead = post_admin(&sandbox, "/clock", json!({"offset_seconds": 3600}))
        .await
        .expect(200);
    assert!((3600..3605).contains(&(seconds(ahead["now"].as_str().unwrap()) - now)));
    let response = sandbox.get("/api/environments").await;
    let date = chrono::DateTime::parse_from_rfc2822(response.header("date").unwrap()).unwrap();
    assert!((3600..3605).contains(&(date.timestamp() - now)));
    // Offset and advance add up; setting the offset does not undo the advance.
    post_admin(&sandbox, "/clock", json!({"advance_seconds": 60}))
        .await
        .expect(200);
    let back = post_admin(&sandbox, "/clock", json!({"offset_seconds": -3600}))
        .await
        .expect(200);
    assert!((-3540..-3535).contains(&(seconds(back["now"].as_str().unwrap()) - now)));
    post_admin(
        &sandbox,
        "/clock",
        json!({"offset_seconds": 0, "advance_seconds": 86_400}),
    )
    .await
    .expect(200);
    assert_eq!(sandbox.get("/api/environments").await.status, 401);
}

#[tokio::test]
async fn extreme_clock_offset_is_clamped() {
    for (to, year) in [
        (
            json!({"advance_seconds": u64::MAX, "offset_seconds": 1}),
            "9999",
        ),
        (json!({"offset_seconds": 9_000_000_000_000_000_i64}), "9999"),
        (
            json!({"offset_seconds": -9_000_000_000_000_000_i64}),
            "1970",
        ),
        (json!({"offset_seconds": -4_000_000_000_i64}), "1970"),
    ] {
        let sandbox = start().await;
        let now = post_admin(&sandbox, "/clock", to).await.expect(200);
        assert!(now["now"].as_str().unwrap().starts_with(year), "{now}");
        let response = sandbox.get("/api/environments").await;
        assert!(
            response.header("date").unwrap().contains(year),
            "{response:?}"
        );
    }
    let sandbox = start().await;
    let rejected = post_admin(&sandbox, "/clock", json!({"offset_seconds": i64::MAX})).await;
    assert_eq!(rejected.status_and_type(), (400, "VALIDATION_ERROR"));
    sandbox.set_clock_offset(i64::MIN).unwrap_err();
}

#[tokio::test]
async fn date_header_of_a_custom_response_is_kept() {
    let sandbox = start().await;
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let custom = Effect::Response(Reply::new(500).header("date", date));
    sandbox.fail(Fault::of_any().then(custom)).unwrap();
    let response = sandbox.get("/api/members").await;
    assert_eq!(response.header("date"), Some(date));
}

#[tokio::test]
async fn extreme_wait_is_clamped_to_the_last_date() {
    let sandbox = start().await;
    for hint in [Hint::RetryAfter, Hint::RetryAfterDate, Hint::Reset] {
        for seconds in [300_000_000_000, u64::MAX] {
            let limit = Effect::RateLimit { hint, seconds };
            sandbox.fail(Fault::of_any().times(1).then(limit)).unwrap();
            let response = sandbox.get("/api/members").await;
            assert_eq!(response.status, 429, "{hint:?}");
            if hint == Hint::RetryAfterDate {
                let last = "Fri, 31 Dec 9999 23:59:59 GMT";
                assert_eq!(response.header("retry-after"), Some(last));
            }
        }
    }
}

#[tokio::test]
async fn initial_clock_offset_determines_dates_and_token_expiry() {
    let script = Script::parse("faults.toml", "clock-offset-seconds = -1_000_000").unwrap();
    for builder in [
        Sandbox::builder().script(script),
        Sandbox::builder().clock_offset_seconds(-1_000_000),
    ] {
        let sandbox = start_with(builder).await;
        let response = sandbox.get("/api/environments").await;
        let date = chrono::DateTime::parse_from_rfc2822(response.header("date").unwrap()).unwrap();
        let behind = chrono::Utc::now().signed_duration_since(date).num_seconds();
        assert!((999_999..1_000_060).contains(&behind), "{behind}");
        // By the system clock, this token expired days ago.
        response.expect(200);
        sandbox.set_clock_offset(86_400).unwrap();
        sandbox.get("/api/environments").await.expect(401);
    }
}
