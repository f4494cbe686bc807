//! Answers: typify always makes an untagged enum of a union and ignores the discriminator: the first variant that fits wins, and an error says only
//! that none did. `x-union` says how the variants are told apart, so that decoding is unambiguous and an error names the field.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{
    self, Object, has_rust_type, is_documented_enum, is_struct, one_of, ref_name, strings,
};
use crate::lower::shape::indistinct;
use crate::lower::shape::mapping;
use crate::lower::shape::naming;
use crate::lower::shape::unions::follow;
use crate::lower::shape::variant_names::{self, VariantOf};
use crate::problem::Problem;
use crate::spec::walk::{Place, join};

const KEY: &str = extensions::UNION.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let reach = reach::reachable(document);
    let mut unions: Vec<(String, Value)> = Vec::new();
    if let Some(schemas) = schema::members(document) {
        for (name, schema) in schemas {
            // Rules that are given stay: the author knows better, or this pass has made them.
            if is_documented_enum(schema) || has_rust_type(schema) || schema.get(KEY).is_some() {
                continue;
            }
            if let Some(union) = with_rules(name, schema, schemas, &reach, cx) {
                unions.push((name.clone(), union));
            }
        }
    }
    if let Some(schemas) = schema::components_mut(document) {
        schemas.extend(unions);
    }
    drop_discriminators(document);
}

/// The component with the rules of its variants, if it is a union.
fn with_rules(
    name: &str,
    schema: &Value,
    schemas: &Object,
    reach: &reach::Reach,
    cx: &mut Context<'_>,
) -> Option<Value> {
    let variants = one_of(schema)?;
    let at = origin::of(schema, &join("/components/schemas", name));
    let discriminator = schema.get("discriminator");
    if let Some(discriminator) = discriminator {
        mapping::warn(discriminator, variants, &at, cx);
    }
    let mut schema = schema.clone();
    let Some(mut parts) = Part::all(variants, schemas) else {
        let mut variants = by_kind(variants.clone(), schemas);
        name_plain(&mut variants);
        schema["oneOf"] = variants.into();
        return Some(schema);
    };
    let told = tell_apart(&mut parts, discriminator, schemas);
    if !told && reach.responses.contains(name) {
        let is_sent = reach.requests.contains(name);
        let alternatives = parts.iter().filter_map(|part| schemas.get(&part.component));
        if !is_sent && let Some(merged) = indistinct::as_one(alternatives) {
            indistinct::replace(&mut schema, merged);
            cx.changed_at(
                at,
                "made one type of variants that ask for the same properties",
            );
            return Some(schema);
        }
        // The more a variant asks for, the earlier it is tried.
        parts.sort_by_key(|part| std::cmp::Reverse(part.required.len()));
        for part in &mut parts {
            part.when = Some(json!({ "tries": true }));
        }
        cx.warn(
            Problem::at(&at, "nothing tells the variants of this union apart")
                .expected("a constant property, or a required property that no other variant has")
                .help("they are tried in turn, those with the most required properties first"),
        );
    }
    schema["oneOf"] = parts.iter().map(|part| part.reference.clone()).collect();
    schema[KEY] = json!({ "variants": named(name, &parts) });
    cx.changed_at(
        at,
        format!("said how the {} variants are told apart", parts.len()),
    );
    Some(schema)
}

/// The discriminators of schemas that are not unions (a base class names its children) say nothing that a type needs.
fn drop_discriminators(document: &mut Value) {
    crate::spec::walk::walk_mut(document, &mut |value, place, _| {
        if let (Place::Schema, Some(members)) = (place, value.as_object_mut()) {
            members.remove("discriminator");
        }
    });
}

struct Part<'a> {
    reference: Value,
    component: String,
    properties: &'a Map<String, Value>,
    required: Vec<String>,
    title: Option<&'a str>,
    when: Option<Value>,
}

impl<'a> Part<'a> {
    /// The variants, if all of them are references to structs.
    fn all(variants: &[Value], schemas: &'a Object) -> Option<Vec<Self>> {
        variants
            .iter()
            .map(|variant| {
                let component = ref_name(variant)?;
                let schema = schemas.get(&component).filter(|schema| is_struct(schema))?;
                Some(Self {
                    reference: variant.clone(),
                    properties: schema.get("properties")?.as_object()?,
                    required: strings(schema.get("required")),
                    title: schema.get("title").and_then(Value::as_str),
                    component,
                    when: None,
                })
            })
            .collect()
    }
}

/// Finds a rule for every variant.
fn tell_apart(parts: &mut [Part<'_>], discriminator: Option<&Value>, schemas: &Object) -> bool {
    if by_mapping(parts, discriminator) || by_tag(parts, schemas) {
        return true;
    }
    let keys: Vec<Option<String>> = (0..parts.len())
        .map(|index| own_key(parts, index))
        .collect();
    if keys.iter().filter(|key| key.is_none()).count() > 1 {
        return by_kind_of_value(parts, schemas);
    }
    let whens = keys
        .into_iter()
        .map(|key| match key {
            Some(key) => json!({ "has": [key] }),
            None => json!({ "otherwise": true }),
        })
        .collect();
    set(parts, whens);
    true
}

/// The discriminator of the document, where it maps a value to each variant.
fn by_mapping(parts: &mut [Part<'_>], discriminator: Option<&Value>) -> bool {
    let Some(property) = discriminator.and_then(|found| found.get("propertyName")?.as_str()) else {
        return false;
    };
    let mapping = discriminator.and_then(|found| found.get("mapping")?.as_object());
    let values: Vec<Option<String>> = parts
        .iter()
        .map(|part| {
            let reference = part
                .reference
                .get("$ref")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let mapped = mapping?.iter().find(|(_, to)| {
                to.as_str() == Some(reference) || to.as_str() == Some(part.component.as_str())
            });
            mapped.map(|(value, _)| value.clone())
        })
        .collect();
    if values.iter().any(Option::is_none)
        || !parts
            .iter()
            .all(|part| part.properties.contains_key(property))
    {
        return false;
    }
    for (part, value) in parts.iter_mut().zip(values) {
        part.when = Some(json!({ "tag": { "property": property, "value": value } }));
    }
    true
}

/// Properties of one value that, taken together, are different in every variant. One variant may lack them: it is what is left.
fn by_tag(parts: &mut [Part<'_>], schemas: &Object) -> bool {
    let names: BTreeSet<&String> = parts
        .iter()
        .flat_map(|part| part.properties.keys())
        .collect();
    let mut columns: Vec<(&String, Vec<Option<Value>>)> = names
        .into_iter()
        .map(|name| {
            let values = parts
                .iter()
                .map(|part| only_value(part.properties.get(name)?, schemas))
                .collect();
            (name, values)
        })
        .collect();
    // A tag that is always there before one that may be left out.
    columns.sort_by_key(|(name, _)| !parts.iter().all(|part| part.required.contains(name)));
    let single = columns.iter().find(|(name, values)| {
        let open: Vec<usize> = (0..parts.len())
            .filter(|index| values[*index].is_none())
            .collect();
        let lacks = |index: &usize| !parts[*index].properties.contains_key(*name);
        are_distinct(values)
            && open.len() <= 1
            && open.iter().all(lacks)
            && parts.len() > open.len() + 1
    });
    if let Some((property, values)) = single {
        let whens: Vec<Value> = values
            .iter()
            .map(|value| match value {
                Some(value) => json!({ "tag": { "property": property, "value": value } }),
                None => json!({ "otherwise": true }),
            })
            .collect();
        set(parts, whens);
        return true;
    }
    columns.retain(|(_, values)| values.iter().all(Option::is_some));
    let rows: Vec<Option<Value>> = (0..parts.len())
        .map(|index| {
            let tags = columns
                .iter()
                .map(|(property, values)| json!({ "property": property, "value": values[index] }));
            Some(tags.collect())
        })
        .collect();
    if columns.len() < 2 || !are_distinct(&rows) {
        return false;
    }
    let whens = rows
        .into_iter()
        .map(|tags| json!({ "tags": tags }))
        .collect();
    set(parts, whens);
    true
}

/// A property that all variants require, with a value of another kind of JSON in each.
fn by_kind_of_value(parts: &mut [Part<'_>], schemas: &Object) -> bool {
    let kind = |part: &Part<'_>, property: &String| {
        let schema = follow(part.properties.get(property)?, schemas);
        let kind = match schema::type_of(schema)? {
            "integer" | "number" => "number",
            kind => kind,
        };
        (part.required.contains(property) && !schema::is_nullable(schema)).then(|| json!(kind))
    };
    let Some(first) = parts.first() else {
        return false;
    };
    let mut properties: Vec<&String> = first.required.iter().collect();
    properties.sort();
    let found = properties.into_iter().find_map(|property| {
        let kinds: Vec<_> = parts.iter().map(|part| kind(part, property)).collect();
        let is_rule = kinds.iter().all(Option::is_some) && are_distinct(&kinds);
        is_rule.then(|| (property.clone(), kinds))
    });
    let Some((property, kinds)) = found else {
        return false;
    };
    let whens = kinds
        .into_iter()
        .map(|kind| json!({ "kind": { "property": property, "of": kind } }))
        .collect();
    set(parts, whens);
    true
}

fn are_distinct(values: &[Option<Value>]) -> bool {
    let values: Vec<&Value> = values.iter().flatten().collect();
    values
        .iter()
        .enumerate()
        .all(|(index, value)| !values[..index].contains(value))
}

/// Gives every variant its rule; what is left comes last.
fn set(parts: &mut [Part<'_>], whens: Vec<Value>) {
    for (part, when) in parts.iter_mut().zip(whens) {
        part.when = Some(when);
    }
    parts.sort_by_key(|part| part.when == Some(json!({ "otherwise": true })));
}

/// The one value of a property, if it is a text: only texts are compared when an answer is read.
fn only_value(property: &Value, schemas: &Object) -> Option<Value> {
    match follow(property, schemas)
        .get("enum")?
        .as_array()?
        .as_slice()
    {
        [only @ Value::String(_)] => Some(only.clone()),
        _ => None,
    }
}

/// A required key that no other variant has.
fn own_key(parts: &[Part<'_>], index: usize) -> Option<String> {
    let others: BTreeSet<&String> = parts
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index)
        .flat_map(|(_, part)| part.properties.keys().chain(&part.required))
        .collect();
    let mut own: Vec<&String> = parts[index]
        .required
        .iter()
        .filter(|key| parts[index].properties.contains_key(*key) && !others.contains(key))
        .collect();
    own.sort();
    own.first().map(|key| (*key).clone())
}

fn named(union: &str, parts: &[Part<'_>]) -> Vec<Value> {
    let parts_of = parts.iter().map(|part| VariantOf {
        component: &part.component,
        title: part.title,
        constant: part
            .when
            .as_ref()
            .and_then(|when| when.pointer("/tag/value")?.as_str()),
    });
    let names = variant_names::of(union, &parts_of.collect::<Vec<_>>());
    parts
        .iter()
        .zip(names)
        .map(|(part, name)| {
            let mut variant = json!({ "name": name, "ref": part.reference["$ref"] });
            if let Some(when) = &part.when {
                variant["when"] = when.clone();
            }
            variant
        })
        .collect()
}

/// Alternatives of different kinds are tried in turn: what asks for the most comes first, what takes anything comes last.
fn by_kind(mut variants: Vec<Value>, schemas: &Object) -> Vec<Value> {
    variants.sort_by_key(|variant| {
        let schema = follow(variant, schemas);
        let required = strings(schema.get("required")).len();
        let rank = match schema::type_of(schema) {
            Some("object") if is_struct(schema) => 0,
            Some("array") => 1,
            Some("object") => 2,
            Some("boolean") => 3,
            Some("integer") => 4,
            Some("number") => 5,
            Some("string") => 6,
            _ => 7,
        };
        (rank, std::cmp::Reverse(required))
    });
    variants
}

/// typify calls alternatives without a name `Variant0` and so on; plain ones are named after their type.
fn name_plain(variants: &mut [Value]) {
    let mut taken: BTreeSet<String> = variants
        .iter()
        .filter_map(|variant| {
            variant
                .get("title")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .collect();
    for variant in variants {
        let is_plain = !schema::is_string_enum(variant) && variant.get("title").is_none();
        let name = match schema::type_of(variant).filter(|_| is_plain) {
            Some("string") => "Text",
            Some("integer" | "number") => "Number",
            Some("boolean") => "Flag",
            Some("array") => "List",
            Some("object") if schema::is_map(variant) => "Map",
            _ => continue,
        };
        let name = naming::unique(name, |name| taken.contains(name));
        taken.insert(name.clone());
        variant["title"] = name.into();
    }
}
