//! Answers: progenitor asserts that an operation has one success type. A body beside a 204 makes the body optional: both statuses carry
//! `{nullable, allOf: [T]}`, which becomes `Option<T>`. Several bodies become a union.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_operation_mut;
use crate::lower::syntax::error_responses::is_success;
use crate::lower::syntax::request_bodies::{essence, keep, without_examples};
use crate::problem::Problem;
use crate::spec::walk::join;

const JSON: &str = "application/json";

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        let at = join(&origin::of(operation, pointer), "responses");
        let Some(responses) = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        for (status, response) in responses.iter_mut() {
            choose(response, &join(&at, status), cx);
        }
        unify(responses, &at, cx);
    });
}

/// Leaves one format of a response, JSON before all others.
fn choose(response: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    let mut kinds: Vec<String> = content.keys().cloned().collect();
    kinds.sort_by_key(|kind| (!is_json(kind), kind.clone()));
    let Some(chosen) = kinds.first().cloned() else {
        if let Some(members) = response.as_object_mut() {
            members.remove("content");
        }
        return;
    };
    let mut media = keep(content, &chosen, &kinds, at, cx);
    if !is_json(&chosen) {
        content.insert(chosen, json!({}));
        return;
    }
    without_examples(&mut media);
    if let Some(members) = media.as_object_mut()
        && !members.contains_key("schema")
    {
        members.insert("schema".into(), json!({ (origin::SOURCE): at }));
        cx.changed_at(at, "a JSON response without a schema may be any value");
    }
    if chosen != JSON {
        cx.changed_at(at, format!("read {chosen} as {JSON}"));
    }
    content.insert(JSON.into(), media);
}

fn is_json(kind: &str) -> bool {
    let kind = essence(kind);
    kind == JSON || kind.ends_with("+json") || kind == "*/*"
}

/// Makes the bodies of all success statuses one.
fn unify(responses: &mut Map<String, Value>, at: &str, cx: &mut PassContext<'_>) {
    let mut statuses: Vec<String> = responses
        .keys()
        .filter(|status| is_success(status))
        .cloned()
        .collect();
    statuses.sort();
    let kinds: BTreeSet<String> = statuses
        .iter()
        .filter_map(|status| kind_of(&responses[status]))
        .collect();
    let others = kinds.iter().filter(|kind| *kind != JSON).count();
    if others > 0 && statuses.len() > 1 {
        if kinds.len() > 1
            || statuses
                .iter()
                .any(|status| kind_of(&responses[status]).is_none())
        {
            cx.problem(
                Problem::at(
                    at,
                    "the successes of an operation have bodies of different formats",
                )
                .expected("one format for all")
                .found(kinds.into_iter().collect::<Vec<_>>().join(", ")),
            );
        }
        return;
    }
    let mut bodies: Vec<Value> = Vec::new();
    for status in &statuses {
        if let Some(schema) = schema_of(&responses[status])
            && !bodies
                .iter()
                .any(|known| origin::stripped(known) == origin::stripped(schema))
        {
            bodies.push(schema.clone());
        }
    }
    let bare = statuses
        .iter()
        .filter(|status| schema_of(&responses[*status]).is_none())
        .count();
    let (Some(first), true) = (bodies.first(), bare > 0 || bodies.len() > 1) else {
        return;
    };
    let body = if bodies.len() == 1 {
        first.clone()
    } else {
        cx.changed_at(at, format!("made one union of the {} bodies", bodies.len()));
        json!({ "oneOf": bodies, (origin::SOURCE): at })
    };
    let body = if bare > 0 {
        cx.changed_at(at, "made the body optional: not every success has one");
        optional(body, at)
    } else {
        body
    };
    for status in &statuses {
        if let Some(members) = responses.get_mut(status).and_then(Value::as_object_mut) {
            members.insert(
                "content".into(),
                json!({ (JSON): { "schema": body.clone() } }),
            );
        }
    }
}

/// A nullable form of a schema that stays inline: progenitor makes `Option<T>` of it, and a newtype of a component.
fn optional(body: Value, at: &str) -> Value {
    json!({ "nullable": true, "allOf": [body], (origin::SOURCE): at })
}

fn kind_of(response: &Value) -> Option<String> {
    response.get("content")?.as_object()?.keys().next().cloned()
}

fn schema_of(response: &Value) -> Option<&Value> {
    response.get("content")?.get(JSON)?.get("schema")
}
