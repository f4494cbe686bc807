//! The outcome of faults of the token endpoint for two consecutive calls of a client that retries and waits.
//!
//! | column | content |
//! | --- | --- |
//! | token requests | requests to the token endpoint that reached its handler |
//! | granted | tokens that it granted |
//! | sent | requests to the API |
//! | waits | waits before a token request is retried: `7s+` was requested by the server, `jitter` was not |
//! | first call, second call | `ok`, or every predicate of the error and of its cause that holds |
//! | refreshes | token requests shortly before the token expires; calls meanwhile use the token and do not wait |

use std::fmt::Write as _;
use std::time::Duration;

use auth0_auth::Error as AuthError;
use auth0_core::time::Clock as _;
use auth0_sandbox::{Effect, Fault, Sandbox};
use auth0_teams::{Error, RetryPolicy};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::cases::{FaultCase, case, late, reply, slow, too_late};
use super::error_summary::summarize;
use crate::sandbox::Local;

/// The name of the token endpoint in the sandbox's log and faults.
const TOKEN: &str = "token";

const LIFETIME: Duration = Duration::from_secs(3600);

fn cases() -> Vec<FaultCase> {
    let rejection = |status, error| Effect::Response(reply(status).json(json!({"error": error})));
    let html = |status| Effect::Response(reply(status).html("<h1>Elsewhere</h1>"));
    vec![
        case("quota exhausted for 7 s", Effect::Quota { seconds: 7 }),
        case("quota exhausted for 2 h", Effect::Quota { seconds: 7200 }),
        case("401", rejection(401, "invalid_client")),
        case("403", rejection(403, "access_denied")),
        case("500", Effect::status(500)),
        case(
            "503, retry-after 7 s",
            Effect::Response(reply(503).header("retry-after", "7")),
        ),
        case("502 with HTML", html(502)),
        case("200 with HTML", html(200)),
        case("reset", Effect::Reset { acted: false }),
        case("reset after granting", Effect::Reset { acted: true }),
        case("truncated response", Effect::Truncate),
        case("endless response", Effect::Endless),
        case(
            "expired token",
            Effect::EarlyExpiry {
                seconds: LIFETIME.as_secs(),
            },
        ),
    ]
}

fn slow_cases() -> Vec<FaultCase> {
    vec![
        slow("silence", Effect::Silence { acted: false }),
        slow("silence after granting", Effect::Silence { acted: true }),
        late(),
        too_late(),
    ]
}

/// All effects that are injected into the token endpoint.
pub(super) fn effects() -> Vec<Effect> {
    let cases = [cases(), slow_cases()].concat();
    cases.into_iter().filter_map(|case| case.effect).collect()
}

/// The longest wait of the policy, plus the maximum jitter.
const LONGEST_WAIT: Duration = Duration::from_millis(20_500);

async fn start() -> Local {
    Local::start(Sandbox::builder().activity(0).token_lifetime(LIFETIME)).await
}

/// The error of the call and the cause of the token failure.
fn summarize_result(result: Result<(), Error>, local: &Local) -> String {
    let Err(error) = result else {
        return "ok".to_owned();
    };
    let mut summary = summarize(&error, |at| {
        at.duration_since(local.timer.now()).unwrap().as_secs()
    });
    let Some(cause) = AuthError::find_in(&error) else {
        return summary;
    };
    for (name, holds) in [
        ("invalid_client", cause.is_invalid_client()),
        ("rejected", cause.is_rejected()),
        ("rate_limited", cause.is_rate_limited()),
        ("invalid_response", cause.is_invalid_response()),
        ("transport", cause.is_transport()),
        ("certificate", cause.is_certificate()),
        ("timeout", cause.is_timeout()),
    ] {
        if holds {
            write!(summary, ", {name}").unwrap();
        }
    }
    if let Some(at) = cause.retry_at() {
        let wait = at.duration_since(local.timer.now()).unwrap();
        write!(summary, " at+{}s", wait.as_secs()).unwrap();
    }
    summary
}

/// Makes two calls. The fault is injected into the first, or into both.
async fn line(case: &FaultCase, always: bool, local: Local) -> String {
    let fault = case.fault(TOKEN);
    local
        .fail(if always { fault } else { fault.times(1) })
        .unwrap();
    let source = local.credentials().timeout(case.timeout).build().unwrap();
    let client = local
        .builder()
        .token_source(source)
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    let mut calls = Vec::new();
    for _ in 0..2 {
        let id = &local.first_member().id;
        let before = local.requests_of("getMember").len();
        let result = client.members().get(id).await;
        let sent = local.requests_of("getMember").len() - before;
        let is_token = result.as_ref().is_err_and(Error::is_token);
        assert!(
            !is_token || sent == 0,
            "{}: a request went out without a token",
            case.name
        );
        calls.push(summarize_result(result.map(|_| ()), &local));
    }
    let slept = local.timer.slept();
    let is_quota = matches!(case.effect, Some(Effect::Quota { .. }));
    assert!(
        !is_quota || slept.is_empty(),
        "{}: a call waited for a quota",
        case.name
    );
    assert!(
        slept.iter().all(|wait| *wait <= LONGEST_WAIT),
        "{}: a call waited longer than allowed: {slept:?}",
        case.name
    );
    let waits: Vec<_> = slept
        .iter()
        .map(|wait| match wait.as_secs() {
            0 => "jitter".to_owned(),
            seconds => format!("{seconds}s+"),
        })
        .collect();
    format!(
        "{:>14} | {:>7} | {:>4} | {:<27} | {:<50} | {}",
        local.requests_of(TOKEN).len(),
        local.tokens_granted(),
        local.requests_of("getMember").len(),
        waits.join(" "),
        calls[0],
        calls[1]
    )
}

/// Appends the lines of `cases`, which run concurrently.
async fn append_cases(table: &mut String, cases: Vec<FaultCase>) {
    // All sandboxes start before the first call, so that starting them does not use up the timeouts of calls.
    let mut starting = Vec::new();
    for case in cases {
        starting.push((case, start().await, start().await));
    }
    let running = starting.into_iter().map(|(case, one, other)| async move {
        let lines = tokio::join!(line(&case, false, one), line(&case, true, other));
        (case.name, lines)
    });
    for (name, (once, always)) in join_all(running).await {
        writeln!(table, "{name:<23} | once   | {once}").unwrap();
        writeln!(table, "{:<23} | always | {always}", "").unwrap();
    }
}

#[tokio::test]
async fn token_endpoint_fails_then_calls_have_the_recorded_outcome_and_none_waits_for_a_quota() {
    let mut table = format!(
        "{:<23} | faults | token requests | granted | sent | {:<27} | {:<50} | second call\n",
        "fault", "waits", "first call"
    );
    append_cases(&mut table, cases()).await;
    append_cases(&mut table, slow_cases()).await;
    insta::assert_snapshot!(table);
}

/// The faults that are injected into refreshes.
fn refresh_cases() -> Vec<FaultCase> {
    let names = [
        "quota exhausted for 7 s",
        "quota exhausted for 2 h",
        "401",
        "500",
        "503, retry-after 7 s",
        "200 with HTML",
        "reset",
        "reset after granting",
    ];
    let hanging = [
        slow("silence", Effect::Silence { acted: false }),
        slow("silence after granting", Effect::Silence { acted: true }),
    ];
    let immediate = cases()
        .into_iter()
        .filter(|case| names.contains(&case.name));
    immediate
        .chain(hanging.map(|case| FaultCase {
            timeout: 2 * case.timeout,
            ..case
        }))
        .collect()
}

/// Makes two calls shortly before the token expires, while all refreshes fail, and one after it expired.
async fn refresh_line(case: &FaultCase, local: Local) -> String {
    let source = local.credentials().timeout(case.timeout).build().unwrap();
    let client = local
        .builder()
        .token_source(source.clone())
        .build()
        .unwrap();
    let get = async || {
        let result = client.members().get(&local.first_member().id).await;
        summarize_result(result.map(|_| ()), &local)
    };
    assert_eq!(get().await, "ok");
    local.timer.advance(LIFETIME - Duration::from_secs(50));
    local.fail(case.fault(TOKEN)).unwrap();
    let (first, second) = (get().await, get().await);
    if case.timeout < Duration::from_secs(60) {
        let in_flight = source.finish_refresh().now_or_never().is_none();
        assert!(in_flight, "{}: a call waited for the refresh", case.name);
    }
    source.finish_refresh().await;
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("ok", "ok"),
        "{}",
        case.name
    );
    local.timer.advance(Duration::from_secs(50));
    let refreshes = local.requests_of(TOKEN).len() - 1;
    let ended = get().await;
    format!(
        "{refreshes:>9} | {:>14} | {:>7} | {:>4} | {ended}",
        local.requests_of(TOKEN).len(),
        local.tokens_granted(),
        local.requests_of("getMember").len(),
    )
}

#[tokio::test]
async fn refresh_fails_then_no_call_waits_while_the_token_is_valid() {
    let mut starting = Vec::new();
    for case in refresh_cases() {
        starting.push((case, start().await));
    }
    let running = starting.into_iter().map(|(case, local)| async move {
        let line = refresh_line(&case, local).await;
        format!("{:<23} | {line}\n", case.name)
    });
    let lines = join_all(running).await.concat();
    let head = "fault of each refresh   | refreshes | token requests | granted | sent | call after the token expired";
    insta::assert_snapshot!(format!("{head}\n{lines}"));
}

#[tokio::test]
async fn token_expires_earlier_than_announced_then_it_is_replaced_once_and_no_call_fails() {
    let local = start().await;
    let early = Effect::EarlyExpiry { seconds: 3000 };
    local.fail(Fault::of(TOKEN).times(1).then(early)).unwrap();
    let get = || local.client.members().get(&local.first_member().id);
    get().await.unwrap();
    local.timer.advance(Duration::from_secs(601));
    let response = get().send().await.unwrap();
    assert_eq!(response.attempts(), 2);
    get().await.unwrap();
    assert_eq!(local.statuses("getMember"), [200, 401, 200, 200].map(Some));
    assert_eq!(local.tokens_granted(), 2);
}
