//! Answers: progenitor derives `Debug` for everything, client secrets included. A string that is a secret by its format, its name or by `x-secret`
//! becomes a `SecretString`, which shows nothing.

use heck::ToSnakeCase;
use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{has_rust_type, is_nullable, is_string_enum, type_of};
use crate::lower::shape::rust_type;
use crate::spec::walk::{self, Place};

/// A property that is called so, or ends so, holds a secret.
const NAMES: [&str; 7] = [
    "client_secret",
    "secret",
    "password",
    "private_key",
    "access_token",
    "refresh_token",
    "id_token",
];

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let mut make = |schema: &mut Value, at: String| {
        let nullable = is_nullable(schema);
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        extensions::SECRET.remove(members);
        members.remove("format");
        members.remove("nullable");
        extensions::RUST_TYPE.set(members, rust_type::secret());
        if nullable {
            *schema = wrap_nullable(schema);
        }
        cx.changed_at(at, "made it a secret");
    };
    walk::walk_mut(document, &mut |value, place, pointer| {
        if place != Place::Schema {
            return;
        }
        if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, property) in properties
                .iter_mut()
                .filter(|(name, _)| is_secret_name(name))
            {
                if is_plain_string(property) {
                    let at = origin::of(
                        property,
                        &walk::join(&walk::join(pointer, "properties"), name),
                    );
                    make(property, at);
                }
            }
        }
        let is_marked =
            extensions::SECRET.is_true(value) || value.get("format") == Some(&json!("password"));
        if is_marked && is_plain_string(value) {
            let at = origin::of(value, pointer);
            make(value, at);
        }
        if let Some(members) = value.as_object_mut() {
            extensions::SECRET.remove(members);
        }
    });
}

fn is_plain_string(schema: &Value) -> bool {
    type_of(schema) == Some("string") && !is_string_enum(schema) && !has_rust_type(schema)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_snake_case();
    NAMES
        .iter()
        .any(|secret| name == *secret || name.ends_with(&format!("_{secret}")))
}

/// A Rust type of ours hides `nullable` from typify, so the null stands outside of it.
pub(crate) fn wrap_nullable(schema: &Value) -> Value {
    let mut inner = json!({});
    let mut outer = json!({ "nullable": true });
    for (key, value) in schema.as_object().into_iter().flatten() {
        let goes_in = [
            "type",
            "format",
            extensions::RUST_TYPE.name,
            "items",
            "additionalProperties",
        ]
        .contains(&key.as_str());
        if goes_in {
            inner[key] = value.clone();
        } else if key != "nullable" {
            outer[key] = value.clone();
        }
    }
    outer["allOf"] = json!([inner]);
    outer
}
