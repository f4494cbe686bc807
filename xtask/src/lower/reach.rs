//! Which components are reachable, and from which side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lower::schema::{Object, components, unescape};
use crate::lower::syntax::references::pointer_of;
use crate::spec::walk::METHODS;

/// The names of the component schemas that are reachable from what a client sends and from what it receives.
///
/// In a document whose references to other components are not resolved yet, those count as steps on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Reachable from parameters and request bodies.
    pub requests: BTreeSet<String>,
    /// Reachable from responses.
    pub responses: BTreeSet<String>,
    /// The references to anything else that were followed.
    pub(crate) others: BTreeSet<String>,
}

impl Reach {
    /// Whether the component is used at all.
    pub fn contains(&self, name: &str) -> bool {
        self.requests.contains(name) || self.responses.contains(name)
    }
}

/// Follows the references of every operation. References within `x-rust-type` and within components of other kinds count too.
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
        // A path item may be a reference; what it leads to is counted for both sides.
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

/// Follows every reference that stands outside of the components.
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

/// All the component schemas that a value leads to, itself not counted.
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

/// The components that are among `wanted`, or lead to one of them.
pub(crate) fn leading_to(wanted: BTreeSet<String>, document: &Value) -> BTreeSet<String> {
    if wanted.is_empty() {
        return wanted;
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
    let mut waiting: Vec<String> = wanted.iter().cloned().collect();
    let mut found = wanted;
    while let Some(name) = waiting.pop() {
        for user in users.get(&name).into_iter().flatten() {
            if found.insert((*user).clone()) {
                waiting.push((*user).clone());
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
    // A reference to another kind of component is followed once for each start: that keeps a cycle from running for ever.
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

/// Every `$ref` within a value, extensions included.
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
