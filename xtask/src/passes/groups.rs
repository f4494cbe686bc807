//! Answers: the names of resources and methods stand in extensions with more than one shape, and progenitor makes a method of each tag, so
//! that an operation with two tags is ambiguous. Every operation gets one list of groups and one method name, and loses its tags.

use heck::ToSnakeCase;
use serde_json::{Value, json};

use super::{Context, schema::each_operation_mut, source};
use crate::problem::Problem;

const GROUP: &str = "x-operation-group";
const NAME: &str = "x-operation-name";

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_operation_mut(document, &mut |operation, path, _, pointer| {
        let at = source::of(operation, pointer);
        let given = operation.get(GROUP).cloned();
        let group = match &given {
            Some(Value::String(group)) => vec![group.clone()],
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                super::schema::strings(Some(&Value::Array(items.clone())))
            }
            Some(other) => {
                cx.problem(
                    Problem::at(&at, format!("`{GROUP}` has the wrong shape"))
                        .expected("a text or a list of texts")
                        .found(super::structure::show(other)),
                );
                Vec::new()
            }
            None => Vec::new(),
        };
        let group = if group.is_empty() {
            derived(operation, path)
        } else {
            group
        };
        let group = json!(group);
        if given.as_ref() != Some(&group) {
            cx.changed_at(&at, format!("set {GROUP} to {group}"));
        }
        let name = match operation.get(NAME) {
            Some(Value::String(name)) if !name.is_empty() => None,
            _ => operation
                .get("operationId")
                .and_then(Value::as_str)
                .map(str::to_snake_case),
        };
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

/// The first tag, or else the first step of the path that is not a parameter.
fn derived(operation: &Value, path: &str) -> Vec<String> {
    let tag = operation.pointer("/tags/0").and_then(Value::as_str);
    let step = path
        .split('/')
        .find(|step| !step.is_empty() && !step.starts_with('{'));
    let name = tag.or(step).unwrap_or("root").to_snake_case();
    vec![if name.is_empty() { "root".into() } else { name }]
}
