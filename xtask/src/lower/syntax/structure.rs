//! Defect: a value of the wrong JSON type (an array in place of an object, a number in place of a name) makes openapiv3 reject the whole
//! document without a location, or is ignored by later passes.
//!
//! The pass reports each such value with its location. It changes nothing.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::problem::Problem;
use crate::spec::walk::{self, Kind, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let Value::Object(members) = &*document else {
        cx.problem(wrong_type("", "an object", document));
        return;
    };
    check_version(members.get("openapi"), cx);
    for key in ["openapi", "info", "paths"] {
        let absent = !members.contains_key(key);
        let optional = key == "paths" && members.contains_key("webhooks");
        if absent && !optional {
            cx.problem(
                Problem::at("", format!("`{key}` is missing"))
                    .expected(format!("an OpenAPI document with `{key}`"))
                    .help("check that this is an OpenAPI 3.0 or 3.1 document"),
            );
        }
    }
    // The pointers of the schemas that enclose the current one, innermost last.
    let mut enclosing: Vec<String> = Vec::new();
    walk::walk(document, &mut |value, place, pointer| {
        check(value, place, pointer, cx);
        if place == Place::Schema {
            check_nesting(&mut enclosing, pointer, cx);
        }
    });
}

/// The limit for nested schemas. Libraries process them recursively and use much stack for each level.
const MAX_NESTING: usize = 24;

/// Reports a schema below too many others.
fn check_nesting(enclosing: &mut Vec<String>, pointer: &str, cx: &mut PassContext<'_>) {
    let encloses = |outer: &String| {
        let rest = pointer.strip_prefix(outer.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    while enclosing.last().is_some_and(|outer| !encloses(outer)) {
        enclosing.pop();
    }
    enclosing.push(pointer.to_owned());
    if enclosing.len() == MAX_NESTING + 1 {
        cx.problem(
            Problem::at(pointer, "schemas are nested too deeply")
                .expected(format!("at most {MAX_NESTING} levels"))
                .found(format!("{} levels", MAX_NESTING + 1))
                .help("move the inner schemas to components/schemas in an overlay"),
        );
    }
}

fn check_version(openapi: Option<&Value>, cx: &mut PassContext<'_>) {
    let Some(openapi) = openapi else { return };
    let known = openapi.as_str().is_some_and(|optional_strings| {
        optional_strings.starts_with("3.0.") || optional_strings.starts_with("3.1.")
    });
    if !known {
        cx.problem(
            Problem::at("/openapi", "unsupported OpenAPI version")
                .expected("3.0.x or 3.1.x")
                .found(abbreviated(openapi)),
        );
    }
}

/// Checks one value against what its location requires.
fn check(value: &Value, place: Place, pointer: &str, cx: &mut PassContext<'_>) {
    match place {
        Place::Data | Place::Scopes | Place::ExternalDocs => {}
        Place::List(_) => {
            if !value.is_array() {
                cx.problem(wrong_type(pointer, "an array", value));
            }
        }
        Place::Schema => match value {
            Value::Bool(_) => {}
            Value::Object(_) => check_keywords(value, pointer, cx),
            _ => cx.problem(wrong_type(
                pointer,
                "a schema: an object or a boolean",
                value,
            )),
        },
        _ => {
            if !value.is_object() {
                // A reference in place of a map is resolved later.
                if !value.is_string() || !pointer.ends_with("/$ref") {
                    cx.problem(wrong_type(pointer, "an object", value));
                }
                return;
            }
            match place {
                Place::Operation => {
                    optional_strings(
                        value,
                        pointer,
                        &["operationId", "summary", "description"],
                        cx,
                    );
                }
                Place::Parameter if value.get("$ref").is_none() => {
                    check_parameter(value, pointer, cx)
                }
                Place::Map(Kind::PathItem) if pointer == "/paths" => check_paths(value, cx),
                Place::Server => {
                    required_string(value, pointer, "url", cx);
                }
                Place::ServerVariable => required_string(value, pointer, "default", cx),
                Place::Info => {
                    optional_strings(value, pointer, &["title", "version", "description"], cx)
                }
                Place::RequestBody => {
                    optional_strings(value, pointer, &["description"], cx);
                    optional_booleans(value, pointer, &["required"], cx);
                }
                Place::Response => optional_strings(value, pointer, &["description"], cx),
                _ => {}
            }
        }
    }
    if let Some(reference) = value.get("$ref")
        && place != Place::Data
        && !matches!(place, Place::Map(_))
        && !reference.is_string()
    {
        cx.problem(wrong_type(
            &join(pointer, "$ref"),
            "a reference: a string",
            reference,
        ));
    }
}

fn check_paths(value: &Value, cx: &mut PassContext<'_>) {
    let keys = value
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    for path in keys.filter(|key| !key.starts_with('/') && !extensions::is_extension(key)) {
        cx.problem(
            Problem::at(join("/paths", path), "a path must start with a slash")
                .expected(format!("/{path}"))
                .found(path.clone()),
        );
    }
}

fn check_parameter(value: &Value, pointer: &str, cx: &mut PassContext<'_>) {
    for key in ["name", "in"] {
        match value.get(key) {
            Some(Value::String(optional_strings)) if !optional_strings.is_empty() => {}
            Some(other) => cx.problem(wrong_type(&join(pointer, key), "a non-empty string", other)),
            None => cx.problem(
                Problem::at(pointer, format!("a parameter has no `{key}`"))
                    .help("a parameter needs `name` and `in`"),
            ),
        }
    }
    if let Some(place) = value.get("in").and_then(Value::as_str)
        && !["path", "query", "header", "cookie"].contains(&place)
    {
        cx.problem(
            Problem::at(join(pointer, "in"), "unknown parameter location")
                .expected("path, query, header or cookie")
                .found(place),
        );
    }
    optional_strings(value, pointer, &["description", "style"], cx);
    optional_booleans(value, pointer, &["required", "explode", "deprecated"], cx);
}

/// Checks the keywords whose types later passes rely on.
fn check_keywords(schema: &Value, pointer: &str, cx: &mut PassContext<'_>) {
    let members = schema.as_object().into_iter().flatten();
    for (key, value) in members {
        let at = join(pointer, key);
        match key.as_str() {
            "type" => check_types(value, &at, cx),
            "required" if !is_array_of(value, Value::is_string) => {
                cx.problem(wrong_type(&at, "an array of property names", value));
            }
            "enum" if value.as_array().is_none_or(Vec::is_empty) => {
                cx.problem(wrong_type(&at, "a non-empty array of values", value));
            }
            "allOf" | "anyOf" | "oneOf" if value.as_array().is_some_and(Vec::is_empty) => {
                cx.problem(wrong_type(&at, "a non-empty array of schemas", value));
            }
            "pattern" | "format" | "title" | "description" if !value.is_string() => {
                cx.problem(wrong_type(&at, "a string", value));
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties"
                if !is_count(value) =>
            {
                cx.problem(wrong_type(&at, "a non-negative integer", value));
            }
            "minimum" | "maximum" if !value.is_number() => {
                cx.problem(wrong_type(&at, "a number", value));
            }
            "multipleOf" if value.as_f64().is_none_or(|number| number <= 0.0) => {
                cx.problem(wrong_type(&at, "a number greater than zero", value));
            }
            "exclusiveMinimum" | "exclusiveMaximum"
                if !value.is_number() && !value.is_boolean() =>
            {
                cx.problem(wrong_type(&at, "a number (3.1) or a boolean (3.0)", value));
            }
            "nullable" | "deprecated" | "readOnly" | "writeOnly" | "uniqueItems"
                if !value.is_boolean() =>
            {
                cx.problem(wrong_type(&at, "a boolean", value));
            }
            _ => {}
        }
    }
}

fn check_types(value: &Value, at: &str, cx: &mut PassContext<'_>) {
    const TYPES: [&str; 7] = [
        "string", "number", "integer", "boolean", "object", "array", "null",
    ];
    let is_type = |value: &Value| {
        value
            .as_str()
            .is_some_and(|optional_strings| TYPES.contains(&optional_strings))
    };
    let is_valid = match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_type),
        other => is_type(other),
    };
    if !is_valid {
        cx.problem(wrong_type(
            at,
            "a type or a list of types: string, number, integer, boolean, object, array, null",
            value,
        ));
    }
}

fn is_array_of(value: &Value, test: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(test))
}

fn optional_strings(value: &Value, pointer: &str, keys: &[&str], cx: &mut PassContext<'_>) {
    for key in keys {
        if let Some(member) = value.get(key).filter(|member| !member.is_string()) {
            cx.problem(wrong_type(&join(pointer, key), "a string", member));
        }
    }
}

fn required_string(value: &Value, pointer: &str, key: &str, cx: &mut PassContext<'_>) {
    match value.get(key) {
        Some(Value::String(_)) => {}
        Some(other) => cx.problem(wrong_type(&join(pointer, key), "a string", other)),
        None => cx.problem(
            Problem::at(pointer, format!("`{key}` is missing"))
                .expected(format!("`{key}`, a string")),
        ),
    }
}

fn optional_booleans(value: &Value, pointer: &str, keys: &[&str], cx: &mut PassContext<'_>) {
    for key in keys {
        if let Some(member) = value.get(key).filter(|member| !member.is_boolean()) {
            cx.problem(wrong_type(&join(pointer, key), "a boolean", member));
        }
    }
}

fn wrong_type(pointer: &str, expected: &str, found: &Value) -> Problem {
    Problem::at(pointer, "the value has the wrong type")
        .expected(expected)
        .found(abbreviated(found))
}

/// A short form of a value for messages: objects and arrays are only summarized.
pub(crate) fn abbreviated(value: &Value) -> String {
    const LIMIT: usize = 60;
    let optional_strings = match value {
        Value::Object(_) => return "an object".into(),
        Value::Array(items) => {
            return match items.len() {
                1 => "an array of 1 item".to_owned(),
                count => format!("an array of {count} items"),
            };
        }
        other => other.to_string(),
    };
    match optional_strings.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &optional_strings[..end]),
        None => optional_strings,
    }
}

/// Whether a value is a non-negative integer. Some tools write `5.0` for `5`.
fn is_count(value: &Value) -> bool {
    value.is_u64() || value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0)
}
