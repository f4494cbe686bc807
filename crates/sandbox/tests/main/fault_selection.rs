//! Which calls a fault affects, and how it changes their responses.

use std::collections::BTreeSet;
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestSandbox, member_path, start, start_with};

/// The numbers of the affected calls.
async fn affected_calls(sandbox: &TestSandbox, calls: usize) -> Vec<usize> {
    let mut affected = Vec::new();
    for number in 1..=calls {
        match sandbox.get("/api/environments").await.status {
            200 => {}
            status => {
                assert_eq!(status, 503);
                affected.push(number);
            }
        }
    }
    affected
}

fn unavailable(fault: Fault) -> Fault {
    fault.then(Effect::status(503))
}

#[tokio::test]
async fn only_selected_calls_are_affected() {
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
        sandbox.fail(unavailable(fault.clone())).unwrap();
        assert_eq!(affected_calls(&sandbox, 5).await, expected, "{fault:?}");
        sandbox.clear_faults();
        assert!(affected_calls(&sandbox, 2).await.is_empty());
    }
}

#[tokio::test]
async fn calls_are_counted_from_the_setup_of_the_fault() {
    let sandbox = start().await;
    assert!(affected_calls(&sandbox, 3).await.is_empty());
    sandbox.fail(unavailable(Fault::of_any().call(2))).unwrap();
    assert_eq!(affected_calls(&sandbox, 3).await, [2]);
    // Calls of other operations count for a fault of all operations.
    sandbox.clear_faults();
    sandbox.fail(unavailable(Fault::of_any().call(2))).unwrap();
    sandbox.get("/api/members").await.expect(200);
    assert_eq!(affected_calls(&sandbox, 3).await, [1]);
}

#[tokio::test]
async fn seed_determines_which_calls_are_affected() {
    let run = async |seed| {
        let fault = unavailable(Fault::of_any().probability(0.5));
        let sandbox = start_with(Sandbox::builder().seed(seed).fault(fault)).await;
        affected_calls(&sandbox, 60).await
    };
    let first = run(1).await;
    assert!((15..=45).contains(&first.len()), "{first:?}");
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
}

#[tokio::test]
async fn delayed_response_is_late_and_unchanged() {
    let sandbox = start().await;
    let delay = Duration::from_millis(80);
    sandbox.fail(Fault::of_any().delay(delay)).unwrap();
    sandbox
        .fail(unavailable(Fault::of_any().call(2).delay(delay)))
        .unwrap();
    let begun = tokio::time::Instant::now();
    sandbox.get("/api/environments").await.expect(200);
    assert!(begun.elapsed() >= delay);
    // Delays add up, including that of a fault with an effect.
    let begun = tokio::time::Instant::now();
    sandbox.get("/api/environments").await.expect(503);
    assert!(begun.elapsed() >= 2 * delay);
}

#[tokio::test]
async fn delayed_call_is_not_executed_after_a_client_timeout() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of("deleteMember").delay(Duration::from_secs(600)))
        .unwrap();
    let id = sandbox.member_ids().await[3].clone();
    let request = sandbox.request(Method::DELETE, &member_path(&id));
    let error = request
        .timeout(Duration::from_millis(200))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    sandbox.get(&member_path(&id)).await.expect(200);
}

/// All enum values of the document.
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

/// Collects all strings for which the document defines enums. The team role of an actor is any string.
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

/// Successful responses of all operations that return a body.
async fn all_responses(sandbox: &TestSandbox) -> Vec<Value> {
    let first = member_path(&sandbox.first_member().id);
    let tenants = format!("{first}/tenants");
    let email = &sandbox.first_member().email;
    let mut responses = Vec::new();
    for body in [
        json!({"locality": "us"}),
        json!({"environment": "private-1"}),
    ] {
        let mut body = body;
        body["admin_email"] = json!(email);
        responses.push(sandbox.post("/api/tenants", body).await.expect(201));
    }
    let tenant = responses[0]["tenant_id"].as_str().unwrap().to_owned();
    let unknown = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";
    let mut access = json!({"tenants": [tenant, unknown], "roles": ["editor-kms", "editor-specific-apps"],
        "client_ids": ["application-1"]});
    responses.push(sandbox.put(&tenants, access.clone()).await.expect(200));
    access = json!({"tenants": [tenant, unknown], "roles": ["owner"]});
    responses.push(sandbox.patch(&tenants, access).await.expect(200));
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
        responses.push(sandbox.get(path).await.expect(200));
    }
    let body = json!({"tenants": [tenant, unknown]});
    responses.push(
        sandbox
            .send(Method::DELETE, &tenants, body)
            .await
            .expect(200),
    );
    responses.push(
        sandbox
            .patch(&first, json!({"role": "teams_owner"}))
            .await
            .expect(200),
    );
    let body =
        json!({"email": "new@example.com", "role": "teams_owner", "tenant_roles": ["owner"]});
    responses.push(sandbox.post("/api/members", body).await.expect(201));
    responses
}

#[tokio::test]
async fn unknown_enums_replaces_every_known_value() {
    let known = known_values();
    let left = |response: &Value| {
        let mut found = Vec::new();
        strings(response, &mut found);
        found.iter().filter(|text| known.contains(**text)).count()
    };
    let sandbox = start().await;
    let with_some = all_responses(&sandbox)
        .await
        .iter()
        .filter(|response| left(response) > 0)
        .count();
    assert!(with_some > 10, "{with_some}");
    let sandbox = start().await;
    sandbox
        .fail(Fault::of_any().then(Effect::UnknownEnums))
        .unwrap();
    for response in all_responses(&sandbox).await {
        assert_eq!(left(&response), 0, "{response:#}");
    }
}

#[tokio::test]
async fn extra_fields_adds_a_field_to_every_object() {
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
    all_responses(&sandbox).await.iter().for_each(check);
}

#[tokio::test]
async fn repeat_cursor_makes_the_second_page_point_to_itself() {
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
    // Even on the last page.
    let last = sandbox
        .get(&format!("/api/members?take=50&from={next}"))
        .await
        .expect(200);
    assert_eq!(last["next"], next);
}
