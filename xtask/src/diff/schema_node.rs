//! Schemas by their places: what a reference leads to, and what a schema is called.

use std::collections::BTreeSet;

use super::side::{Side, component, unescape};
use crate::spec::walk::join;

/// A schema, as the pointers of its parts: of one, or of all those that give a property in an `allOf`.
pub(super) type SchemaNode = Vec<String>;

/// The node with references that stand alone followed, so that a schema that is used twice is one node.
pub(super) fn resolved(side: Side<'_>, node: &[String]) -> SchemaNode {
    let mut node: SchemaNode = node.iter().map(|part| side.resolve(part, false)).collect();
    node.sort();
    node.dedup();
    node
}

/// The name of the component schema that a schema is, itself or but for null.
pub(super) fn named(side: Side<'_>, node: &[String]) -> Option<String> {
    let home = home(side, node);
    match component(&home) {
        Some(("schemas", name, "")) => Some(unescape(name)),
        _ => None,
    }
}

/// Where the main part of a schema stands: behind its references, and behind what only adds null or an annotation.
pub(super) fn home(side: Side<'_>, node: &[String]) -> String {
    let mut pointer = node.first().cloned().unwrap_or_default();
    let mut seen = BTreeSet::new();
    while seen.insert(pointer.clone()) {
        let value = side.get(&pointer);
        if let Some(target) = side.target(value) {
            pointer = target;
            continue;
        }
        let plain = ["properties", "enum", "items"]
            .iter()
            .all(|key| value.get(key).is_none());
        // What an `allOf` refers to has a type of its own, so that one beside it says nothing new.
        let Some(key) = ["allOf", "oneOf", "anyOf"].into_iter().find(|key| {
            plain && value.get(key).is_some() && (*key == "allOf" || value.get("type").is_none())
        }) else {
            break;
        };
        let says_nothing = |item: &String| {
            let item = side.get(item);
            let only_type = item.as_object().is_some_and(|members| members.len() == 1);
            item["type"] == "null" || key == "allOf" && only_type && item.get("type").is_some()
        };
        let others: Vec<String> = side
            .items(&join(&pointer, key))
            .into_iter()
            .filter(|item| !says_nothing(item))
            .collect();
        match others.as_slice() {
            [only] if side.target(side.get(only)).is_some() => pointer.clone_from(only),
            _ => break,
        }
    }
    pointer
}
