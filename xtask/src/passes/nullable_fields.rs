//! Answers: progenitor makes one `Option` of a property that may be left out and may be null, so that an update cannot clear it. In what a client
//! sends, `auth0_core::Nullable` is the null or the value, and the `Option` around it says whether it is there.

use serde_json::{Value, json};

use super::{
    Context, reach, rust_type,
    schema::{components, components_mut, has_rust_type, is_nullable, strings, target},
    source,
};
use crate::walk::join;

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let sent = reach::reachable(document).requests;
    let schemas = components(document);
    let leads_back = |property: &Value, name: &str| {
        target(property).is_some() && reach::from(property, &Value::Null, &schemas).contains(name)
    };
    for (name, schema) in components_mut(document).into_iter().flatten() {
        if !sent.contains(name) {
            continue;
        }
        let required = strings(schema.get("required"));
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, property) in properties.iter_mut() {
            if required.contains(key) || !is_nullable(property) || has_rust_type(property) {
                continue;
            }
            let at = source::of(
                property,
                &join(&join(&join("/components/schemas", name), "properties"), key),
            );
            let boxed = leads_back(property, name);
            *property = wrapped(property, boxed);
            cx.changed_at(at, "made null and absent two things");
        }
    }
}

/// The nullable form of a property. A type that contains itself needs a box: typify puts none within a type of ours.
fn wrapped(property: &Value, boxed: bool) -> Value {
    let mut inner = property.clone();
    let mut outer = json!({ "type": "string" });
    if let (Some(inner), Some(outer)) = (inner.as_object_mut(), outer.as_object_mut()) {
        inner.remove("nullable");
        for (key, value) in inner.iter() {
            if ["description", "deprecated"].contains(&key.as_str())
                || key.starts_with("x-") && key != "x-rust-type"
            {
                outer.insert(key.clone(), value.clone());
            }
        }
    }
    if boxed {
        inner = json!({ "type": "string", "x-rust-type": rust_type::boxed(&inner) });
    }
    outer["x-rust-type"] = rust_type::nullable(&inner);
    outer
}
