//! Defect: typify always generates an untagged enum for a union and ignores the discriminator. The first variant that matches is used, and an
//! error only says that none matched.
//!
//! `x-union` records how to identify each variant. Decoding is then unambiguous, and an error names the field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{
    self, Object, is_documented_enum, is_struct, one_of, ref_name, resolve, strings,
};
use crate::lower::shape::discriminator_mapping;
use crate::lower::shape::identifiers;
use crate::lower::shape::indistinct_variants;
use crate::lower::shape::rust_type;
use crate::lower::shape::variant_names::{VariantInfo, known_names, variant_names};
use crate::problem::Problem;
use crate::spec::walk::{Place, join, walk_mut};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let reach = reach::reachable(document);
    let mut unions: Vec<(String, Value)> = Vec::new();
    if let Some(schemas) = schema::component_schemas(document) {
        for (name, schema) in schemas {
            // The document is already normalized.
            if is_documented_enum(schema)
                || rust_type::is_assigned(schema)
                || extensions::UNION.is_set(schema)
            {
                continue;
            }
            if let Some(union) = union_with_rules(name, schema, schemas, &reach, cx) {
                unions.push((name.clone(), union));
            }
        }
    }
    if let Some(schemas) = schema::components_mut(document) {
        schemas.extend(unions);
    }
    drop_discriminators(document);
}

/// The component with rules for its variants; `None` if it is not a union.
fn union_with_rules(
    name: &str,
    schema: &Value,
    schemas: &Object,
    reach: &reach::Reach,
    cx: &mut PassContext<'_>,
) -> Option<Value> {
    let variants = one_of(schema)?;
    let at = origin::of(schema, &join("/components/schemas", name));
    let discriminator = schema.get("discriminator");
    if let Some(discriminator) = discriminator {
        discriminator_mapping::warn(discriminator, variants, &at, cx);
    }
    let mut schema = schema.clone();
    let Some(mut variants) = UnionVariant::all(variants, schemas) else {
        let mut variants = most_specific_first(variants.clone(), schemas);
        name_by_type(&mut variants);
        schema["oneOf"] = variants.into();
        return Some(schema);
    };
    let is_distinguished = distinguish(&mut variants, discriminator, schemas);
    if !is_distinguished && reach.responses.contains(name) {
        let is_sent = reach.requests.contains(name);
        let merge_candidates = variants
            .iter()
            .filter_map(|variant| schemas.get(&variant.component));
        if !is_sent && let Some(merged) = indistinct_variants::merged(merge_candidates) {
            indistinct_variants::replace(&mut schema, merged);
            cx.changed_at(
                at,
                "merged variants that require the same properties into one type",
            );
            return Some(schema);
        }
        // Variants with more required properties are tried first.
        variants.sort_by_key(|variant| std::cmp::Reverse(variant.required.len()));
        for variant in &mut variants {
            variant.when = Some(json!({ "tries": true }));
        }
        cx.warn(
            Problem::at(&at, "the variants of this union cannot be distinguished")
                .expected("in each variant, a property with a constant value or a required property that no other variant has")
                .help("they are tried in order of the number of their required properties"),
        );
    }
    schema["oneOf"] = variants
        .iter()
        .map(|variant| variant.reference.clone())
        .collect();
    let known = cx
        .options
        .previous
        .map(|previous| known_names(previous, name));
    let entries = union_entries(name, &variants, &known.unwrap_or_default());
    schema[extensions::UNION.name] = json!({ "variants": entries });
    cx.changed_at(
        at,
        format!("set x-union: rules for {} variants", variants.len()),
    );
    Some(schema)
}

/// Removes all discriminators, including those of base classes that list their subclasses.
fn drop_discriminators(document: &mut Value) {
    walk_mut(document, &mut |value, place, _| {
        if let (Place::Schema, Some(members)) = (place, value.as_object_mut()) {
            members.remove("discriminator");
        }
    });
}

/// A variant that is a struct, and its rule.
struct UnionVariant<'a> {
    reference: Value,
    component: String,
    properties: &'a Map<String, Value>,
    required: Vec<String>,
    title: Option<&'a str>,
    /// The rule, as `when` of `x-union`.
    when: Option<Value>,
}

impl<'a> UnionVariant<'a> {
    /// All variants; `None` unless all of them are references to structs.
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

/// Finds a rule for each variant. Returns whether the rules distinguish all of them.
fn distinguish(
    variants: &mut [UnionVariant<'_>],
    discriminator: Option<&Value>,
    schemas: &Object,
) -> bool {
    if apply_mapping(variants, discriminator) || apply_constants(variants, discriminator, schemas) {
        return true;
    }
    let distinctive: Vec<Option<String>> = (0..variants.len())
        .map(|index| distinctive_property(variants, index))
        .collect();
    if distinctive.iter().filter(|key| key.is_none()).count() > 1 {
        return apply_json_types(variants, schemas);
    }
    let rules = distinctive
        .into_iter()
        .map(|key| match key {
            Some(key) => json!({ "has": [key] }),
            None => json!({ "otherwise": true }),
        })
        .collect();
    set_rules(variants, rules);
    true
}

/// Uses the discriminator, if its mapping has a value for each variant.
fn apply_mapping(variants: &mut [UnionVariant<'_>], discriminator: Option<&Value>) -> bool {
    let Some(property) = discriminator.and_then(|found| found.get("propertyName")?.as_str()) else {
        return false;
    };
    let mapping = discriminator.and_then(|found| found.get("mapping")?.as_object());
    let values: Vec<Option<String>> = variants
        .iter()
        .map(|variant| {
            let reference = variant
                .reference
                .get("$ref")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let mapped = mapping?.iter().find(|(_, to)| {
                to.as_str() == Some(reference) || to.as_str() == Some(variant.component.as_str())
            });
            mapped.map(|(value, _)| value.clone())
        })
        .collect();
    if values.iter().any(Option::is_none)
        || !variants
            .iter()
            .all(|variant| variant.properties.contains_key(property))
    {
        return false;
    }
    for (variant, value) in variants.iter_mut().zip(values) {
        variant.when = Some(json!({ "tag": { "property": property, "value": value } }));
    }
    true
}

/// Uses constant properties whose values, alone or together, differ between all variants. If one property suffices, one variant may lack
/// it; that variant matches all other values.
fn apply_constants(
    variants: &mut [UnionVariant<'_>],
    discriminator: Option<&Value>,
    schemas: &Object,
) -> bool {
    let names: BTreeSet<&String> = variants
        .iter()
        .flat_map(|variant| variant.properties.keys())
        .collect();
    let mut constants: Vec<(&String, Vec<Option<Value>>)> = names
        .into_iter()
        .map(|name| {
            let values = variants
                .iter()
                .map(|variant| constant_string(variant.properties.get(name)?, schemas))
                .collect();
            (name, values)
        })
        .collect();
    // The discriminator is preferred, then required properties.
    let property = discriminator.and_then(|found| found.get("propertyName")?.as_str());
    constants.sort_by_key(|(name, _)| {
        let is_required = |variant: &UnionVariant<'_>| variant.required.contains(name);
        (
            Some(name.as_str()) != property,
            !variants.iter().all(is_required),
        )
    });
    let single_property = constants.iter().find(|(name, values)| {
        let without_value: Vec<usize> = (0..variants.len())
            .filter(|index| values[*index].is_none())
            .collect();
        let lacks = |index: &usize| !variants[*index].properties.contains_key(*name);
        are_distinct(values)
            && without_value.len() <= 1
            && without_value.iter().all(lacks)
            && (variants.len() > without_value.len() + 1
                || Some(name.as_str()) == property && without_value.is_empty())
    });
    if let Some((property, values)) = single_property {
        let rules: Vec<Value> = values
            .iter()
            .map(|value| match value {
                Some(value) => json!({ "tag": { "property": property, "value": value } }),
                None => json!({ "otherwise": true }),
            })
            .collect();
        set_rules(variants, rules);
        return true;
    }
    constants.retain(|(_, values)| values.iter().all(Option::is_some));
    let combinations: Vec<Option<Value>> = (0..variants.len())
        .map(|index| {
            let tags = constants
                .iter()
                .map(|(property, values)| json!({ "property": property, "value": values[index] }));
            Some(tags.collect())
        })
        .collect();
    if constants.len() < 2 || !are_distinct(&combinations) {
        return false;
    }
    let rules = combinations
        .into_iter()
        .map(|tags| json!({ "tags": tags }))
        .collect();
    set_rules(variants, rules);
    true
}

/// Uses a property that all variants require, with a different JSON type in each variant.
fn apply_json_types(variants: &mut [UnionVariant<'_>], schemas: &Object) -> bool {
    let json_type = |variant: &UnionVariant<'_>, property: &String| {
        let schema = resolve(variant.properties.get(property)?, schemas);
        let type_name = match schema::type_of(schema)? {
            "integer" | "number" => "number",
            other => other,
        };
        (variant.required.contains(property) && !schema::is_nullable(schema))
            .then(|| json!(type_name))
    };
    let Some(first) = variants.first() else {
        return false;
    };
    let mut properties: Vec<&String> = first.required.iter().collect();
    properties.sort();
    let found = properties.into_iter().find_map(|property| {
        let types: Vec<_> = variants
            .iter()
            .map(|variant| json_type(variant, property))
            .collect();
        let is_distinguishing = types.iter().all(Option::is_some) && are_distinct(&types);
        is_distinguishing.then(|| (property.clone(), types))
    });
    let Some((property, types)) = found else {
        return false;
    };
    let rules = types
        .into_iter()
        .map(|json_type| json!({ "kind": { "property": property, "of": json_type } }))
        .collect();
    set_rules(variants, rules);
    true
}

/// Whether all values that exist are different.
fn are_distinct(values: &[Option<Value>]) -> bool {
    let values: Vec<&Value> = values.iter().flatten().collect();
    values
        .iter()
        .enumerate()
        .all(|(index, value)| !values[..index].contains(value))
}

/// Sets the rule of each variant, and moves the variant for all other values to the end.
fn set_rules(variants: &mut [UnionVariant<'_>], rules: Vec<Value>) {
    for (variant, when) in variants.iter_mut().zip(rules) {
        variant.when = Some(when);
    }
    variants.sort_by_key(|variant| variant.when == Some(json!({ "otherwise": true })));
}

/// The constant value of a property, if it is a string. Decoding compares strings only.
fn constant_string(property: &Value, schemas: &Object) -> Option<Value> {
    match resolve(property, schemas)
        .get("enum")?
        .as_array()?
        .as_slice()
    {
        [only @ Value::String(_)] => Some(only.clone()),
        _ => None,
    }
}

/// A required property that no other variant has.
fn distinctive_property(variants: &[UnionVariant<'_>], index: usize) -> Option<String> {
    let others: BTreeSet<&String> = variants
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index)
        .flat_map(|(_, variant)| variant.properties.keys().chain(&variant.required))
        .collect();
    let mut own: Vec<&String> = variants[index]
        .required
        .iter()
        .filter(|key| variants[index].properties.contains_key(*key) && !others.contains(key))
        .collect();
    own.sort();
    own.first().map(|key| (*key).clone())
}

/// The entries of `x-union`.
fn union_entries(
    union: &str,
    variants: &[UnionVariant<'_>],
    known: &BTreeMap<String, String>,
) -> Vec<Value> {
    let infos = variants.iter().map(|variant| VariantInfo {
        component: &variant.component,
        title: variant.title,
        constant: variant
            .when
            .as_ref()
            .and_then(|when| when.pointer("/tag/value")?.as_str()),
    });
    let names = variant_names(union, &infos.collect::<Vec<_>>(), known);
    variants
        .iter()
        .zip(names)
        .map(|(variant, name)| {
            let mut entry = json!({ "name": name, "ref": variant.reference["$ref"] });
            if let Some(when) = &variant.when {
                entry["when"] = when.clone();
            }
            entry
        })
        .collect()
}

/// Sorts variants of different types in the order in which they are tried: the most specific first.
fn most_specific_first(mut variants: Vec<Value>, schemas: &Object) -> Vec<Value> {
    variants.sort_by_key(|variant| {
        let schema = resolve(variant, schemas);
        let required = strings(schema.get("required")).len();
        let precedence = match schema::type_of(schema) {
            Some("object") if is_struct(schema) => 0,
            Some("array") => 1,
            Some("object") => 2,
            Some("boolean") => 3,
            Some("integer") => 4,
            Some("number") => 5,
            // Any text is read as a plain string.
            Some("string") if schema.get("format").is_some() || schema.get("enum").is_some() => 6,
            Some("string") => 7,
            _ => 8,
        };
        (precedence, std::cmp::Reverse(required))
    });
    variants
}

/// Names scalars, arrays and maps after their types. typify would name them `Variant0`, `Variant1` and so on.
fn name_by_type(variants: &mut [Value]) {
    let mut taken: BTreeSet<String> = variants
        .iter()
        .filter_map(|variant| {
            variant
                .get("title")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .collect();
    let has_numbers = variants
        .iter()
        .any(|variant| schema::type_of(variant) == Some("number"));
    for variant in variants {
        let is_plain = !schema::is_string_enum(variant) && variant.get("title").is_none();
        let name = match schema::type_of(variant).filter(|_| is_plain) {
            Some("string") => match variant.get("format").and_then(Value::as_str) {
                Some("date-time") => "DateTime",
                Some("date") => "Date",
                Some("uuid") => "Uuid",
                _ => "Text",
            },
            Some("integer") if has_numbers => "Integer",
            Some("integer" | "number") => "Number",
            Some("boolean") => "Flag",
            Some("array") => "List",
            Some("object") if schema::is_map(variant) => "Map",
            _ => continue,
        };
        let name = identifiers::unique(name, |name| taken.contains(name));
        taken.insert(name.clone());
        variant["title"] = name.into();
    }
}
