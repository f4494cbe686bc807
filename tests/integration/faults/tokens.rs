//! What faults of the token endpoint make of two calls, one after the other, of a client that is ready to try again and
//! to wait.
//!
//! | column | holds |
//! | --- | --- |
//! | asked | requests for a token, as far as the endpoint came to do anything with them |
//! | granted | tokens that it granted |
//! | sent | requests to the API |
//! | waits | waits before a token request is sent again: `7s+` was asked for by the server, `jitter` was not |
//! | the first, the second call | `ok`, or every predicate of the error that holds, and of its cause |
//! | refreshes | token requests while the token was about to end; calls use it meanwhile and do not wait |

use std::fmt::Write as _;
use std::time::Duration;

use auth0_auth::Error as AuthError;
use auth0_core::time::Clock as _;
use auth0_sandbox::{Effect, Fault, Sandbox};
use auth0_teams::{Error, RetryPolicy};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::rows::{Row, answer, late, row, slow, too_late};
use super::words::words;
use crate::sandbox::Local;

/// The operation that the token endpoint is to the sandbox.
const TOKEN: &str = "token";

const LIFETIME: Duration = Duration::from_secs(3600);

fn rows() -> Vec<Row> {
    let refusal = |status, error| Effect::Response(answer(status).json(json!({"error": error})));
    let html = |status| Effect::Response(answer(status).html("<h1>Elsewhere</h1>"));
    vec![
        row("quota used up for 7 s", Effect::Quota { seconds: 7 }),
        row("quota used up for hours", Effect::Quota { seconds: 7200 }),
        row("401", refusal(401, "invalid_client")),
        row("403", refusal(403, "access_denied")),
        row("500", Effect::status(500)),
        row(
            "503, after 7 s",
            Effect::Response(answer(503).header("retry-after", "7")),
        ),
        row("502 with HTML", html(502)),
        row("200 with HTML", html(200)),
        row("reset", Effect::Reset { acted: false }),
        row("reset once granted", Effect::Reset { acted: true }),
        row("answer breaks off", Effect::Truncate),
        row("answer without an end", Effect::Endless),
        row(
            "token that has ended",
            Effect::EarlyExpiry {
                seconds: LIFETIME.as_secs(),
            },
        ),
    ]
}

fn slow_rows() -> Vec<Row> {
    vec![
        slow("silence", Effect::Silence { acted: false }),
        slow("silence once granted", Effect::Silence { acted: true }),
        late(),
        too_late(),
    ]
}

/// All that happens to the token endpoint.
pub(super) fn effects() -> Vec<Effect> {
    let rows = [rows(), slow_rows()].concat();
    rows.into_iter().filter_map(|row| row.effect).collect()
}

/// The longest wait of the policy, and what is added by lot.
const LONGEST_WAIT: Duration = Duration::from_millis(20_500);

async fn start() -> Local {
    Local::start(Sandbox::builder().activity(0).token_lifetime(LIFETIME)).await
}

/// What the caller gets, and why there is no token.
fn told(result: Result<(), Error>, local: &Local) -> String {
    let Err(error) = result else {
        return "ok".to_owned();
    };
    let mut told = words(&error, |at| {
        at.duration_since(local.timer.now()).unwrap().as_secs()
    });
    let Some(cause) = AuthError::find_in(&error) else {
        return told;
    };
    for (word, holds) in [
        ("invalid_client", cause.is_invalid_client()),
        ("rejected", cause.is_rejected()),
        ("rate_limited", cause.is_rate_limited()),
        ("invalid_response", cause.is_invalid_response()),
        ("transport", cause.is_transport()),
        ("certificate", cause.is_certificate()),
        ("timeout", cause.is_timeout()),
    ] {
        if holds {
            write!(told, ", {word}").unwrap();
        }
    }
    if let Some(at) = cause.retry_at() {
        let wait = at.duration_since(local.timer.now()).unwrap();
        write!(told, " at+{}s", wait.as_secs()).unwrap();
    }
    told
}

/// Two calls, of which the first is befallen or both are.
async fn line(row: &Row, for_ever: bool, local: Local) -> String {
    let fault = row.fault(TOKEN);
    local
        .fail(if for_ever { fault } else { fault.times(1) })
        .unwrap();
    let source = local.credentials().timeout(row.timeout).build().unwrap();
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
            row.name
        );
        calls.push(told(result.map(|_| ()), &local));
    }
    let slept = local.timer.slept();
    let is_quota = matches!(row.effect, Some(Effect::Quota { .. }));
    assert!(
        !is_quota || slept.is_empty(),
        "{}: somebody waited for a quota",
        row.name
    );
    assert!(
        slept.iter().all(|wait| *wait <= LONGEST_WAIT),
        "{}: somebody waited longer than allowed: {slept:?}",
        row.name
    );
    let waits: Vec<_> = slept
        .iter()
        .map(|wait| match wait.as_secs() {
            0 => "jitter".to_owned(),
            seconds => format!("{seconds}s+"),
        })
        .collect();
    format!(
        "{:>5} | {:>7} | {:>4} | {:<27} | {:<50} | {}",
        local.requests_of(TOKEN).len(),
        local.tokens_granted(),
        local.requests_of("getMember").len(),
        waits.join(" "),
        calls[0],
        calls[1]
    )
}

/// Prints `rows`, all of which happen at the same time.
async fn print(table: &mut String, rows: Vec<Row>) {
    // Sandboxes are started first, so that this takes no time of calls that have little.
    let mut starting = Vec::new();
    for row in rows {
        starting.push((row, start().await, start().await));
    }
    let befalling = starting.into_iter().map(|(row, one, other)| async move {
        let lines = tokio::join!(line(&row, false, one), line(&row, true, other));
        (row.name, lines)
    });
    for (name, (once, for_ever)) in join_all(befalling).await {
        writeln!(table, "{name:<23} | once     | {once}").unwrap();
        writeln!(table, "{:<23} | for ever | {for_ever}", "").unwrap();
    }
}

#[tokio::test]
async fn every_fault_of_the_token_endpoint_has_its_ending_and_nobody_waits_for_a_quota() {
    let mut table = format!(
        "{:<23} | befalls  | asked | granted | sent | {:<27} | {:<50} | the second call\n",
        "fault", "waits", "the first call"
    );
    print(&mut table, rows()).await;
    print(&mut table, slow_rows()).await;
    insta::assert_snapshot!(table);
}

/// What befalls refreshes.
fn refresh_rows() -> Vec<Row> {
    let names = [
        "quota used up for 7 s",
        "quota used up for hours",
        "401",
        "500",
        "503, after 7 s",
        "200 with HTML",
        "reset",
        "reset once granted",
    ];
    let hanging = [
        slow("silence", Effect::Silence { acted: false }),
        slow("silence once granted", Effect::Silence { acted: true }),
    ];
    let of_moment = rows().into_iter().filter(|row| names.contains(&row.name));
    of_moment
        .chain(hanging.map(|row| Row {
            timeout: 2 * row.timeout,
            ..row
        }))
        .collect()
}

/// Two calls while the token is about to end and all refreshes are befallen, and one when it has ended.
async fn refresh_line(row: &Row, local: Local) -> String {
    let source = local.credentials().timeout(row.timeout).build().unwrap();
    let client = local
        .builder()
        .token_source(source.clone())
        .build()
        .unwrap();
    let get = async || {
        let result = client.members().get(&local.first_member().id).await;
        told(result.map(|_| ()), &local)
    };
    assert_eq!(get().await, "ok");
    local.timer.advance(LIFETIME - Duration::from_secs(50));
    local.fail(row.fault(TOKEN)).unwrap();
    let (first, second) = (get().await, get().await);
    if row.timeout < Duration::from_secs(60) {
        let in_flight = source.finish_refresh().now_or_never().is_none();
        assert!(in_flight, "{}: a call waited for the refresh", row.name);
    }
    source.finish_refresh().await;
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("ok", "ok"),
        "{}",
        row.name
    );
    local.timer.advance(Duration::from_secs(50));
    let refreshes = local.requests_of(TOKEN).len() - 1;
    let ended = get().await;
    format!(
        "{refreshes:>9} | {:>5} | {:>7} | {:>4} | {ended}",
        local.requests_of(TOKEN).len(),
        local.tokens_granted(),
        local.requests_of("getMember").len(),
    )
}

#[tokio::test]
async fn every_fault_of_a_refresh_keeps_nobody_waiting_while_the_token_is_valid() {
    let mut starting = Vec::new();
    for row in refresh_rows() {
        starting.push((row, start().await));
    }
    let befalling = starting.into_iter().map(|(row, local)| async move {
        let line = refresh_line(&row, local).await;
        format!("{:<23} | {line}\n", row.name)
    });
    let lines = join_all(befalling).await.concat();
    let head = "fault of each refresh   | refreshes | asked | granted | sent | the call after the token has ended";
    insta::assert_snapshot!(format!("{head}\n{lines}"));
}

#[tokio::test]
async fn token_ends_sooner_than_it_says_then_it_is_replaced_once_and_no_call_fails() {
    let local = start().await;
    let early = Effect::EarlyExpiry { seconds: 3000 };
    local.fail(Fault::of(TOKEN).times(1).then(early)).unwrap();
    let get = || local.client.members().get(&local.first_member().id);
    get().await.unwrap();
    local.timer.advance(Duration::from_secs(601));
    let answer = get().send().await.unwrap();
    assert_eq!(answer.attempts(), 2);
    get().await.unwrap();
    assert_eq!(local.statuses("getMember"), [200, 401, 200, 200].map(Some));
    assert_eq!(local.tokens_granted(), 2);
}
