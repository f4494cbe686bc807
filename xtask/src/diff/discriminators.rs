//! Compares discriminators: the property that chooses a variant, the values that it has for each variant, and the children of a parent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::schema_node::{home, named};
use super::schemas::SchemaComparison;
use super::side::{Side, component, unescape};
use crate::spec::walk::join;

const SCHEMAS: &str = "/components/schemas";

/// The name of the component that a mapping names, as a reference or by its name.
fn target(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    match text.strip_prefix('#').map(component) {
        Some(Some(("schemas", name, ""))) => Some(unescape(name)),
        Some(_) => None,
        None => Some(text.to_owned()),
    }
}

/// The values for each component. Without a mapping, the name of a component is its value.
fn values(
    discriminator: &Value,
    variants: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (value, name) in discriminator["mapping"].as_object().into_iter().flatten() {
        if let Some(name) = target(name) {
            values.entry(name).or_default().insert(value.clone());
        }
    }
    for name in variants {
        let own = || BTreeSet::from([name.clone()]);
        values.entry(name.clone()).or_insert_with(own);
    }
    values
}

/// Compares the discriminators of two schemas.
pub(super) fn compare(comparison: &mut SchemaComparison<'_, '_>) {
    let (old, new) = (
        comparison.before.keyword("discriminator").cloned(),
        comparison.after.keyword("discriminator").cloned(),
    );
    let (Some(old), Some(new)) = (&old, &new) else {
        return comparison.plain("discriminator", "variants-reordered");
    };
    if old.value != new.value {
        let before = comparison.out.changes.len();
        let places = || ChangePlaces::both(&old.at, &new.at);
        let here = comparison.here();
        let property = |value: &Value| value["propertyName"].as_str().map(str::to_owned);
        let (was, is) = (property(old.value), property(new.value));
        if was != is {
            let mut found = Finding::new("discriminator-changed", here.clone());
            (found.was, found.is) = (was, is);
            comparison.push(found, places());
        }
        let names = |side: Side<'_>, nodes: &[Vec<String>]| -> BTreeSet<String> {
            nodes.iter().filter_map(|node| named(side, node)).collect()
        };
        let (was, is) = (
            values(
                old.value,
                &names(comparison.old, &comparison.before.variants),
            ),
            values(
                new.value,
                &names(comparison.new, &comparison.after.variants),
            ),
        );
        for (name, was) in &was {
            // A removed variant is a change of its own.
            let Some(is) = is.get(name).filter(|is| *is != was) else {
                continue;
            };
            let text = |values: &BTreeSet<String>| {
                let all: Vec<&str> = values.iter().map(String::as_str).collect();
                format!("{} for {name}", all.join(", "))
            };
            let rule = match was.is_subset(is) {
                true => "mapping-added",
                false => "mapping-changed",
            };
            let found = Finding::new(rule, here.clone()).was(text(was)).is(text(is));
            comparison.push(found, places());
        }
        if comparison.out.changes.len() == before {
            comparison.plain("discriminator", "variants-reordered");
        }
    }
}

/// The components that extend a component with a discriminator, each with its pointer.
pub(super) fn children(side: Side<'_>, parent: &str) -> BTreeMap<String, String> {
    let at = join(SCHEMAS, parent);
    let schema = side.get(&at);
    let mut found = BTreeMap::new();
    // The variants of a union are compared as such.
    let is_union = schema.get("oneOf").is_some() || schema.get("anyOf").is_some();
    if is_union || !schema["discriminator"].is_object() {
        return found;
    }
    let mapping = schema["discriminator"]["mapping"].as_object();
    let mapped: BTreeSet<String> = mapping
        .into_iter()
        .flatten()
        .filter_map(|(_, name)| target(name))
        .collect();
    for (name, child) in side.members(SCHEMAS) {
        let mut parts = side.items(&join(&child, "allOf")).into_iter();
        let is_child = parts.any(|part| side.target(side.get(&part)).as_ref() == Some(&at));
        if name != parent && (is_child || mapped.contains(name)) {
            found.insert(name.to_owned(), child);
        }
    }
    found
}

/// Compares the children of a parent with a discriminator, which are its variants.
pub(super) fn compare_children(comparison: &mut SchemaComparison<'_, '_>) {
    let all = |side: Side<'_>, node: &[String]| match component(&home(side, node)) {
        Some(("schemas", name, "")) => children(side, &unescape(name)),
        _ => BTreeMap::new(),
    };
    let old = all(comparison.old, &comparison.pair.old);
    let new = all(comparison.new, &comparison.pair.new);
    let here = comparison.here();
    for (name, at) in &old {
        match new.get(name) {
            Some(other) => comparison.child(vec![at.clone()], vec![other.clone()]),
            None => {
                let found = Finding::new("variant-removed", here.clone()).was(name);
                comparison.push(found, ChangePlaces::old(at));
            }
        }
    }
    for (name, at) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        let found = Finding::new("variant-added", here.clone()).is(name);
        comparison.push(found, ChangePlaces::new_only(at));
    }
}
