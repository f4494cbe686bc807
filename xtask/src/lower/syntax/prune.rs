//! Defect: progenitor generates a type for every component, used or not.
//!
//! Components that nothing refers to are removed.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::reach::{Reach, named, reachable};
use crate::lower::schema;
use crate::spec::walk::join;

/// Removes components that no operation refers to.
///
/// This also runs early, so that unused components cannot make the document invalid.
pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let reach = reachable(document);
    retain(document, &reach, cx);
}

/// Removes components that nothing outside of the components refers to. References from parts that a client does not use count too,
/// so no reference loses its target.
pub(crate) fn unnamed(document: &mut Value, cx: &mut PassContext<'_>) {
    let reach = named(document);
    retain(document, &reach, cx);
}

fn retain(document: &mut Value, reach: &Reach, cx: &mut PassContext<'_>) {
    let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (kind, members) in components
        .iter_mut()
        .filter(|(kind, _)| *kind != "securitySchemes")
    {
        let Some(members) = members.as_object_mut() else {
            continue;
        };
        let at = join("/components", kind);
        let is_used = |name: &str| {
            let pointer = join(&at, name);
            kind == "schemas" && reach.contains(name)
                || reach.others.iter().any(|used| {
                    used.strip_prefix(&pointer)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
        };
        let mut unused: Vec<String> = members
            .keys()
            .filter(|name| !is_used(name))
            .cloned()
            .collect();
        unused.sort();
        for name in unused {
            if let Some(member) = members.remove(&name) {
                cx.changed(
                    &member,
                    &join(&at, &name),
                    format!("removed `{name}`, which nothing refers to"),
                );
            }
        }
    }
}

/// Removes the components that are not schemas. All references to them are resolved by then.
pub(crate) fn other_components(document: &mut Value) {
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
