//! Defect: progenitor looks up the last segment of a reference among the components, so it panics on references such as
//! `#/components/schemas/A/properties/b` or `#/$defs/C`.
//!
//! Each target becomes a component, and its original location becomes a reference to that component.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToPascalCase;
use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::{self, Object, components_mut};
use crate::lower::shape::identifiers;
use crate::lower::syntax::references::{place_at, pointer_of};
use crate::spec::walk::{Place, walk};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut new_components = Object::new();
    let taken: BTreeSet<String> = schema::component_schemas(document)
        .into_iter()
        .flat_map(Object::keys)
        .cloned()
        .collect();
    // A new component can contain such references itself, so this repeats until no new target is found.
    loop {
        let mut new_targets = Vec::new();
        walk(document, &mut |value, place, _| {
            if place == Place::Schema
                && let Some(pointer) = local_target(value)
                && !names.contains_key(&pointer)
                // The next pass reports references without a target, and those to something else than a schema.
                && place_at(&pointer, document) == Some(Place::Schema)
            {
                new_targets.push(pointer);
            }
        });
        new_targets.sort();
        new_targets.dedup();
        if new_targets.is_empty() {
            break;
        }
        for pointer in new_targets {
            let Some(target) = document.pointer(&pointer).cloned() else {
                continue;
            };
            let name = free_name(&pointer, &taken, &new_components);
            cx.changed(
                &target,
                &pointer,
                format!("moved it to the new component `{name}`"),
            );
            new_components.insert(name.clone(), target);
            names.insert(pointer, name);
        }
    }
    if names.is_empty() {
        return;
    }
    // Longest pointers first: replacing an outer location would remove the inner ones.
    let mut locations: Vec<(&String, &String)> = names.iter().collect();
    locations.sort_by_key(|(pointer, _)| std::cmp::Reverse(pointer.len()));
    for (pointer, name) in locations {
        if let Some(target) = document.pointer_mut(pointer) {
            schema::replace(target, schema::reference(name));
        }
    }
    if let Some(schemas) = components_mut(document) {
        schemas.extend(new_components);
    }
    schema::each_mut(document, &mut |schema, _| {
        if let Some(name) = local_target(schema).and_then(|pointer| names.get(&pointer)) {
            schema["$ref"] = schema::ref_to(name).into();
        }
    });
}

/// The target of a reference within the document that is not a component schema.
fn local_target(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    let is_component = schema::ref_name(schema).is_some();
    (!is_component && reference.starts_with('#')).then(|| pointer_of(reference))
}

/// A name for the component: the name of the definition, or owner and last segment of the pointer.
fn free_name(pointer: &str, taken: &BTreeSet<String>, new_components: &Object) -> String {
    let segments: Vec<String> = pointer
        .split('/')
        .map(schema::unescape)
        .filter(|segment| !segment.is_empty())
        .collect();
    let last = segments.last().map_or("", String::as_str);
    let is_definition = segments
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|segment| segment == "$defs" || segment == "definitions");
    let base = match segments.as_slice() {
        _ if is_definition => last.to_pascal_case(),
        [_, _, owner, ..] => format!("{owner} {last}").to_pascal_case(),
        _ => last.to_pascal_case(),
    };
    let base = if base.is_empty() { "Schema" } else { &base };
    identifiers::unique(base, |name| {
        taken.contains(name) || new_components.contains_key(name)
    })
}
