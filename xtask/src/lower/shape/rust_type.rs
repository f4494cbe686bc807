//! The extension by which typify takes a Rust type of ours.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::origin;
use crate::lower::schema::is_nullable;

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

/// `serde_json::Map`: an object of anything.
pub(crate) fn free_map() -> Value {
    json!({
        "crate": "serde_json",
        "version": "*",
        "path": "serde_json::Map",
        "parameters": [{ "type": "string" }, {}],
    })
}

/// `BTreeMap` of strings to a schema.
pub(crate) fn typed_map(of: &Value) -> Value {
    json!({
        "crate": "std",
        "version": "*",
        "path": "std::collections::BTreeMap",
        "parameters": [{ "type": "string" }, json_schema(of)],
    })
}

fn rust_type(krate: &str, path: &str, of: Option<&Value>) -> Value {
    let mut value = json!({ "crate": krate, "version": "*", "path": path });
    if let Some(of) = of {
        value["parameters"] = json!([json_schema(of)]);
    }
    value
}

/// The parameters of the extension are read as JSON Schema and not as OpenAPI, so null is a type here.
fn json_schema(schema: &Value) -> Value {
    let mut schema = origin::stripped(schema);
    lower(&mut schema);
    schema
}

fn lower(schema: &mut Value) {
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
            lower(inner);
        }
    }
    if let Some(members) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        members.iter_mut().for_each(lower);
    }
    let nullable = is_nullable(schema);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    // The docs and the checks of a field stand on the field.
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
        Some(kind) if !extensions::RUST_TYPE.is_set(schema) => {
            schema["type"] = json!([kind, "null"])
        }
        _ => *schema = json!({ "oneOf": [{ "type": "null" }, schema.clone()] }),
    }
}
