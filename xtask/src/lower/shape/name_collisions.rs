//! Defect: names that become the same Rust name (`connection_id` and `connectionId`) produce two fields or two types with that name, which do
//! not compile.
//!
//! Colliding names get a number. `x-wire-names` keeps the original names of properties.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{self, Object, components_mut};
use crate::lower::shape::identifiers;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    rename_components(document, cx);
    for (name, schema) in components_mut(document).into_iter().flatten() {
        let at = origin::of(schema, &join("/components/schemas", name));
        rename_properties(schema, &at, cx);
    }
}

/// Renames properties that would become the same field.
fn rename_properties(schema: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let required = schema::strings(schema.get("required"));
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    // A required property without a schema is a field too.
    for name in required {
        let field = identifiers::snake(&name);
        let is_taken = properties
            .keys()
            .any(|key| *key != name && identifiers::snake(key) == field);
        if is_taken && !properties.contains_key(&name) {
            properties.insert(name, json!({ (origin::SOURCE): at }));
        }
    }
    let mut keys: Vec<String> = properties.keys().cloned().collect();
    // A name that needs no conversion keeps it, whichever other spellings are added.
    keys.sort_by_cached_key(|key| (identifiers::snake(key) != *key, key.clone()));
    let fields: BTreeSet<String> = keys.iter().map(|key| identifiers::snake(key)).collect();
    if fields.len() == keys.len() {
        return;
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for key in keys {
        let field = identifiers::snake(&key);
        if taken.insert(field.clone()) {
            continue;
        }
        let free =
            identifiers::numbered(&field, |name| taken.contains(name) || fields.contains(name));
        if let Some(property) = properties.remove(&key) {
            cx.changed_at(
                origin::of(&property, &join(&join(at, "properties"), &key)),
                format!("renamed the field to `{free}`: `{field}` is taken"),
            );
            properties.insert(free.clone(), property);
        }
        taken.insert(free.clone());
        renamed.insert(key, free);
    }
    if renamed.is_empty() {
        return;
    }
    let required = schema.get_mut("required").and_then(Value::as_array_mut);
    for name in required.into_iter().flatten() {
        if let Some(free) = name.as_str().and_then(|name| renamed.get(name)) {
            *name = free.as_str().into();
        }
    }
    if let Some(members) = schema.as_object_mut() {
        let wire_names = members
            .entry(extensions::WIRE_NAMES.name)
            .or_insert_with(|| Value::Object(Object::new()));
        for (key, free) in renamed {
            wire_names[free] = key.into();
        }
    }
}

/// Renames components whose types would have the same name, a reserved name, or none.
fn rename_components(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut names: Vec<String> = schema::component_schemas(document)
        .into_iter()
        .flat_map(Object::keys)
        .cloned()
        .collect();
    names.sort_by_cached_key(|name| (identifiers::pascal(name) != *name, name.clone()));
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    // progenitor does not decode escapes in references.
    let needs_escapes = |name: &str| name.contains(['/', '~', '%']);
    for name in names {
        let type_name = identifiers::pascal(&name);
        // Generated code uses the reserved names without a path.
        let is_reserved = RESERVED.contains(&type_name.as_str());
        if !is_reserved && !needs_escapes(&name) && !types.contains_key(&type_name) {
            types.insert(type_name, name);
            continue;
        }
        // Converting twice yields the name that the type of the renamed component has.
        let base = identifiers::pascal(&type_name);
        let base = if is_reserved {
            format!("{base}Schema")
        } else {
            base
        };
        let free = identifiers::unique(&base, |name| types.contains_key(name));
        renamed.insert(name.clone(), free.clone());
        types.insert(free, name);
    }
    if let Some(schemas) = components_mut(document) {
        for (old, new) in &renamed {
            if let Some(schema) = schemas.remove(old) {
                let reason = if needs_escapes(old) {
                    "references to it would need escapes"
                } else {
                    "the name of its type is reserved or taken"
                };
                cx.changed(
                    &schema,
                    &join("/components/schemas", old),
                    format!("renamed `{old}` to `{new}`: {reason}"),
                );
                schemas.insert(new.clone(), schema);
            }
        }
    }
    update_references(document, &renamed);
}

/// Names of types and traits in the prelude or in the generated module.
const RESERVED: [&str; 12] = [
    "Box",
    "Client",
    "Default",
    "Err",
    "Error",
    "Into",
    "IntoIterator",
    "Option",
    "Result",
    "Self",
    "String",
    "Vec",
];

/// Updates all references, extensions included. No reference has escapes afterwards.
fn update_references(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                let new = match member {
                    Value::String(text) if key == "$ref" || key == "ref" => {
                        text.strip_prefix("#/components/schemas/").and_then(|name| {
                            let decoded = schema::unescape(name);
                            renamed
                                .get(&decoded)
                                .cloned()
                                .or((decoded != name).then_some(decoded))
                        })
                    }
                    _ => None,
                };
                match new {
                    Some(new) => *member = schema::ref_to(&new).into(),
                    None => update_references(member, renamed),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| update_references(item, renamed)),
        _ => {}
    }
}
