//! Answers: with a closed enumeration, one new value of the server fails a whole page; and one odd date or id does the same. `auth0_core::Open` takes the
//! values that the document knows and every other JSON value.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Context, reach, rust_type,
    schema::{
        components, each_mut, has_rust_type, is_documented_enum, is_nullable, is_string_enum,
        target, type_of,
    },
    secrets::wrap_nullable,
    source,
};

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let enums = enums(document);
    let responses = reach::reachable(document).responses;
    // In a union an open value would take everything, so the plain form stays there.
    each_mut(document, &mut |schema, pointer| {
        let is_received = component_of(pointer).is_some_and(|name| responses.contains(&name))
            || pointer.contains("/responses/");
        let is_within_union = pointer
            .rsplit_once('/')
            .is_some_and(|(parent, _)| parent.ends_with("/oneOf"));
        if has_rust_type(schema) || is_within_union || is_wrapped(pointer) {
            return;
        }
        if let Some(name) = target(schema)
            && let Some(description) = enums.get(&name)
        {
            let at = source::of(schema, pointer);
            open_enum(schema, &name, description.as_ref());
            cx.changed_at(at, format!("opened the enumeration `{name}`"));
            return;
        }
        let wanted = match schema.get("format").and_then(Value::as_str) {
            Some("uuid") => true,
            Some("date-time" | "date") => is_received,
            _ => false,
        };
        if wanted && type_of(schema) == Some("string") {
            let at = source::of(schema, pointer);
            let format = schema["format"].clone();
            let inner = json!({ "type": "string", "format": format });
            set(schema, rust_type::open(&inner));
            cx.changed_at(at, "opened the value: an odd one must not fail the whole");
        }
    });
}

/// The name of the component that a pointer leads into.
fn component_of(pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix("/components/schemas/")?;
    rest.split('/').next().map(super::schema::unescape)
}

/// Whether the place is the inside of a wrapper that has been looked at.
fn is_wrapped(pointer: &str) -> bool {
    pointer.ends_with("/allOf/0")
}

/// The components that are enumerations, and what is said of them.
fn enums(document: &Value) -> BTreeMap<String, Option<Value>> {
    components(document)
        .filter(|(_, component)| is_string_enum(component) || is_documented_enum(component))
        .map(|(name, component)| (name.clone(), component.get("description").cloned()))
        .collect()
}

fn open_enum(schema: &mut Value, name: &str, description: Option<&Value>) {
    let mut whole = json!({ "type": "string" });
    // What is said of the enumeration is said of the field, unless it has words of its own.
    if let Some(text) = description {
        whole["description"] = text.clone();
    }
    if let (Some(whole), Some(outer)) = (whole.as_object_mut(), schema.as_object()) {
        for (key, value) in outer {
            if key != "$ref" && key != "allOf" {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
    set(&mut whole, rust_type::open(&super::schema::reference(name)));
    *schema = whole;
}

fn set(schema: &mut Value, rust_type: Value) {
    let nullable = is_nullable(schema);
    schema["x-rust-type"] = rust_type;
    if nullable {
        *schema = wrap_nullable(schema);
    }
}
