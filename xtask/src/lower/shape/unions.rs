//! Answers: a non-exclusive `anyOf` becomes a struct of flattened parts that cannot be read back; a union of plain values becomes an enum that
//! no caller wants; a union within a union an enum within an enum. What stays is `oneOf` of alternatives that differ in kind.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{
    Object, component, each_mut, has_rust_type, is_documented_enum, keys_beside, one_of, target,
    type_of,
};
use crate::lower::shape::enum_names::meeting;
use crate::lower::shape::merge::ANNOTATIONS;
use crate::spec::walk::{self, Place};

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let schemas = alternatives(document);
    each_mut(document, &mut |schema, pointer| {
        let is_union = schema.get("anyOf").is_some() || schema.get("oneOf").is_some();
        if !is_union || has_rust_type(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        any_of(schema, &at, cx);
        flatten(schema, &schemas, &at, cx);
        collapse(schema, &schemas, &at, cx);
    });
}

/// The components that are alternatives, and those that they are other names for. A copy of all components would cost more
/// than most passes.
fn alternatives(document: &Value) -> Object {
    let mut found = Object::new();
    walk::walk(document, &mut |schema, place, _| {
        if place != Place::Schema {
            return;
        }
        let lists = ["anyOf", "oneOf"]
            .iter()
            .filter_map(|keyword| schema.get(*keyword)?.as_array());
        for variant in lists.flatten() {
            let mut alternative = variant;
            while let Some(name) = target(alternative).filter(|name| !found.contains_key(name))
                && let Some(component) = component(document, &name)
            {
                found.insert(name, component.clone());
                alternative = component;
            }
        }
    });
    found
}

/// All alternatives that the document gives may be told apart like those of `oneOf`.
fn any_of(schema: &mut Value, at: &str, cx: &mut Context<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(variants) = members.remove("anyOf") {
        members.insert("oneOf".into(), variants);
        cx.changed_at(at, "read anyOf as oneOf");
    }
}

/// Lifts the alternatives of an alternative. No union is composed of itself: `cycles` has seen to it.
fn flatten(schema: &mut Value, schemas: &Object, at: &str, cx: &mut Context<'_>) {
    let Some(variants) = one_of(schema) else {
        return;
    };
    let mut flat: Vec<Value> = Vec::new();
    let mut known = BTreeSet::new();
    let mut changed = false;
    let mut nullable = false;
    let mut pending: Vec<Value> = variants.iter().rev().cloned().collect();
    while let Some(variant) = pending.pop() {
        let mut referred = &variant;
        let mut seen = BTreeSet::new();
        while let Some(name) = target(referred)
            && seen.insert(name.clone())
            && let Some(component) = schemas.get(&name)
        {
            referred = component;
        }
        let inner = one_of(referred).or_else(|| referred.get("anyOf").and_then(Value::as_array));
        match inner.filter(|_| !is_documented_enum(referred)) {
            Some(inner) => {
                nullable |= crate::lower::schema::is_nullable(referred);
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
    cx.changed_at(at, "lifted the alternatives of alternatives");
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

/// A union of plain values of one type is that type.
fn collapse(schema: &mut Value, schemas: &Object, at: &str, cx: &mut Context<'_>) {
    let Some(variants) = one_of(schema).filter(|variants| !is_final(variants)) else {
        return;
    };
    let parts: Vec<&Value> = variants
        .iter()
        .map(|variant| follow(variant, schemas))
        .collect();
    let kinds: BTreeSet<Option<&str>> = parts
        .iter()
        .map(|part| {
            if is_documented_enum(part) {
                Some("string")
            } else {
                type_of(part)
            }
        })
        .collect();
    let kind = match kinds.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(kind)] => (*kind).to_owned(),
        [Some("integer"), Some("number")] => "number".to_owned(),
        _ => return,
    };
    if !["string", "integer", "number", "boolean"].contains(&kind.as_str()) {
        return;
    }
    let values: Option<Vec<Value>> = parts
        .iter()
        .map(|part| values_of(part))
        .collect::<Option<Vec<_>>>()
        .map(|all| all.concat());
    let texts = descriptions(&parts);
    let common_format = common(&parts, "format");
    let mut plain = json!({ "type": kind });
    if let Some(values) = values {
        let mut seen = Vec::new();
        for value in values {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        plain["enum"] = seen.into();
        if !texts.is_empty() {
            plain[extensions::ENUM_DESCRIPTIONS.name] = Value::Object(texts);
        }
    } else if let Some(format) = common_format {
        plain["format"] = format;
    }
    if let (Some(plain), Some(outer)) = (plain.as_object_mut(), schema.as_object()) {
        for (key, value) in outer {
            let stays = ANNOTATIONS.contains(&key.as_str()) || extensions::is_extension(key);
            if stays && !(key == extensions::ENUM_DESCRIPTIONS.name && plain.contains_key(key)) {
                plain.insert(key.clone(), value.clone());
            }
        }
    }
    *schema = plain;
    cx.changed_at(at, format!("read the alternatives as one {kind}"));
}

/// Whether the variants are what the pass `enumerations` would make of them.
fn is_final(variants: &[Value]) -> bool {
    let plain = |variant: &Value| {
        keys_beside(variant, &["type", "enum", "description"]).is_empty()
            && values_of(variant)
                .is_some_and(|values| matches!(values.as_slice(), [Value::String(_)]))
    };
    let values: Vec<Value> = variants.iter().filter_map(values_of).flatten().collect();
    variants.iter().all(plain) && meeting(&values).is_none()
}

/// The values of an enumeration in either form.
fn values_of(part: &Value) -> Option<Vec<Value>> {
    if is_documented_enum(part) {
        let variants = one_of(part)?;
        return variants
            .iter()
            .map(values_of)
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat());
    }
    part.get("enum")?.as_array().cloned()
}

/// The descriptions of one-value enumerations.
fn descriptions(parts: &[&Value]) -> Object {
    let mut texts = Object::new();
    for part in parts {
        if let Some(inner) = one_of(part) {
            texts.extend(descriptions(&inner.iter().collect::<Vec<_>>()));
            continue;
        }
        if let Some(given) = extensions::ENUM_DESCRIPTIONS
            .get(part)
            .and_then(Value::as_object)
        {
            texts.extend(given.clone());
        }
        let only = part
            .get("enum")
            .and_then(Value::as_array)
            .map(Vec::as_slice);
        let text = part.get("description").or_else(|| part.get("title"));
        if let (Some([Value::String(value)]), Some(text)) = (only, text) {
            texts.insert(value.clone(), text.clone());
        }
    }
    texts
}

fn common(parts: &[&Value], key: &str) -> Option<Value> {
    let first = parts.first()?.get(key)?;
    parts
        .iter()
        .all(|part| part.get(key) == Some(first))
        .then(|| first.clone())
}

/// What a schema refers to in the end.
pub(crate) fn follow<'a>(schema: &'a Value, schemas: &'a Object) -> &'a Value {
    let mut current = schema;
    // As many steps as there are components: more is a cycle.
    for _ in 0..=schemas.len() {
        match target(current).and_then(|name| schemas.get(&name)) {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}
