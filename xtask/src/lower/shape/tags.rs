//! Defect: a property that distinguishes the variants of a union has one value in each of them. progenitor still turns it into an
//! enumeration, a field that accepts other values, and an argument of every constructor.
//!
//! `x-tag` records the property and its value for the serialized form. The property itself is removed.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{self, ref_name, resolve, strings};
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    for (component, property, value) in constants(document) {
        let Some(schema) = schema::components_mut(document).and_then(|all| all.get_mut(&component))
        else {
            continue;
        };
        let property = property.as_str();
        if !is_required_beside_others(schema, property) || is_in_conditions(schema, property) {
            continue;
        }
        let at = origin::of(schema, &join("/components/schemas", &component));
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove(property);
        }
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|name| name != property);
        }
        schema[extensions::TAG.name] = json!({ "property": property, "value": value });
        cx.changed_at(at, format!("set x-tag: `{property}` is always `{value}`"));
    }
}

/// The variants that a property with one value identifies: component, property and value.
fn constants(document: &Value) -> Vec<(String, String, String)> {
    let Some(schemas) = schema::component_schemas(document) else {
        return Vec::new();
    };
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let tag = |variant: &Value| {
        let component = ref_name(&json!({ "$ref": variant["ref"] }))?;
        let tag = variant.pointer("/when/tag")?;
        let (property, value) = (tag["property"].as_str()?, tag["value"].as_str()?);
        let found = schemas.get(&component)?.get("properties")?.get(property)?;
        let only = resolve(found, schemas).get("enum")?.as_array()?;
        (*only == [json!(value)]).then(|| (component, property.to_owned(), value.to_owned()))
    };
    names
        .iter()
        .flat_map(|name| extensions::union_variants(&schemas[*name]))
        .filter_map(tag)
        .collect()
}

/// Whether the property is required and not the only one.
fn is_required_beside_others(schema: &Value, property: &str) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| properties.len() > 1 && properties.contains_key(property))
        && strings(schema.get("required"))
            .iter()
            .any(|name| name == property)
}

/// Whether a condition refers to the property.
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
