//! Defect: progenitor omits an optional array or map when it is empty, so `[]` and `{}` cannot be sent.
//!
//! Optional arrays and maps get an explicit type, so the field is an `Option` of the array or map.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{components_mut, is_map, is_nullable, strings, type_of};
use crate::lower::shape::rust_type;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    for (name, schema) in components_mut(document).into_iter().flatten() {
        let required = strings(schema.get("required"));
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, property) in properties.iter_mut() {
            // A nullable property already becomes an `Option`.
            if required.contains(key) || rust_type::is_assigned(property) || is_nullable(property) {
                continue;
            }
            let Some(collection) = collection_type(property) else {
                continue;
            };
            let at = origin::of(
                property,
                &join(&join(&join("/components/schemas", name), "properties"), key),
            );
            rust_type::assign(property, collection);
            cx.changed_at(at, "set a type that distinguishes empty from absent");
        }
    }
}

/// The Rust type of an array or a map.
fn collection_type(property: &Value) -> Option<Value> {
    if type_of(property) == Some("array") {
        return property.get("items").map(rust_type::list);
    }
    if !is_map(property) {
        return None;
    }
    Some(match property.get("additionalProperties") {
        Some(values)
            if values
                .as_object()
                .is_some_and(|values| values.keys().any(|key| !origin::is_stamp(key))) =>
        {
            rust_type::typed_map(values)
        }
        _ => rust_type::free_map(),
    })
}
