//! Answers: names that meet once they are Rust names (`connection_id` and `connectionId`) give two fields or two types of one name, and code that
//! does not compile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{self, Object, components_mut};
use crate::lower::shape::naming;
use crate::spec::walk::join;

/// What the properties of a schema are called on the wire, where that is not their name here.
const WIRE_NAMES: &str = extensions::WIRE_NAMES.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    components(document, cx);
    for (name, schema) in components_mut(document).into_iter().flatten() {
        let at = origin::of(schema, &join("/components/schemas", name));
        properties(schema, &at, cx);
    }
}

/// Properties that would be one field are numbered. What they are called on the wire is kept beside them.
fn properties(schema: &mut Value, at: &str, cx: &mut Context<'_>) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut keys: Vec<String> = properties.keys().cloned().collect();
    keys.sort();
    let fields: BTreeSet<String> = keys.iter().map(|key| naming::snake(key)).collect();
    if fields.len() == keys.len() {
        return;
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for key in keys {
        let field = naming::snake(&key);
        if taken.insert(field.clone()) {
            continue;
        }
        let free = naming::numbered(&field, |name| taken.contains(name) || fields.contains(name));
        if let Some(property) = properties.remove(&key) {
            cx.changed_at(
                origin::of(&property, &join(&join(at, "properties"), &key)),
                format!("called the field `{free}`: `{field}` is taken"),
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
        let kept = members
            .entry(WIRE_NAMES)
            .or_insert_with(|| Value::Object(Object::new()));
        for (key, free) in renamed {
            kept[free] = key.into();
        }
    }
}

/// Components whose types would have one name, or none, get other names.
fn components(document: &mut Value, cx: &mut Context<'_>) {
    let mut names: Vec<String> = schema::members(document)
        .into_iter()
        .flat_map(Object::keys)
        .cloned()
        .collect();
    names.sort();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    // progenitor takes what stands in a reference for the name, escapes and all.
    let escaped = |name: &str| name.contains(['/', '~', '%']);
    for name in names {
        let type_name = naming::pascal(&name);
        // Generated code names the reserved ones without a path.
        let reserved = RESERVED.contains(&type_name.as_str());
        if !reserved && !escaped(&name) && !types.contains_key(&type_name) {
            types.insert(type_name, name);
            continue;
        }
        // `AB` is the type of `a-b`, and that of a component `AB` is `Ab`.
        let wanted = naming::pascal(&type_name);
        let wanted = if reserved {
            format!("{wanted}Schema")
        } else {
            wanted
        };
        let free = naming::unique(&wanted, |name| types.contains_key(name));
        renamed.insert(name.clone(), free.clone());
        types.insert(free, name);
    }
    if let Some(schemas) = components_mut(document) {
        for (old, new) in &renamed {
            if let Some(schema) = schemas.remove(old) {
                let why = if escaped(old) {
                    "references to it need escapes"
                } else {
                    "the name of its type is taken"
                };
                cx.changed(
                    &schema,
                    &join("/components/schemas", old),
                    format!("renamed `{old}` to `{new}`: {why}"),
                );
                schemas.insert(new.clone(), schema);
            }
        }
    }
    repoint(document, &renamed);
}

/// Names that would hide a type of the prelude or of the generated module.
const RESERVED: [&str; 10] = [
    "Box", "Client", "Default", "Err", "Error", "Option", "Result", "Self", "String", "Vec",
];

/// Changes references wherever they stand, extensions included. What is left of them has no escapes.
fn repoint(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                let new = match member {
                    Value::String(text) if key == "$ref" || key == "ref" => {
                        text.strip_prefix("#/components/schemas/").and_then(|name| {
                            let plain = schema::unescape(name);
                            renamed
                                .get(&plain)
                                .cloned()
                                .or((plain != name).then_some(plain))
                        })
                    }
                    _ => None,
                };
                match new {
                    Some(new) => *member = schema::ref_to(&new).into(),
                    None => repoint(member, renamed),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| repoint(item, renamed)),
        _ => {}
    }
}
