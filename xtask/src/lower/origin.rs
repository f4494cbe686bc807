//! The location of a value in the source document.
//!
//! Passes move, copy and merge schemas, but their messages refer to the document that its author knows. While the passes run, every schema,
//! operation, parameter, header, request body, response and path item therefore has a stamp: its pointer in the source document.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::extensions;
use crate::spec::walk::{self, Place};

/// The stamp: a JSON pointer into the source document.
pub(crate) const SOURCE: &str = extensions::NORMALIZER_SOURCE.name;
/// The name of the component that a value was copied from: a hint for the name of its type.
pub(crate) const NAME: &str = extensions::NORMALIZER_NAME.name;

/// Sets the stamps of a document.
pub(crate) fn stamp(document: &mut Value) {
    walk::walk_mut(document, &mut |value, place, pointer| {
        if !is_stamped(place) {
            return;
        }
        if let Value::Object(members) = value {
            members.insert(SOURCE.into(), pointer.into());
            members.remove(NAME);
        }
    });
}

/// The stamps of the operations and components, by their locations.
pub(crate) fn sources(document: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut record = |value: &Value, at: String| {
        if let Some(source) = value.get(SOURCE).and_then(Value::as_str) {
            found.insert(at, source.to_owned());
        }
    };
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let at = walk::join("/paths", path);
        for method in walk::METHODS {
            if let Some(operation) = item.get(method) {
                record(operation, walk::join(&at, method));
            }
        }
    }
    let schemas = document.pointer("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
        record(schema, walk::join("/components/schemas", name));
    }
    found
}

/// Removes the stamps of a document.
pub(crate) fn strip(document: &mut Value) {
    strip_value(document);
}

fn is_stamped(place: Place) -> bool {
    matches!(
        place,
        Place::Schema
            | Place::Operation
            | Place::Parameter
            | Place::Header
            | Place::RequestBody
            | Place::Response
            | Place::PathItem
    )
}

/// Visits all values, because extensions contain schemas too (the parameters of `x-rust-type`).
fn strip_value(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove(SOURCE);
            members.remove(NAME);
            members.values_mut().for_each(strip_value);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_value),
        _ => {}
    }
}

/// A copy without stamps, for comparisons.
pub(crate) fn stripped(value: &Value) -> Value {
    let mut value = value.clone();
    strip_value(&mut value);
    value
}

/// The pointer of `value` in the source document; without a stamp, `pointer`, its current location.
pub(crate) fn of(value: &Value, pointer: &str) -> String {
    value
        .get(SOURCE)
        .and_then(Value::as_str)
        .unwrap_or(pointer)
        .to_owned()
}

/// Whether a member name is that of a stamp.
pub(crate) fn is_stamp(key: &str) -> bool {
    key == SOURCE || key == NAME
}
