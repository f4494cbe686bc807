//! Defect: typify turns `anyOf` into a struct of flattened members that cannot be deserialized, a union of scalars into an enum that callers
//! do not need, and a union within a union into nested enums.
//!
//! `anyOf` becomes `oneOf`, nested unions are flattened, and a union of scalars of one type becomes that type.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, component, each_mut, is_documented_enum, is_nullable, keys_beside, one_of, resolve,
    target, type_of,
};
use crate::lower::shape::enumeration_names::first_collision;
use crate::lower::shape::merge::ANNOTATIONS;
use crate::lower::shape::rust_type;
use crate::spec::walk::{self, Place};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let schemas = variant_components(document);
    each_mut(document, &mut |schema, pointer| {
        let is_union = schema.get("anyOf").is_some() || schema.get("oneOf").is_some();
        if !is_union || rust_type::is_assigned(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        rewrite_any_of(schema, &at, cx);
        flatten(schema, &schemas, &at, cx);
        merge_scalars(schema, &schemas, &at, cx);
    });
}

/// The components that are variants of unions, aliases included. A copy of all components would cost more than most passes.
fn variant_components(document: &Value) -> Object {
    let mut found = Object::new();
    walk::walk(document, &mut |schema, place, _| {
        if place != Place::Schema {
            return;
        }
        let unions = ["anyOf", "oneOf"]
            .iter()
            .filter_map(|keyword| schema.get(*keyword)?.as_array());
        for variant in unions.flatten() {
            let mut resolved = variant;
            while let Some(name) = target(resolved).filter(|name| !found.contains_key(name))
                && let Some(component) = component(document, &name)
            {
                found.insert(name, component.clone());
                resolved = component;
            }
        }
    });
    found
}

/// Rewrites `anyOf` as `oneOf`. A response is decoded as one of the variants in either case.
fn rewrite_any_of(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(variants) = members.remove("anyOf") {
        members.insert("oneOf".into(), variants);
        cx.changed_at(at, "turned anyOf into oneOf");
    }
}

/// Flattens unions within a union. Unions have no cycles after the pass `cycles`.
fn flatten(schema: &mut Value, schemas: &Object, at: &str, cx: &mut PassContext<'_>) {
    let Some(variants) = one_of(schema) else {
        return;
    };
    let mut flat: Vec<Value> = Vec::new();
    let mut known = BTreeSet::new();
    let mut changed = false;
    let mut nullable = false;
    let mut pending: Vec<Value> = variants.iter().rev().cloned().collect();
    while let Some(variant) = pending.pop() {
        let mut resolved = &variant;
        let mut seen = BTreeSet::new();
        while let Some(name) = target(resolved)
            && seen.insert(name.clone())
            && let Some(component) = schemas.get(&name)
        {
            resolved = component;
        }
        let inner = one_of(resolved).or_else(|| resolved.get("anyOf").and_then(Value::as_array));
        match inner.filter(|_| !is_documented_enum(resolved)) {
            Some(inner) => {
                nullable |= is_nullable(resolved);
                pending.extend(inner.iter().rev().cloned());
                changed = true;
            }
            None => {
                let is_known = !known.insert(origin::stripped(&variant).to_string());
                changed |= is_known;
                if !is_known {
                    flat.push(variant);
                }
            }
        }
    }
    if !changed {
        return;
    }
    cx.changed_at(at, "flattened the union");
    if nullable {
        schema["nullable"] = true.into();
    }
    if let [only] = flat.as_slice() {
        let mut only = only.clone();
        if let (Some(only), Some(outer)) = (only.as_object_mut(), schema.as_object()) {
            for (key, value) in outer.iter().filter(|(key, _)| *key != "oneOf") {
                only.insert(key.clone(), value.clone());
            }
        }
        *schema = only;
    } else {
        schema["oneOf"] = flat.into();
    }
}

/// Replaces a union of scalars of one type by that type.
fn merge_scalars(schema: &mut Value, schemas: &Object, at: &str, cx: &mut PassContext<'_>) {
    let Some(variants) = one_of(schema).filter(|variants| !is_final(variants)) else {
        return;
    };
    let variant_schemas: Vec<&Value> = variants
        .iter()
        .map(|variant| resolve(variant, schemas))
        .collect();
    let type_names: BTreeSet<Option<&str>> = variant_schemas
        .iter()
        .map(|variant| {
            if is_documented_enum(variant) {
                Some("string")
            } else {
                type_of(variant)
            }
        })
        .collect();
    let type_name = match type_names.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(type_name)] => (*type_name).to_owned(),
        [Some("integer"), Some("number")] => "number".to_owned(),
        _ => return,
    };
    if !["string", "integer", "number", "boolean"].contains(&type_name.as_str()) {
        return;
    }
    let values: Option<Vec<Value>> = variant_schemas
        .iter()
        .map(|variant| values_of(variant))
        .collect::<Option<Vec<_>>>()
        .map(|all| all.concat());
    let value_descriptions = descriptions_of(&variant_schemas);
    let common_format = common_member(&variant_schemas, "format");
    let mut scalar = json!({ "type": type_name });
    if let Some(values) = values {
        let mut seen = Vec::new();
        for value in values {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        scalar["enum"] = seen.into();
        if !value_descriptions.is_empty() {
            scalar[extensions::ENUM_DESCRIPTIONS.name] = Value::Object(value_descriptions);
        }
    } else if let Some(format) = common_format {
        scalar["format"] = format;
    }
    if let (Some(scalar), Some(outer)) = (scalar.as_object_mut(), schema.as_object()) {
        for (key, value) in outer {
            let is_kept = ANNOTATIONS.contains(&key.as_str()) || extensions::is_extension(key);
            if is_kept && !(key == extensions::ENUM_DESCRIPTIONS.name && scalar.contains_key(key)) {
                scalar.insert(key.clone(), value.clone());
            }
        }
    }
    *schema = scalar;
    cx.changed_at(at, format!("merged the variants into one {type_name}"));
}

/// Whether the variants already have the form that the pass `enumerations` produces.
fn is_final(variants: &[Value]) -> bool {
    let is_single_string = |variant: &Value| {
        keys_beside(variant, &["type", "enum", "description"]).is_empty()
            && values_of(variant)
                .is_some_and(|values| matches!(values.as_slice(), [Value::String(_)]))
    };
    let values: Vec<Value> = variants.iter().filter_map(values_of).flatten().collect();
    variants.iter().all(is_single_string) && first_collision(&values).is_none()
}

/// The values of an enumeration, with or without descriptions.
fn values_of(variant: &Value) -> Option<Vec<Value>> {
    if is_documented_enum(variant) {
        let variants = one_of(variant)?;
        return variants
            .iter()
            .map(values_of)
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat());
    }
    variant.get("enum")?.as_array().cloned()
}

/// The descriptions of the values of enumerations.
fn descriptions_of(variant_schemas: &[&Value]) -> Object {
    let mut value_descriptions = Object::new();
    for variant in variant_schemas {
        if let Some(inner) = one_of(variant) {
            value_descriptions.extend(descriptions_of(&inner.iter().collect::<Vec<_>>()));
            continue;
        }
        if let Some(given) = extensions::ENUM_DESCRIPTIONS
            .get(variant)
            .and_then(Value::as_object)
        {
            value_descriptions.extend(given.clone());
        }
        let only = variant
            .get("enum")
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        let text = variant.get("description").or_else(|| variant.get("title"));
        if let (Some([Value::String(value)]), Some(text)) = (only, text) {
            value_descriptions.insert(value.clone(), text.clone());
        }
    }
    value_descriptions
}

/// The value of a member, if all schemas have the same.
fn common_member(variant_schemas: &[&Value], key: &str) -> Option<Value> {
    let first = variant_schemas.first()?.get(key)?;
    variant_schemas
        .iter()
        .all(|variant| variant.get(key) == Some(first))
        .then(|| first.clone())
}
