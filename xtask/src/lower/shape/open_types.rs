//! Defect: one unexpected scalar in a response (a new enumeration value, a malformed date, a null) fails the whole response.
//!
//! Scalars in responses get the type `auth0_core::Open`, which accepts the documented type, values that convert to it without loss, and any
//! other JSON value. In types that are only sent, only enumerations and UUIDs get this type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{
    self, components, each_mut, is_documented_enum, is_string_enum, one_of, target, type_of,
};
use crate::lower::shape::identifiers;
use crate::lower::shape::nullable_wrapper;
use crate::lower::shape::rust_type;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let enumerations = enumerations(document);
    let responses = reach::reachable(document).responses;
    for (name, union) in schema::components_mut(document).into_iter().flatten() {
        if responses.contains(name) {
            open_union(union, cx);
        }
    }
    each_mut(document, &mut |schema, pointer| {
        // An open value within a union would match values of other variants. The scalars stay plain, and the union gets a
        // variant for all other values.
        let (is_within_union, is_variant) = match pointer.rsplit_once("/oneOf/") {
            Some((parent, rest)) if !parent.ends_with("/properties") => (true, !rest.contains('/')),
            _ => (false, false),
        };
        if rust_type::is_assigned(schema) || is_variant || nullable_wrapper::is_inside(pointer) {
            return;
        }
        let at = || origin::of(schema, pointer);
        if let Some(name) = target(schema)
            && let Some(description) = enumerations.get(&name)
        {
            let at = at();
            open_enum(schema, &name, description.as_ref());
            cx.changed_at(
                at,
                format!("set the type Open for the enumeration `{name}`"),
            );
            return;
        }
        let is_received = match component_of(pointer) {
            Some(name) => responses.contains(&name),
            None => is_in_response(pointer),
        };
        let becomes_open = match (
            type_of(schema),
            schema.get("format").and_then(Value::as_str),
        ) {
            (Some("string"), Some("uuid")) => true,
            (Some("string"), Some("date-time" | "date")) => is_received,
            (Some("string" | "integer" | "number" | "boolean"), _) => {
                is_received && !is_within_union && is_part(pointer) && schema.get("enum").is_none()
            }
            _ => false,
        };
        if becomes_open {
            let at = at();
            let mut inner = json!({ "type": schema["type"] });
            if let Some(format) = schema.get("format") {
                inner["format"] = format.clone();
            }
            rust_type::assign(schema, rust_type::open(&inner));
            cx.changed_at(
                at,
                "set the type Open: an unexpected value does not fail the response",
            );
        }
    });
}

/// Adds a variant for all other values to a union whose variants are tried in turn.
fn open_union(union: &mut Value, cx: &mut PassContext<'_>) {
    if is_documented_enum(union) || rust_type::is_assigned(union) || extensions::UNION.is_set(union)
    {
        return;
    }
    let Some(variants) = one_of(union) else {
        return;
    };
    if variants.iter().any(rust_type::is_unlisted) {
        return;
    }
    let titles: Vec<&str> = variants
        .iter()
        .filter_map(|variant| variant.get("title")?.as_str())
        .collect();
    let title = identifiers::unique("Other", |name| titles.contains(&name));
    let mut other = json!({ "title": title, "type": "string" });
    rust_type::assign(&mut other, rust_type::unlisted());
    let at = origin::of(union, "");
    if let Some(variants) = union["oneOf"].as_array_mut() {
        variants.push(other);
        cx.changed_at(at, "added a variant for unknown values to the union");
    }
}

/// Whether a pointer leads into the body of a response.
fn is_in_response(pointer: &str) -> bool {
    let mut steps = pointer.split('/').skip(1);
    steps.next() == Some("paths")
        && steps.nth(2) == Some("responses")
        && steps.nth(1) == Some("content")
}

/// Whether the schema is part of another one. A response that is a scalar keeps its documented type; otherwise an empty body would be
/// valid. A component is referred to by name.
fn is_part(pointer: &str) -> bool {
    match pointer.strip_prefix("/components/schemas/") {
        Some(rest) => rest.contains('/'),
        None => !pointer.ends_with("/schema"),
    }
}

/// The name of the component that a pointer leads into.
fn component_of(pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix("/components/schemas/")?;
    rest.split('/').next().map(schema::unescape)
}

/// The components that are enumerations, with their descriptions.
fn enumerations(document: &Value) -> BTreeMap<String, Option<Value>> {
    components(document)
        .filter(|(_, component)| is_string_enum(component) || is_documented_enum(component))
        .map(|(name, component)| (name.clone(), component.get("description").cloned()))
        .collect()
}

fn open_enum(schema: &mut Value, name: &str, description: Option<&Value>) {
    let mut opened = json!({ "type": "string" });
    // A field without a description gets that of the enumeration.
    if let Some(text) = description {
        opened["description"] = text.clone();
    }
    if let (Some(members), Some(outer)) = (opened.as_object_mut(), schema.as_object()) {
        for (key, value) in outer {
            if key != "$ref" && key != "allOf" {
                members.insert(key.clone(), value.clone());
            }
        }
    }
    rust_type::assign(&mut opened, rust_type::open(&schema::reference(name)));
    *schema = opened;
}
