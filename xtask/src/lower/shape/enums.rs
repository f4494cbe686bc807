//! Answers: typify documents the variants of an enumeration only where it is written as alternatives of one value each.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{components_mut, is_string_enum};
use crate::spec::walk::join;

const TEXTS: &str = extensions::ENUM_DESCRIPTIONS.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    for (name, schema) in components_mut(document).into_iter().flatten() {
        if !is_string_enum(schema) {
            continue;
        }
        let at = origin::of(schema, &join("/components/schemas", name));
        let values: Vec<Value> = schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let texts = schema
            .get(TEXTS)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let Some(members) = schema.as_object_mut() else {
            continue;
        };
        members.remove(TEXTS);
        // Other rules of strings say nothing more about a value that is in the list.
        members.remove("format");
        if texts.is_empty() {
            continue;
        }
        let variants: Vec<Value> = values
            .iter()
            .map(|value| {
                let mut variant = json!({ "type": "string", "enum": [value] });
                if let Some(text) = value.as_str().and_then(|value| texts.get(value)) {
                    variant["description"] = text.clone();
                }
                variant
            })
            .collect();
        members.remove("enum");
        members.remove("type");
        members.insert("oneOf".into(), variants.into());
        cx.changed_at(at, "wrote the values as alternatives with descriptions");
    }
}
