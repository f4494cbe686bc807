//! The wrapper of a nullable schema: `{nullable: true, allOf: [S]}`, which typify turns into `Option<S>`.
//!
//! The wrapper is needed where `nullable` on the schema itself has another effect: typify ignores it beside `x-rust-type`, and turns a
//! nullable component into a newtype around an `Option`.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::origin;
use crate::lower::schema::is_nullable;

/// The members that describe the value. All others, such as the description, stay on the wrapper.
const INNER_MEMBERS: [&str; 5] = [
    "type",
    "format",
    extensions::RUST_TYPE.name,
    "items",
    "additionalProperties",
];

/// Encloses a schema as it is.
pub(crate) fn enclose(inner: Value, at: &str) -> Value {
    json!({ "nullable": true, "allOf": [inner], (origin::SOURCE): at })
}

/// Wraps a nullable schema with a Rust type: the type moves into the wrapper, the annotations stay outside.
pub(crate) fn wrap(schema: &Value) -> Value {
    let mut inner = json!({});
    let mut outer = json!({});
    for (key, value) in schema.as_object().into_iter().flatten() {
        if INNER_MEMBERS.contains(&key.as_str()) {
            inner[key] = value.clone();
        } else {
            outer[key] = value.clone();
        }
    }
    outer["nullable"] = true.into();
    outer["allOf"] = json!([inner]);
    outer
}

/// Whether a pointer leads to the content of a wrapper, or to the first member of any other `allOf`.
pub(crate) fn is_inside(pointer: &str) -> bool {
    pointer.ends_with("/allOf/0")
}

/// The content of a wrapper; `None` if the schema is not one.
pub(crate) fn content_mut(schema: &mut Value) -> Option<&mut Vec<Value>> {
    if !is_nullable(schema) {
        return None;
    }
    schema.get_mut("allOf")?.as_array_mut()
}
