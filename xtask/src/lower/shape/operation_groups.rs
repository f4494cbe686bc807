//! Defect: documents name resources and methods with extensions of several shapes. progenitor generates a method for each tag, so an
//! operation with two tags is ambiguous.
//!
//! Every operation gets one list of groups and one method name, and loses its tags. A method name does not repeat the name of its group.

use heck::ToSnakeCase;
use serde_json::{Value, json};

use crate::extensions::{OPERATION_GROUP, OPERATION_NAME};
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, strings};
use crate::lower::shape::operation_ids;
use crate::lower::syntax::structure::abbreviated;
use crate::problem::Problem;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_operation_mut(document, &mut |operation, path, _, pointer| {
        let at = origin::of(operation, pointer);
        let declared = OPERATION_GROUP.get(operation).cloned();
        if let (Some(other), None) = (&declared, declared_group(operation)) {
            cx.problem(
                Problem::at(&at, format!("{} has the wrong type", OPERATION_GROUP.name))
                    .expected("a string or an array of strings")
                    .found(abbreviated(other)),
            );
        }
        let groups = group(operation, path);
        let group = json!(groups);
        if declared.as_ref() != Some(&group) {
            cx.changed_at(&at, format!("set {} to {group}", OPERATION_GROUP.name));
        }
        let declared_name = OPERATION_NAME.text(operation).unwrap_or_default();
        let name = match declared_name {
            "" => operation
                .get("operationId")
                .and_then(Value::as_str)
                .map(str::to_snake_case),
            declared_name => Some(declared_name.to_owned()),
        };
        let name = name
            .map(|name| without_group(&name, &groups))
            .filter(|name| name != declared_name);
        let Some(members) = operation.as_object_mut() else {
            return;
        };
        OPERATION_GROUP.set(members, group);
        if let Some(name) = name {
            cx.changed_at(&at, format!("set {} to {name}", OPERATION_NAME.name));
            OPERATION_NAME.set(members, name);
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

/// The groups and the method name of an operation.
pub(crate) fn names(operation: &Value, path: &str, method: &str) -> (Vec<String>, String) {
    let group = group(operation, path);
    let name = match OPERATION_NAME.text(operation) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => match operation.get("operationId").and_then(Value::as_str) {
            Some(id) if operation_ids::is_usable(id) => id.to_snake_case(),
            _ => operation_ids::from_path(method, path).to_snake_case(),
        },
    };
    let name = without_group(&name, &group);
    (group, name)
}

/// The name without its group as the last part: `memberships().delete_memberships()` becomes `memberships().delete()`.
fn without_group(name: &str, group: &[String]) -> String {
    let group = group.last().map(|group| group.to_snake_case());
    let snake = name.to_snake_case();
    let rest = group
        .filter(|group| !group.is_empty())
        .and_then(|group| snake.strip_suffix(&group)?.strip_suffix('_'));
    match rest {
        Some(shortened) if !shortened.is_empty() => shortened.to_owned(),
        _ => name.to_owned(),
    }
}

/// The declared groups of an operation, or the default.
fn group(operation: &Value, path: &str) -> Vec<String> {
    declared_group(operation)
        .filter(|group| !group.is_empty())
        .unwrap_or_else(|| default_group(operation, path))
}

/// The groups that the document declares, if the extension has a valid type.
fn declared_group(operation: &Value) -> Option<Vec<String>> {
    match OPERATION_GROUP.get(operation)? {
        Value::String(group) => Some(vec![group.clone()]),
        items @ Value::Array(list) if list.iter().all(Value::is_string) => {
            Some(strings(Some(items)))
        }
        _ => None,
    }
}

/// The first tag; without tags, the first segment of the path that is not a parameter.
fn default_group(operation: &Value, path: &str) -> Vec<String> {
    let tag = operation.pointer("/tags/0").and_then(Value::as_str);
    let segment = path
        .split('/')
        .find(|segment| !segment.is_empty() && !segment.starts_with('{'));
    let name = tag.or(segment).unwrap_or("root").to_snake_case();
    vec![if name.is_empty() { "root".into() } else { name }]
}
