//! Defect: progenitor panics on a request body with several media types, and rejects multipart and most media types. A closed object
//! without properties, which is always empty, would still become an argument.
//!
//! One media type is kept of those with the same schema; progenitor reads it as JSON, and `x-request-media` has its name and encoding.
//! Bodies of different schemas become the properties of one object, which the emitter replaces by an enum. An operation whose body the
//! client cannot build is marked with `x-sdk-ignore`. `x-empty-body` marks a body that is always empty.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::equivalence::equivalent;
use crate::lower::origin;
use crate::lower::schema::{Object, each_operation_mut, resolve, type_of, with_components_aside};
use crate::lower::shape::identifiers;
use crate::lower::syntax::form_bodies;
use crate::lower::syntax::media_types::{FORM, JSON, MULTIPART, MediaKind, variant_name};
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
            let content = body.get_mut("content").and_then(Value::as_object_mut);
            let Some(content) = content.map(std::mem::take).filter(|all| !all.is_empty()) else {
                if let Some(members) = operation.as_object_mut() {
                    members.remove("requestBody");
                    cx.changed_at(at, "removed a request body without content");
                }
                return;
            };
            let chosen = choose(&content, &at, schemas, cx);
            let schema = match chosen.as_slice() {
                [] => json!({ "type": "string", (origin::SOURCE): &at }),
                [only] => only.schema.clone(),
                bodies => placeholder(bodies, &at),
            };
            let is_form = matches!(chosen.as_slice(), [only] if only.is_default(FORM, "form"));
            let media_type = if is_form { FORM } else { JSON };
            body["content"] = json!({ media_type: { "schema": schema } });
            if let Some(members) = operation.as_object_mut() {
                set_media(members, &chosen, &at, schemas, cx);
            }
        });
    });
}

/// Sets what the schema does not say about the body.
fn set_media(
    operation: &mut Object,
    chosen: &[SentBody],
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) {
    let media = match chosen {
        // The client cannot build the body, so the emitter omits the operation.
        [] => return extensions::SDK_IGNORE.set(operation, true),
        [only] if only.is_default(JSON, "json") => {
            if is_always_empty(resolve(&only.schema, schemas)) {
                extensions::EMPTY_BODY.set(operation, true);
                cx.changed_at(at, "set x-empty-body: the body has no properties");
            }
            return;
        }
        [only] if only.is_default(FORM, "form") => return,
        [only] => only.media(),
        bodies => {
            let media_types: Vec<&str> =
                bodies.iter().map(|body| body.media_type.as_str()).collect();
            let names = variant_names(bodies);
            let rows = bodies.iter().zip(names).map(|(body, name)| {
                let mut row = body.media();
                row["property"] = identifiers::snake(&name).into();
                row["variant"] = name.into();
                row
            });
            json!({
                "mediaType": media_types.join(", "),
                "encoding": "alternatives",
                "alternatives": rows.collect::<Vec<_>>(),
            })
        }
    };
    cx.changed_at(at, format!("set x-request-media: {}", media["mediaType"]));
    extensions::REQUEST_MEDIA.set(operation, media);
}

/// A body that the client can send.
struct SentBody {
    media_type: String,
    /// `json`, `form`, `multipart`, `text` or `upload`.
    encoding: &'static str,
    schema: Value,
    /// The properties of a form that are not written in the default way.
    parts: Map<String, Value>,
}

impl SentBody {
    fn is_default(&self, media_type: &str, encoding: &str) -> bool {
        self.media_type == media_type && self.encoding == encoding && self.parts.is_empty()
    }

    fn media(&self) -> Value {
        let mut media = json!({ "mediaType": self.media_type, "encoding": self.encoding });
        if !self.parts.is_empty() {
            media["parts"] = self.parts.clone().into();
        }
        media
    }
}

/// The object whose properties are the bodies.
fn placeholder(bodies: &[SentBody], at: &str) -> Value {
    let mut properties = Map::new();
    let names: Vec<String> = variant_names(bodies)
        .iter()
        .map(|name| identifiers::snake(name))
        .collect();
    for (body, name) in bodies.iter().zip(&names) {
        properties.insert(name.clone(), body.schema.clone());
    }
    // A property of its own makes the object a type, unlike that of bodies of other media types.
    let own: Vec<String> = bodies
        .iter()
        .zip(&names)
        .map(|(body, name)| format!("{name}_{}", body.encoding))
        .collect();
    let own = format!("bodies_{}", own.join("_"));
    properties.insert(own, json!({ "type": "string" }));
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        (origin::SOURCE): at,
    })
}

/// The names of the variants, by media type.
fn variant_names(bodies: &[SentBody]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for body in bodies {
        let name = identifiers::unique(&variant_name(&body.media_type), |name| {
            names.iter().any(|known| known == name)
        });
        names.push(name);
    }
    names
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

/// The bodies that the client can send: one for each schema, the preferred first.
fn choose(content: &Object, at: &str, schemas: &Object, cx: &mut PassContext<'_>) -> Vec<SentBody> {
    let kind_of = |media_type: &str, media: &Value| {
        let shape = media
            .get("schema")
            .map(|schema| ValueShape::of(schema, schemas));
        MediaKind::of(media_type, shape)
    };
    let mut media_types: Vec<(MediaKind, &String)> = content
        .iter()
        .map(|(media_type, media)| (kind_of(media_type, media), media_type))
        .collect();
    // JSON cannot hold files.
    let has_files = |(kind, media_type): &(MediaKind, &String)| {
        *kind == MediaKind::Multipart && has_file_parts(&content[*media_type], schemas)
    };
    let files = media_types.iter().any(has_files);
    media_types.sort_by_key(|(kind, media_type)| {
        (
            !(files && *kind == MediaKind::Multipart),
            *kind,
            media_type.as_str(),
        )
    });
    let mut chosen: Vec<(MediaKind, &String)> = Vec::new();
    for (kind, media_type) in &media_types {
        let schema = content[*media_type].get("schema");
        let is_known = chosen
            .iter()
            .any(|(_, known)| equivalent(content[*known].get("schema"), schema, schemas));
        if !is_known {
            chosen.push((*kind, media_type));
        }
    }
    if chosen.len() < media_types.len() {
        let names = |all: &[(MediaKind, &String)]| {
            let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
            names.join(", ")
        };
        let message = format!(
            "kept {} of the media types {}",
            names(&chosen),
            names(&media_types)
        );
        cx.changed_at(at, message);
    }
    let is_only = chosen.len() == 1;
    let bodies = chosen.into_iter().filter_map(|(kind, media_type)| {
        let body = sent_body(media_type, kind, &content[media_type], at, schemas, cx);
        if body.is_none() {
            let help = match is_only {
                true => "implement the operation by hand: the client omits it (x-sdk-ignore)",
                false => "the client sends the other media types",
            };
            cx.warn(
                Problem::at(at, "the client cannot build a body of this media type")
                    .expected("JSON, a form whose properties are known, text or binary data")
                    .found(media_type.as_str())
                    .help(help),
            );
        }
        body
    });
    bodies.collect()
}

/// The body of one media type; `None` if the client cannot build it.
fn sent_body(
    media_type: &str,
    kind: MediaKind,
    media: &Value,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Option<SentBody> {
    let (encoding, schema, parts) = match kind {
        MediaKind::Json => {
            let schema = media.get("schema").cloned().unwrap_or_else(|| {
                cx.changed_at(at, "added a schema without constraints: the body has none");
                json!({ (origin::SOURCE): at })
            });
            ("json", schema, Map::new())
        }
        MediaKind::Form => {
            let form = form_bodies::urlencoded(media, at, schemas, cx)?;
            ("form", form.schema, form.parts)
        }
        MediaKind::Multipart => {
            let form = form_bodies::multipart(media, at, schemas, cx)?;
            ("multipart", form.schema, form.parts)
        }
        MediaKind::Text => {
            let text = json!({ "type": "string", (origin::SOURCE): at });
            ("text", text, Map::new())
        }
        MediaKind::Binary => ("upload", form_bodies::upload(at), Map::new()),
        MediaKind::Unsupported => return None,
    };
    Some(SentBody {
        media_type: sent_type(media_type, kind),
        encoding,
        schema,
        parts,
    })
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
        (false, MediaKind::Multipart) => MULTIPART.to_owned(),
        (false, _) => media_type.to_owned(),
        (true, MediaKind::Json) => JSON.to_owned(),
        (true, MediaKind::Text) => "text/plain".to_owned(),
        (true, _) => "application/octet-stream".to_owned(),
    }
}
