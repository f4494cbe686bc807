//! Defect: progenitor derives `Debug` for all types, so secrets appear in logs.
//!
//! A string becomes a `SecretString`, which `Debug` does not print, if its format is `password`, if it has `x-secret`, or if its property has a
//! name such as `client_secret`.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{is_string_enum, type_of};
use crate::lower::shape::rust_type;
use crate::spec::walk::{Place, join, walk_mut};

/// The names, and the last words of names, of properties with secrets.
const SECRET_NAMES: [&str; 7] = [
    "client_secret",
    "secret",
    "password",
    "private_key",
    "access_token",
    "refresh_token",
    "id_token",
];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut make_secret = |schema: &mut Value, at: String| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        extensions::SECRET.remove(members);
        members.remove("format");
        rust_type::assign(schema, rust_type::secret());
        cx.changed_at(at, "set the type SecretString");
    };
    walk_mut(document, &mut |value, place, pointer| {
        if place == Place::Parameter {
            keep_text(value);
        }
        if place != Place::Schema {
            return;
        }
        if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, property) in properties
                .iter_mut()
                .filter(|(name, _)| is_secret_name(name))
            {
                if is_plain_string(property) {
                    let at = origin::of(property, &join(&join(pointer, "properties"), name));
                    make_secret(property, at);
                }
            }
        }
        let is_marked = extensions::SECRET.is_true(value)
            || value.get("format") == Some(&Value::from("password"));
        if is_marked && is_plain_string(value) {
            let at = origin::of(value, pointer);
            make_secret(value, at);
        }
        if let Some(members) = value.as_object_mut() {
            extensions::SECRET.remove(members);
        }
    });
}

/// Keeps a parameter of a path or a header a text: it becomes a part of the request as it is.
fn keep_text(parameter: &mut Value) {
    let is_text = ["path", "header"]
        .map(Value::from)
        .contains(&parameter["in"]);
    let schema = parameter.get_mut("schema").and_then(Value::as_object_mut);
    if let Some(schema) = schema.filter(|_| is_text) {
        extensions::SECRET.remove(schema);
        if schema.get("format").and_then(Value::as_str) == Some("password") {
            schema.remove("format");
        }
    }
}

/// Whether the schema is a string without an enumeration or a Rust type.
fn is_plain_string(schema: &Value) -> bool {
    type_of(schema) == Some("string") && !is_string_enum(schema) && !rust_type::is_assigned(schema)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_snake_case();
    SECRET_NAMES
        .iter()
        .any(|secret| name == *secret || name.ends_with(&format!("_{secret}")))
}
