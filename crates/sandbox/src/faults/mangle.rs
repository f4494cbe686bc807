//! Answers that are right but for something new: values and fields that the document does not know.

use serde_json::{Value, json};

use crate::document::Document;

/// What stands for a value that is new to every client.
const UNKNOWN: &str = "sandbox-unknown";

/// Replaces every enum's value in `value`, which the schema at `pointer` describes.
pub(super) fn unknown_enums(document: &Document, pointer: &str, value: &mut Value) {
    let Some((pointer, schema)) = document.resolve(pointer) else {
        return;
    };
    if schema["enum"].is_array() && value.is_string() {
        *value = json!(UNKNOWN);
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

/// Takes all but the first `items` items of a page that is counted: a bare list, or one beside its `limit`.
pub(super) fn capped(page: &mut Value, items: usize) {
    if let Value::Object(members) = page {
        let Some(limit) = members.get_mut("limit") else {
            return;
        };
        *limit = json!(items.min(limit.as_u64().map_or(usize::MAX, |limit| limit as usize)));
        members
            .values_mut()
            .for_each(|list| capped_list(list, items));
    }
    capped_list(page, items);
}

fn capped_list(list: &mut Value, items: usize) {
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
