//! Defect: progenitor ignores `readOnly` and `writeOnly`, so a request needs values that only the server can know.
//!
//! A schema that requests and responses share is split if they differ. In a schema of one direction, properties of the other direction are
//! removed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{self, components, is_true, target};
use crate::lower::shape::identifiers;
use crate::spec::walk::{self, METHODS, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let directed_components = DirectedComponents::new(document);
    let mut reach = reach::reachable(document);
    if split(document, &directed_components, &reach, cx) {
        reach = reach::reachable(document);
    }
    for (name, schema) in schema::components_mut(document).into_iter().flatten() {
        let (sent, received) = (
            reach.requests.contains(name),
            reach.responses.contains(name),
        );
        if sent && !received {
            remove_properties(schema, "readOnly", &directed_components, name, cx);
        } else if received && !sent {
            remove_properties(schema, "writeOnly", &directed_components, name, cx);
        }
    }
}

/// The names of the components that are `readOnly` or `writeOnly` themselves, by keyword.
struct DirectedComponents(BTreeMap<&'static str, BTreeSet<String>>);

impl DirectedComponents {
    fn new(document: &Value) -> Self {
        let components_with = |keyword: &'static str| {
            let found = components(document).filter(|(_, schema)| is_true(schema, keyword));
            (keyword, found.map(|(name, _)| name.clone()).collect())
        };
        Self(KEYWORDS.map(components_with).into())
    }

    /// Whether a property, or the component that it refers to, has the keyword.
    fn includes(&self, property: &Value, keyword: &str) -> bool {
        is_true(property, keyword)
            || self.0.get(keyword).is_some_and(|names| {
                !names.is_empty() && target(property).is_some_and(|name| names.contains(&name))
            })
    }
}

const KEYWORDS: [&str; 2] = ["readOnly", "writeOnly"];

/// Copies the components that have, or refer to, properties of one direction, and makes requests refer to the copies. Returns whether
/// there are any.
fn split(
    document: &mut Value,
    directed_components: &DirectedComponents,
    reach: &reach::Reach,
    cx: &mut PassContext<'_>,
) -> bool {
    let directed = components(document)
        .filter(|(_, schema)| has_directed_property(schema, directed_components))
        .map(|(name, _)| name.clone());
    let split_components: BTreeSet<String> = reach::leading_to(directed.collect(), document)
        .into_iter()
        .filter(|name| reach.requests.contains(name) && reach.responses.contains(name))
        .collect();
    if split_components.is_empty() {
        return false;
    }
    let is_taken = |name: &str| schema::component(document, name).is_some();
    let names: BTreeMap<String, String> = split_components
        .iter()
        .map(|name| {
            (
                name.clone(),
                identifiers::unique(&format!("{name}Request"), is_taken),
            )
        })
        .collect();
    let renamed = |name: &str| names.get(name).cloned();
    let copies: Vec<(&String, &String, Value)> = names
        .iter()
        .filter_map(|(old, new)| Some((old, new, schema::component(document, old)?.clone())))
        .collect();
    for (old, new, mut copy) in copies {
        update_references(&mut copy, Place::Schema, &renamed);
        cx.changed(
            &copy,
            &join("/components/schemas", old),
            format!("copied it to `{new}` for requests: requests and responses differ"),
        );
        if let Some(schemas) = schema::components_mut(document) {
            schemas.insert(new.clone(), copy);
        }
    }
    // Components that only requests use can refer to a copied component.
    for (name, schema) in schema::components_mut(document).into_iter().flatten() {
        if reach.requests.contains(name) && !reach.responses.contains(name) {
            update_references(schema, Place::Schema, &renamed);
        }
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for item in paths.into_iter().flat_map(|paths| paths.values_mut()) {
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else {
                continue;
            };
            for (key, place) in [
                ("requestBody", Place::RequestBody),
                ("parameters", Place::List(walk::Kind::Parameter)),
            ] {
                if let Some(value) = operation.get_mut(key) {
                    update_references(value, place, &renamed);
                }
            }
        }
    }
    true
}

/// Updates the references to renamed components.
fn update_references(value: &mut Value, place: Place, renamed: &dyn Fn(&str) -> Option<String>) {
    walk::walk_value_mut(value, place, "", &mut |value, place, _| {
        if place == Place::Schema
            && let Some(new) = schema::ref_name(value).and_then(|name| renamed(&name))
        {
            value["$ref"] = schema::ref_to(&new).into();
        }
    });
}

/// Whether a schema has properties of one direction.
fn has_directed_property(schema: &Value, directed_components: &DirectedComponents) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(|properties| properties.values())
        .any(|property| {
            KEYWORDS
                .iter()
                .any(|keyword| directed_components.includes(property, keyword))
        })
}

/// Removes the properties with the keyword.
fn remove_properties(
    schema: &mut Value,
    keyword: &str,
    directed_components: &DirectedComponents,
    name: &str,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(schema, &join("/components/schemas", name));
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut removed = Vec::new();
    properties.retain(|key, property| {
        let is_removed = directed_components.includes(property, keyword);
        if is_removed {
            removed.push(key.clone());
        }
        !is_removed
    });
    removed.sort();
    for key in &removed {
        cx.changed_at(
            join(&join(&at, "properties"), key),
            format!("removed `{key}`, which is {keyword}"),
        );
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|key| !removed.iter().any(|removed| key.as_str() == Some(removed)));
    }
}
