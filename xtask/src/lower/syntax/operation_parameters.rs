//! Defect: progenitor rejects or panics on valid parameters: path parameters that do not match the path template, cookies, styles other than
//! `form` in a query and `simple` elsewhere, and parameters with `content`.
//!
//! Missing path parameters are added. How a parameter is sent is moved to `x-serialization`. A parameter that OpenAPI defines no text for is
//! removed; if it is required, the operation is marked with `x-sdk-ignore`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, each_operation_mut, is_true, with_components_aside};
use crate::lower::shape::identifiers;
use crate::lower::syntax::parameter_styles::{self, Sendable};
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    distribute_shared(document, cx);
    with_components_aside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, path, _, pointer| {
            lower_operation(operation, path, pointer, schemas, cx);
        });
    });
}

fn lower_operation(
    operation: &mut Value,
    path: &str,
    pointer: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(operation, pointer);
    let Some(members) = operation.as_object_mut() else {
        return;
    };
    let mut parameters = match members.remove("parameters") {
        Some(Value::Array(parameters)) => parameters,
        _ => Vec::new(),
    };
    let mut is_callable = true;
    parameters.retain_mut(|parameter| {
        let lowered = normalize_parameter(parameter, pointer, schemas, cx);
        is_callable &= lowered != Lowered::Unsendable;
        lowered != Lowered::Omitted
    });
    match_path_template(&mut parameters, path, &at, cx);
    let has_body = members.contains_key("requestBody");
    resolve_collisions(&mut parameters, has_body, &at, cx);
    if !parameters.is_empty() {
        members.insert("parameters".into(), parameters.into());
    }
    if !is_callable
        && !extensions::SDK_IGNORE
            .get_in(members)
            .is_some_and(|value| value == true)
    {
        cx.changed_at(&at, "set x-sdk-ignore: a required parameter cannot be sent");
        cx.warn(
            Problem::at(&at, "the client omits this operation")
                .found("a required parameter that the client cannot send"),
        );
        extensions::SDK_IGNORE.set(members, true);
    }
}

/// What became of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lowered {
    Kept,
    Omitted,
    /// It is required, so that the operation cannot be called.
    Unsendable,
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

/// Normalizes one parameter.
fn normalize_parameter(
    parameter: &mut Value,
    pointer: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Lowered {
    let at = origin::of(parameter, pointer);
    let name = member_text(parameter, "name")
        .unwrap_or_default()
        .to_owned();
    let location = member_text(parameter, "in").unwrap_or_default().to_owned();
    // OpenAPI ignores header parameters with these names. Other parts of the document describe them.
    if location == "header"
        && ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str())
    {
        cx.changed_at(
            &at,
            format!("removed the header `{name}`, which OpenAPI ignores as a parameter"),
        );
        return Lowered::Omitted;
    }
    let is_required = location == "path" || is_true(parameter, "required");
    let sendable = parameter_styles::lower(parameter, &location, &at, schemas, cx);
    if sendable == Sendable::No && !is_required {
        cx.changed_at(&at, format!("removed the parameter `{name}`"));
        return Lowered::Omitted;
    }
    let Some(members) = parameter.as_object_mut() else {
        return Lowered::Kept;
    };
    if location == "path" && members.get("required") != Some(&Value::Bool(true)) {
        members.insert("required".into(), true.into());
        cx.changed_at(&at, format!("made the path parameter `{name}` required"));
    }
    for key in ["example", "examples", "allowEmptyValue"] {
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
    match sendable {
        Sendable::Yes => Lowered::Kept,
        Sendable::No => Lowered::Unsendable,
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
        } else if !names.iter().any(|known| known == name) {
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
