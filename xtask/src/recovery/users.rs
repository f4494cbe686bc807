//! The operations that use a part of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::lower::pointer_of;
use crate::spec::walk::{METHODS, join};

/// The operations of a document by the components that they refer to.
pub(super) struct Users {
    /// The components and operations that refer to each component, by pointer.
    referrers: BTreeMap<String, BTreeSet<String>>,
    /// The operations by pointer: path and method.
    operations: BTreeMap<String, (String, String)>,
}

impl Users {
    pub(super) fn new(document: &Value) -> Self {
        let mut users = Self {
            referrers: BTreeMap::new(),
            operations: BTreeMap::new(),
        };
        for (path, item) in members(document.get("paths")) {
            let at = join("/paths", path);
            for (key, member) in members(Some(item)) {
                if METHODS.contains(&key.as_str()) {
                    let operation = join(&at, key);
                    users
                        .operations
                        .insert(operation.clone(), (path.clone(), key.clone()));
                    users.record(member, &operation);
                } else {
                    users.record(member, &at);
                }
            }
        }
        for (kind, components) in members(document.get("components")) {
            for (name, component) in members(Some(components)) {
                let at = join(&join("/components", kind), name);
                users.record(component, &at);
            }
        }
        users
    }

    /// Records the references of a value that belongs to the owner `from`.
    fn record(&mut self, value: &Value, from: &str) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let owner = owner(&pointer_of(reference)).to_owned();
                    self.referrers
                        .entry(owner)
                        .or_default()
                        .insert(from.to_owned());
                }
                members
                    .values()
                    .for_each(|member| self.record(member, from));
            }
            Value::Array(items) => items.iter().for_each(|item| self.record(item, from)),
            _ => {}
        }
    }

    /// The path and method of each operation that the value at `pointer` belongs to, or that refers to it.
    pub(super) fn of(&self, pointer: &str) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending = vec![owner(pointer).to_owned()];
        while let Some(at) = pending.pop() {
            if at.is_empty() || !seen.insert(at.clone()) {
                continue;
            }
            if let Some(operation) = self.operations.get(&at) {
                found.insert(operation.clone());
            } else if at.starts_with("/paths/") {
                // A path item: all of its operations.
                let prefix = format!("{at}/");
                let within = self
                    .operations
                    .range(prefix.clone()..)
                    .take_while(|(at, _)| at.starts_with(&prefix));
                found.extend(within.map(|(_, operation)| operation.clone()));
            }
            pending.extend(self.referrers.get(&at).into_iter().flatten().cloned());
        }
        found
    }
}

/// The operation, path item or component that a location belongs to.
fn owner(pointer: &str) -> &str {
    let steps: Vec<&str> = pointer.split('/').skip(1).take(3).collect();
    let length = match steps.as_slice() {
        ["paths", path, method, ..] if METHODS.contains(method) => path.len() + method.len() + 8,
        ["paths", path, ..] => path.len() + 7,
        ["components", kind, name] => kind.len() + name.len() + 13,
        _ => return pointer,
    };
    pointer.get(..length).unwrap_or(pointer)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}
