//! Queries and edits of schemas that many passes share.

use serde_json::{Map, Value, json};

use crate::lower::origin;
use crate::lower::shape::rust_type;
use crate::spec::external;
use crate::spec::walk::{self, Place, join};

/// The members of a JSON object.
pub(crate) type Object = Map<String, Value>;

const PREFIX: &str = "#/components/schemas/";

/// The name of the component that a schema refers to, if it is a reference to one.
pub(crate) fn ref_name(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)?;
    (!reference.contains('/')).then(|| unescape(reference))
}

/// A schema that refers to a component.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": ref_to(name) })
}

/// The value of `$ref` for a component.
pub(crate) fn ref_to(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Decodes one segment of a JSON pointer in a URI fragment.
pub(crate) fn unescape(step: &str) -> String {
    let decoded = external::decoded(step);
    decoded.replace("~1", "/").replace("~0", "~")
}

/// The name of the component that a schema refers to: directly, or as the only member of an `allOf` with annotations beside it.
pub(crate) fn target(schema: &Value) -> Option<String> {
    ref_name(schema).or_else(|| match schema.get("allOf")?.as_array()?.as_slice() {
        [only] if !has_type(schema) => ref_name(only),
        _ => None,
    })
}

/// The schema at the end of a chain of references.
pub(crate) fn resolve<'a>(schema: &'a Value, schemas: &'a Object) -> &'a Value {
    let mut current = schema;
    // A longer chain than there are components is a cycle.
    for _ in 0..=schemas.len() {
        match target(current).and_then(|name| schemas.get(&name)) {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}

/// Whether the schema constrains its type by itself.
fn has_type(schema: &Value) -> bool {
    ["type", "properties", "items", "oneOf", "anyOf", "enum"]
        .iter()
        .any(|key| schema.get(key).is_some())
}

/// The `type` of a schema, if it is one type.
pub(crate) fn type_of(schema: &Value) -> Option<&str> {
    schema.get("type")?.as_str()
}

/// Whether the schema has `nullable: true`.
pub(crate) fn is_nullable(schema: &Value) -> bool {
    is_true(schema, "nullable")
}

/// Whether the member `key` is `true`.
pub(crate) fn is_true(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool) == Some(true)
}

/// Whether the schema becomes a struct: an object with named properties.
pub(crate) fn is_struct(schema: &Value) -> bool {
    type_of(schema) == Some("object")
        && schema
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|properties| !properties.is_empty())
}

/// Whether the schema is an object without named properties: a map.
pub(crate) fn is_map(schema: &Value) -> bool {
    type_of(schema) == Some("object") && !is_struct(schema)
}

/// Whether the schema is an enumeration of strings.
pub(crate) fn is_string_enum(schema: &Value) -> bool {
    type_of(schema) == Some("string") && schema.get("enum").is_some()
}

/// The variants of `oneOf`.
pub(crate) fn one_of(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf")?.as_array()
}

/// Whether the schema is an enumeration with descriptions: a `oneOf` of string enumerations with one value each.
pub(crate) fn is_documented_enum(schema: &Value) -> bool {
    one_of(schema).is_some_and(|variants| {
        !variants.is_empty()
            && variants.iter().all(|variant| {
                matches!(
                    variant
                        .get("enum")
                        .and_then(Value::as_array)
                        .map(Vec::as_slice),
                    Some([Value::String(_)])
                ) && variant.get("properties").is_none()
            })
    })
}

/// Whether a component becomes a named Rust type: a struct, an enumeration or a union.
pub(crate) fn is_named_type(schema: &Value) -> bool {
    !rust_type::is_assigned(schema)
        && (is_struct(schema) || is_string_enum(schema) || one_of(schema).is_some())
}

/// The component schemas with their names.
pub(crate) fn components(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    component_schemas(document).into_iter().flatten()
}

/// The component schema of this name.
pub(crate) fn component<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    component_schemas(document)?.get(name)
}

/// All component schemas.
pub(crate) fn component_schemas(document: &Value) -> Option<&Object> {
    document.pointer("/components/schemas")?.as_object()
}

/// Calls `edit` with the document without its component schemas, and with the component schemas.
///
/// This avoids a copy of the component schemas, which would cost more than most passes.
pub(crate) fn with_components_aside(document: &mut Value, edit: impl FnOnce(&mut Value, &Object)) {
    let take_schemas = |document: &'_ mut Value| -> Option<Object> {
        let schemas = document.pointer_mut("/components/schemas")?;
        schemas.as_object_mut().map(std::mem::take)
    };
    let Some(schemas) = take_schemas(document) else {
        return edit(document, &Object::new());
    };
    edit(document, &schemas);
    if let Some(emptied) = document.pointer_mut("/components/schemas") {
        *emptied = Value::Object(schemas);
    }
}

/// All component schemas, mutable. Creates `components/schemas` if it does not exist.
pub(crate) fn components_mut(document: &mut Value) -> Option<&mut Object> {
    document
        .as_object_mut()?
        .entry("components")
        .or_insert_with(|| json!({}))
        .as_object_mut()?
        .entry("schemas")
        .or_insert_with(|| json!({}))
        .as_object_mut()
}

/// Calls `visit` with each schema and its pointer, outer schemas first.
pub(crate) fn each_mut(document: &mut Value, visit: &mut dyn FnMut(&mut Value, &str)) {
    walk::walk_mut(document, &mut |value, place, pointer| {
        if place == Place::Schema {
            visit(value, pointer);
        }
    });
}

/// Calls `visit` with each operation, its path, its method and its pointer.
pub(crate) fn each_operation_mut(
    document: &mut Value,
    visit: &mut dyn FnMut(&mut Value, &str, &str, &str),
) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    let mut names: Vec<String> = paths.keys().cloned().collect();
    names.sort();
    for path in names {
        let Some(item) = paths.get_mut(&path).and_then(Value::as_object_mut) else {
            continue;
        };
        for method in walk::METHODS {
            if let Some(operation) = item.get_mut(method) {
                let pointer = join(&join("/paths", &path), method);
                visit(operation, &path, method, &pointer);
            }
        }
    }
}

/// Removes members. Returns the keys of those that existed.
pub(crate) fn remove_keys(schema: &mut Value, keys: &[&str]) -> Vec<String> {
    let Some(members) = schema.as_object_mut() else {
        return Vec::new();
    };
    keys.iter()
        .filter(|key| members.remove(**key).is_some())
        .map(|key| (*key).to_owned())
        .collect()
}

/// The keys of a schema in order, without `except` and the stamps of [`origin`].
pub(crate) fn keys_beside<'a>(schema: &'a Value, except: &[&str]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = schema
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|key| !except.contains(key) && !origin::is_stamp(key))
        .collect();
    keys.sort_unstable();
    keys
}

/// Replaces a schema and keeps its stamp.
pub(crate) fn replace(schema: &mut Value, by: Value) {
    let stamp = schema.get(origin::SOURCE).cloned();
    *schema = by;
    if let (Some(members), Some(stamp)) = (schema.as_object_mut(), stamp) {
        members.insert(origin::SOURCE.into(), stamp);
    }
}

/// The strings in an array; empty if the value is not an array.
pub(crate) fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
