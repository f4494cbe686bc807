//! Answers: a value of the wrong kind (a list where an object belongs, a number where a name belongs) makes openapiv3 refuse the whole
//! document without a place, or a later pass overlook the value. Here each is told with its place.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::problem::Problem;
use crate::spec::walk::{self, Kind, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let Value::Object(members) = &*document else {
        cx.problem(wrong("", "an object", document));
        return;
    };
    version(members.get("openapi"), cx);
    for key in ["openapi", "info", "paths"] {
        let absent = !members.contains_key(key);
        let optional = key == "paths" && members.contains_key("webhooks");
        if absent && !optional {
            cx.problem(
                Problem::at("", format!("`{key}` is missing"))
                    .expected(format!("an OpenAPI document, with `{key}`"))
                    .help("check that this is an OpenAPI 3.0 or 3.1 document"),
            );
        }
    }
    // The schemas in which the present one stands, innermost last.
    let mut around: Vec<String> = Vec::new();
    walk::walk(document, &mut |value, place, pointer| {
        check(value, place, pointer, cx);
        if place == Place::Schema {
            nesting(&mut around, pointer, cx);
        }
    });
}

/// How many schemas may stand within one another. Libraries follow them on the stack, and take a lot of it for each.
const DEEPEST: usize = 24;

fn nesting(around: &mut Vec<String>, pointer: &str, cx: &mut Context<'_>) {
    let stands_in = |outer: &String| {
        let rest = pointer.strip_prefix(outer.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    while around.last().is_some_and(|outer| !stands_in(outer)) {
        around.pop();
    }
    around.push(pointer.to_owned());
    if around.len() == DEEPEST + 1 {
        cx.problem(
            Problem::at(pointer, "schemas are nested too deeply")
                .expected(format!("at most {DEEPEST} of them within one another"))
                .found("one more")
                .help("give the inner ones names among the components, by an overlay"),
        );
    }
}

fn version(openapi: Option<&Value>, cx: &mut Context<'_>) {
    let Some(openapi) = openapi else { return };
    let known = openapi
        .as_str()
        .is_some_and(|text| text.starts_with("3.0.") || text.starts_with("3.1."));
    if !known {
        cx.problem(
            Problem::at("/openapi", "this version of OpenAPI is not supported")
                .expected("3.0.x or 3.1.x")
                .found(show(openapi)),
        );
    }
}

fn check(value: &Value, place: Place, pointer: &str, cx: &mut Context<'_>) {
    match place {
        Place::Data | Place::Scopes | Place::ExternalDocs => {}
        Place::List(_) => {
            if !value.is_array() {
                cx.problem(wrong(pointer, "a list", value));
            }
        }
        Place::Schema => match value {
            Value::Bool(_) => {}
            Value::Object(_) => keywords(value, pointer, cx),
            _ => cx.problem(wrong(pointer, "a schema: an object or a boolean", value)),
        },
        _ => {
            if !value.is_object() {
                cx.problem(wrong(pointer, "an object", value));
                return;
            }
            match place {
                Place::Operation => {
                    text(
                        value,
                        pointer,
                        &["operationId", "summary", "description"],
                        cx,
                    );
                }
                Place::Parameter if value.get("$ref").is_none() => parameter(value, pointer, cx),
                Place::Map(Kind::PathItem) if pointer == "/paths" => paths(value, cx),
                Place::Server => {
                    required_text(value, pointer, "url", cx);
                }
                Place::ServerVariable => required_text(value, pointer, "default", cx),
                Place::Info => text(value, pointer, &["title", "version", "description"], cx),
                Place::RequestBody => {
                    text(value, pointer, &["description"], cx);
                    boolean(value, pointer, &["required"], cx);
                }
                Place::Response => text(value, pointer, &["description"], cx),
                _ => {}
            }
        }
    }
    if let Some(reference) = value.get("$ref")
        && place != Place::Data
        && !matches!(place, Place::Map(_))
        && !reference.is_string()
    {
        cx.problem(wrong(
            &join(pointer, "$ref"),
            "a reference: a string",
            reference,
        ));
    }
}

fn paths(value: &Value, cx: &mut Context<'_>) {
    let keys = value
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    for path in keys.filter(|key| !key.starts_with('/') && !extensions::is_extension(key)) {
        cx.problem(
            Problem::at(join("/paths", path), "a path has to begin with a slash")
                .expected(format!("/{path}"))
                .found(path.clone()),
        );
    }
}

fn parameter(value: &Value, pointer: &str, cx: &mut Context<'_>) {
    for key in ["name", "in"] {
        match value.get(key) {
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(other) => cx.problem(wrong(
                &join(pointer, key),
                "a text that is not empty",
                other,
            )),
            None => cx.problem(
                Problem::at(pointer, format!("a parameter has no `{key}`"))
                    .help("give the parameter a `name` and say where it goes with `in`"),
            ),
        }
    }
    if let Some(place) = value.get("in").and_then(Value::as_str)
        && !["path", "query", "header", "cookie"].contains(&place)
    {
        cx.problem(
            Problem::at(
                join(pointer, "in"),
                "there is no such place for a parameter",
            )
            .expected("path, query, header or cookie")
            .found(place),
        );
    }
    text(value, pointer, &["description", "style"], cx);
    boolean(value, pointer, &["required", "explode", "deprecated"], cx);
}

/// The keywords of a schema whose kind later passes rely on.
fn keywords(schema: &Value, pointer: &str, cx: &mut Context<'_>) {
    let members = schema.as_object().into_iter().flatten();
    for (key, value) in members {
        let at = join(pointer, key);
        match key.as_str() {
            "type" => kind_names(value, &at, cx),
            "required" if !is_list_of(value, Value::is_string) => {
                cx.problem(wrong(&at, "a list of property names", value));
            }
            "enum" if value.as_array().is_none_or(Vec::is_empty) => {
                cx.problem(wrong(&at, "a list of at least one value", value));
            }
            "allOf" | "anyOf" | "oneOf" if value.as_array().is_some_and(Vec::is_empty) => {
                cx.problem(wrong(&at, "a list of at least one schema", value));
            }
            "pattern" | "format" | "title" | "description" if !value.is_string() => {
                cx.problem(wrong(&at, "a text", value));
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties"
                if !is_count(value) =>
            {
                cx.problem(wrong(&at, "a whole number, zero or more", value));
            }
            "minimum" | "maximum" if !value.is_number() => {
                cx.problem(wrong(&at, "a number", value));
            }
            "multipleOf" if value.as_f64().is_none_or(|number| number <= 0.0) => {
                cx.problem(wrong(&at, "a number above zero", value));
            }
            "exclusiveMinimum" | "exclusiveMaximum"
                if !value.is_number() && !value.is_boolean() =>
            {
                cx.problem(wrong(&at, "a number (3.1) or a boolean (3.0)", value));
            }
            "nullable" | "deprecated" | "readOnly" | "writeOnly" | "uniqueItems"
                if !value.is_boolean() =>
            {
                cx.problem(wrong(&at, "true or false", value));
            }
            _ => {}
        }
    }
}

fn kind_names(value: &Value, at: &str, cx: &mut Context<'_>) {
    const KINDS: [&str; 7] = [
        "string", "number", "integer", "boolean", "object", "array", "null",
    ];
    let is_kind = |value: &Value| value.as_str().is_some_and(|text| KINDS.contains(&text));
    let fine = match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_kind),
        other => is_kind(other),
    };
    if !fine {
        cx.problem(wrong(
            at,
            "one or more of: string, number, integer, boolean, object, array, null",
            value,
        ));
    }
}

fn is_list_of(value: &Value, test: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(test))
}

fn text(value: &Value, pointer: &str, keys: &[&str], cx: &mut Context<'_>) {
    for key in keys {
        if let Some(member) = value.get(key).filter(|member| !member.is_string()) {
            cx.problem(wrong(&join(pointer, key), "a text", member));
        }
    }
}

fn required_text(value: &Value, pointer: &str, key: &str, cx: &mut Context<'_>) {
    match value.get(key) {
        Some(Value::String(_)) => {}
        Some(other) => cx.problem(wrong(&join(pointer, key), "a text", other)),
        None => cx.problem(
            Problem::at(pointer, format!("`{key}` is missing")).expected(format!("a text `{key}`")),
        ),
    }
}

fn boolean(value: &Value, pointer: &str, keys: &[&str], cx: &mut Context<'_>) {
    for key in keys {
        if let Some(member) = value.get(key).filter(|member| !member.is_boolean()) {
            cx.problem(wrong(&join(pointer, key), "true or false", member));
        }
    }
}

fn wrong(pointer: &str, expected: &str, found: &Value) -> Problem {
    Problem::at(pointer, "a value of the wrong kind stands here")
        .expected(expected)
        .found(show(found))
}

/// A short form of a value: whole documents have no place in an error.
pub(crate) fn show(value: &Value) -> String {
    const LIMIT: usize = 60;
    let text = match value {
        Value::Object(_) => return "an object".into(),
        Value::Array(items) => return format!("a list of {}", items.len()),
        other => other.to_string(),
    };
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether a value counts something. Some writers put 5.0 for 5.
fn is_count(value: &Value) -> bool {
    value.is_u64() || value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0)
}
