//! Answers: a property that tells the variants of a union apart has one value in each of them, and yet becomes an enumeration of its own, a field
//! that can be set to something else, and an argument of every constructor. `x-tag` says what is written on the wire; the property goes.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{self, ref_name, strings};
use crate::lower::shape::unions::follow;
use crate::spec::walk::join;

const KEY: &str = extensions::TAG.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    for (component, property, value) in constants(document) {
        let Some(schema) = schema::components_mut(document).and_then(|all| all.get_mut(&component))
        else {
            continue;
        };
        let property = property.as_str();
        if !is_always_there(schema, property) || is_in_conditions(schema, property) {
            continue;
        }
        let at = origin::of(schema, &join("/components/schemas", &component));
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

/// The components that are told by a property which can have one value alone, with the property and the value.
fn constants(document: &Value) -> Vec<(String, String, String)> {
    let Some(schemas) = schema::members(document) else {
        return Vec::new();
    };
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let tag = |variant: &Value| {
        let component = ref_name(&json!({ "$ref": variant["ref"] }))?;
        let tag = variant.pointer("/when/tag")?;
        let (property, value) = (tag["property"].as_str()?, tag["value"].as_str()?);
        let found = schemas.get(&component)?.get("properties")?.get(property)?;
        let only = follow(found, schemas).get("enum")?.as_array()?;
        (*only == [json!(value)]).then(|| (component, property.to_owned(), value.to_owned()))
    };
    names
        .iter()
        .filter_map(|name| schemas[*name].pointer("/x-union/variants")?.as_array())
        .flatten()
        .filter_map(tag)
        .collect()
}

/// Whether the property is always there, and is not all that there is.
fn is_always_there(schema: &Value, property: &str) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| properties.len() > 1 && properties.contains_key(property))
        && strings(schema.get("required"))
            .iter()
            .any(|name| name == property)
}

fn is_in_conditions(schema: &Value, property: &str) -> bool {
    let conditions = extensions::CONDITIONS.get(schema).and_then(Value::as_array);
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
