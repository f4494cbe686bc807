//! Answers: names that meet once they are Rust names (`connection_id` and `connectionId`) give two fields or two types of one name, and code that
//! does not compile.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Context, naming,
    schema::{self, components_mut},
    source,
};
use crate::{problem::Problem, walk::join};

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    components(document, cx);
    for (name, schema) in components_mut(document).into_iter().flatten() {
        let at = source::of(schema, &join("/components/schemas", name));
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            continue;
        };
        let mut keys: Vec<&String> = properties.keys().collect();
        keys.sort();
        let mut seen: BTreeMap<String, &String> = BTreeMap::new();
        for key in keys {
            let field = naming::snake(key);
            if let Some(other) = seen.insert(field.clone(), key) {
                cx.problem(
                    Problem::at(
                        join(&join(&at, "properties"), key),
                        format!("two properties become the field `{field}`"),
                    )
                    .expected("names that differ in more than case and punctuation")
                    .found(format!("{other:?} and {key:?}"))
                    .help("leave one of them out by an overlay"),
                );
            }
        }
    }
}

/// Components whose types would have one name, or none, get other names.
fn components(document: &mut Value, cx: &mut Context<'_>) {
    let mut names: Vec<String> = schema::components(document).keys().cloned().collect();
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
