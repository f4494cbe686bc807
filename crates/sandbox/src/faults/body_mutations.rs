//! Changes to response bodies that clients have to tolerate: unknown values and fields, other scalar types, missing
//! lists.

use serde_json::{Value, json};

use crate::document::Document;

/// An enum value that no client knows.
const UNKNOWN_VALUE: &str = "sandbox-unknown";

/// Replaces all enum values in `value`, which the schema at `pointer` describes.
pub(super) fn unknown_enums(document: &Document, pointer: &str, value: &mut Value) {
    let Some((pointer, schema)) = document.resolve(pointer) else {
        return;
    };
    if schema["enum"].is_array() && value.is_string() {
        *value = json!(UNKNOWN_VALUE);
        return;
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for index in 0..schema[keyword].as_array().map_or(0, Vec::len) {
            unknown_enums(document, &format!("{pointer}/{keyword}/{index}"), value);
        }
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if schema["properties"].get(name).is_some() {
                    unknown_enums(document, &format!("{pointer}/properties/{name}"), member);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                unknown_enums(document, &format!("{pointer}/items"), item);
            }
        }
        _ => {}
    }
}

/// Changes the type of every scalar. Keeps the cursor of the next page, without which a listing would end.
pub(super) fn odd_scalars(value: &mut Value) {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| *name != "next")
            .for_each(|(_, member)| odd_scalars(member)),
        Value::Array(items) => items.iter_mut().for_each(odd_scalars),
        Value::String(_) => *value = Value::Null,
        Value::Number(_) | Value::Bool(_) => *value = json!(value.to_string()),
        Value::Null => {}
    }
}

/// Removes the lists of an object. Replaces a top-level list with an object.
pub(super) fn missing_lists(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, member| !member.is_array()),
        _ => *value = json!({ "error": "sandbox" }),
    }
}

/// Limits a numbered page to `items` items: a bare list, or a list with a `limit`.
pub(super) fn cap_page(page: &mut Value, items: usize) {
    if let Value::Object(members) = page {
        let Some(limit) = members.get_mut("limit") else {
            return;
        };
        *limit = json!(items.min(limit.as_u64().map_or(usize::MAX, |limit| limit as usize)));
        members.values_mut().for_each(|list| cap_list(list, items));
    }
    cap_list(page, items);
}

fn cap_list(list: &mut Value, items: usize) {
    if let Value::Array(list) = list {
        list.truncate(items);
    }
}

/// Adds a field to every object.
pub(super) fn extra_fields(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(extra_fields);
            members.insert(
                "sandbox_extra".to_owned(),
                json!({"nested": [1, null, "text"]}),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(extra_fields),
        _ => {}
    }
}
