//! Defect: progenitor panics on a request body with several media types, and rejects multipart and most media types. A closed object
//! without properties, which is always empty, would still become an argument.
//!
//! One media type is kept; progenitor reads it as JSON, and `x-request-media` has its name and encoding. An operation whose body the client
//! cannot build is marked with `x-sdk-ignore`. `x-empty-body` marks a body that is always empty.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, each_operation_mut, remove_keys, resolve, type_of, with_components_aside,
};
use crate::lower::syntax::form_bodies;
use crate::lower::value_shape::ValueShape;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    with_components_aside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, _, pointer| {
            let pointer = join(&origin::of(operation, pointer), "requestBody");
            // A normalized document is lowered already.
            let is_lowered = extensions::REQUEST_MEDIA.is_set(operation);
            let Some(body) = operation.get_mut("requestBody").filter(|_| !is_lowered) else {
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
            let chosen = choose_media_type(content, &at, schemas, cx);
            let is_empty = content
                .get(JSON)
                .and_then(|media| media.get("schema"))
                .is_some_and(|schema| is_always_empty(resolve(schema, schemas)));
            let Some(members) = operation.as_object_mut() else {
                return;
            };
            match chosen {
                Chosen::Json if is_empty => {
                    extensions::EMPTY_BODY.set(members, true);
                    cx.changed_at(&at, "set x-empty-body: the body has no properties");
                }
                Chosen::Json => {}
                Chosen::Other(media) => {
                    let message = format!("set x-request-media: {}", media["mediaType"]);
                    cx.changed_at(&at, message);
                    extensions::REQUEST_MEDIA.set(members, media);
                }
                // The client cannot build the body, so the emitter omits the operation.
                Chosen::Unsendable => extensions::SDK_IGNORE.set(members, true),
            }
        });
    });
}

/// How the body of an operation is sent.
enum Chosen {
    /// As `application/json`.
    Json,
    /// As the value of `x-request-media` says.
    Other(Value),
    Unsendable,
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

/// Keeps one media type.
fn choose_media_type(
    content: &mut Object,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Chosen {
    let kind_of = |media_type: &str, media: &Value| {
        let shape = media
            .get("schema")
            .map(|schema| ValueShape::of(schema, schemas));
        MediaKind::of(media_type, shape)
    };
    let mut media_types: Vec<(MediaKind, String)> = content
        .iter()
        .map(|(media_type, media)| (kind_of(media_type, media), media_type.clone()))
        .collect();
    // JSON cannot hold files.
    let has_files = |(kind, media_type): &(MediaKind, String)| {
        *kind == MediaKind::Multipart && has_file_parts(&content[media_type], schemas)
    };
    let files = media_types.iter().any(has_files);
    media_types.sort_by_key(|(kind, media_type)| {
        (
            !(files && *kind == MediaKind::Multipart),
            *kind,
            media_type.clone(),
        )
    });
    let Some((kind, chosen)) = media_types.first().cloned() else {
        return Chosen::Json;
    };
    let media_types: Vec<String> = media_types.into_iter().map(|(_, name)| name).collect();
    let mut media = keep_one(content, &chosen, &media_types, at, cx);
    let media_type = sent_type(&chosen, kind);
    let other = |encoding: &str| json!({ "mediaType": media_type, "encoding": encoding });
    let text = json!({ "schema": { "type": "string", (origin::SOURCE): at } });
    let (media, chosen) = match kind {
        MediaKind::Json => {
            if media.get("schema").is_none() {
                cx.changed_at(at, "added a schema without constraints: the body has none");
                media = json!({ "schema": { (origin::SOURCE): at } });
            }
            let chosen = match media_type.as_str() {
                JSON => Chosen::Json,
                _ => Chosen::Other(other("json")),
            };
            (media, chosen)
        }
        MediaKind::Form | MediaKind::Multipart => {
            let is_multipart = kind == MediaKind::Multipart;
            let form = match is_multipart {
                true => form_bodies::multipart(&media, at, schemas, cx),
                false => form_bodies::urlencoded(&media, at, schemas, cx),
            };
            match form {
                Some(form) => {
                    let mut value = other(if is_multipart { "multipart" } else { "form" });
                    if !form.parts.is_empty() {
                        value["parts"] = Value::Object(form.parts);
                    }
                    let is_default = !is_multipart && value.get("parts").is_none();
                    media = json!({ "schema": form.schema });
                    if is_default && media_type == FORM {
                        without_examples(&mut media);
                        content.insert(FORM.into(), media);
                        return Chosen::Json;
                    }
                    (media, Chosen::Other(value))
                }
                None => (unsendable(&chosen, at, cx), Chosen::Unsendable),
            }
        }
        MediaKind::Text => (text, Chosen::Other(other("text"))),
        MediaKind::Binary => (
            json!({ "schema": form_bodies::upload(at) }),
            Chosen::Other(other("upload")),
        ),
        MediaKind::Unsupported => (unsendable(&chosen, at, cx), Chosen::Unsendable),
    };
    let mut media = media;
    without_examples(&mut media);
    content.insert(JSON.into(), media);
    chosen
}

/// The placeholder for a body that the client cannot build.
fn unsendable(media_type: &str, at: &str, cx: &mut PassContext<'_>) -> Value {
    cx.changed_at(
        at,
        format!("replaced the body of type {media_type} by a placeholder"),
    );
    cx.warn(
        Problem::at(at, "the client cannot build a body of this media type")
            .expected("JSON, a form whose properties are known, text or binary data")
            .found(media_type)
            .help("implement the operation by hand: the client omits it (x-sdk-ignore)"),
    );
    json!({ "schema": { "type": "string", (origin::SOURCE): at } })
}

/// Whether a part of a form is a file.
fn has_file_parts(media: &Value, schemas: &Object) -> bool {
    let form = media
        .get("schema")
        .and_then(|schema| form_bodies::flattened(schema, schemas, 0));
    let properties = form
        .as_ref()
        .and_then(|form| form["properties"].as_object());
    let mut properties = properties.into_iter().flat_map(|all| all.values());
    properties.any(|property| ValueShape::of(property, schemas).binary)
}

/// The media type that is sent. A range becomes a type in it.
fn sent_type(media_type: &str, kind: MediaKind) -> String {
    match (media_type.contains('*'), kind) {
        (false, MediaKind::Multipart) => "multipart/form-data".to_owned(),
        (false, _) => media_type.to_owned(),
        (true, MediaKind::Json) => JSON.to_owned(),
        (true, MediaKind::Text) => "text/plain".to_owned(),
        (true, _) => "application/octet-stream".to_owned(),
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// How values of a media type are encoded; the kinds that express more come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MediaKind {
    Json,
    Form,
    Multipart,
    Text,
    Binary,
    Unsupported,
}

impl MediaKind {
    /// The kind of a media type whose schema has this shape.
    pub(crate) fn of(media_type: &str, shape: Option<ValueShape>) -> Self {
        let media_type = essence(media_type);
        let is_binary = shape.is_some_and(|shape| shape.binary);
        let is_text = shape.is_some_and(|shape| shape.scalar && !shape.is_compound());
        match media_type.as_str() {
            JSON | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            // The schema tells what a range stands for.
            "*/*" | "application/*" => match (is_binary, is_text) {
                (true, _) => Self::Binary,
                (_, true) => Self::Text,
                _ => Self::Json,
            },
            FORM => Self::Form,
            "multipart/form-data" => Self::Multipart,
            other if other.starts_with("multipart/") => Self::Unsupported,
            _ if is_binary => Self::Binary,
            "application/xml"
            | "application/yaml"
            | "application/x-yaml"
            | "application/toml"
            | "application/graphql"
            | "application/jwt"
            | "application/sql"
            | "application/javascript" => Self::Text,
            other if other.starts_with("text/") => Self::Text,
            other if other.ends_with("+xml") || other.ends_with("+yaml") => Self::Text,
            _ => Self::Binary,
        }
    }
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

/// The preference for a media type, for comparing documents; lower is better.
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
