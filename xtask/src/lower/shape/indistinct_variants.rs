//! Variants of an answer that nothing tells apart. Tried in turn, of two that ask for the same properties the first is
//! always taken, and what only the second knows is lost. One type with the properties of all loses nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lower::origin;
use crate::lower::schema::strings;

/// One object for all variants; nothing where each asks for something else, or where they have a property of one name and
/// of two kinds.
pub(crate) fn as_one<'v>(variants: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let mut properties: Map<String, Value> = Map::new();
    let mut required: Vec<BTreeSet<String>> = Vec::new();
    for variant in variants {
        required.push(strings(variant.get("required")).into_iter().collect());
        for (name, property) in variant.get("properties")?.as_object()? {
            match properties.get(name) {
                Some(known) if kind(known) != kind(property) => return None,
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
    let everywhere = required
        .iter()
        .skip(1)
        .fold(required.first()?.clone(), |all, next| &all & next);
    let mut merged = json!({ "type": "object", "properties": properties });
    if !everywhere.is_empty() {
        merged["required"] = everywhere.into_iter().collect();
    }
    Some(merged)
}

/// Puts the one object in the place of the union, under the words of the union.
pub(crate) fn replace(union: &mut Value, merged: Value) {
    let (Some(members), Value::Object(merged)) = (union.as_object_mut(), merged) else {
        return;
    };
    members.remove("oneOf");
    members.extend(merged);
}

/// A property without its words: these may differ.
fn kind(property: &Value) -> Value {
    let mut kind = origin::stripped(property);
    if let Some(members) = kind.as_object_mut() {
        for words in ["description", "title"] {
            members.remove(words);
        }
    }
    kind
}
