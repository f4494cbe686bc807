//! Answers: one unexpected scalar in a response (a new enum value, a malformed date, a null) fails a whole page. `auth0_core::Open` takes the documented
//! type, what converts to it without loss, and every other JSON value. Every scalar that a response can hold gets this type; what is
//! sent alone stays plain, but for enumerations and ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::policy::secrets::wrap_nullable;
use crate::lower::reach;
use crate::lower::schema::{
    self, components, each_mut, has_rust_type, is_documented_enum, is_nullable, is_string_enum,
    one_of, target, type_of,
};
use crate::lower::shape::naming;
use crate::lower::shape::rust_type;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let enums = enums(document);
    let responses = reach::reachable(document).responses;
    for (name, union) in schema::components_mut(document).into_iter().flatten() {
        if responses.contains(name) {
            open_union(union, cx);
        }
    }
    each_mut(document, &mut |schema, pointer| {
        // Within a union an open value would take what another alternative is there for, so the plain form stays, and
        // the union takes what is left.
        let (within_union, is_alternative) = match pointer.rsplit_once("/oneOf/") {
            Some((parent, rest)) if !parent.ends_with("/properties") => (true, !rest.contains('/')),
            _ => (false, false),
        };
        if has_rust_type(schema) || is_alternative || is_wrapped(pointer) {
            return;
        }
        let at = || origin::of(schema, pointer);
        if let Some(name) = target(schema)
            && let Some(description) = enums.get(&name)
        {
            let at = at();
            open_enum(schema, &name, description.as_ref());
            cx.changed_at(at, format!("opened the enumeration `{name}`"));
            return;
        }
        let is_received = match component_of(pointer) {
            Some(name) => responses.contains(&name),
            None => is_in_response(pointer),
        };
        let wanted = match (
            type_of(schema),
            schema.get("format").and_then(Value::as_str),
        ) {
            (Some("string"), Some("uuid")) => true,
            (Some("string"), Some("date-time" | "date")) => is_received,
            (Some("string" | "integer" | "number" | "boolean"), _) => {
                is_received && !within_union && is_part(pointer) && schema.get("enum").is_none()
            }
            _ => false,
        };
        if wanted {
            let at = at();
            let mut inner = json!({ "type": schema["type"] });
            if let Some(format) = schema.get("format") {
                inner["format"] = format.clone();
            }
            set(schema, rust_type::open(&inner));
            cx.changed_at(
                at,
                "opened the value: an odd one does not fail the response",
            );
        }
    });
}

/// Gives a union whose alternatives are tried in turn one more, for what fits none of them.
fn open_union(union: &mut Value, cx: &mut Context<'_>) {
    if is_documented_enum(union) || has_rust_type(union) || extensions::UNION.is_set(union) {
        return;
    }
    let Some(variants) = one_of(union) else {
        return;
    };
    let is_open = |variant: &Value| {
        variant[extensions::RUST_TYPE.name]["path"] == rust_type::unlisted()["path"]
    };
    if variants.iter().any(is_open) {
        return;
    }
    let titles: Vec<&str> = variants
        .iter()
        .filter_map(|variant| variant.get("title")?.as_str())
        .collect();
    let title = naming::unique("Other", |name| titles.contains(&name));
    let other = json!({
        "title": title,
        "type": "string",
        (extensions::RUST_TYPE.name): rust_type::unlisted(),
    });
    let at = origin::of(union, "");
    if let Some(variants) = union["oneOf"].as_array_mut() {
        variants.push(other);
        cx.changed_at(at, "opened the union: what fits no alternative is kept");
    }
}

/// Whether the place is in the body of a response.
fn is_in_response(pointer: &str) -> bool {
    let mut steps = pointer.split('/').skip(1);
    steps.next() == Some("paths")
        && steps.nth(2) == Some("responses")
        && steps.nth(1) == Some("content")
}

/// Whether the schema is a part of something larger. A response that is nothing but a scalar is read as it is documented,
/// or an empty body would be one, and a component is referred to by its name.
fn is_part(pointer: &str) -> bool {
    match pointer.strip_prefix("/components/schemas/") {
        Some(rest) => rest.contains('/'),
        None => !pointer.ends_with("/schema"),
    }
}

/// The name of the component that a pointer leads into.
fn component_of(pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix("/components/schemas/")?;
    rest.split('/').next().map(crate::lower::schema::unescape)
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
    set(
        &mut whole,
        rust_type::open(&crate::lower::schema::reference(name)),
    );
    *schema = whole;
}

fn set(schema: &mut Value, rust_type: Value) {
    let nullable = is_nullable(schema);
    schema[extensions::RUST_TYPE.name] = rust_type;
    if nullable {
        *schema = wrap_nullable(schema);
    }
}
