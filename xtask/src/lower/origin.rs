//! Where in the source document a value came from.
//!
//! Passes move, copy and merge schemas. What they report has to speak of the document that its author knows, so every schema, operation,
//! parameter, request body and response carries a stamp with its first pointer while the passes run.

use serde_json::Value;

use crate::extensions;
use crate::spec::walk::{self, Place};

/// The stamp: the JSON pointer of the value in the source document.
pub(crate) const SOURCE: &str = extensions::NORMALIZER_SOURCE.name;
/// The name of the component that a value was resolved from: a hint for the name of a type.
pub(crate) const NAME: &str = extensions::NORMALIZER_NAME.name;

/// Stamps the document.
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

/// Takes the stamps away.
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

/// Schemas also stand within extensions (the parameters of `x-rust-type`), so this goes through all of the document.
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

/// The value without stamps: two schemas are the same if these are.
pub(crate) fn stripped(value: &Value) -> Value {
    let mut value = value.clone();
    strip_value(&mut value);
    value
}

/// The pointer of `value` in the source document; `pointer`, where it stands now, if it has no stamp.
pub(crate) fn of(value: &Value, pointer: &str) -> String {
    value
        .get(SOURCE)
        .and_then(Value::as_str)
        .unwrap_or(pointer)
        .to_owned()
}

/// Whether a key is a stamp.
pub(crate) fn is_stamp(key: &str) -> bool {
    key == SOURCE || key == NAME
}
