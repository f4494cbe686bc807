//! Defect: progenitor asserts that an operation has one success type.
//!
//! A body that only some of the success statuses have becomes optional: all get `{nullable, allOf: [T]}`, which becomes `Option<T>`. Several
//! bodies become a union.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_operation_mut;
use crate::lower::shape::nullable_wrapper;
use crate::lower::syntax::error_responses::is_success;
use crate::lower::syntax::request_bodies::{essence, keep_one, without_examples};
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
            choose_media_type(response, &join(&at, status), cx);
        }
        unify(responses, &at, cx);
    });
}

/// Keeps one media type of a response, preferably JSON.
fn choose_media_type(response: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    let mut media_types: Vec<String> = content.keys().cloned().collect();
    media_types.sort_by_key(|media_type| (!is_json(media_type), media_type.clone()));
    let Some(chosen) = media_types.first().cloned() else {
        if let Some(members) = response.as_object_mut() {
            members.remove("content");
        }
        return;
    };
    let mut media = keep_one(content, &chosen, &media_types, at, cx);
    if !is_json(&chosen) {
        content.insert(chosen, json!({}));
        return;
    }
    without_examples(&mut media);
    if let Some(members) = media.as_object_mut()
        && !members.contains_key("schema")
    {
        members.insert("schema".into(), json!({ (origin::SOURCE): at }));
        cx.changed_at(
            at,
            "added a schema without constraints: the JSON response has none",
        );
    }
    if chosen != JSON {
        cx.changed_at(at, format!("treated {chosen} as {JSON}"));
    }
    content.insert(JSON.into(), media);
}

fn is_json(media_type: &str) -> bool {
    let media_type = essence(media_type);
    media_type == JSON || media_type.ends_with("+json") || media_type == "*/*"
}

/// Gives all success statuses the same body.
fn unify(responses: &mut Map<String, Value>, at: &str, cx: &mut PassContext<'_>) {
    let mut statuses: Vec<String> = responses
        .keys()
        .filter(|status| is_success(status))
        .cloned()
        .collect();
    statuses.sort();
    let media_types: BTreeSet<String> = statuses
        .iter()
        .filter_map(|status| media_type_of(&responses[status]))
        .collect();
    let others = media_types
        .iter()
        .filter(|media_type| *media_type != JSON)
        .count();
    if others > 0 && statuses.len() > 1 {
        if media_types.len() > 1
            || statuses
                .iter()
                .any(|status| media_type_of(&responses[status]).is_none())
        {
            cx.problem(
                Problem::at(
                    at,
                    "the success responses of an operation have different media types",
                )
                .expected("one media type for all success responses")
                .found(media_types.into_iter().collect::<Vec<_>>().join(", ")),
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
    let without_body = statuses
        .iter()
        .filter(|status| schema_of(&responses[*status]).is_none())
        .count();
    let (Some(first), true) = (bodies.first(), without_body > 0 || bodies.len() > 1) else {
        return;
    };
    let body = if bodies.len() == 1 {
        first.clone()
    } else {
        cx.changed_at(at, format!("merged {} bodies into a union", bodies.len()));
        json!({ "oneOf": bodies, (origin::SOURCE): at })
    };
    let body = if without_body > 0 {
        cx.changed_at(
            at,
            "made the body optional: not every success response has one",
        );
        nullable_wrapper::enclose(body, at)
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

fn media_type_of(response: &Value) -> Option<String> {
    response.get("content")?.as_object()?.keys().next().cloned()
}

fn schema_of(response: &Value) -> Option<&Value> {
    response.get("content")?.get(JSON)?.get("schema")
}
