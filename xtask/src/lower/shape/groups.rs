//! Answers: the names of resources and methods stand in extensions with more than one shape, and progenitor makes a method of each tag, so
//! that an operation with two tags is ambiguous. Every operation gets one list of groups and one method name, and loses its tags. A method
//! name does not repeat the group that it stands in.

use heck::ToSnakeCase;
use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::each_operation_mut;
use crate::lower::shape::operation_ids;
use crate::problem::Problem;

const GROUP: &str = extensions::OPERATION_GROUP.name;
const NAME: &str = extensions::OPERATION_NAME.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_operation_mut(document, &mut |operation, path, _, pointer| {
        let at = origin::of(operation, pointer);
        let given = operation.get(GROUP).cloned();
        if let (Some(other), None) = (&given, given_group(operation)) {
            cx.problem(
                Problem::at(&at, format!("`{GROUP}` has the wrong shape"))
                    .expected("a text or a list of texts")
                    .found(crate::lower::syntax::structure::show(other)),
            );
        }
        let groups = group(operation, path);
        let group = json!(groups);
        if given.as_ref() != Some(&group) {
            cx.changed_at(&at, format!("set {GROUP} to {group}"));
        }
        let given_name = operation
            .get(NAME)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = match given_name {
            "" => operation
                .get("operationId")
                .and_then(Value::as_str)
                .map(str::to_snake_case),
            given_name => Some(given_name.to_owned()),
        };
        let name = name
            .map(|name| short(&name, &groups))
            .filter(|name| name != given_name);
        let Some(members) = operation.as_object_mut() else {
            return;
        };
        members.insert(GROUP.into(), group);
        if let Some(name) = name {
            cx.changed_at(&at, format!("set {NAME} to {name}"));
            members.insert(NAME.into(), name.into());
        }
        if members.remove("tags").is_some() {
            cx.changed_at(&at, "removed the tags");
        }
    });
    if let Some(members) = document.as_object_mut()
        && members.remove("tags").is_some()
    {
        cx.changed_at("/tags", "removed the tags");
    }
}

/// The group and the method name that an operation gets.
pub(crate) fn names(operation: &Value, path: &str, method: &str) -> (Vec<String>, String) {
    let group = group(operation, path);
    let name = match operation.get(NAME).and_then(Value::as_str) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => match operation.get("operationId").and_then(Value::as_str) {
            Some(id) if operation_ids::is_usable(id) => id.to_snake_case(),
            _ => operation_ids::from_path(method, path).to_snake_case(),
        },
    };
    let name = short(&name, &group);
    (group, name)
}

/// The name without the group's own at its end, which the call says already: `memberships().delete_memberships()` is
/// `memberships().delete()`.
fn short(name: &str, group: &[String]) -> String {
    let group = group.last().map(|group| group.to_snake_case());
    let snake = name.to_snake_case();
    let rest = group
        .filter(|group| !group.is_empty())
        .and_then(|group| snake.strip_suffix(&group)?.strip_suffix('_'));
    match rest {
        Some(verb) if !verb.is_empty() => verb.to_owned(),
        _ => name.to_owned(),
    }
}

fn group(operation: &Value, path: &str) -> Vec<String> {
    given_group(operation)
        .filter(|group| !group.is_empty())
        .unwrap_or_else(|| derived(operation, path))
}

/// The group that the document gives, if it has one of the two shapes.
fn given_group(operation: &Value) -> Option<Vec<String>> {
    match operation.get(GROUP)? {
        Value::String(group) => Some(vec![group.clone()]),
        items @ Value::Array(list) if list.iter().all(Value::is_string) => {
            Some(crate::lower::schema::strings(Some(items)))
        }
        _ => None,
    }
}

/// The first tag, or else the first step of the path that is not a parameter.
fn derived(operation: &Value, path: &str) -> Vec<String> {
    let tag = operation.pointer("/tags/0").and_then(Value::as_str);
    let step = path
        .split('/')
        .find(|step| !step.is_empty() && !step.starts_with('{'));
    let name = tag.or(step).unwrap_or("root").to_snake_case();
    vec![if name.is_empty() { "root".into() } else { name }]
}
