//! Defect: progenitor rejects or panics on valid parameters: path parameters that do not match the path template, cookies, styles other than
//! `form` in a query and `simple` elsewhere, and parameters with `content`.
//!
//! Missing path parameters are added. Parameters with `content` become strings. Optional cookies are removed. Other parameters that the client
//! cannot send are errors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, is_true, type_of};
use crate::lower::shape::identifiers;
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    distribute_shared(document, cx);
    each_operation_mut(document, &mut |operation, path, _, pointer| {
        let at = origin::of(operation, pointer);
        let Some(members) = operation.as_object_mut() else {
            return;
        };
        let mut parameters = match members.remove("parameters") {
            Some(Value::Array(parameters)) => parameters,
            _ => Vec::new(),
        };
        parameters.retain_mut(|parameter| normalize_parameter(parameter, pointer, cx));
        match_path_template(&mut parameters, path, &at, cx);
        let has_body = members.contains_key("requestBody");
        resolve_collisions(&mut parameters, has_body, &at, cx);
        if !parameters.is_empty() {
            members.insert("parameters".into(), parameters.into());
        }
    });
}

/// Moves the parameters of a path item to its operations. Parameters of the operation take precedence.
fn distribute_shared(document: &mut Value, cx: &mut PassContext<'_>) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, item) in paths.iter_mut() {
        let pointer = join("/paths", path);
        let Some(Value::Array(shared)) = item
            .as_object_mut()
            .and_then(|members| members.remove("parameters"))
        else {
            continue;
        };
        if !shared.is_empty() {
            cx.changed(
                item,
                &pointer,
                "moved the parameters of the path item to its operations",
            );
        }
        for method in METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            let own = operation.entry("parameters").or_insert_with(|| json!([]));
            let Some(own) = own.as_array_mut() else {
                continue;
            };
            let missing: Vec<Value> = shared
                .iter()
                .filter(|shared| !own.iter().any(|own| identity(own) == identity(shared)))
                .cloned()
                .collect();
            own.extend(missing);
        }
    }
}

/// Name and location, which identify a parameter.
fn identity(parameter: &Value) -> (Option<&str>, Option<&str>) {
    (member_text(parameter, "name"), member_text(parameter, "in"))
}

fn member_text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Normalizes one parameter. Returns whether to keep it.
fn normalize_parameter(parameter: &mut Value, pointer: &str, cx: &mut PassContext<'_>) -> bool {
    let at = origin::of(parameter, pointer);
    let name = member_text(parameter, "name")
        .unwrap_or_default()
        .to_owned();
    let location = member_text(parameter, "in").unwrap_or_default().to_owned();
    if location == "cookie" {
        if is_true(parameter, "required") {
            cx.problem(
                Problem::at(
                    &at,
                    format!("the client cannot send the required cookie `{name}`"),
                )
                .expected("a parameter in the path, the query or a header")
                .found("in: cookie")
                .help("remove it in an overlay if the server does not need it"),
            );
        } else {
            cx.warn(Problem::at(
                &at,
                format!("the client does not send the cookie `{name}`"),
            ));
        }
        cx.changed_at(&at, format!("removed the cookie `{name}`"));
        return false;
    }
    // OpenAPI ignores header parameters with these names. Other parts of the document describe them.
    if location == "header"
        && ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str())
    {
        cx.changed_at(
            &at,
            format!("removed the header `{name}`, which OpenAPI ignores as a parameter"),
        );
        return false;
    }
    content_to_string(parameter, &name, &at, cx);
    check_style(parameter, &name, &location, &at, cx);
    let Some(members) = parameter.as_object_mut() else {
        return true;
    };
    if location == "path" && members.get("required") != Some(&Value::Bool(true)) {
        members.insert("required".into(), true.into());
        cx.changed_at(&at, format!("made the path parameter `{name}` required"));
    }
    for key in ["example", "examples", "allowReserved", "allowEmptyValue"] {
        members.remove(key);
    }
    if !members.contains_key("schema") {
        members.insert("schema".into(), string_schema(&at));
        cx.mistake(
            Problem::at(&at, format!("the parameter `{name}` has no schema"))
                .expected("a `schema`")
                .help("add a schema, for example `schema: {type: string}`; without one it is a string"),
        );
    }
    true
}

/// Turns a parameter with `content`, for example JSON in a query, into a string.
fn content_to_string(parameter: &mut Value, name: &str, at: &str, cx: &mut PassContext<'_>) {
    let Some(members) = parameter.as_object_mut() else {
        return;
    };
    let Some(content_to_string) = members.remove("content") else {
        return;
    };
    let media_type = content_to_string
        .as_object()
        .and_then(|content_to_string| content_to_string.keys().next().cloned())
        .unwrap_or_default();
    members.insert(
        "schema".into(),
        json!({ "type": "string", (origin::SOURCE): join(at, "content") }),
    );
    cx.changed_at(
        at,
        format!("turned `{name}` into a string with content of type {media_type}"),
    );
    cx.warn(
        Problem::at(
            at,
            format!("the client does not serialize the parameter `{name}`"),
        )
        .found(format!("content: {media_type}"))
        .help("the caller passes it as a string"),
    );
}

/// Reports styles that the client cannot send.
fn check_style(
    parameter: &mut Value,
    name: &str,
    location: &str,
    at: &str,
    cx: &mut PassContext<'_>,
) {
    let default_style = if location == "query" {
        "form"
    } else {
        "simple"
    };
    let schema = parameter.get("schema").cloned().unwrap_or_default();
    let is_compound = matches!(type_of(&schema), Some("array" | "object"));
    if let Some(check_style) =
        member_text(parameter, "style").filter(|check_style| *check_style != default_style)
    {
        cx.problem(
            Problem::at(
                join(at, "style"),
                format!("the client does not support the style of `{name}`"),
            )
            .expected(default_style)
            .found(check_style)
            .help("change the style in an overlay if the server accepts the default style"),
        );
    }
    // `explode` matters for arrays and objects only; in a query it defaults to true.
    if location == "query"
        && is_compound
        && parameter.get("explode").and_then(Value::as_bool) == Some(false)
    {
        cx.problem(
            Problem::at(
                join(at, "explode"),
                format!("the client cannot send the array `{name}` as one value"),
            )
            .expected("explode: true")
            .found("explode: false")
            .help("declare it as a string in an overlay; the caller then joins the values with commas"),
        );
    }
    if location != "query" && is_compound {
        let type_name = type_of(&schema).unwrap_or_default();
        cx.problem(
            Problem::at(
                at,
                format!("the client can send the array or object `{name}` only in a query"),
            )
            .expected("a string, a number or a boolean")
            .found(format!("in: {location}, type: {type_name}"))
            .help("declare it as a string in an overlay; the caller then joins the values"),
        );
    }
    if let Some(members) = parameter.as_object_mut() {
        members.remove("style");
        members.remove("explode");
    }
}

fn string_schema(at: &str) -> Value {
    json!({ "type": "string", (origin::SOURCE): at })
}

/// Adds path parameters that only the path template has, and reports those that it does not have. If there is one of each, they are
/// the same parameter.
fn match_path_template(
    parameters: &mut Vec<Value>,
    path: &str,
    at: &str,
    cx: &mut PassContext<'_>,
) {
    let named = template_names(path, at, cx);
    let is_path = |parameter: &Value| identity(parameter).1 == Some("path");
    let has_name =
        |parameter: &Value, name: &str| is_path(parameter) && identity(parameter).0 == Some(name);
    let undeclared: Vec<&String> = named
        .iter()
        .filter(|name| !parameters.iter().any(|parameter| has_name(parameter, name)))
        .collect();
    let unknown: Vec<usize> = (0..parameters.len())
        .filter(|index| {
            let parameter = &parameters[*index];
            is_path(parameter) && !named.iter().any(|name| has_name(parameter, name))
        })
        .collect();
    if let ([name], [index]) = (undeclared.as_slice(), unknown.as_slice()) {
        let parameter = &mut parameters[*index];
        cx.mistake(unknown_in_path(parameter, path, at));
        parameter["name"] = (*name).clone().into();
    }
    for name in &named {
        let is_declared = parameters
            .iter()
            .any(|parameter| identity(parameter) == (Some(name), Some("path")));
        if !is_declared {
            cx.changed_at(at, format!("added the path parameter `{name}` as a string"));
            parameters.push(json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": string_schema(at),
                (origin::SOURCE): at,
            }));
        }
    }
    parameters.retain(|parameter| {
        let (name, location) = identity(parameter);
        let is_unknown =
            location == Some("path") && !named.iter().any(|known| Some(known.as_str()) == name);
        if is_unknown {
            cx.mistake(unknown_in_path(parameter, path, at));
        }
        !is_unknown
    });
}

fn unknown_in_path(parameter: &Value, path: &str, at: &str) -> Problem {
    let name = member_text(parameter, "name").unwrap_or_default();
    Problem::at(
        origin::of(parameter, at),
        format!("the path template does not contain the parameter `{name}`"),
    )
    .expected(format!("`{{{name}}}` in the path"))
    .found(path)
    .help("correct the name, or remove the parameter")
}

/// The names of the parameters in a path template.
fn template_names(path: &str, at: &str, cx: &mut PassContext<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, remaining)) = after.split_once('}') else {
            cx.problem(unbalanced(path, at));
            return names;
        };
        if before.contains('}') || name.is_empty() || name.contains(['{', '/']) {
            cx.problem(unbalanced(path, at));
        } else if names.iter().any(|known| known == name) {
            cx.problem(
                Problem::at(
                    at,
                    format!("the path template contains the parameter `{name}` twice"),
                )
                .found(path),
            );
        } else {
            names.push(name.to_owned());
        }
        rest = remaining;
    }
    if rest.contains('}') {
        cx.problem(unbalanced(path, at));
    }
    names
}

fn unbalanced(path: &str, at: &str) -> Problem {
    Problem::at(at, "unbalanced braces in a path template")
        .expected("parameter names in braces, such as /members/{id}")
        .found(path)
}

/// Resolves collisions of names.
///
/// progenitor stores parameters by name and turns each into an argument, so names and arguments must be unique. Colliding names get a
/// number; `x-wire-name` keeps the original. Path parameters keep their names, because the path template contains them.
fn resolve_collisions(
    parameters: &mut [Value],
    has_body: bool,
    at: &str,
    cx: &mut PassContext<'_>,
) {
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by_key(|index| {
        let (name, location) = identity(&parameters[*index]);
        (
            location != Some("path"),
            name.map(str::to_owned),
            location.map(str::to_owned),
        )
    });
    let arguments: BTreeSet<String> = parameters
        .iter()
        .map(|parameter| identifiers::snake(member_text(parameter, "name").unwrap_or_default()))
        .collect();
    // The request body is an argument too.
    let mut taken: BTreeSet<String> = has_body.then(|| "body".to_owned()).into_iter().collect();
    for index in order {
        let parameter = &mut parameters[index];
        let name = member_text(parameter, "name")
            .unwrap_or_default()
            .to_owned();
        let argument = identifiers::snake(&name);
        if taken.insert(argument.clone()) {
            continue;
        }
        if member_text(parameter, "in") == Some("path") {
            cx.problem(
                Problem::at(
                    origin::of(parameter, at),
                    format!("another parameter is already named `{argument}` in Rust"),
                )
                .expected("path parameters whose names differ in more than case and punctuation")
                .found(name)
                .help("rename one of them, here and in the path, in an overlay"),
            );
            continue;
        }
        let free = identifiers::numbered(&argument, |name| {
            taken.contains(name) || arguments.contains(name)
        });
        cx.changed(
            parameter,
            at,
            format!("renamed the argument to `{free}`: `{argument}` is taken"),
        );
        taken.insert(free.clone());
        parameter["name"] = free.into();
        parameter[extensions::WIRE_NAME.name] = name.into();
    }
}
