//! The components that operations use, separately for requests and responses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lower::schema::{Object, components, unescape};
use crate::lower::syntax::references::pointer_of;
use crate::spec::walk::METHODS;

/// The names of the component schemas that requests and responses refer to, directly or indirectly.
///
/// References to other components are followed too, if they are not resolved yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Schemas that parameters and request bodies refer to.
    pub requests: BTreeSet<String>,
    /// Schemas that responses refer to.
    pub responses: BTreeSet<String>,
    /// The targets of all other references that were followed.
    pub(crate) others: BTreeSet<String>,
}

impl Reach {
    /// Whether a request or a response refers to the component.
    pub fn contains(&self, name: &str) -> bool {
        self.requests.contains(name) || self.responses.contains(name)
    }
}

/// Follows the references of all operations, including those within `x-rust-type` and within other components.
pub fn reachable(document: &Value) -> Reach {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let mut reach = Reach::default();
    let Reach {
        requests,
        responses,
        others,
    } = &mut reach;
    let items = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|paths| paths.values());
    for item in items {
        // The target of a path item that is a reference counts for requests and responses.
        if let Some(reference) = item.get("$ref") {
            let value = serde_json::json!({ "$ref": reference });
            follow(&value, document, schemas, requests, others);
            follow(&value, document, schemas, responses, others);
        }
        if let Some(parameters) = item.get("parameters") {
            follow(parameters, document, schemas, requests, others);
        }
        for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
            for key in ["parameters", "requestBody"] {
                if let Some(value) = operation.get(key) {
                    follow(value, document, schemas, requests, others);
                }
            }
            if let Some(value) = operation.get("responses") {
                follow(value, document, schemas, responses, others);
            }
        }
    }
    reach
}

/// Follows all references outside of `components`.
pub(crate) fn named(document: &Value) -> Reach {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let mut reach = Reach::default();
    for (key, member) in document.as_object().into_iter().flatten() {
        if key != "components" {
            follow(
                member,
                document,
                schemas,
                &mut reach.requests,
                &mut reach.others,
            );
        }
    }
    reach
}

/// The component schemas that a value refers to, directly or indirectly.
pub(crate) fn from(value: &Value, document: &Value, schemas: &Object) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    follow(
        value,
        document,
        Some(schemas),
        &mut found,
        &mut BTreeSet::new(),
    );
    found
}

/// The components in `targets`, and those that refer to one of them directly or indirectly.
pub(crate) fn leading_to(targets: BTreeSet<String>, document: &Value) -> BTreeSet<String> {
    if targets.is_empty() {
        return targets;
    }
    let mut users: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (name, schema) in components(document) {
        for reference in references(schema) {
            let Some(target) = reference.strip_prefix("#/components/schemas/") else {
                continue;
            };
            let target = target.split('/').next().unwrap_or_default();
            users.entry(unescape(target)).or_default().push(name);
        }
    }
    let mut pending: Vec<String> = targets.iter().cloned().collect();
    let mut found = targets;
    while let Some(name) = pending.pop() {
        for user in users.get(&name).into_iter().flatten() {
            if found.insert((*user).clone()) {
                pending.push((*user).clone());
            }
        }
    }
    found
}

fn follow(
    value: &Value,
    document: &Value,
    schemas: Option<&Object>,
    found: &mut BTreeSet<String>,
    others: &mut BTreeSet<String>,
) {
    // Each reference to another kind of component is followed once, so cycles end.
    let mut seen = BTreeSet::new();
    let mut pending = references(value);
    while let Some(reference) = pending.pop() {
        let Some(path) = reference.strip_prefix("#/") else {
            continue;
        };
        let steps: Vec<String> = path.split('/').map(unescape).collect();
        match steps.as_slice() {
            [first, second, name, ..] if first == "components" && second == "schemas" => {
                if found.insert(name.clone())
                    && let Some(schema) = schemas.and_then(|schemas| schemas.get(name))
                {
                    pending.extend(references(schema));
                }
            }
            _ => {
                if seen.insert(reference.clone())
                    && let Some(target) = document.pointer(&pointer_of(&reference))
                {
                    pending.extend(references(target));
                }
                others.insert(pointer_of(&reference));
            }
        }
    }
}

/// All `$ref` within a value, extensions included.
fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(reference) if key == "$ref" => found.push(reference.clone()),
                    _ => collect(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
