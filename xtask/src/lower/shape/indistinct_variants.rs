//! Variants of a response that nothing distinguishes.
//!
//! If variants that require the same properties are tried in turn, the first always matches, and the additional properties of the second are
//! lost. One type with the properties of all variants loses nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lower::origin;
use crate::lower::schema::strings;

/// Merges the variants into one object. Returns `None` if the variants require different properties, or if two of them have properties
/// with the same name and different schemas.
pub(crate) fn merged<'v>(variants: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let mut properties: Map<String, Value> = Map::new();
    let mut required: Vec<BTreeSet<String>> = Vec::new();
    for variant in variants {
        required.push(strings(variant.get("required")).into_iter().collect());
        for (name, property) in variant.get("properties")?.as_object()? {
            match properties.get(name) {
                Some(known) if comparable(known) != comparable(property) => return None,
                Some(_) => {}
                None => {
                    properties.insert(name.clone(), property.clone());
                }
            }
        }
    }
    let distinct: BTreeSet<&BTreeSet<String>> = required.iter().collect();
    if distinct.len() == required.len() {
        return None;
    }
    let required_by_all = required
        .iter()
        .skip(1)
        .fold(required.first()?.clone(), |all, next| &all & next);
    let mut object = json!({ "type": "object", "properties": properties });
    if !required_by_all.is_empty() {
        object["required"] = required_by_all.into_iter().collect();
    }
    Some(object)
}

/// Replaces the union by the object, and keeps the annotations of the union.
pub(crate) fn replace(union: &mut Value, merged: Value) {
    let (Some(members), Value::Object(merged)) = (union.as_object_mut(), merged) else {
        return;
    };
    members.remove("oneOf");
    members.extend(merged);
}

/// A property without its description and title, which may differ.
fn comparable(property: &Value) -> Value {
    let mut comparable = origin::stripped(property);
    if let Some(members) = comparable.as_object_mut() {
        for annotation in ["description", "title"] {
            members.remove(annotation);
        }
    }
    comparable
}
