//! The table of faults, end to end: what each fault of the sandbox makes of a call of each class of retry safety, when
//! it befalls the call once and when it does not end. What needs raw sockets stands in the table of `auth0-core`.
//!
//! | column | holds |
//! | --- | --- |
//! | told | attempts that the caller is told of; of a listing, the requests that were made |
//! | acted | requests that the sandbox carried out, whatever the caller got to hear of them |
//! | waits | waits before a repetition: `7s+` was asked for by the server, `jitter` was not |
//! | the caller gets | `ok`, or every predicate of the error that holds |
//!
//! What must hold in every row is asserted in each, by `AttemptOutcome::check`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Hint, Sandbox};
use auth0_teams::RetryPolicy;
use auth0_teams::types::{PublicCloudPayload, PublicCloudPayloadRequired};
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::sandbox::Local;

mod calls;
mod endings;
mod rows;
mod tokens;
mod words;

use calls::Scene;
use endings::{AttemptOutcome, Line, befallen};
use rows::{Row, answers, broken_answers, hints, slow_rows};

/// Prints `rows`, some of which happen at the same time.
async fn print(table: &mut String, rows: Vec<Row>) {
    // Each has eight sandboxes, and no process may have any number of connections.
    for rows in rows.chunks(8) {
        // Scenes are set first, so that nothing takes of the time of calls that have little.
        let setting = rows.iter().cloned().map(|row| async move {
            let scenes = join_all(row.calls().map(|(class, _)| Scene::set(&row, class))).await;
            (row, scenes)
        });
        let scenes = join_all(setting.map(tokio::spawn)).await;
        let befalling = scenes.into_iter().map(|set| async move {
            let (row, scenes) = set.unwrap();
            let calls = row.calls().zip(scenes);
            let calls =
                calls.map(|((class, for_ever), scene)| befallen(&row, class, for_ever, scene));
            (join_all(calls).await, row)
        });
        for befallen in join_all(befalling.map(tokio::spawn)).await {
            let (endings, row) = befallen.unwrap();
            for ending in &endings {
                ending.check(&row);
            }
            let pairs: Vec<_> = endings.chunks(2).map(|pair| [&pair[0], &pair[1]]).collect();
            print_row(table, row.name, &pairs);
        }
    }
}

/// The lines of one fault: one for each class, or for several classes to which the same happens.
fn print_row(table: &mut String, mut name: &str, endings: &[[&AttemptOutcome; 2]]) {
    let mut lines: Vec<(Vec<&str>, [&Line; 2])> = Vec::new();
    for ending in endings {
        let class = ending[0].class.name();
        let ending = [&ending[0].line, &ending[1].line];
        match lines.iter_mut().find(|(_, other)| *other == ending) {
            Some((classes, _)) => classes.push(class),
            None => lines.push((vec![class], ending)),
        }
    }
    for (classes, [once, for_ever]) in &lines {
        let classes = match (lines.len(), classes.len()) {
            (1, 4..) => "every".to_owned(),
            (_, 4..) => "every other".to_owned(),
            _ => classes.join(", "),
        };
        if once == for_ever {
            print_line(table, [name, &classes, "either"], once);
        } else {
            print_line(table, [name, &classes, "once"], once);
            print_line(table, ["", "", "for ever"], for_ever);
        }
        name = "";
    }
}

fn print_line(table: &mut String, [name, classes, how_often]: [&str; 3], line: &Line) {
    let Line {
        told,
        acted,
        waits,
        gets,
    } = line;
    writeln!(
        table,
        "{name:<26} | {classes:<24} | {how_often:<8} | {told:>4} | {acted:>5} | {waits:<13} | {gets}"
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_in_every_class_has_its_ending_and_breaks_no_promise() {
    let mut table = format!(
        "{:<26} | {:<24} | {:<8} | told | acted | {:<13} | the caller gets\n",
        "fault", "call", "befalls", "waits"
    );
    print(&mut table, [hints(), answers(), broken_answers()].concat()).await;
    // By themselves, so that nothing else takes of their time.
    print(&mut table, slow_rows()).await;
    insta::assert_snapshot!(table);
}

/// The names that serde knows for the variants of `T`.
fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!("none of them"))
        .err()
        .unwrap();
    let text = error.to_string();
    let (_, expected) = text.split_once("expected one of ").unwrap();
    let names = expected.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// The name of the variant that `value` is.
fn variant(value: &Value) -> String {
    let name = value
        .as_str()
        .or_else(|| value.as_object()?.keys().next().map(String::as_str));
    name.unwrap().to_owned()
}

#[test]
fn sandbox_learns_another_effect_or_hint_then_it_has_to_have_a_row() {
    let rows = [hints(), answers(), broken_answers(), slow_rows()].concat();
    let effects: Vec<Value> = rows
        .iter()
        .filter_map(|row| row.effect.clone())
        .chain(tokens::effects())
        .map(|effect| json!(effect))
        .collect();
    let told: BTreeSet<_> = effects.iter().map(variant).collect();
    assert_eq!(told, variants::<Effect>());
    let hints: BTreeSet<_> = effects
        .iter()
        .filter_map(|effect| effect.get("rate-limit"))
        .map(|limit| variant(&limit["hint"]))
        .collect();
    assert_eq!(hints, variants::<Hint>());
}

#[tokio::test]
async fn tenant_is_created_and_its_answer_never_comes_then_the_error_says_where_to_look_and_it_is_there()
 {
    let local = Local::start(Sandbox::builder()).await;
    let hasty = local
        .builder()
        .timeout(Duration::from_millis(200))
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    local
        .fail(Fault::of("createTenant").then(Effect::Silence { acted: true }))
        .unwrap();
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: &local.first_member().email,
        locality: "us",
    })
    .tenant_name("acme-lost");
    let error = hasty.tenants().create(payload).await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.may_have_acted() && error.is_timeout());
    assert_eq!(error.verify_with(), ["listTenants"]);
    assert_eq!(local.requests_of("createTenant").len(), 1);

    let newest = local.client.tenants().list().take(1).await.unwrap();
    assert_eq!(newest.tenants[0].tenant_name, "acme-lost");
}
