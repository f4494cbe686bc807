//! How a parameter is sent: its style, or the media type of its content.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::Object;
use crate::lower::syntax::media_types::essence;
use crate::lower::value_shape::ValueShape;
use crate::problem::Problem;
use crate::spec::walk::join;

/// Whether the client can send a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sendable {
    Yes,
    /// OpenAPI does not define how the value is written.
    No,
}

/// Moves style and location of a parameter to `x-serialization`, where they differ from what progenitor accepts, and reports a parameter
/// that OpenAPI does not define a text for.
pub(super) fn lower(
    parameter: &mut Value,
    location: &str,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Sendable {
    // The parameter of a normalized document is lowered already.
    let is_lowered = extensions::SERIALIZATION.is_set(parameter);
    let Some(members) = parameter.as_object_mut().filter(|_| !is_lowered) else {
        return Sendable::Yes;
    };
    let name = members
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_json = content_to_schema(members, &name, at, cx);
    if let Some(schema) = members.get_mut("schema") {
        without_null(schema);
    }
    let shape = members
        .get("schema")
        .map(|schema| ValueShape::of(schema, schemas))
        .unwrap_or_default();
    let style = members.remove("style");
    let explode = members.remove("explode").and_then(|value| value.as_bool());
    let allows_reserved = members.remove("allowReserved") == Some(Value::Bool(true));
    let default_style = match location {
        "path" | "header" => "simple",
        _ => "form",
    };
    let style = match style.as_ref().and_then(Value::as_str) {
        Some(style) if !is_json => style.to_owned(),
        _ => default_style.to_owned(),
    };
    if style == "deepObject" && explode != Some(false) && is_customary(shape) {
        cx.warn(customary(at, &format!("parameter `{name}`"), &name));
    }
    let is_sendable = match undefined(location, &style, explode, shape) {
        Some(why) if !is_json => {
            cx.warn(
                Problem::at(
                    at,
                    format!("OpenAPI does not define how the parameter `{name}` is sent"),
                )
                .expected(why.expected)
                .found(why.found)
                .help("correct the style or the schema in an overlay"),
            );
            Sendable::No
        }
        _ if location == "header" && http_name(&name).is_none() => {
            cx.warn(
                Problem::at(
                    join(at, "name"),
                    "the name of a header has an invalid character",
                )
                .expected("a header name of RFC 9110: letters, digits and hyphens")
                .found(name.clone()),
            );
            Sendable::No
        }
        _ => Sendable::Yes,
    };
    let mut form = Map::new();
    if location == "cookie" {
        form.insert("in".into(), "cookie".into());
        members.insert("in".into(), "query".into());
    }
    if style != default_style {
        form.insert("style".into(), style.as_str().into());
    }
    let default_explode = ["form", "deepObject"].contains(&style.as_str());
    if let Some(explode) = explode.filter(|explode| *explode != default_explode)
        && shape.is_compound()
        && !is_json
    {
        form.insert("explode".into(), explode.into());
    }
    // OpenAPI 3.0 and 3.1 define it for queries only.
    if allows_reserved && location == "query" {
        form.insert("allowReserved".into(), true.into());
    }
    if is_json {
        form.insert("json".into(), true.into());
    }
    if location == "path" && shape.is_compound() {
        form.insert("compound".into(), true.into());
    }
    if !form.is_empty() {
        cx.changed_at(
            at,
            format!("set x-serialization of `{name}`, which progenitor cannot send"),
        );
        extensions::SERIALIZATION.set(members, Value::Object(form));
    }
    is_sendable
}

/// Moves the schema of `content` to the parameter. Returns whether the value is sent as JSON.
fn content_to_schema(members: &mut Object, name: &str, at: &str, cx: &mut PassContext<'_>) -> bool {
    let Some(content) = members.remove("content") else {
        return false;
    };
    let media = content
        .as_object()
        .and_then(|content| content.iter().next());
    let (media_type, media) = media.map_or((String::new(), Value::Null), |(media_type, media)| {
        (media_type.clone(), media.clone())
    });
    let schema = media.get("schema").cloned();
    let kind = essence(&media_type);
    let is_json = kind == "application/json" || kind.ends_with("+json");
    let text = || json!({ "type": "string", (origin::SOURCE): join(at, "content") });
    let schema = match (is_json, schema) {
        (true, Some(schema)) => schema,
        (true, None) => json!({ (origin::SOURCE): join(at, "content") }),
        (false, schema) => {
            if !kind.starts_with("text/") {
                cx.warn(
                    Problem::at(
                        at,
                        format!("the client does not serialize the parameter `{name}`"),
                    )
                    .found(format!("content: {media_type}"))
                    .help("the caller passes it as a string"),
                );
            }
            schema
                .filter(|schema| schema["type"] == "string")
                .unwrap_or_else(text)
        }
    };
    members.insert("schema".into(), schema);
    cx.changed_at(
        at,
        format!("moved the schema of `{name}` out of its content of type {media_type}"),
    );
    is_json
}

/// Removes `null` from the values of a parameter, which has no text for it: a caller omits the parameter.
fn without_null(schema: &mut Value) {
    let is_null = |schema: &Value| {
        schema["type"] == "null" || schema["const"].is_null() && schema.get("const").is_some()
    };
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    members.remove("nullable");
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|ty| ty != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".into(), only);
        }
    }
    if let Some(values) = members.get_mut("enum").and_then(Value::as_array_mut)
        && values.len() > 1
    {
        values.retain(|value| !value.is_null());
    }
    for key in ["anyOf", "oneOf"] {
        let Some(variants) = members.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let before = variants.len();
        variants.retain(|variant| !is_null(variant));
        if let ([only], true) = (variants.as_slice(), before > 1) {
            let only = only.clone();
            members.remove(key);
            match only {
                Value::Object(only) if !only.contains_key("$ref") => {
                    for (key, value) in only {
                        members.entry(key).or_insert(value);
                    }
                }
                only => {
                    members.insert("allOf".into(), json!([only]));
                }
            }
        }
    }
}

/// Whether OpenAPI defines no text in the style `deepObject` for some of the values, but most servers read one.
pub(super) fn is_customary(shape: ValueShape) -> bool {
    shape.nested || shape.list
}

/// The warning for such a value.
pub(super) fn customary(at: &str, what: &str, name: &str) -> Problem {
    Problem::at(
        at,
        format!("OpenAPI does not define how lists and objects inside the {what} are sent"),
    )
    .expected("an object of strings, numbers or booleans in the style deepObject")
    .help(format!(
        "they are sent as `{name}[key][]=item` and `{name}[key][0][member]=value`; correct the style in an overlay if the server expects another form"
    ))
}

/// Why OpenAPI defines no text for a parameter.
struct Undefined {
    expected: &'static str,
    found: String,
}

fn undefined(
    location: &str,
    style: &str,
    explode: Option<bool>,
    shape: ValueShape,
) -> Option<Undefined> {
    let styles: &[&str] = match location {
        "path" => &["simple", "label", "matrix"],
        "query" => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
        "header" => &["simple"],
        _ => &["form"],
    };
    let value = || {
        let kinds = [
            (shape.scalar, "a string, a number or a boolean"),
            (shape.list, "a list"),
            (shape.object, "an object"),
        ];
        let kinds: Vec<&str> = kinds
            .into_iter()
            .filter_map(|(is, kind)| is.then_some(kind))
            .collect();
        format!("{} in the style {style}", kinds.join(" or "))
    };
    let wrong = |expected, found| Some(Undefined { expected, found });
    if !styles.contains(&style) {
        let expected = match location {
            "path" => "simple, label or matrix",
            "query" => "form, spaceDelimited, pipeDelimited or deepObject",
            "header" => "simple",
            _ => "form",
        };
        return wrong(expected, format!("in: {location}, style: {style}"));
    }
    match style {
        "deepObject" if explode == Some(false) => {
            wrong("explode: true", "explode: false".to_owned())
        }
        "deepObject" if is_customary(shape) => None,
        _ if shape.nested => wrong(
            "a list or an object of strings, numbers or booleans",
            format!("a list or an object inside another, in the style {style}"),
        ),
        "deepObject" if !shape.object && shape.scalar => wrong("an object", value()),
        "spaceDelimited" | "pipeDelimited" if !shape.is_compound() && shape.scalar => {
            wrong("a list or an object", value())
        }
        "spaceDelimited" | "pipeDelimited" if explode == Some(true) => {
            wrong("explode: false", "explode: true".to_owned())
        }
        _ => None,
    }
}

/// The name, if it is that of a header.
pub(super) fn http_name(name: &str) -> Option<&str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (!name.is_empty() && name.chars().all(is_token)).then_some(name)
}
