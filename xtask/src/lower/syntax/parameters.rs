//! Answers: progenitor refuses or panics on parameters that OpenAPI allows: a path parameter that the path does not name, or the
//! reverse; cookies; styles other than `form` in a query and `simple` elsewhere; parameters described by `content`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, is_true, type_of};
use crate::lower::shape::naming;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    share(document, cx);
    each_operation_mut(document, &mut |operation, path, _, pointer| {
        let at = origin::of(operation, pointer);
        let Some(members) = operation.as_object_mut() else {
            return;
        };
        let mut parameters = match members.remove("parameters") {
            Some(Value::Array(parameters)) => parameters,
            _ => Vec::new(),
        };
        parameters.retain_mut(|parameter| lower(parameter, pointer, cx));
        match_path(&mut parameters, path, &at, cx);
        let has_body = members.contains_key("requestBody");
        collisions(&mut parameters, has_body, &at, cx);
        if !parameters.is_empty() {
            members.insert("parameters".into(), parameters.into());
        }
    });
}

/// Moves the parameters of a path item to its operations; those of an operation win over them.
fn share(document: &mut Value, cx: &mut Context<'_>) {
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
                "moved the parameters of the path to its operations",
            );
        }
        for method in crate::spec::walk::METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            let own = operation.entry("parameters").or_insert_with(|| json!([]));
            let Some(own) = own.as_array_mut() else {
                continue;
            };
            let missing: Vec<Value> = shared
                .iter()
                .filter(|shared| !own.iter().any(|own| key(own) == key(shared)))
                .cloned()
                .collect();
            own.extend(missing);
        }
    }
}

fn key(parameter: &Value) -> (Option<&str>, Option<&str>) {
    (text(parameter, "name"), text(parameter, "in"))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Lowers one parameter; says whether it stays.
fn lower(parameter: &mut Value, pointer: &str, cx: &mut Context<'_>) -> bool {
    let at = origin::of(parameter, pointer);
    let name = text(parameter, "name").unwrap_or_default().to_owned();
    let place = text(parameter, "in").unwrap_or_default().to_owned();
    if place == "cookie" {
        if is_true(parameter, "required") {
            cx.problem(
                Problem::at(
                    &at,
                    format!("`{name}` is a required cookie, which the client cannot send"),
                )
                .expected("a parameter in the path, the query or a header")
                .found("in: cookie")
                .help("remove it by an overlay if the server does without it"),
            );
        } else {
            cx.warn(Problem::at(
                &at,
                format!("`{name}` is a cookie and was left out"),
            ));
        }
        cx.changed_at(&at, format!("left out the cookie `{name}`"));
        return false;
    }
    // OpenAPI says that header parameters of these names are ignored: other parts of the document describe them.
    if place == "header"
        && ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str())
    {
        cx.changed_at(
            &at,
            format!("left out the header `{name}`, which is described elsewhere"),
        );
        return false;
    }
    content(parameter, &name, &at, cx);
    style(parameter, &name, &place, &at, cx);
    let Some(members) = parameter.as_object_mut() else {
        return true;
    };
    if place == "path" && members.get("required") != Some(&Value::Bool(true)) {
        members.insert("required".into(), true.into());
        cx.changed_at(&at, format!("made the path parameter `{name}` required"));
    }
    for key in ["example", "examples", "allowReserved", "allowEmptyValue"] {
        members.remove(key);
    }
    if !members.contains_key("schema") {
        cx.problem(
            Problem::at(&at, format!("the parameter `{name}` has no schema"))
                .expected("a `schema`")
                .help("say what it is, for example `schema: {type: string}`"),
        );
    }
    true
}

/// A parameter whose value is a document of its own (mostly JSON in a query) becomes a string that the caller fills.
fn content(parameter: &mut Value, name: &str, at: &str, cx: &mut Context<'_>) {
    let Some(members) = parameter.as_object_mut() else {
        return;
    };
    let Some(content) = members.remove("content") else {
        return;
    };
    let kind = content
        .as_object()
        .and_then(|content| content.keys().next().cloned())
        .unwrap_or_default();
    members.insert(
        "schema".into(),
        json!({ "type": "string", (origin::SOURCE): join(at, "content") }),
    );
    cx.changed_at(at, format!("made `{name}` a string that holds {kind}"));
    cx.warn(
        Problem::at(
            at,
            format!("the parameter `{name}` holds a document of its own"),
        )
        .found(format!("content: {kind}"))
        .help("the caller passes it as text"),
    );
}

fn style(parameter: &mut Value, name: &str, place: &str, at: &str, cx: &mut Context<'_>) {
    let usual = if place == "query" { "form" } else { "simple" };
    let schema = parameter.get("schema").cloned().unwrap_or_default();
    let is_compound = matches!(type_of(&schema), Some("array" | "object"));
    if let Some(style) = text(parameter, "style").filter(|style| *style != usual) {
        cx.problem(
            Problem::at(
                join(at, "style"),
                format!("`{name}` has a style that the client cannot send"),
            )
            .expected(usual)
            .found(style)
            .help("describe the parameter in the usual style by an overlay if the server takes it"),
        );
    }
    // `explode` makes a difference for lists and objects only, and a form repeats the name unless it says otherwise.
    if place == "query"
        && is_compound
        && parameter.get("explode").and_then(Value::as_bool) == Some(false)
    {
        cx.problem(
            Problem::at(
                join(at, "explode"),
                format!("`{name}` is a list in one value, which the client cannot send"),
            )
            .expected("explode: true")
            .found("explode: false")
            .help("describe it as a string by an overlay: the caller joins the values with commas"),
        );
    }
    if place != "query" && is_compound {
        let kind = type_of(&schema).unwrap_or_default();
        cx.problem(
            Problem::at(
                at,
                format!(
                    "`{name}` is a list or an object, which the client can send in a query only"
                ),
            )
            .expected("a string, a number or a boolean")
            .found(format!("in: {place}, type: {kind}"))
            .help("describe it as a string by an overlay: the caller joins the values"),
        );
    }
    if let Some(members) = parameter.as_object_mut() {
        members.remove("style");
        members.remove("explode");
    }
}

/// Compares the parameters with the template of the path.
fn match_path(parameters: &mut Vec<Value>, path: &str, at: &str, cx: &mut Context<'_>) {
    let named = template_names(path, at, cx);
    for name in &named {
        let is_there = parameters
            .iter()
            .any(|parameter| key(parameter) == (Some(name), Some("path")));
        if !is_there {
            cx.changed_at(at, format!("added the path parameter `{name}` as a string"));
            parameters.push(json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": { "type": "string", (origin::SOURCE): at },
                (origin::SOURCE): at,
            }));
        }
    }
    parameters.retain(|parameter| {
        let (name, place) = key(parameter);
        let is_stray =
            place == Some("path") && !named.iter().any(|known| Some(known.as_str()) == name);
        if is_stray {
            let name = name.unwrap_or_default();
            cx.problem(
                Problem::at(
                    origin::of(parameter, at),
                    format!("the path has no place for the parameter `{name}`"),
                )
                .expected(format!("`{{{name}}}` in the path"))
                .found(path)
                .help("correct the name, or remove the parameter"),
            );
        }
        !is_stray
    });
}

/// The names in braces.
fn template_names(path: &str, at: &str, cx: &mut Context<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, remaining)) = after.split_once('}') else {
            cx.problem(broken(path, at));
            return names;
        };
        if before.contains('}') || name.is_empty() || name.contains(['{', '/']) {
            cx.problem(broken(path, at));
        } else if names.iter().any(|known| known == name) {
            cx.problem(
                Problem::at(at, format!("the path names the parameter `{name}` twice")).found(path),
            );
        } else {
            names.push(name.to_owned());
        }
        rest = remaining;
    }
    if rest.contains('}') {
        cx.problem(broken(path, at));
    }
    names
}

fn broken(path: &str, at: &str) -> Problem {
    Problem::at(at, "the braces of a path do not match")
        .expected("names in pairs of braces, such as /members/{id}")
        .found(path)
}

/// progenitor keeps parameters in a map by name and makes each an argument, so neither names nor arguments may meet: the
/// second one gets a number, and its name on the wire is kept. Those of the path keep theirs, which the path has too.
fn collisions(parameters: &mut [Value], has_body: bool, at: &str, cx: &mut Context<'_>) {
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by_key(|index| {
        let (name, place) = key(&parameters[*index]);
        (
            place != Some("path"),
            name.map(str::to_owned),
            place.map(str::to_owned),
        )
    });
    let arguments: BTreeSet<String> = parameters
        .iter()
        .map(|parameter| naming::snake(text(parameter, "name").unwrap_or_default()))
        .collect();
    // The body is an argument as well.
    let mut taken: BTreeSet<String> = has_body.then(|| "body".to_owned()).into_iter().collect();
    for index in order {
        let parameter = &mut parameters[index];
        let name = text(parameter, "name").unwrap_or_default().to_owned();
        let argument = naming::snake(&name);
        if taken.insert(argument.clone()) {
            continue;
        }
        if text(parameter, "in") == Some("path") {
            cx.problem(
                Problem::at(
                    origin::of(parameter, at),
                    format!("the argument `{argument}` of this parameter is taken"),
                )
                .expected(
                    "parameters of the path whose names differ in more than case and punctuation",
                )
                .found(name)
                .help("rename one of them, here and in the path, by an overlay"),
            );
            continue;
        }
        let free = naming::numbered(&argument, |name| {
            taken.contains(name) || arguments.contains(name)
        });
        cx.changed(
            parameter,
            at,
            format!("called the argument `{free}`: `{argument}` is taken"),
        );
        taken.insert(free.clone());
        parameter["name"] = free.into();
        parameter[extensions::WIRE_NAME.name] = name.into();
    }
}
