//! Answers: progenitor pages only by Dropshot's own parameter names. `x-paging` says of an operation how it pages, by its parameters and its answer.

use serde_json::{Value, json};

use super::{
    Context,
    schema::{Object, components, each_operation_mut, target, type_of},
};

const KEY: &str = "x-paging";

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let schemas = components(document);
    each_operation_mut(document, &mut |operation, _, method, pointer| {
        if method != "get" || operation.get(KEY).is_some() {
            return;
        }
        if let Some(items) = checkpoint(operation, &schemas) {
            cx.changed(
                operation,
                pointer,
                format!("found that it pages through `{items}` by checkpoints"),
            );
            operation[KEY] = json!({
                "style": "checkpoint",
                "cursor": "from",
                "size": "take",
                "next": "next",
                "items": items,
            });
        }
    });
}

/// The property with the items, if the operation takes `from` and `take` and answers with `next` and one list.
fn checkpoint(operation: &Value, schemas: &Object) -> Option<String> {
    let has = |name: &str| {
        operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|parameter| {
                parameter.get("name").and_then(Value::as_str) == Some(name)
                    && parameter.get("in").and_then(Value::as_str) == Some("query")
            })
    };
    if !has("from") || !has("take") {
        return None;
    }
    let body = operation.pointer("/responses/200/content/application~1json/schema")?;
    let properties = schemas
        .get(&target(body)?)?
        .get("properties")?
        .as_object()?;
    properties.get("next")?;
    let lists: Vec<&String> = properties
        .iter()
        .filter(|(_, property)| type_of(property) == Some("array"))
        .map(|(name, _)| name)
        .collect();
    match lists.as_slice() {
        [only] => Some((*only).clone()),
        _ => None,
    }
}
