//! Defect: extensions such as `x-rust-type` control typify, progenitor and the emitter. In an input document they have another meaning, or
//! name a crate that the client does not depend on.
//!
//! Reserved extensions are removed from the input. Later passes set their own. Extensions among paths and among the responses of an
//! operation, where they can be of any type, are removed too.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::spec::walk::{Kind, Place, walk_mut};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    remove_from_maps(document);
    if extensions::NORMALIZED.is_true(document) {
        return;
    }
    extensions::strip_reserved(document, &mut |name, pointer| {
        cx.changed_at(pointer, format!("removed `{name}`, which is reserved"));
    });
}

/// Removes the extensions among paths and responses, which later passes would take for path items and responses.
fn remove_from_maps(document: &mut Value) {
    walk_mut(document, &mut |value, place, _| {
        let map = match place {
            Place::Map(Kind::PathItem) | Place::Callback => Some(value),
            Place::Operation => value.get_mut("responses"),
            _ => None,
        };
        if let Some(members) = map.and_then(Value::as_object_mut) {
            members.retain(|key, _| !extensions::is_extension(key));
        }
    });
}
