//! Answers: progenitor makes a type of every component, used or not; the emitted crate would carry types that no call needs.

use serde_json::Value;

use super::{Context, reach::reachable, schema};
use crate::walk::join;

/// Drops component schemas that nothing refers to. Runs early too, so that problems in what is not used stop nobody.
pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let reach = reachable(document);
    let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let mut unused: Vec<String> = schemas
        .keys()
        .filter(|name| !reach.contains(name))
        .cloned()
        .collect();
    unused.sort();
    for name in unused {
        if let Some(schema) = schemas.remove(&name) {
            cx.changed(
                &schema,
                &join("/components/schemas", &name),
                format!("left out `{name}`, which nothing refers to"),
            );
        }
    }
}

/// Drops the components of other kinds once all references to them are resolved.
pub(super) fn other_components(document: &mut Value) {
    if let Some(components) = document.get_mut("components") {
        let _ = schema::remove_keys(
            components,
            &[
                "parameters",
                "responses",
                "requestBodies",
                "headers",
                "examples",
                "links",
                "callbacks",
                "pathItems",
            ],
        );
    }
}
