//! Defect: 3.1 has the type null and lists of types. openapiv3 rejects lists, and progenitor panics on `type: "null"`.
//!
//! Null becomes `nullable`. A list of several types becomes a union.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, component_schemas, each_mut, keys_beside, resolve, target, type_of,
};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let nulls = null_components(document);
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() {
            return;
        }
        let has = |key: &str| schema.get(key).is_some();
        if !["type", "enum", "oneOf", "anyOf"].into_iter().any(has) {
            return;
        }
        let at = origin::of(schema, pointer);
        lower_type_list(schema, &at, cx);
        lower_null_type(schema, &at, cx);
        lower_null_value(schema, &at, cx);
        lower_null_variant(schema, &nulls, &at, cx);
    });
    // All unions are done. typify would turn the remaining nulls into the unit type, which is sent even if it is optional.
    each_mut(document, &mut |schema, pointer| {
        if !is_null(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        if let Some(members) = schema.as_object_mut() {
            members.remove("enum");
            members.remove("nullable");
        }
        cx.changed_at(
            at,
            "turned a schema of null alone into a schema without constraints",
        );
    });
}

/// The components that allow null only, directly or through references.
fn null_components(document: &Value) -> BTreeSet<String> {
    let Some(schemas) = component_schemas(document) else {
        return BTreeSet::new();
    };
    let is_null_only = |schema: &Value| {
        let resolved = resolve(schema, schemas);
        type_of(resolved) == Some("null") || is_null(resolved)
    };
    let null = schemas.iter().filter(|(_, schema)| is_null_only(schema));
    null.map(|(name, _)| name.clone()).collect()
}

fn make_nullable(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert("nullable".into(), true.into());
    }
}

/// Rewrites a list of types as one type, as `nullable`, or as a union.
fn lower_type_list(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(Value::Array(types)) = schema.get("type") else {
        return;
    };
    let mut types: Vec<String> = types
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let all = types.join(", ");
    let had_null = types.iter().any(|type_name| type_name == "null");
    types.retain(|type_name| type_name != "null");
    // Every integer is a number.
    if types.iter().any(|type_name| type_name == "number") {
        types.retain(|type_name| type_name != "integer");
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
                .map(|type_name| part_for_type(members, type_name, at))
                .collect();
            members.remove("enum");
            for type_name in several {
                for key in keywords_of(type_name) {
                    members.remove(*key);
                }
            }
            members.insert("oneOf".into(), variants.into());
        }
    }
    if had_null {
        make_nullable(schema);
    }
    cx.changed_at(
        at,
        format!("rewrote the list of types {all} in the form of 3.0"),
    );
}

/// The part of a schema that applies to values of one type.
fn part_for_type(members: &Object, type_name: &str, at: &str) -> Value {
    let mut variant = json!({ "type": type_name, (origin::SOURCE): at });
    for key in keywords_of(type_name) {
        if let Some(value) = members.get(*key) {
            variant[*key] = value.clone();
        }
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        let own: Vec<Value> = values
            .iter()
            .filter(|value| has_type(value, type_name))
            .cloned()
            .collect();
        if !own.is_empty() {
            variant["enum"] = own.into();
        }
    }
    variant
}

/// The keywords that apply to values of one type only.
fn keywords_of(type_name: &str) -> &'static [&'static str] {
    match type_name {
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

fn has_type(value: &Value, type_name: &str) -> bool {
    match type_name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => false,
    }
}

/// Rewrites the type null as an enumeration.
fn lower_null_type(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    if type_of(schema) != Some("null") {
        return;
    }
    if let Some(members) = schema.as_object_mut() {
        members.remove("type");
        members.insert("enum".into(), json!([null]));
    }
    cx.changed_at(at, "turned the type null into an enumeration of null");
}

/// Rewrites null among the values of an enumeration as `nullable`.
fn lower_null_value(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
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
        cx.changed_at(at, "turned null among the values into nullable");
    }
}

/// Rewrites a null variant of a union as `nullable`.
fn lower_null_variant(
    schema: &mut Value,
    nulls: &BTreeSet<String>,
    at: &str,
    cx: &mut PassContext<'_>,
) {
    for key in ["oneOf", "anyOf"] {
        let Some(variants) = schema.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let before = variants.len();
        let is_not_null = |variant: &Value| match target(variant) {
            Some(name) => !nulls.contains(&name),
            None => type_of(variant) != Some("null") && !is_null(variant),
        };
        let kept = variants
            .iter()
            .filter(|variant| is_not_null(variant))
            .count();
        if kept == 0 || kept == before {
            continue;
        }
        variants.retain(is_not_null);
        make_nullable(schema);
        cx.changed_at(at, "turned a null variant into nullable");
    }
}

/// Whether the schema allows null only, in the form that `lower_null_type` produces.
fn is_null(schema: &Value) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
        && keys_beside(schema, &["enum", "description", "title", "nullable"]).is_empty()
}
