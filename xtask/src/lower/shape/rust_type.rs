//! `x-rust-type`, the extension that sets the Rust type of a schema in typify.
//!
//! The first pass that assigns a type to a schema decides; later passes leave the schema unchanged.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::origin;
use crate::lower::schema::is_nullable;
use crate::lower::shape::nullable_wrapper;

/// Whether the schema has a Rust type.
pub(crate) fn is_assigned(schema: &Value) -> bool {
    extensions::RUST_TYPE.is_set(schema)
}

/// Assigns a Rust type, unless the schema has one. A nullable schema gets a [wrapper](nullable_wrapper), because typify ignores
/// `nullable` beside the extension.
pub(crate) fn assign(schema: &mut Value, rust_type: Value) {
    if is_assigned(schema) {
        return;
    }
    schema[extensions::RUST_TYPE.name] = rust_type;
    if is_nullable(schema) {
        *schema = nullable_wrapper::wrap(schema);
    }
}

/// Whether the Rust type of the schema is [`unlisted`].
pub(crate) fn is_unlisted(schema: &Value) -> bool {
    extensions::RUST_TYPE.value(schema)["path"] == unlisted()["path"]
}

/// `auth0_core::Open` of a schema.
pub(crate) fn open(of: &Value) -> Value {
    rust_type("auth0-core", "auth0_core::Open", Some(of))
}

/// `auth0_core::Nullable` of a schema.
pub(crate) fn nullable(of: &Value) -> Value {
    rust_type("auth0-core", "auth0_core::Nullable", Some(of))
}

/// `auth0_core::SecretString`.
pub(crate) fn secret() -> Value {
    rust_type("auth0-core", "auth0_core::SecretString", None)
}

/// `auth0_core::Upload`.
pub(crate) fn upload() -> Value {
    rust_type("auth0-core", "auth0_core::Upload", None)
}

/// `auth0_core::Unlisted`.
pub(crate) fn unlisted() -> Value {
    rust_type("auth0-core", "auth0_core::Unlisted", None)
}

/// `Vec` of a schema.
pub(crate) fn list(of: &Value) -> Value {
    rust_type("std", "std::vec::Vec", Some(of))
}

/// `Box` of a schema.
pub(crate) fn boxed(of: &Value) -> Value {
    rust_type("std", "std::boxed::Box", Some(of))
}

/// `serde_json::Map`: an object with any values.
pub(crate) fn free_map() -> Value {
    json!({
        "crate": "serde_json",
        "version": "*",
        "path": "serde_json::Map",
        "parameters": [{ "type": "string" }, {}],
    })
}

/// `BTreeMap` from strings to a schema.
pub(crate) fn typed_map(of: &Value) -> Value {
    json!({
        "crate": "std",
        "version": "*",
        "path": "std::collections::BTreeMap",
        "parameters": [{ "type": "string" }, json_schema(of)],
    })
}

fn rust_type(crate_name: &str, path: &str, parameter: Option<&Value>) -> Value {
    let mut value = json!({ "crate": crate_name, "version": "*", "path": path });
    if let Some(parameter) = parameter {
        value["parameters"] = json!([json_schema(parameter)]);
    }
    value
}

/// The schema as JSON Schema. typify does not read the parameters of the extension as OpenAPI, so null has to be a type.
fn json_schema(schema: &Value) -> Value {
    let mut schema = origin::stripped(schema);
    nullable_to_null_type(&mut schema);
    schema
}

fn nullable_to_null_type(schema: &mut Value) {
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
            nullable_to_null_type(inner);
        }
    }
    if let Some(members) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        members.iter_mut().for_each(nullable_to_null_type);
    }
    let nullable = is_nullable(schema);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    // The documentation and the constraints stay on the field.
    for key in [
        "description",
        "nullable",
        extensions::CONSTRAINTS.name,
        extensions::DEFAULT.name,
        "deprecated",
    ] {
        members.remove(key);
    }
    if let Some([only]) = members
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        *schema = only.clone();
    }
    if !nullable {
        return;
    }
    match schema.get("type").cloned() {
        Some(type_name) if !is_assigned(schema) => schema["type"] = json!([type_name, "null"]),
        _ => *schema = json!({ "oneOf": [{ "type": "null" }, schema.clone()] }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_type_is_not_replaced() {
        let mut schema = json!({ "type": "string" });
        assign(&mut schema, secret());
        let first = schema.clone();
        assign(&mut schema, unlisted());
        assert_eq!(schema, first);
    }

    #[test]
    fn nullable_schema_is_wrapped_around_the_type() {
        let mut schema = json!({ "type": "string", "nullable": true, "description": "A key." });
        assign(&mut schema, secret());
        let inner = json!({ "type": "string", (extensions::RUST_TYPE.name): secret() });
        assert_eq!(
            schema,
            json!({ "nullable": true, "description": "A key.", "allOf": [inner] })
        );
    }
}
