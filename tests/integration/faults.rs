//! The outcome of every fault of the sandbox, end to end: for a call of each retry class, when the fault happens once
//! and when it happens to every request. `auth0-core` has a table of its own for faults that need raw sockets.
//!
//! | column | content |
//! | --- | --- |
//! | attempts | attempts that the client reports; for a listing, the requests that were made |
//! | acted | requests that the sandbox carried out, whether or not the client received the response |
//! | waits | waits before a retry: `7s+` was requested by the server, `jitter` was not |
//! | result | `ok`, or every predicate of the error that holds |
//!
//! `CallOutcome::check` asserts the invariants that hold for every case.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Hint, Sandbox};
use auth0_teams::RetryPolicy;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bodies::public_cloud;
use crate::sandbox::Local;

mod calls;
mod cases;
mod error_summary;
mod outcomes;
mod tokens;

use calls::CallSetup;
use cases::{FaultCase, broken_responses, hints, responses, slow_cases};
use outcomes::{CallOutcome, TableLine, run_call};

/// Appends the lines of `cases` to the table. Cases run in batches.
async fn append_cases(table: &mut String, cases: Vec<FaultCase>) {
    // Each case starts eight sandboxes or more, and the number of connections of a process is limited.
    for cases in cases.chunks(8) {
        // All sandboxes start before the first call, so that starting them does not use up the timeouts of calls.
        let starting = cases.iter().cloned().map(|case| async move {
            let setups =
                join_all(case.calls().map(|(kind, _)| CallSetup::start(&case, kind))).await;
            (case, setups)
        });
        let started = join_all(starting.map(tokio::spawn)).await;
        let running = started.into_iter().map(|started| async move {
            let (case, setups) = started.unwrap();
            let calls = case.calls().zip(setups);
            let calls = calls.map(|((kind, always), setup)| run_call(&case, kind, always, setup));
            (join_all(calls).await, case)
        });
        for finished in join_all(running.map(tokio::spawn)).await {
            let (outcomes, case) = finished.unwrap();
            for outcome in &outcomes {
                outcome.check(&case);
            }
            let pairs: Vec<_> = outcomes
                .chunks(2)
                .map(|pair| [&pair[0], &pair[1]])
                .collect();
            append_case(table, case.name, &pairs);
        }
    }
}

/// Appends the lines of one fault: one line for each group of kinds with the same outcome.
fn append_case(table: &mut String, mut name: &str, outcomes: &[[&CallOutcome; 2]]) {
    let mut lines: Vec<(Vec<&str>, [&TableLine; 2])> = Vec::new();
    for outcome in outcomes {
        let kind = outcome[0].kind.name();
        let outcome = [&outcome[0].line, &outcome[1].line];
        match lines.iter_mut().find(|(_, other)| *other == outcome) {
            Some((kinds, _)) => kinds.push(kind),
            None => lines.push((vec![kind], outcome)),
        }
    }
    for (kinds, [once, always]) in &lines {
        let kinds = match (lines.len(), kinds.len()) {
            (1, 4..) => "every".to_owned(),
            (_, 4..) => "every other".to_owned(),
            _ => kinds.join(", "),
        };
        if once == always {
            append_line(table, [name, &kinds, "either"], once);
        } else {
            append_line(table, [name, &kinds, "once"], once);
            append_line(table, ["", "", "always"], always);
        }
        name = "";
    }
}

fn append_line(table: &mut String, [name, kinds, faults]: [&str; 3], line: &TableLine) {
    let TableLine {
        attempts,
        acted,
        waits,
        result,
    } = line;
    writeln!(
        table,
        "{name:<26} | {kinds:<24} | {faults:<6} | {attempts:>8} | {acted:>5} | {waits:<13} | {result}"
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sandbox_injects_a_fault_then_each_retry_class_has_the_recorded_outcome() {
    let mut table = format!(
        "{:<26} | {:<24} | faults | attempts | acted | {:<13} | result\n",
        "fault", "call", "waits"
    );
    append_cases(
        &mut table,
        [hints(), responses(), broken_responses()].concat(),
    )
    .await;
    // Separately, so that other calls do not use up their short timeouts.
    append_cases(&mut table, slow_cases()).await;
    insta::assert_snapshot!(table);
}

/// The variant names that serde accepts for `T`.
fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!("not a variant"))
        .err()
        .unwrap();
    let text = error.to_string();
    let (_, expected) = text.split_once("expected one of ").unwrap();
    let names = expected.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// The name of the variant that `value` has.
fn variant(value: &Value) -> String {
    let name = value
        .as_str()
        .or_else(|| value.as_object()?.keys().next().map(String::as_str));
    name.unwrap().to_owned()
}

#[test]
fn every_effect_and_hint_of_the_sandbox_has_a_case() {
    let cases = [hints(), responses(), broken_responses(), slow_cases()].concat();
    let effects: Vec<Value> = cases
        .iter()
        .filter_map(|case| case.effect.clone())
        .chain(tokens::effects())
        .map(|effect| json!(effect))
        .collect();
    let covered: BTreeSet<_> = effects.iter().map(variant).collect();
    assert_eq!(covered, variants::<Effect>());
    let hints: BTreeSet<_> = effects
        .iter()
        .filter_map(|effect| effect.get("rate-limit"))
        .map(|limit| variant(&limit["hint"]))
        .collect();
    assert_eq!(hints, variants::<Hint>());
}

#[tokio::test]
async fn response_to_a_creation_is_lost_then_the_error_names_the_operation_to_verify_with() {
    let local = Local::start(Sandbox::builder()).await;
    let client = local
        .builder()
        .timeout(Duration::from_millis(200))
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    local
        .fail(Fault::of("createTenant").then(Effect::Silence { acted: true }))
        .unwrap();
    let payload = public_cloud(&local.first_member().email, "us").tenant_name("acme-lost");
    let error = client.tenants().create(payload).await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.may_have_acted() && error.is_timeout());
    assert_eq!(error.verify_with(), ["listTenants"]);
    assert_eq!(local.requests_of("createTenant").len(), 1);

    let newest = local.client.tenants().list().take(1).await.unwrap();
    assert_eq!(newest.tenants[0].tenant_name, "acme-lost");
}
