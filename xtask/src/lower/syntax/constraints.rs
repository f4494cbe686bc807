//! Defect: typify turns patterns and lengths into newtypes whose errors do not name the field. `minimum: 1` becomes `NonZeroU64` and drops
//! the maximum. Stored data that violates a constraint added later no longer decodes.
//!
//! The constraints move to `x-constraints`, so the types stay plain. The client checks them before it sends a request.

use serde_json::{Value, json};

use crate::extensions::CONSTRAINTS;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, each_mut, is_string_enum, type_of};
use crate::lower::shape::rust_type;
use crate::problem::Problem;
use crate::spec::walk::join;

/// The keywords that move to `x-constraints`.
const CONSTRAINT_KEYWORDS: [&str; 13] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if schema.get("$ref").is_some() {
            return;
        }
        let at = origin::of(schema, pointer);
        let mut moved = take_constraints(schema, &at, cx);
        // `x-constraints` describes the values of a map like the items of an array.
        for key in ["items", "additionalProperties"] {
            let Some(items) = schema.get_mut(key).filter(|items| items.is_object()) else {
                continue;
            };
            let item_constraints = take_item_constraints(items, &join(&at, key), cx);
            if !item_constraints.is_empty() {
                moved.insert("items".into(), Value::Object(item_constraints));
            }
        }
        if moved.is_empty() {
            return;
        }
        let names: Vec<&str> = moved.keys().map(String::as_str).collect();
        cx.changed_at(
            &at,
            format!("moved {} to {}", names.join(", "), CONSTRAINTS.name),
        );
        let mut all = schema
            .get(CONSTRAINTS.name)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        all.extend(moved);
        schema[CONSTRAINTS.name] = Value::Object(all);
    });
}

/// Removes and returns the constraints of the items of an array or the values of a map, nested ones included.
fn take_item_constraints(items: &mut Value, at: &str, cx: &mut PassContext<'_>) -> Object {
    let at = origin::of(items, at);
    let mut moved = take_constraints(items, &at, cx);
    if let Some(Value::Object(given)) = items
        .as_object_mut()
        .and_then(|members| CONSTRAINTS.remove(members))
    {
        moved.extend(given);
    }
    for key in ["items", "additionalProperties"] {
        let Some(inner) = items.get_mut(key).filter(|inner| inner.is_object()) else {
            continue;
        };
        let deeper = take_item_constraints(inner, &join(&at, key), cx);
        if !deeper.is_empty() {
            moved.insert("items".into(), Value::Object(deeper));
        }
    }
    moved
}

/// Removes and returns the constraints of a schema. Drops those that its type implies and those that do not apply to its type.
fn take_constraints(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) -> Object {
    let type_name = type_of(schema).map(str::to_owned);
    let has_own_type = is_string_enum(schema)
        || rust_type::is_assigned(schema)
        || schema.get("oneOf").is_some()
        || matches!(
            schema.get("format").and_then(Value::as_str),
            Some("uuid" | "date" | "date-time")
        );
    let mut moved = Object::new();
    let Some(members) = schema.as_object_mut() else {
        return moved;
    };
    for key in CONSTRAINT_KEYWORDS {
        let Some(value) = members.remove(key) else {
            continue;
        };
        let applies = match key {
            "pattern" | "minLength" | "maxLength" => {
                type_name.as_deref() == Some("string") && !has_own_type
            }
            "minItems" | "maxItems" | "uniqueItems" => type_name.as_deref() == Some("array"),
            "minProperties" | "maxProperties" => type_name.as_deref() == Some("object"),
            _ => matches!(type_name.as_deref(), Some("integer" | "number")),
        };
        if value == json!(false) || is_trivial(key, &value) {
            continue;
        }
        if !applies {
            cx.changed_at(
                at,
                format!("removed {key}, which the type implies or ignores"),
            );
            continue;
        }
        if key == "pattern" && !is_pattern(&value, at, cx) {
            cx.changed_at(at, "removed pattern, which is no regular expression");
            continue;
        }
        moved.insert(key.to_owned(), as_integer(value));
    }
    // Enumerations of numbers and booleans stay plain values with a check. A closed type would reject values that are added later.
    if matches!(type_name.as_deref(), Some("integer" | "number" | "boolean"))
        && let Some(values) = members.remove("enum")
    {
        moved.insert("enum".into(), values);
    }
    moved
}

/// Whether a constraint accepts every value.
fn is_trivial(key: &str, value: &Value) -> bool {
    ["minLength", "minItems", "minProperties"].contains(&key) && value.as_f64() == Some(0.0)
}

/// Writes `5.0` as `5`.
fn as_integer(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 9e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "an integer within range")]
            let number = number as i64;
            number.into()
        }
        _ => value,
    }
}

/// Whether a pattern can be checked. Reports one that cannot.
fn is_pattern(value: &Value, at: &str, cx: &mut PassContext<'_>) -> bool {
    let pattern = value.as_str().unwrap_or_default();
    let Err(error) =
        regress::Regex::with_flags(pattern, "u").or_else(|_| regress::Regex::new(pattern))
    else {
        return true;
    };
    cx.mistake(
        Problem::at(
            join(at, "pattern"),
            format!("invalid regular expression: {error}"),
        )
        .expected("an ECMA-262 regular expression")
        .found(pattern)
        .help("correct the pattern in an overlay; the client does not check it"),
    );
    false
}
