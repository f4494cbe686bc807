//! Answers: progenitor guesses where a schema has no type, wrongly for nullable enumerations (two Rust items of one name) and for unions
//! that say `type: object` once more. The type follows from the keywords.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, type_of};
use crate::problem::Problem;
use crate::spec::walk::join;

/// The keywords that make sense for one type only, in the order in which they decide.
const TELLING: [(&str, &[&str]); 4] = [
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
            redundant(schema, &at, cx);
        } else if schema.get("enum").is_some() {
            enumeration(schema, &at, cx);
        } else if type_of(schema).is_none() {
            let kind = TELLING
                .iter()
                .find(|(_, keys)| keys.iter().any(|key| schema.get(key).is_some()));
            if let Some((kind, _)) = kind {
                schema["type"] = (*kind).into();
                cx.changed_at(&at, format!("added the type {kind}"));
            }
        }
        if type_of(schema) == Some("array") && schema.get("items").is_none() {
            schema["items"] = json!({ (origin::SOURCE): at });
        }
    });
}

/// A union or a composition whose own type says nothing new.
fn redundant(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let says_more = TELLING
        .iter()
        .any(|(_, keys)| keys.iter().any(|key| schema.get(key).is_some()))
        || schema.get("enum").is_some();
    if says_more || type_of(schema).is_none() {
        return;
    }
    if let Some(members) = schema.as_object_mut() {
        members.remove("type");
        cx.changed_at(at, "removed the type beside the alternatives that have it");
    }
}

fn enumeration(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let values = schema
        .get("enum")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut kinds: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for value in values {
        let kind = match &value {
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::Null => return,
        };
        let own = kinds.entry(kind).or_default();
        if !own.contains(&value) {
            own.push(value);
        }
    }
    let said = type_of(schema).map(str::to_owned);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if kinds.len() > 1 && said.as_deref() == Some("number") {
        // Whole numbers are numbers too.
        return;
    }
    if kinds.len() > 1 {
        let variants: Vec<Value> = kinds
            .iter()
            .map(|(kind, values)| match *kind {
                "object" => json!({ "type": kind, (origin::SOURCE): at }),
                "array" => json!({ "type": kind, "items": {}, (origin::SOURCE): at }),
                kind => json!({ "type": kind, "enum": values, (origin::SOURCE): at }),
            })
            .collect();
        members.remove("enum");
        members.remove("type");
        members.insert("oneOf".into(), variants.into());
        cx.changed_at(
            at,
            "made a union of an enumeration of values of several types",
        );
        return;
    }
    let Some((kind, values)) = kinds.pop_first() else {
        return;
    };
    let fits =
        said.as_deref() == Some(kind) || said.as_deref() == Some("number") && kind == "integer";
    if !fits {
        members.insert("type".into(), kind.into());
        cx.changed_at(at, format!("added the type {kind}, which the values have"));
    }
    if ["object", "array"].contains(&kind) {
        members.remove("enum");
        cx.warn(
            Problem::at(
                join(at, "enum"),
                format!("values of the type {kind} are documentation only"),
            )
            .help("state them in the description"),
        );
        return;
    }
    members.insert("enum".into(), values.into());
}
