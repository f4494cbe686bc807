//! Answers: progenitor leaves an optional list or map out when it is empty, so `[]` and `{}` cannot be sent. With a type of ours it is a plain `Option` of
//! the list or the map.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{components_mut, has_rust_type, is_map, is_nullable, strings, type_of};
use crate::lower::shape::rust_type;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    for (name, schema) in components_mut(document).into_iter().flatten() {
        let required = strings(schema.get("required"));
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, property) in properties.iter_mut() {
            // A nullable one is an `Option` already.
            if required.contains(key) || has_rust_type(property) || is_nullable(property) {
                continue;
            }
            let Some(rust_type) = type_for(property) else {
                continue;
            };
            let at = origin::of(
                property,
                &join(&join(&join("/components/schemas", name), "properties"), key),
            );
            property[extensions::RUST_TYPE.name] = rust_type;
            cx.changed_at(at, "made empty and absent two things");
        }
    }
}

fn type_for(property: &Value) -> Option<Value> {
    if type_of(property) == Some("array") {
        return property.get("items").map(rust_type::list);
    }
    if !is_map(property) {
        return None;
    }
    Some(match property.get("additionalProperties") {
        Some(values)
            if values.as_object().is_some_and(|values| {
                values
                    .keys()
                    .any(|key| !crate::lower::origin::is_stamp(key))
            }) =>
        {
            rust_type::typed_map(values)
        }
        _ => rust_type::free_map(),
    })
}
