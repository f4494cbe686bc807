//! Which calls a fault befalls, and what it makes of true answers.

use std::collections::BTreeSet;
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Running, member, start, started};

/// Which of so many calls are befallen.
async fn befallen(sandbox: &Running, calls: usize) -> Vec<usize> {
    let mut befallen = Vec::new();
    for number in 1..=calls {
        match sandbox.get("/api/environments").await.status {
            200 => {}
            status => {
                assert_eq!(status, 503);
                befallen.push(number);
            }
        }
    }
    befallen
}

fn busy(fault: Fault) -> Fault {
    fault.then(Effect::status(503))
}

#[tokio::test]
async fn calls_are_chosen_then_only_they_have_the_fault() {
    let one = || Fault::of("getEnvironments");
    for (fault, expected) in [
        (one(), vec![1, 2, 3, 4, 5]),
        (one().call(2), vec![2]),
        (one().call(4).call(2), vec![2, 4]),
        (one().times(2), vec![1, 2]),
        (one().call(2).call(3).call(5).times(2), vec![2, 3]),
        (one().times(0), vec![]),
        (one().probability(0.0), vec![]),
        (one().probability(1.0).times(3), vec![1, 2, 3]),
        (Fault::of_any().call(1), vec![1]),
        (Fault::of("listTenants"), vec![]),
        (Fault::of("token"), vec![]),
    ] {
        let sandbox = start().await;
        sandbox.fail(busy(fault.clone())).unwrap();
        assert_eq!(befallen(&sandbox, 5).await, expected, "{fault:?}");
        sandbox.clear_faults();
        assert!(befallen(&sandbox, 2).await.is_empty());
    }
}

#[tokio::test]
async fn fault_is_set_up_later_then_calls_count_from_there() {
    let sandbox = start().await;
    assert!(befallen(&sandbox, 3).await.is_empty());
    sandbox.fail(busy(Fault::of_any().call(2))).unwrap();
    assert_eq!(befallen(&sandbox, 3).await, [2]);
    // A call of another operation counts where all are meant.
    sandbox.clear_faults();
    sandbox.fail(busy(Fault::of_any().call(2))).unwrap();
    sandbox.get("/api/members").await.expect(200);
    assert_eq!(befallen(&sandbox, 3).await, [1]);
}

#[tokio::test]
async fn fault_comes_by_chance_then_the_seed_decides() {
    let run = async |seed| {
        let fault = busy(Fault::of_any().probability(0.5));
        let sandbox = started(Sandbox::builder().seed(seed).fault(fault)).await;
        befallen(&sandbox, 60).await
    };
    let first = run(1).await;
    assert!((15..=45).contains(&first.len()), "{first:?}");
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
}

#[tokio::test]
async fn answer_is_told_to_be_late_then_it_is_and_right() {
    let sandbox = start().await;
    let delay = Duration::from_millis(80);
    sandbox.fail(Fault::of_any().delay(delay)).unwrap();
    sandbox
        .fail(busy(Fault::of_any().call(2).delay(delay)))
        .unwrap();
    let begun = tokio::time::Instant::now();
    sandbox.get("/api/environments").await.expect(200);
    assert!(begun.elapsed() >= delay);
    // Delays add up, and one with an effect comes before it.
    let begun = tokio::time::Instant::now();
    sandbox.get("/api/environments").await.expect(503);
    assert!(begun.elapsed() >= 2 * delay);
}

#[tokio::test]
async fn client_gives_up_before_a_late_call_is_carried_out_then_it_never_is() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of("deleteMember").delay(Duration::from_secs(600)))
        .unwrap();
    let id = sandbox.member_ids().await[3].clone();
    let request = sandbox.request(Method::DELETE, &member(&id));
    let error = request
        .timeout(Duration::from_millis(200))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    sandbox.get(&member(&id)).await.expect(200);
}

/// The documents' enums, all values of them.
fn known_values() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(include_str!("../../openapi/teams.json")).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let values = schemas
        .values()
        .filter_map(|schema| schema["enum"].as_array());
    values
        .flatten()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

/// All texts in a value that the document has enums for: an actor's role in the team is any text there.
fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| *name != "teamRole");
            members.for_each(|(_, member)| strings(member, found));
        }
        _ => {}
    }
}

/// Answers of all operations that have a body, each a call that succeeds.
async fn answers(sandbox: &Running) -> Vec<Value> {
    let first = member(&sandbox.first_member().id);
    let tenants = format!("{first}/tenants");
    let email = &sandbox.first_member().email;
    let mut answers = Vec::new();
    for body in [
        json!({"locality": "us"}),
        json!({"environment": "private-1"}),
    ] {
        let mut body = body;
        body["admin_email"] = json!(email);
        answers.push(sandbox.post("/api/tenants", body).await.expect(201));
    }
    let tenant = answers[0]["tenant_id"].as_str().unwrap().to_owned();
    let unknown = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";
    let mut access = json!({"tenants": [tenant, unknown], "roles": ["editor-kms", "editor-specific-apps"],
        "client_ids": ["application-1"]});
    answers.push(sandbox.put(&tenants, access.clone()).await.expect(200));
    access = json!({"tenants": [tenant, unknown], "roles": ["owner"]});
    answers.push(sandbox.patch(&tenants, access).await.expect(200));
    for path in [
        "/api/members",
        &first,
        "/api/tenants",
        &format!("/api/tenants/{tenant}"),
        &format!("/api/tenants/{tenant}/members"),
        &format!("{tenants}/US-3"),
        "/api/activity/logs",
        "/api/environments",
    ] {
        answers.push(sandbox.get(path).await.expect(200));
    }
    let body = json!({"tenants": [tenant, unknown]});
    answers.push(
        sandbox
            .send(Method::DELETE, &tenants, body)
            .await
            .expect(200),
    );
    answers.push(
        sandbox
            .patch(&first, json!({"role": "teams_owner"}))
            .await
            .expect(200),
    );
    let body =
        json!({"email": "new@example.com", "role": "teams_owner", "tenant_roles": ["owner"]});
    answers.push(sandbox.post("/api/members", body).await.expect(201));
    answers
}

#[tokio::test]
async fn enums_are_told_to_be_unknown_then_no_known_value_is_left() {
    let known = known_values();
    let left = |answer: &Value| {
        let mut found = Vec::new();
        strings(answer, &mut found);
        found.iter().filter(|text| known.contains(**text)).count()
    };
    let sandbox = start().await;
    let with_some = answers(&sandbox)
        .await
        .iter()
        .filter(|answer| left(answer) > 0)
        .count();
    assert!(with_some > 10, "{with_some}");
    let sandbox = start().await;
    sandbox
        .fail(Fault::of_any().then(Effect::UnknownEnums))
        .unwrap();
    for answer in answers(&sandbox).await {
        assert_eq!(left(&answer), 0, "{answer:#}");
    }
}

#[tokio::test]
async fn fields_are_told_to_be_more_then_every_object_has_one() {
    fn check(value: &Value) {
        match value {
            Value::Object(members) => {
                assert!(members.contains_key("sandbox_extra"), "{value}");
                let others = members.iter().filter(|(name, _)| *name != "sandbox_extra");
                others.for_each(|(_, member)| check(member));
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    let sandbox = start().await;
    sandbox
        .fail(Fault::of_any().then(Effect::ExtraFields))
        .unwrap();
    answers(&sandbox).await.iter().for_each(check);
}

#[tokio::test]
async fn cursor_is_told_to_repeat_then_the_second_page_leads_to_itself() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of("listMembers").then(Effect::RepeatCursor))
        .unwrap();
    let first = sandbox.get("/api/members?take=5").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = sandbox
        .get(&format!("/api/members?take=5&from={next}"))
        .await
        .expect(200);
    assert_ne!(first["members"], second["members"]);
    assert_eq!(second["next"], next);
    // Even where there would be no other page.
    let last = sandbox
        .get(&format!("/api/members?take=50&from={next}"))
        .await
        .expect(200);
    assert_eq!(last["next"], next);
}
