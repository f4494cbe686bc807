//! Answers: typify makes newtypes of patterns and lengths, whose errors name no field; `minimum: 1` becomes `NonZeroU64` and loses the maximum;
//! and old data that breaks a newer rule no longer decodes. Types stay plain. The rules move to `x-constraints`, for a check before sending.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{Object, each_mut, has_rust_type, is_string_enum, type_of};
use crate::problem::Problem;
use crate::spec::walk::join;

const KEY: &str = extensions::CONSTRAINTS.name;

/// The keywords that move.
const RULES: [&str; 13] = [
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

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if schema.get("$ref").is_some() {
            return;
        }
        let at = origin::of(schema, pointer);
        let mut moved = take(schema, &at, cx);
        // The values of a map are to it what the items are to a list.
        for key in ["items", "additionalProperties"] {
            let Some(items) = schema.get_mut(key).filter(|items| items.is_object()) else {
                continue;
            };
            let nested = nested(items, &join(&at, key), cx);
            if !nested.is_empty() {
                moved.insert("items".into(), Value::Object(nested));
            }
        }
        if moved.is_empty() {
            return;
        }
        let names: Vec<&str> = moved.keys().map(String::as_str).collect();
        cx.changed_at(&at, format!("moved {} to {KEY}", names.join(", ")));
        let mut all = schema
            .get(KEY)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        all.extend(moved);
        schema[KEY] = Value::Object(all);
    });
}

/// The rules of the items of a list or the values of a map, and of those in them.
fn nested(items: &mut Value, at: &str, cx: &mut Context<'_>) -> Object {
    let at = origin::of(items, at);
    let mut moved = take(items, &at, cx);
    if let Some(Value::Object(given)) = items
        .as_object_mut()
        .and_then(|members| members.remove(KEY))
    {
        moved.extend(given);
    }
    for key in ["items", "additionalProperties"] {
        let Some(inner) = items.get_mut(key).filter(|inner| inner.is_object()) else {
            continue;
        };
        let deeper = nested(inner, &join(&at, key), cx);
        if !deeper.is_empty() {
            moved.insert("items".into(), Value::Object(deeper));
        }
    }
    moved
}

/// Takes the rules off a schema. Those that its type already says, or that say nothing of its type, are dropped.
fn take(schema: &mut Value, at: &str, cx: &mut Context<'_>) -> Object {
    let kind = type_of(schema).map(str::to_owned);
    let typed = is_string_enum(schema)
        || has_rust_type(schema)
        || schema.get("oneOf").is_some()
        || matches!(
            schema.get("format").and_then(Value::as_str),
            Some("uuid" | "date" | "date-time")
        );
    let mut moved = Object::new();
    let Some(members) = schema.as_object_mut() else {
        return moved;
    };
    for key in RULES {
        let Some(value) = members.remove(key) else {
            continue;
        };
        let applies = match key {
            "pattern" | "minLength" | "maxLength" => kind.as_deref() == Some("string") && !typed,
            "minItems" | "maxItems" | "uniqueItems" => kind.as_deref() == Some("array"),
            "minProperties" | "maxProperties" => kind.as_deref() == Some("object"),
            _ => matches!(kind.as_deref(), Some("integer" | "number")),
        };
        if value == json!(false) || says_nothing(key, &value) {
            continue;
        }
        if !applies {
            cx.changed_at(
                at,
                format!("dropped {key}, which the type makes superfluous"),
            );
            continue;
        }
        if key == "pattern" {
            check_pattern(&value, at, cx);
        }
        moved.insert(key.to_owned(), whole(value));
    }
    // An enumeration of numbers or flags is a plain value that is checked: a closed type would refuse new values.
    if matches!(kind.as_deref(), Some("integer" | "number" | "boolean"))
        && let Some(values) = members.remove("enum")
    {
        moved.insert("enum".into(), values);
    }
    moved
}

fn says_nothing(key: &str, value: &Value) -> bool {
    ["minLength", "minItems", "minProperties"].contains(&key) && value.as_f64() == Some(0.0)
}

/// `5.0` is 5.
fn whole(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 9e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within range")]
            let number = number as i64;
            number.into()
        }
        _ => value,
    }
}

fn check_pattern(value: &Value, at: &str, cx: &mut Context<'_>) {
    let pattern = value.as_str().unwrap_or_default();
    if let Err(error) =
        regress::Regex::with_flags(pattern, "u").or_else(|_| regress::Regex::new(pattern))
    {
        cx.problem(
            Problem::at(
                join(at, "pattern"),
                format!("this is not a regular expression: {error}"),
            )
            .expected("a regular expression of ECMA-262")
            .found(pattern)
            .help("correct it by an overlay"),
        );
    }
}
