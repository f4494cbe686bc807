//! Defect: openapiv3 silently ignores keywords that it does not know, so their constraints are lost.
//!
//! Annotations are removed. Constraints that the client cannot enforce are removed and reported. Unknown keywords are removed with a
//! warning, or are an error with `--strict`.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside, remove_keys, type_of};
use crate::problem::Problem;
use crate::spec::walk::join;

/// Keywords that later passes or the emitter support.
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

/// Keywords that do not constrain values. Definitions are among them: references to definitions are resolved by now.
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

/// Constraints that the client cannot enforce.
const UNENFORCED: [&str; 6] = [
    "contains",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "not",
    "propertyNames",
];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
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
            check_keyword(schema, &key, &at, cx);
        }
        lower_pattern_properties(schema, &at, cx);
        lower_tuple(schema, &at, cx);
        let open_ended = [
            "unevaluatedProperties",
            "unevaluatedItems",
            "additionalItems",
        ];
        for key in remove_keys(schema, &open_ended) {
            cx.changed_at(
                join(&at, &key),
                format!("removed `{key}`: later versions of the API may add values"),
            );
        }
    });
}

/// Removes one keyword if later passes do not support it.
fn check_keyword(schema: &mut Value, key: &str, at: &str, cx: &mut PassContext<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let here = join(at, key);
    if extensions::is_extension(key)
        && key != extensions::RUST_TYPE.name
        && members.get(key).is_some_and(contains_reference)
    {
        members.remove(key);
        cx.changed_at(
            here,
            format!("removed `{key}`: its references would keep components in use"),
        );
        return;
    }
    if extensions::is_extension(key) || KNOWN.contains(&key) {
        return;
    }
    members.remove(key);
    if ANNOTATIONS.contains(&key) {
        cx.changed_at(
            here,
            format!("removed `{key}`, which does not constrain values"),
        );
    } else if UNENFORCED.contains(&key) {
        cx.changed_at(&here, format!("removed the constraint `{key}`"));
        cx.warn(
            Problem::at(here, format!("the client does not check the constraint `{key}`"))
                .help("mention it in the description; x-conditions can express conditions between properties"),
        );
    } else if ["$dynamicRef", "$recursiveRef"].contains(&key) {
        cx.problem(
            Problem::at(here, "dynamic references are not supported")
                .expected("$ref")
                .found(key),
        );
    } else {
        cx.changed_at(&here, format!("removed the unknown keyword `{key}`"));
        let problem = Problem::at(here, format!("unknown keyword `{key}`"))
            .expected("a keyword of JSON Schema or OpenAPI, or an extension (x-…)")
            .found(key)
            .help("correct the spelling, or remove the keyword in an overlay");
        cx.mistake(problem);
    }
}

/// Whether an extension contains a reference.
fn contains_reference(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.get("$ref").is_some_and(Value::is_string)
                || members.values().any(contains_reference)
        }
        Value::Array(items) => items.iter().any(contains_reference),
        _ => false,
    }
}

/// Turns `patternProperties` into a map.
fn lower_pattern_properties(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
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
        "turned patternProperties into additionalProperties",
    );
    if !matches!(members.get("additionalProperties"), Some(Value::Object(_))) {
        members.insert("additionalProperties".into(), value);
    }
}

/// Turns a tuple, which 3.0 does not have, into an array: of the type of its items if they all have the same, of any values otherwise.
fn lower_tuple(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Array(mut items_by_position)) = members.remove("prefixItems") else {
        return;
    };
    items_by_position.extend(
        members
            .get("items")
            .filter(|items| items.is_object())
            .cloned(),
    );
    items_by_position.dedup_by_key(|place| origin::stripped(place));
    let item = match items_by_position.as_slice() {
        [only] => only.clone(),
        _ => {
            cx.warn(
                Problem::at(
                    join(at, "prefixItems"),
                    "a tuple is treated as an array of any values",
                )
                .help("the client does not check the types of the items"),
            );
            json!({ (origin::SOURCE): at })
        }
    };
    members.insert("items".into(), item);
    cx.changed_at(join(at, "prefixItems"), "turned a tuple into an array");
    if type_of(schema).is_none()
        && let Some(members) = schema.as_object_mut()
    {
        members.entry("type").or_insert_with(|| "array".into());
    }
}
