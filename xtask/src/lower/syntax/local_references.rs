//! Answers: progenitor panics on a reference into the middle of a document (`#/components/schemas/A/properties/b`, `#/$defs/C`): it looks
//! the last step up among the components. The target becomes a component, and its place refers to it.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToPascalCase;
use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::{self, Object, components_mut};
use crate::lower::shape::identifiers;
use crate::lower::syntax::references::pointer_of;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut made = Object::new();
    let taken: BTreeSet<String> = schema::members(document)
        .into_iter()
        .flat_map(Object::keys)
        .cloned()
        .collect();
    // What becomes a component may itself hold such references: go on until no new target appears.
    loop {
        let mut fresh = Vec::new();
        let mut look = |schema: &Value| {
            if let Some(pointer) = local(schema)
                && !names.contains_key(&pointer)
            {
                fresh.push(pointer);
            }
        };
        crate::spec::walk::walk(document, &mut |value, place, _| {
            if place == crate::spec::walk::Place::Schema {
                look(value);
            }
        });
        fresh.sort();
        fresh.dedup();
        if fresh.is_empty() {
            break;
        }
        for pointer in fresh {
            let Some(target) = document.pointer(&pointer).cloned() else {
                continue;
            };
            let name = free_name(&pointer, &taken, &made);
            cx.changed(
                &target,
                &pointer,
                format!("made a component of it: `{name}`"),
            );
            made.insert(name.clone(), target);
            names.insert(pointer, name);
        }
    }
    if names.is_empty() {
        return;
    }
    // The longest pointers first, so that no place disappears before its turn.
    let mut places: Vec<(&String, &String)> = names.iter().collect();
    places.sort_by_key(|(pointer, _)| std::cmp::Reverse(pointer.len()));
    for (pointer, name) in places {
        if let Some(place) = document.pointer_mut(pointer) {
            schema::replace(place, schema::reference(name));
        }
    }
    if let Some(schemas) = components_mut(document) {
        schemas.extend(made);
    }
    schema::each_mut(document, &mut |schema, _| {
        if let Some(name) = local(schema).and_then(|pointer| names.get(&pointer)) {
            schema["$ref"] = schema::ref_to(name).into();
        }
    });
}

/// The pointer of a reference that does not name a component.
fn local(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    let is_component = schema::ref_name(schema).is_some();
    (!is_component && reference.starts_with('#')).then(|| pointer_of(reference))
}

fn free_name(pointer: &str, taken: &BTreeSet<String>, made: &Object) -> String {
    let steps: Vec<String> = pointer
        .split('/')
        .map(schema::unescape)
        .filter(|step| !step.is_empty())
        .collect();
    let last = steps.last().map_or("", String::as_str);
    let is_definition = steps
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|step| step == "$defs" || step == "definitions");
    let base = match steps.as_slice() {
        _ if is_definition => last.to_pascal_case(),
        [_, _, owner, ..] => format!("{owner} {last}").to_pascal_case(),
        _ => last.to_pascal_case(),
    };
    let base = if base.is_empty() { "Schema" } else { &base };
    identifiers::unique(base, |name| taken.contains(name) || made.contains_key(name))
}
