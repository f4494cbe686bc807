//! Defect: typify documents the variants of an enumeration only if the enumeration is written as `oneOf` of one-value enumerations.
//!
//! Enumerations with `x-enum-descriptions` are rewritten in that form.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{components_mut, is_string_enum};
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
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
        let descriptions = extensions::ENUM_DESCRIPTIONS
            .get(schema)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let Some(members) = schema.as_object_mut() else {
            continue;
        };
        extensions::ENUM_DESCRIPTIONS.remove(members);
        // A format does not restrict an enumeration further.
        members.remove("format");
        if descriptions.is_empty() {
            continue;
        }
        let variants: Vec<Value> = values
            .iter()
            .map(|value| {
                let mut variant = json!({ "type": "string", "enum": [value] });
                if let Some(text) = value.as_str().and_then(|value| descriptions.get(value)) {
                    variant["description"] = text.clone();
                }
                variant
            })
            .collect();
        members.remove("enum");
        members.remove("type");
        members.insert("oneOf".into(), variants.into());
        cx.changed_at(at, "rewrote the values as variants with descriptions");
    }
}
