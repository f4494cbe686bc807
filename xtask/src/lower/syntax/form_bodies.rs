//! Bodies of forms: `multipart/form-data` and `application/x-www-form-urlencoded`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, keys_beside, resolve, strings};
use crate::lower::shape::rust_type;
use crate::lower::syntax::media_types::essence;
use crate::lower::syntax::parameter_styles::{customary, http_name, is_customary};
use crate::lower::value_shape::ValueShape;
use crate::problem::Problem;
use crate::spec::walk::join;

/// A form that the client can send: the schema of its properties, and how those are written that are not written in the default way.
pub(super) struct FormBody {
    pub(super) schema: Value,
    pub(super) parts: Map<String, Value>,
}

/// A schema of binary data.
pub(super) fn upload(at: &str) -> Value {
    let mut schema = json!({ "type": "string", (origin::SOURCE): at });
    rust_type::assign(&mut schema, rust_type::upload());
    schema
}

/// The multipart form of `media`; `None` if its parts are not the properties of one object.
pub(super) fn multipart(
    media: &Value,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Option<FormBody> {
    let schema = media.get("schema");
    let Some(schema) = schema.filter(|schema| !keys_beside(schema, &[]).is_empty()) else {
        // The document does not say which parts there are: the caller names them.
        let source = schema.map_or_else(|| at.to_owned(), |schema| origin::of(schema, at));
        return Some(FormBody {
            schema: json!({ "type": "object", "additionalProperties": upload(&source), (origin::SOURCE): source }),
            parts: Map::new(),
        });
    };
    let mut object = flattened(schema, schemas, 0)?;
    let shapes: BTreeMap<String, ValueShape> = properties(&object)
        .map(|(name, property)| (name.clone(), ValueShape::of(property, schemas)))
        .collect();
    let mut has_files = false;
    for property in properties_mut(&mut object) {
        let shape = ValueShape::of(property, schemas);
        if !shape.binary || shape.object {
            continue;
        }
        has_files = true;
        let description = property.get("description").cloned();
        let source = origin::of(property, at);
        let mut file = upload(&source);
        if shape.list {
            file = json!({ "type": "array", "items": file, (origin::SOURCE): source });
        }
        if let Some(description) = description {
            file["description"] = description;
        }
        *property = file;
    }
    let mut parts = Map::new();
    for (name, encoding) in encodings(media) {
        let mut part = Map::new();
        let shape = shapes.get(name).copied().unwrap_or_default();
        if let Some(media_type) = part_type(encoding, shape) {
            part.insert("contentType".into(), media_type.into());
        }
        let headers = part_headers(name, encoding, at, cx);
        if !headers.is_empty() {
            part.insert("headers".into(), headers.into());
        }
        if !part.is_empty() {
            parts.insert(name.clone(), part.into());
        }
    }
    // Without files, the component keeps its name.
    let schema = match has_files {
        true => object,
        false => schema.clone(),
    };
    Some(FormBody { schema, parts })
}

/// The media type of a part: the first that the client can write of those listed. Of a file, several types or a range of types are the
/// choice of the caller.
fn part_type(encoding: &Value, shape: ValueShape) -> Option<&str> {
    let types = encoding.get("contentType")?.as_str()?;
    let listed = || {
        types
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
    };
    let mut concrete = listed().filter(|one| !one.contains('*'));
    if shape.binary && listed().count() > 1 {
        return None;
    }
    let json = shape.is_compound().then(|| {
        let mut concrete = concrete.clone();
        concrete.find(|one| essence(one).ends_with("json"))
    });
    json.flatten().or_else(|| concrete.next())
}

/// The headers of a part that have one possible value, by their names. The others are reported.
fn part_headers(
    name: &str,
    encoding: &Value,
    at: &str,
    cx: &mut PassContext<'_>,
) -> Map<String, Value> {
    let mut sent = Map::new();
    let mut lost: Vec<&str> = Vec::new();
    let headers = encoding.get("headers").and_then(Value::as_object);
    for (header, object) in headers.into_iter().flatten() {
        // OpenAPI ignores it: `contentType` has the media type.
        if header.eq_ignore_ascii_case("content-type") || origin::is_stamp(header) {
            continue;
        }
        let schema = object.get("schema");
        let values = |schema: &Value| match schema.get("enum")?.as_array()?.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let value = schema.and_then(|schema| {
            let value = schema.get("const").or_else(|| schema.get("default"));
            value.cloned().or_else(|| values(schema))
        });
        let is_header = |text: &str| {
            let is_printable = |c: char| c == ' ' || c.is_ascii_graphic();
            http_name(header).is_some() && text.chars().all(is_printable)
        };
        match value {
            Some(Value::String(text)) if is_header(&text) => {
                sent.insert(header.clone(), text.into());
            }
            Some(number @ (Value::Number(_) | Value::Bool(_))) if is_header("") => {
                sent.insert(header.clone(), number.to_string().into());
            }
            _ => lost.push(header),
        }
    }
    if !lost.is_empty() {
        lost.sort_unstable();
        cx.warn(
            Problem::at(
                join(at, "content"),
                format!("headers of the part `{name}` are not sent"),
            )
            .expected("headers with a `const`, a `default` or one value")
            .found(lost.join(", ")),
        );
    }
    sent
}

/// The URL-encoded form of `media`. A property that OpenAPI defines no text for is removed; `None` if it is required.
pub(super) fn urlencoded(
    media: &Value,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Option<FormBody> {
    let schema = media
        .get("schema")
        .cloned()
        .unwrap_or(json!({ (origin::SOURCE): at }));
    let mut parts = Map::new();
    let mut removed = Vec::new();
    let mut object = flattened(&schema, schemas, 0);
    for (name, encoding) in encodings(media) {
        let has_style = ["style", "explode", "allowReserved"]
            .iter()
            .any(|key| encoding.get(key).is_some());
        let property = object
            .as_ref()
            .and_then(|object| object["properties"].get(name));
        let shape = property.map(|property| ValueShape::of(property, schemas));
        if has_style {
            let style = encoding
                .get("style")
                .and_then(Value::as_str)
                .unwrap_or("form");
            if style == "deepObject" && shape.is_some_and(is_customary) {
                cx.warn(customary(
                    &join(at, "content"),
                    &format!("property `{name}` of the form"),
                    name,
                ));
            }
            if shape.is_some_and(|shape| is_undefined(style, shape)) {
                removed.push(name.clone());
                continue;
            }
            let mut part = json!({ "style": style });
            for key in ["explode", "allowReserved"] {
                if let Some(value) = encoding.get(key).filter(|value| value.is_boolean()) {
                    part[key] = value.clone();
                }
            }
            parts.insert(name.clone(), part);
        } else if let Some(media_type) = encoding.get("contentType").and_then(Value::as_str)
            && essence(media_type).ends_with("json")
        {
            parts.insert(name.clone(), json!({ "contentType": media_type }));
        }
    }
    for (name, property) in object.iter().flat_map(properties) {
        let is_json = is_json(ValueShape::of(property, schemas));
        if is_json && !parts.contains_key(name) && !removed.contains(name) {
            parts.insert(name.clone(), json!({ "contentType": "application/json" }));
        }
    }
    if removed.is_empty() {
        return Some(FormBody { schema, parts });
    }
    let mut object = object.take()?;
    let required = strings(object.get("required"));
    for name in &removed {
        cx.warn(
            Problem::at(
                join(at, "content"),
                format!("OpenAPI does not define how the property `{name}` of the form is sent"),
            )
            .expected(
                "a value without lists and objects inside, or `contentType: application/json`",
            )
            .found("a list or an object inside another")
            .help("correct the encoding or the schema in an overlay"),
        );
        if required.contains(name) {
            return None;
        }
        if let Some(properties) = object["properties"].as_object_mut() {
            properties.remove(name);
        }
    }
    Some(FormBody {
        schema: object,
        parts,
    })
}

/// Whether the default media type of all values is that of JSON. The request decides where some values are text.
fn is_json(shape: ValueShape) -> bool {
    let is_one_kind = shape.object != shape.list && !shape.scalar;
    is_one_kind && (shape.object || shape.nested)
}

fn is_undefined(style: &str, shape: ValueShape) -> bool {
    match style {
        "deepObject" => !is_customary(shape) && !shape.object && shape.scalar,
        _ if shape.nested => true,
        "spaceDelimited" | "pipeDelimited" => shape.scalar && !shape.is_compound(),
        _ => false,
    }
}

fn encodings(media: &Value) -> Vec<(&String, &Value)> {
    let members = media.get("encoding").and_then(Value::as_object);
    let mut all: Vec<_> = members.into_iter().flatten().collect();
    all.sort_by_key(|(name, _)| *name);
    all
}

fn properties(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = object.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten()
}

fn properties_mut(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(|all| all.values_mut())
}

/// One object with the properties of a schema and of the parts of its `allOf`; `None` if it has alternatives or is no object.
pub(super) fn flattened(schema: &Value, schemas: &Object, depth: usize) -> Option<Value> {
    let schema = resolve(schema, schemas);
    if depth > 8 || schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
        return None;
    }
    let is_object = schema["type"] == "object"
        || schema.get("properties").is_some()
        || schema.get("additionalProperties").is_some();
    let parts = schema.get("allOf").and_then(Value::as_array);
    if !is_object && parts.is_none() {
        return None;
    }
    let mut object = schema.clone();
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut take = |part: &Value| {
        for (name, property) in part["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), property.clone());
        }
        for name in strings(part.get("required")) {
            if !required.contains(&name) {
                required.push(name);
            }
        }
    };
    for part in parts.into_iter().flatten() {
        take(&flattened(part, schemas, depth + 1)?);
    }
    take(schema);
    let members = object.as_object_mut()?;
    members.remove("allOf");
    members.insert("type".into(), "object".into());
    members.insert("properties".into(), properties.into());
    if !required.is_empty() {
        members.insert("required".into(), required.into());
    }
    Some(object)
}
