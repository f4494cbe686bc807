//! Answers: 3.1 has a type of null, and lists of types; openapiv3 refuses the lists and progenitor panics on `type: "null"`. 3.0 has `nullable`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, each_mut, keys_beside, members, target, type_of};
use crate::lower::shape::union_simplification::follow;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let nulls = nulls(document);
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() {
            return;
        }
        let has = |key: &str| schema.get(key).is_some();
        if !["type", "enum", "oneOf", "anyOf"].into_iter().any(has) {
            return;
        }
        let at = origin::of(schema, pointer);
        types(schema, &at, cx);
        null_type(schema, &at, cx);
        null_value(schema, &at, cx);
        null_variant(schema, &nulls, &at, cx);
    });
    // Unions have been looked at by now. Of what is left typify would make a unit, which is sent even where it is optional.
    each_mut(document, &mut |schema, pointer| {
        if !is_null(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        if let Some(members) = schema.as_object_mut() {
            members.remove("enum");
            members.remove("nullable");
        }
        cx.changed_at(at, "read what is always null as any value");
    });
}

/// The components that are null and nothing else, directly or by way of others.
fn nulls(document: &Value) -> BTreeSet<String> {
    let Some(schemas) = members(document) else {
        return BTreeSet::new();
    };
    let is_nothing_else = |schema: &Value| {
        let meant = follow(schema, schemas);
        type_of(meant) == Some("null") || is_null(meant)
    };
    let null = schemas.iter().filter(|(_, schema)| is_nothing_else(schema));
    null.map(|(name, _)| name.clone()).collect()
}

fn make_nullable(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert("nullable".into(), true.into());
    }
}

/// `type: [string, "null"]`, and lists of several types.
fn types(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(Value::Array(types)) = schema.get("type") else {
        return;
    };
    let mut types: Vec<String> = types
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let all = types.join(", ");
    let had_null = types.iter().any(|kind| kind == "null");
    types.retain(|kind| kind != "null");
    // Every integer is a number.
    if types.iter().any(|kind| kind == "number") {
        types.retain(|kind| kind != "integer");
    }
    types.sort();
    types.dedup();
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    match types.as_slice() {
        [] => {
            members.insert("type".into(), "null".into());
            return;
        }
        [only] => {
            members.insert("type".into(), only.as_str().into());
        }
        several => {
            members.remove("type");
            let variants: Vec<Value> = several
                .iter()
                .map(|kind| split_off(members, kind, at))
                .collect();
            members.remove("enum");
            for kind in several {
                for key in keywords_of(kind) {
                    members.remove(*key);
                }
            }
            members.insert("oneOf".into(), variants.into());
        }
    }
    if had_null {
        make_nullable(schema);
    }
    cx.changed_at(at, format!("wrote the types {all} as 3.0 has them"));
}

/// The part of a schema that speaks of values of one type.
fn split_off(members: &Object, kind: &str, at: &str) -> Value {
    let mut variant = json!({ "type": kind, (origin::SOURCE): at });
    for key in keywords_of(kind) {
        if let Some(value) = members.get(*key) {
            variant[*key] = value.clone();
        }
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        let own: Vec<Value> = values
            .iter()
            .filter(|value| is_of(value, kind))
            .cloned()
            .collect();
        if !own.is_empty() {
            variant["enum"] = own.into();
        }
    }
    variant
}

fn keywords_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "object" => &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
        "array" => &["items", "minItems", "maxItems", "uniqueItems"],
        "string" => &["pattern", "minLength", "maxLength", "format"],
        "number" | "integer" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
        _ => &[],
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => false,
    }
}

/// A type that holds nothing but null.
fn null_type(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    if type_of(schema) != Some("null") {
        return;
    }
    if let Some(members) = schema.as_object_mut() {
        members.remove("type");
        members.insert("enum".into(), json!([null]));
    }
    cx.changed_at(at, "wrote the type null as an enumeration of null");
}

/// Null among the values of an enumeration.
fn null_value(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    if is_null(schema) {
        return;
    }
    let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) else {
        return;
    };
    let before = values.len();
    values.retain(|value| !value.is_null());
    if values.len() < before {
        make_nullable(schema);
        cx.changed_at(at, "wrote null among the values as nullable");
    }
}

/// A variant of a union that is null.
fn null_variant(schema: &mut Value, nulls: &BTreeSet<String>, at: &str, cx: &mut PassContext<'_>) {
    for key in ["oneOf", "anyOf"] {
        let Some(variants) = schema.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let before = variants.len();
        let is_some = |variant: &Value| match target(variant) {
            Some(name) => !nulls.contains(&name),
            None => type_of(variant) != Some("null") && !is_null(variant),
        };
        let kept = variants.iter().filter(|variant| is_some(variant)).count();
        if kept == 0 || kept == before {
            continue;
        }
        variants.retain(is_some);
        make_nullable(schema);
        cx.changed_at(at, "wrote a variant of null as nullable");
    }
}

/// Whether the schema is already the lowered form of the type null.
fn is_null(schema: &Value) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
        && keys_beside(schema, &["enum", "description", "title", "nullable"]).is_empty()
}
