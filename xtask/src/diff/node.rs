//! Schemas by their places: what a reference leads to, and what a schema is called.

use std::collections::BTreeSet;

use super::side::{Side, component, unescape};
use crate::walk::join;

/// A schema, as the pointers of its parts: of one, or of all those that give a property in an `allOf`.
pub(super) type Node = Vec<String>;

/// The node with references that stand alone followed, so that a schema that is used twice is one node.
pub(super) fn resolved(side: Side<'_>, node: &[String]) -> Node {
    let mut node: Node = node.iter().map(|part| side.resolve(part, false)).collect();
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
        let plain = ["type", "properties", "enum", "items"]
            .iter()
            .all(|key| value.get(key).is_none());
        let Some(key) = ["allOf", "oneOf", "anyOf"]
            .into_iter()
            .find(|key| plain && value.get(key).is_some())
        else {
            break;
        };
        let others: Vec<String> = side
            .items(&join(&pointer, key))
            .into_iter()
            .filter(|item| side.get(item)["type"] != "null")
            .collect();
        match others.as_slice() {
            [only] if side.target(side.get(only)).is_some() => pointer.clone_from(only),
            _ => break,
        }
    }
    pointer
}
