//! Defect: progenitor guesses the type of a schema without `type`, wrongly for nullable enumerations (two Rust items with the same name) and
//! for unions beside `type: object`.
//!
//! `type` is derived from the other keywords, and removed beside alternatives.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, type_of};
use crate::problem::Problem;
use crate::spec::walk::join;

/// The keywords that apply to one type only, in order of precedence.
const TYPE_KEYWORDS: [(&str, &[&str]); 4] = [
    (
        "object",
        &[
            "properties",
            "additionalProperties",
            "required",
            "minProperties",
            "maxProperties",
        ],
    ),
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    ("string", &["pattern", "minLength", "maxLength"]),
    (
        "number",
        &[
            "minimum",
            "maximum",
            "multipleOf",
            "exclusiveMinimum",
            "exclusiveMaximum",
        ],
    ),
];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() || schema.get("$ref").is_some() {
            return;
        }
        let at = origin::of(schema, pointer);
        let is_composed = ["oneOf", "anyOf", "allOf"]
            .iter()
            .any(|key| schema.get(key).is_some());
        if is_composed {
            remove_redundant_type(schema, &at, cx);
        } else if schema.get("enum").is_some() {
            infer_enumeration_type(schema, &at, cx);
        } else if type_of(schema).is_none() {
            let type_name = TYPE_KEYWORDS
                .iter()
                .find(|(_, keys)| keys.iter().any(|key| schema.get(key).is_some()));
            if let Some((type_name, _)) = type_name {
                schema["type"] = (*type_name).into();
                cx.changed_at(&at, format!("added the type {type_name}"));
            }
        }
        if type_of(schema) == Some("array") && schema.get("items").is_none() {
            schema["items"] = json!({ (origin::SOURCE): at });
        }
    });
}

/// Removes `type` from a union or composition whose members have it.
fn remove_redundant_type(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let has_constraints = TYPE_KEYWORDS
        .iter()
        .any(|(_, keys)| keys.iter().any(|key| schema.get(key).is_some()))
        || schema.get("enum").is_some();
    if has_constraints || type_of(schema).is_none() {
        return;
    }
    if let Some(members) = schema.as_object_mut() {
        members.remove("type");
        cx.changed_at(
            at,
            "removed the type, which the members of the composition have",
        );
    }
}

/// Splits an enumeration by the types of its values, and sets `type`.
fn infer_enumeration_type(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let values = schema
        .get("enum")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut values_by_type: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for value in values {
        let type_name = match &value {
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::Null => return,
        };
        let values_of_type = values_by_type.entry(type_name).or_default();
        if !values_of_type.contains(&value) {
            values_of_type.push(value);
        }
    }
    let declared = type_of(schema).map(str::to_owned);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if values_by_type.len() > 1 && declared.as_deref() == Some("number") {
        // Integers are numbers too.
        return;
    }
    if values_by_type.len() > 1 {
        let variants: Vec<Value> = values_by_type
            .iter()
            .map(|(type_name, values)| match *type_name {
                "object" => json!({ "type": type_name, (origin::SOURCE): at }),
                "array" => json!({ "type": type_name, "items": {}, (origin::SOURCE): at }),
                type_name => json!({ "type": type_name, "enum": values, (origin::SOURCE): at }),
            })
            .collect();
        members.remove("enum");
        members.remove("type");
        members.insert("oneOf".into(), variants.into());
        cx.changed_at(
            at,
            "split an enumeration with values of several types into a union",
        );
        return;
    }
    let Some((type_name, values)) = values_by_type.pop_first() else {
        return;
    };
    let is_compatible = declared.as_deref() == Some(type_name)
        || declared.as_deref() == Some("number") && type_name == "integer";
    if !is_compatible {
        members.insert("type".into(), type_name.into());
        cx.changed_at(
            at,
            format!("set the type {type_name}, which the values have"),
        );
    }
    if ["object", "array"].contains(&type_name) {
        members.remove("enum");
        cx.warn(
            Problem::at(
                join(at, "enum"),
                format!("the client does not check enumerations of type {type_name}"),
            )
            .help("list the values in the description"),
        );
        return;
    }
    members.insert("enum".into(), values.into());
}
