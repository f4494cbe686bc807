//! Answers: progenitor makes one `Option` of a property that may be left out and may be null, so that an update cannot clear it. In what a client
//! sends, and in what it writes back, `auth0_core::Nullable` is the null or the value, and the `Option` around it says whether it is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{
    components_mut, has_rust_type, is_nullable, members, reference, strings, target,
};
use crate::lower::shape::rust_type;
use crate::lower::shape::write_back;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let sent = reach::reachable(document).requests;
    let written_back = write_back::plan(document);
    let wrapped_in: BTreeSet<String> = sent
        .iter()
        .chain(written_back.nulls.keys())
        .cloned()
        .collect();
    let within_itself = within_themselves(document, &wrapped_in);
    for (name, schema) in components_mut(document).into_iter().flatten() {
        if !wrapped_in.contains(name) {
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
                || has_rust_type(property)
            {
                continue;
            }
            let at = origin::of(
                property,
                &join(&join(&join("/components/schemas", name), "properties"), key),
            );
            let boxed = within_itself.contains(&(name.clone(), key.clone()));
            *property = wrapped(property, boxed);
            cx.changed_at(at, "made null and absent two things");
        }
    }
}

/// The properties, each with the component that has it, that are to be wrapped and lead back to that component.
fn within_themselves(document: &Value, within: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let Some(schemas) = members(document) else {
        return BTreeSet::new();
    };
    let mut led_to: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (name, schema) in schemas.iter().filter(|(name, _)| within.contains(*name)) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, property) in properties.into_iter().flatten() {
            let Some(target) = target(property).filter(|_| is_nullable(property)) else {
                continue;
            };
            let led_to = led_to.entry(target).or_insert_with_key(|target| {
                reach::from(&reference(target), &Value::Null, schemas)
            });
            if led_to.contains(name) {
                found.insert((name.clone(), key.clone()));
            }
        }
    }
    found
}

/// The nullable form of a property. A type that contains itself needs a box: typify puts none within a type of ours.
fn wrapped(property: &Value, boxed: bool) -> Value {
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
    if boxed {
        inner = json!({ "type": "string", (extensions::RUST_TYPE.name): rust_type::boxed(&inner) });
    }
    outer[extensions::RUST_TYPE.name] = rust_type::nullable(&inner);
    outer
}
