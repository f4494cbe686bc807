//! Defect: progenitor panics on a request body with several media types, and rejects multipart and unknown media types. A closed object
//! without properties, which is always empty, would still become an argument.
//!
//! One media type is kept. An operation whose body the client cannot build is marked with `x-sdk-ignore`. `x-empty-body` marks a body that
//! is always empty.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, each_operation_mut, remove_keys, resolve, type_of, with_components_aside,
};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    with_components_aside(document, |document, schemas| {
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
            let is_placeholder = choose_media_type(content, &at, cx);
            let is_empty = content
                .get("application/json")
                .and_then(|media| media.get("schema"))
                .is_some_and(|schema| is_always_empty(resolve(schema, schemas)));
            if is_empty && let Some(members) = operation.as_object_mut() {
                extensions::EMPTY_BODY.set(members, true);
                cx.changed_at(&at, "set x-empty-body: the body has no properties");
            }
            if is_placeholder {
                // The client cannot build the body, so the emitter omits the operation.
                if let Some(members) = operation.as_object_mut() {
                    extensions::SDK_IGNORE.set(members, true);
                }
            }
        });
    });
}

/// Whether an object cannot have properties.
fn is_always_empty(schema: &Value) -> bool {
    let is_closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|key| schema.get(key) == Some(&Value::Bool(false)));
    let has_content = [
        "properties",
        "patternProperties",
        "allOf",
        "oneOf",
        "anyOf",
        "$ref",
    ]
    .iter()
    .any(|key| schema.get(key).is_some());
    is_closed && !has_content && type_of(schema) == Some("object")
}

/// Keeps one media type. Returns whether the body is a placeholder because the client cannot build it.
fn choose_media_type(content: &mut Object, at: &str, cx: &mut PassContext<'_>) -> bool {
    let mut media_types: Vec<String> = content.keys().cloned().collect();
    media_types.sort_by_key(|media_type| (rank(media_type), media_type.clone()));
    let Some(chosen) = media_types.first().cloned() else {
        return false;
    };
    let mut media = keep_one(content, &chosen, &media_types, at, cx);
    if rank(&chosen) == 1 && media.get("encoding").is_some() {
        cx.warn(
            Problem::at(
                join(at, "content"),
                "the encoding of the parts of a body is ignored",
            )
            .found(chosen.clone())
            .help("every part is sent in the default encoding of its type"),
        );
    }
    without_examples(&mut media);
    let normalized = match rank(&chosen) {
        0 => "application/json",
        1 => "application/x-www-form-urlencoded",
        2 => "application/octet-stream",
        _ => {
            cx.changed_at(
                at,
                format!("turned the body of type {chosen} into binary data"),
            );
            cx.warn(
                Problem::at(at, "the client cannot build a body of this media type")
                    .expected("application/json, application/x-www-form-urlencoded or application/octet-stream")
                    .found(chosen.clone())
                    .help("implement the operation by hand: the client omits it (x-sdk-ignore)"),
            );
            content.insert(
                "application/octet-stream".into(),
                json!({ "schema": { "type": "string", "format": "binary", (origin::SOURCE): at } }),
            );
            return true;
        }
    };
    if normalized == "application/octet-stream" {
        media = json!({ "schema": { "type": "string", "format": "binary", (origin::SOURCE): at } });
    } else if media.get("schema").is_none() {
        cx.changed_at(at, "added a schema without constraints: the body has none");
        media = json!({ "schema": { (origin::SOURCE): at } });
    }
    if normalized != chosen {
        cx.changed_at(at, format!("treated {chosen} as {normalized}"));
    }
    content.insert(normalized.into(), media);
    false
}

/// Removes all media types and returns the chosen one. Warns if others have a different schema.
pub(crate) fn keep_one(
    content: &mut Object,
    chosen: &str,
    media_types: &[String],
    at: &str,
    cx: &mut PassContext<'_>,
) -> Value {
    let kept = content.remove(chosen).unwrap_or_default();
    if media_types.len() > 1 {
        cx.changed_at(
            at,
            format!(
                "kept {chosen} of the media types {}",
                media_types.join(", ")
            ),
        );
    }
    let schema = |media: &Value| media.get("schema").map(origin::stripped);
    let different: Vec<&str> = media_types
        .iter()
        .filter(|media_type| {
            content
                .get(media_type.as_str())
                .is_some_and(|media| schema(media) != schema(&kept))
        })
        .map(String::as_str)
        .collect();
    if !different.is_empty() {
        cx.warn(
            Problem::at(
                join(at, "content"),
                "one media type is kept, others have different schemas",
            )
            .expected(format!("the schema of {chosen}"))
            .found(different.join(", "))
            .help("the client can neither send nor read these media types"),
        );
    }
    content.clear();
    kept
}

/// Removes members that do not affect the type.
pub(crate) fn without_examples(media: &mut Value) {
    let _ = remove_keys(media, &["encoding", "example", "examples"]);
}

/// The preference for a media type; lower is better.
pub(crate) fn rank(media_type: &str) -> u8 {
    let media_type = essence(media_type);
    match media_type.as_str() {
        "application/json" => 0,
        other if other.ends_with("+json") || other == "*/*" => 0,
        "application/x-www-form-urlencoded" => 1,
        "application/octet-stream" => 2,
        _ => 3,
    }
}

/// A media type without its parameters.
pub(crate) fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or(media_type)
        .trim()
        .to_lowercase()
}
