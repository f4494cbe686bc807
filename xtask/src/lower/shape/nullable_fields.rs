//! Defect: progenitor turns an optional nullable property into one `Option`, so an update cannot set it to null.
//!
//! In types that are sent or written back, such properties are `Option<auth0_core::Nullable<T>>`: the `Option` says whether the property is
//! present, and `Nullable` holds null or the value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{
    component_schemas, components_mut, is_nullable, reference, strings, target,
};
use crate::lower::shape::rust_type;
use crate::lower::shape::write_back_plan;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let sent = reach::reachable(document).requests;
    let written_back = write_back_plan::plan(document);
    let affected: BTreeSet<String> = sent
        .iter()
        .chain(written_back.nulls.keys())
        .cloned()
        .collect();
    let recursive = recursive_properties(document, &affected);
    for (name, schema) in components_mut(document).into_iter().flatten() {
        if !affected.contains(name) {
            continue;
        }
        let required = strings(schema.get("required"));
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (key, property) in properties.iter_mut() {
            let keeps_null = sent.contains(name) || written_back.keeps_null(name, key);
            if !keeps_null
                || required.contains(key)
                || !is_nullable(property)
                || rust_type::is_assigned(property)
            {
                continue;
            }
            let at = origin::of(
                property,
                &join(&join(&join("/components/schemas", name), "properties"), key),
            );
            let is_recursive = recursive.contains(&(name.clone(), key.clone()));
            *property = with_nullable_type(property, is_recursive);
            cx.changed_at(
                at,
                "set the type Nullable, which distinguishes null from absent",
            );
        }
    }
}

/// The nullable properties whose types refer back to the component, each with that component.
fn recursive_properties(document: &Value, within: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let Some(schemas) = component_schemas(document) else {
        return BTreeSet::new();
    };
    let mut reachable: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (name, schema) in schemas.iter().filter(|(name, _)| within.contains(*name)) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, property) in properties.into_iter().flatten() {
            let Some(target) = target(property).filter(|_| is_nullable(property)) else {
                continue;
            };
            let reachable = reachable.entry(target).or_insert_with_key(|target| {
                reach::from(&reference(target), &Value::Null, schemas)
            });
            if reachable.contains(name) {
                found.insert((name.clone(), key.clone()));
            }
        }
    }
    found
}

/// The property with the type `Nullable`. A recursive type needs a `Box`, which typify does not add within an assigned type.
fn with_nullable_type(property: &Value, is_recursive: bool) -> Value {
    let mut inner = property.clone();
    let mut outer = json!({ "type": "string" });
    if let (Some(inner), Some(outer)) = (inner.as_object_mut(), outer.as_object_mut()) {
        inner.remove("nullable");
        for (key, value) in inner.iter() {
            if ["description", "deprecated"].contains(&key.as_str())
                || extensions::is_extension(key) && key != extensions::RUST_TYPE.name
            {
                outer.insert(key.clone(), value.clone());
            }
        }
    }
    if is_recursive {
        let boxed = rust_type::boxed(&inner);
        inner = json!({ "type": "string" });
        rust_type::assign(&mut inner, boxed);
    }
    rust_type::assign(&mut outer, rust_type::nullable(&inner));
    outer
}
