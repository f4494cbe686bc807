//! Answers: openapiv3 skips keywords that it does not know, so a rule that stands there is lost without a word. Here every keyword is known,
//! lowered, or told: one that only annotates is removed, a rule that no type can carry becomes documentation, and an unknown one
//! is a warning (with `--strict` a problem).

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside, type_of};
use crate::problem::Problem;
use crate::spec::walk::join;

/// The one extension whose references are those of a type.
const RUST_TYPE: &str = extensions::RUST_TYPE.name;

/// Keywords that later passes and the emitter read.
const KNOWN: [&str; 42] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "patternProperties",
    "prefixItems",
    "dependentRequired",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
];

/// Keywords that say nothing about the values. The definitions are here because references into them are resolved by now.
const ANNOTATIONS: [&str; 17] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "$vocabulary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "errorMessage",
    "example",
    "examples",
    "externalDocs",
    "id",
    "xml",
    "$dynamicAnchor",
];

/// Rules that a type cannot carry.
const RULES: [&str; 6] = [
    "contains",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "not",
    "propertyNames",
];

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() {
            return;
        }
        let at = origin::of(schema, pointer);
        let keys: Vec<String> = keys_beside(schema, &[])
            .into_iter()
            .map(str::to_owned)
            .collect();
        for key in keys {
            sort_out(schema, &key, &at, cx);
        }
        pattern_properties(schema, &at, cx);
        tuple(schema, &at, cx);
        let open = [
            "unevaluatedProperties",
            "unevaluatedItems",
            "additionalItems",
        ];
        for key in crate::lower::schema::remove_keys(schema, &open) {
            cx.changed_at(
                join(&at, &key),
                format!("removed `{key}`: later versions may add to it"),
            );
        }
    });
}

fn sort_out(schema: &mut Value, key: &str, at: &str, cx: &mut Context<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let here = join(at, key);
    if extensions::is_extension(key) && key != RUST_TYPE && members.get(key).is_some_and(refers) {
        members.remove(key);
        cx.changed_at(
            here,
            format!("removed `{key}`, whose references would count as uses"),
        );
        return;
    }
    if extensions::is_extension(key) || KNOWN.contains(&key) {
        return;
    }
    members.remove(key);
    if ANNOTATIONS.contains(&key) {
        cx.changed_at(here, format!("removed `{key}`, which only annotates"));
    } else if RULES.contains(&key) {
        cx.changed_at(&here, format!("removed the rule `{key}`"));
        cx.warn(
            Problem::at(here, format!("the rule `{key}` is documentation only"))
                .help("state it in the description; a condition can be checked with x-conditions"),
        );
    } else if ["$dynamicRef", "$recursiveRef"].contains(&key) {
        cx.problem(
            Problem::at(
                here,
                "references that depend on the way to them are not supported",
            )
            .expected("$ref")
            .found(key),
        );
    } else {
        cx.changed_at(&here, format!("removed the unknown keyword `{key}`"));
        let problem = Problem::at(here, format!("unknown keyword `{key}`"))
            .expected("a keyword of JSON Schema or OpenAPI, or an extension (x-…)")
            .found(key)
            .help("correct its spelling, or remove it by an overlay");
        if cx.options.strict {
            cx.problem(problem);
        } else {
            cx.warn(problem);
        }
    }
}

/// Whether there is a reference anywhere in an extension.
fn refers(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.get("$ref").is_some_and(Value::is_string) || members.values().any(refers)
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// A map whose keys follow a pattern is a map.
fn pattern_properties(schema: &mut Value, at: &str, cx: &mut Context<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Object(patterns)) = members.remove("patternProperties") else {
        return;
    };
    let mut values: Vec<Value> = patterns.values().cloned().collect();
    values.dedup_by_key(|value| origin::stripped(value));
    let value = match values.as_slice() {
        [only] => only.clone(),
        _ => json!(true),
    };
    cx.changed_at(
        join(at, "patternProperties"),
        "read properties by pattern as a map",
    );
    if !matches!(members.get("additionalProperties"), Some(Value::Object(_))) {
        members.insert("additionalProperties".into(), value);
    }
}

/// 3.0 has no tuples: a list of what all the places have in common is nearest.
fn tuple(schema: &mut Value, at: &str, cx: &mut Context<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Array(mut places)) = members.remove("prefixItems") else {
        return;
    };
    places.extend(
        members
            .get("items")
            .filter(|items| items.is_object())
            .cloned(),
    );
    places.dedup_by_key(|place| origin::stripped(place));
    let item = match places.as_slice() {
        [only] => only.clone(),
        _ => {
            cx.warn(
                Problem::at(
                    join(at, "prefixItems"),
                    "a tuple is read as a list of any values",
                )
                .help("its places are documentation only"),
            );
            json!({ (origin::SOURCE): at })
        }
    };
    members.insert("items".into(), item);
    cx.changed_at(join(at, "prefixItems"), "read a tuple as a list");
    if type_of(schema).is_none()
        && let Some(members) = schema.as_object_mut()
    {
        members.entry("type").or_insert_with(|| "array".into());
    }
}
