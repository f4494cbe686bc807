//! Answers: a property that tells the variants of a union apart has one value in each of them, and yet becomes an enumeration of its own, a field
//! that can be set to something else, and an argument of every constructor. `x-tag` says what is written on the wire; the property goes.

use serde_json::{Value, json};

use super::{
    Context,
    schema::{self, Object, components, ref_name, strings},
    source,
    unions::follow,
};
use crate::walk::join;

const KEY: &str = "x-tag";

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let schemas = components(document);
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let tags = names
        .iter()
        .filter_map(|name| schemas[*name].pointer("/x-union/variants")?.as_array())
        .flatten()
        .filter_map(|variant| {
            let component = ref_name(&json!({ "$ref": variant["ref"] }))?;
            let tag = variant.pointer("/when/tag")?;
            Some((component, tag["property"].as_str()?, tag["value"].as_str()?))
        });
    for (component, property, value) in tags {
        let Some(schema) = schema::components_mut(document).and_then(|all| all.get_mut(&component))
        else {
            continue;
        };
        if !is_constant(schema, property, value, &schemas) || is_in_conditions(schema, property) {
            continue;
        }
        let at = source::of(schema, &join("/components/schemas", &component));
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove(property);
        }
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|name| name != property);
        }
        schema[KEY] = json!({ "property": property, "value": value });
        cx.changed_at(
            at,
            format!("`{property}` is always `{value}` and is written without being asked for"),
        );
    }
}

/// Whether the property is always there and has this value alone, and is not all that there is.
fn is_constant(schema: &Value, property: &str, value: &str, schemas: &Object) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| {
        let only = properties
            .get(property)
            .and_then(|found| follow(found, schemas).get("enum")?.as_array());
        properties.len() > 1 && only.is_some_and(|only| *only == [json!(value)])
    }) && strings(schema.get("required"))
        .iter()
        .any(|name| name == property)
}

fn is_in_conditions(schema: &Value, property: &str) -> bool {
    let conditions = schema.get("x-conditions").and_then(Value::as_array);
    let clauses = conditions.into_iter().flatten().flat_map(|condition| {
        ["if", "then"]
            .into_iter()
            .filter_map(|key| condition.get(key)?.as_array())
            .flatten()
    });
    clauses
        .into_iter()
        .any(|clause| clause["property"] == property)
}
