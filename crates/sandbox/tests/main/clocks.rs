//! The sandbox's clock, and what goes by it.

use auth0_sandbox::{Effect, Fault, Hint, Reply, Sandbox, Script};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Running, reply, start, started};

async fn told(sandbox: &Running, path: &str, body: Value) -> crate::support::Reply {
    reply(sandbox.admin(Method::POST, path).json(&body)).await
}

#[tokio::test]
async fn clock_is_moved_then_answers_and_tokens_go_by_it() {
    let sandbox = start().await;
    let seconds = |text: &str| {
        chrono::DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp()
    };
    let now = told(&sandbox, "/clock", json!({})).await.expect(200);
    let now = seconds(now["now"].as_str().unwrap());
    let ahead = told(&sandbox, "/clock", json!({"offset_seconds": 3600}))
        .await
        .expect(200);
    assert!((3600..3605).contains(&(seconds(ahead["now"].as_str().unwrap()) - now)));
    let answer = sandbox.get("/api/environments").await;
    let date = chrono::DateTime::parse_from_rfc2822(answer.header("date").unwrap()).unwrap();
    assert!((3600..3605).contains(&(date.timestamp() - now)));
    // Both add up, and setting the offset does not take back what was advanced.
    told(&sandbox, "/clock", json!({"advance_seconds": 60}))
        .await
        .expect(200);
    let back = told(&sandbox, "/clock", json!({"offset_seconds": -3600}))
        .await
        .expect(200);
    assert!((-3540..-3535).contains(&(seconds(back["now"].as_str().unwrap()) - now)));
    told(
        &sandbox,
        "/clock",
        json!({"offset_seconds": 0, "advance_seconds": 86_400}),
    )
    .await
    .expect(200);
    assert_eq!(sandbox.get("/api/environments").await.status, 401);
}

#[tokio::test]
async fn clock_is_moved_out_of_all_time_then_it_stays_where_dates_are() {
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
        let now = told(&sandbox, "/clock", to).await.expect(200);
        assert!(now["now"].as_str().unwrap().starts_with(year), "{now}");
        let answer = sandbox.get("/api/environments").await;
        assert!(answer.header("date").unwrap().contains(year), "{answer:?}");
    }
    let sandbox = start().await;
    let refused = told(&sandbox, "/clock", json!({"offset_seconds": i64::MAX})).await;
    assert_eq!(refused.problem(), (400, "VALIDATION_ERROR"));
    sandbox.set_clock_offset(i64::MIN).unwrap_err();
}

#[tokio::test]
async fn answer_has_a_date_of_its_own_then_it_is_kept() {
    let sandbox = start().await;
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let own = Effect::Response(Reply::new(500).header("date", date));
    sandbox.fail(Fault::of_any().then(own)).unwrap();
    let answer = sandbox.get("/api/members").await;
    assert_eq!(answer.header("date"), Some(date));
}

#[tokio::test]
async fn wait_is_longer_than_all_time_then_the_hint_is_the_last_date() {
    let sandbox = start().await;
    for hint in [Hint::RetryAfter, Hint::RetryAfterDate, Hint::Reset] {
        for seconds in [300_000_000_000, u64::MAX] {
            let limit = Effect::RateLimit { hint, seconds };
            sandbox.fail(Fault::of_any().times(1).then(limit)).unwrap();
            let answer = sandbox.get("/api/members").await;
            assert_eq!(answer.status, 429, "{hint:?}");
            if hint == Hint::RetryAfterDate {
                let last = "Fri, 31 Dec 9999 23:59:59 GMT";
                assert_eq!(answer.header("retry-after"), Some(last));
            }
        }
    }
}

#[tokio::test]
async fn clock_is_off_then_dates_and_tokens_go_by_it() {
    let script = Script::parse("faults.toml", "clock-offset-seconds = -1_000_000").unwrap();
    for builder in [
        Sandbox::builder().script(script),
        Sandbox::builder().clock_offset_seconds(-1_000_000),
    ] {
        let sandbox = started(builder).await;
        let answer = sandbox.get("/api/environments").await;
        let date = chrono::DateTime::parse_from_rfc2822(answer.header("date").unwrap()).unwrap();
        let behind = chrono::Utc::now().signed_duration_since(date).num_seconds();
        assert!((999_999..1_000_060).contains(&behind), "{behind}");
        // The machine's clock says that this token ended days ago. It is not asked.
        answer.expect(200);
        sandbox.set_clock_offset(86_400).unwrap();
        sandbox.get("/api/environments").await.expect(401);
    }
}
