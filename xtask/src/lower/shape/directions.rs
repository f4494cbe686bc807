//! Answers: progenitor ignores `readOnly` and `writeOnly`, so that a request has to carry what only the server can know. Where a schema serves
//! both sides and the sides differ, it is split; where it serves one, what does not belong there goes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{self, components, is_true, target};
use crate::lower::shape::identifiers;
use crate::spec::walk::{self, METHODS, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let marked = Marked::new(document);
    let mut reach = reach::reachable(document);
    if split(document, &marked, &reach, cx) {
        reach = reach::reachable(document);
    }
    for (name, schema) in schema::components_mut(document).into_iter().flatten() {
        let (sent, received) = (
            reach.requests.contains(name),
            reach.responses.contains(name),
        );
        if sent && !received {
            drop_properties(schema, "readOnly", &marked, name, cx);
        } else if received && !sent {
            drop_properties(schema, "writeOnly", &marked, name, cx);
        }
    }
}

/// The components that are of one side as a whole, by the mark that says so.
struct Marked(BTreeMap<&'static str, BTreeSet<String>>);

impl Marked {
    fn new(document: &Value) -> Self {
        let with = |mark: &'static str| {
            let marked = components(document).filter(|(_, schema)| is_true(schema, mark));
            (mark, marked.map(|(name, _)| name.clone()).collect())
        };
        Self(MARKS.map(with).into())
    }

    /// Whether a property, or the component that it refers to, is marked.
    fn is(&self, property: &Value, mark: &str) -> bool {
        is_true(property, mark)
            || self.0.get(mark).is_some_and(|marked| {
                !marked.is_empty() && target(property).is_some_and(|name| marked.contains(&name))
            })
    }
}

const MARKS: [&str; 2] = ["readOnly", "writeOnly"];

/// Gives the requests copies of the components that have, or lead to, properties of one side only. Says whether there
/// are any.
fn split(
    document: &mut Value,
    marked: &Marked,
    reach: &reach::Reach,
    cx: &mut PassContext<'_>,
) -> bool {
    let one_sided = components(document)
        .filter(|(_, schema)| is_one_sided(schema, marked))
        .map(|(name, _)| name.clone());
    let differs: BTreeSet<String> = reach::leading_to(one_sided.collect(), document)
        .into_iter()
        .filter(|name| reach.requests.contains(name) && reach.responses.contains(name))
        .collect();
    if differs.is_empty() {
        return false;
    }
    let is_taken = |name: &str| schema::component(document, name).is_some();
    let names: BTreeMap<String, String> = differs
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
        repoint(&mut copy, Place::Schema, &renamed);
        cx.changed(
            &copy,
            &join("/components/schemas", old),
            format!("split off `{new}` for requests: the sides differ"),
        );
        if let Some(all) = schema::components_mut(document) {
            all.insert(new.clone(), copy);
        }
    }
    // A component that only requests use may lead to a split one.
    for (name, schema) in schema::components_mut(document).into_iter().flatten() {
        if reach.requests.contains(name) && !reach.responses.contains(name) {
            repoint(schema, Place::Schema, &renamed);
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
                    repoint(value, place, &renamed);
                }
            }
        }
    }
    true
}

fn repoint(value: &mut Value, place: Place, renamed: &dyn Fn(&str) -> Option<String>) {
    walk::walk_value_mut(value, place, "", &mut |value, place, _| {
        if place == Place::Schema
            && let Some(new) = schema::ref_name(value).and_then(|name| renamed(&name))
        {
            value["$ref"] = schema::ref_to(&new).into();
        }
    });
}

fn is_one_sided(schema: &Value, marked: &Marked) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(|properties| properties.values())
        .any(|property| MARKS.iter().any(|mark| marked.is(property, mark)))
}

fn drop_properties(
    schema: &mut Value,
    mark: &str,
    all: &Marked,
    name: &str,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(schema, &join("/components/schemas", name));
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut gone = Vec::new();
    properties.retain(|key, property| {
        let marked = all.is(property, mark);
        if marked {
            gone.push(key.clone());
        }
        !marked
    });
    gone.sort();
    for key in &gone {
        cx.changed_at(
            join(&join(&at, "properties"), key),
            format!("left out `{key}`, which is {mark}"),
        );
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|key| !gone.iter().any(|gone| key.as_str() == Some(gone)));
    }
}
