//! Resolves schemas: the targets of references and the names of schemas.

use std::collections::BTreeSet;

use super::side::{Side, component, unescape};
use crate::spec::walk::join;

/// A schema as the pointers of its parts: one part, or all parts of an `allOf` that define the same property.
pub(super) type SchemaNode = Vec<String>;

/// Follows references without siblings, so that a schema that is used twice is one node.
pub(super) fn resolved(side: Side<'_>, node: &[String]) -> SchemaNode {
    let mut node: SchemaNode = node.iter().map(|part| side.resolve(part, false)).collect();
    node.sort();
    node.dedup();
    node
}

/// The name of the component schema that a schema refers to, directly or except for null.
pub(super) fn named(side: Side<'_>, node: &[String]) -> Option<String> {
    let home = home(side, node);
    match component(&home) {
        Some(("schemas", name, "")) => Some(unescape(name)),
        _ => None,
    }
}

/// The pointer of the main part of a schema, after following references and wrappers that only add null or an annotation.
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
        // The target of an `allOf` has its own type, so a `type` beside the `allOf` is redundant.
        let Some(key) = ["allOf", "oneOf", "anyOf"].into_iter().find(|key| {
            plain && value.get(key).is_some() && (*key == "allOf" || value.get("type").is_none())
        }) else {
            break;
        };
        let is_redundant = |item: &String| {
            let item = side.get(item);
            let only_type = item.as_object().is_some_and(|members| members.len() == 1);
            item["type"] == "null" || key == "allOf" && only_type && item.get("type").is_some()
        };
        let others: Vec<String> = side
            .items(&join(&pointer, key))
            .into_iter()
            .filter(|item| !is_redundant(item))
            .collect();
        match others.as_slice() {
            [only] if side.target(side.get(only)).is_some() => pointer.clone_from(only),
            _ => break,
        }
    }
    pointer
}
