//! Answers: progenitor panics on a request body in more than one format and refuses multipart and formats that it does not know. A closed object
//! without properties is a body that can hold nothing, and would be an argument all the same: `x-empty-body` says that there is nothing to ask for.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{Object, beside, each_operation_mut, remove_keys, type_of};
use crate::lower::shape::unions::follow;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    beside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, _, pointer| {
            let pointer = join(&origin::of(operation, pointer), "requestBody");
            let Some(body) = operation.get_mut("requestBody") else {
                return;
            };
            let at = origin::of(body, &pointer);
            let Some(content) = body.get_mut("content").and_then(Value::as_object_mut) else {
                if let Some(members) = operation.as_object_mut() {
                    members.remove("requestBody");
                    cx.changed_at(at, "removed a request body without content");
                }
                return;
            };
            let is_stub = choose(content, &at, cx);
            let is_empty = content
                .get("application/json")
                .and_then(|media| media.get("schema"))
                .is_some_and(|schema| can_hold_nothing(follow(schema, schemas)));
            if is_empty && let Some(members) = operation.as_object_mut() {
                extensions::EMPTY_BODY.set(members, true);
                cx.changed_at(&at, "saw that the body can hold nothing");
            }
            if is_stub {
                // The emitter leaves such an operation out of the facade: it cannot say what the body holds.
                if let Some(members) = operation.as_object_mut() {
                    extensions::SDK_IGNORE.set(members, true);
                }
            }
        });
    });
}

/// Whether an object may have no property at all.
fn can_hold_nothing(schema: &Value) -> bool {
    let is_closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|key| schema.get(key) == Some(&Value::Bool(false)));
    let says_more = [
        "properties",
        "patternProperties",
        "allOf",
        "oneOf",
        "anyOf",
        "$ref",
    ]
    .iter()
    .any(|key| schema.get(key).is_some());
    is_closed && !says_more && type_of(schema) == Some("object")
}

/// Leaves one format; says whether the body is only a stub.
fn choose(content: &mut Object, at: &str, cx: &mut Context<'_>) -> bool {
    let mut kinds: Vec<String> = content.keys().cloned().collect();
    kinds.sort_by_key(|kind| (rank(kind), kind.clone()));
    let Some(chosen) = kinds.first().cloned() else {
        return false;
    };
    let mut media = keep(content, &chosen, &kinds, at, cx);
    if rank(&chosen) == 1 && media.get("encoding").is_some() {
        cx.warn(
            Problem::at(
                join(at, "content"),
                "the encoding of the parts of a body is left out",
            )
            .found(chosen.clone())
            .help("every part is sent in the form that is usual for its type"),
        );
    }
    without_examples(&mut media);
    let name = match rank(&chosen) {
        0 => "application/json",
        1 => "application/x-www-form-urlencoded",
        2 => "application/octet-stream",
        _ => {
            cx.changed_at(at, format!("made a body of {chosen} a stream of bytes"));
            cx.warn(
                Problem::at(at, "the client cannot build a body of this format")
                    .expected("application/json, application/x-www-form-urlencoded or application/octet-stream")
                    .found(chosen.clone())
                    .help("write this operation by hand: it is left out of the facade (x-sdk-ignore)"),
            );
            content.insert(
                "application/octet-stream".into(),
                json!({ "schema": { "type": "string", "format": "binary", (origin::SOURCE): at } }),
            );
            return true;
        }
    };
    if name == "application/octet-stream" {
        media = json!({ "schema": { "type": "string", "format": "binary", (origin::SOURCE): at } });
    } else if media.get("schema").is_none() {
        cx.changed_at(at, "a body without a schema may be any value");
        media = json!({ "schema": { (origin::SOURCE): at } });
    }
    if name != chosen {
        cx.changed_at(at, format!("read {chosen} as {name}"));
    }
    content.insert(name.into(), media);
    false
}

/// The format that is kept of several. The others are told, and where what they hold is something else, that is lost.
pub(crate) fn keep(
    content: &mut Object,
    chosen: &str,
    kinds: &[String],
    at: &str,
    cx: &mut Context<'_>,
) -> Value {
    let kept = content.remove(chosen).unwrap_or_default();
    if kinds.len() > 1 {
        cx.changed_at(
            at,
            format!("kept {chosen} of the formats {}", kinds.join(", ")),
        );
    }
    let schema = |media: &Value| media.get("schema").map(origin::stripped);
    let lost: Vec<&str> = kinds
        .iter()
        .filter(|kind| {
            content
                .get(kind.as_str())
                .is_some_and(|media| schema(media) != schema(&kept))
        })
        .map(String::as_str)
        .collect();
    if !lost.is_empty() {
        cx.warn(
            Problem::at(
                join(at, "content"),
                "one format is kept, and others hold something else",
            )
            .expected(format!("the same schema as that of {chosen}"))
            .found(lost.join(", "))
            .help("what only these formats can hold cannot be sent or read by the client"),
        );
    }
    content.clear();
    kept
}

/// Takes what says nothing of the type.
pub(crate) fn without_examples(media: &mut Value) {
    let _ = remove_keys(media, &["encoding", "example", "examples"]);
}

/// The smaller, the rather.
pub(crate) fn rank(kind: &str) -> u8 {
    let kind = essence(kind);
    match kind.as_str() {
        "application/json" => 0,
        other if other.ends_with("+json") || other == "*/*" => 0,
        "application/x-www-form-urlencoded" => 1,
        "application/octet-stream" => 2,
        _ => 3,
    }
}

/// A media type without its parameters.
pub(crate) fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or(kind).trim().to_lowercase()
}
