//! Answers that are right but for what the document does not know: new values and fields, scalars of another type, missing
//! lists.

use serde_json::{Value, json};

use crate::document::Document;

/// What stands for a value that is new to every client.
const UNKNOWN_VALUE: &str = "sandbox-unknown";

/// Replaces every enum's value in `value`, which the schema at `pointer` describes.
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

/// Gives every scalar another type. The cursor of the next page stays, or a listing would end with its first page.
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

/// Removes the lists of an object. A list that stands alone becomes an object without one.
pub(super) fn missing_lists(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, member| !member.is_array()),
        _ => *value = json!({ "error": "sandbox" }),
    }
}

/// Takes all but the first `items` items of a page that is counted: a bare list, or one beside its `limit`.
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

/// Gives every object one member more.
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
