//! Defect: a discriminator that the variants do not declare as a constant is lost: typify ignores discriminators. A parent whose
//! children inherit from it with `allOf` becomes a struct, and the properties of the children are lost.
//!
//! The discriminator property becomes a constant of each variant: the value that the mapping has for it, or the name of its component. A
//! parent becomes the union of its children; they inherit from a new component with the properties of the parent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{self, Object, ref_name, reference};
use crate::lower::shape::discriminator_mapping;
use crate::lower::shape::identifiers;
use crate::spec::walk::join;

const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

/// The limit for a chain of parents.
const MAX_INHERITANCE: usize = 8;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut has_discriminator = false;
    schema::each_mut(document, &mut |schema, _| {
        // As Swagger 2.0 writes it.
        if let Some(Value::String(property)) = schema.get("discriminator") {
            schema["discriminator"] = json!({ "propertyName": property });
        }
        has_discriminator |= property_of(schema).is_some();
    });
    if !has_discriminator {
        return;
    }
    let bases = split_parents(document, cx);
    let uses = Uses::count(document);
    let mut unions = Vec::new();
    schema::each_mut(document, &mut |schema, pointer| {
        unions.extend(Union::read(schema).map(|union| (pointer.to_owned(), union)));
    });
    let empty = Object::new();
    let schemas = schema::component_schemas(document).unwrap_or(&empty);
    unions.retain(|(_, union)| union.is_consistent(schemas));
    let mut constants: BTreeMap<&String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (_, union) in &unions {
        for (name, values) in &union.values {
            let values = values
                .iter()
                .map(|value| (union.property.clone(), value.clone()));
            constants.entry(name).or_default().extend(values);
        }
    }
    // A component that is a variant with one value, and nothing else, gets the constant itself. Others are enclosed in a new schema.
    let own: BTreeMap<String, (String, String)> = constants
        .iter()
        .filter_map(|(name, constants)| {
            let [constant] = constants.iter().collect::<Vec<_>>()[..] else {
                return None;
            };
            let component = schemas.get(*name)?;
            let is_own = !bases.contains(*name)
                && !uses.inherited.contains(*name)
                && UNIONS.iter().all(|key| component.get(*key).is_none())
                && component.get("$ref").is_none()
                && (uses.as_variant.get(*name) == uses.all.get(*name)
                    || !declarations(component, &constant.0, schemas, 0).is_empty())
                && !is_constant(name, &constant.0, schemas);
            is_own.then(|| ((*name).clone(), (*constant).clone()))
        })
        .collect();
    let enclosed: Vec<(String, Union, Vec<Value>)> = unions
        .into_iter()
        .map(|(pointer, union)| {
            let at = document
                .pointer(&pointer)
                .map_or_else(String::new, |schema| origin::of(schema, &pointer));
            let variants = union.variants(&own, schemas, &at);
            (pointer, union, variants)
        })
        .collect();
    for (pointer, union, variants) in enclosed {
        if let Some(schema) = document.pointer_mut(&pointer) {
            let at = origin::of(schema, &pointer);
            if let (Some(discriminator), Some(all)) = (
                schema.get("discriminator"),
                schema.get(union.keyword).and_then(Value::as_array),
            ) {
                discriminator_mapping::warn(discriminator, all, &at, cx);
            }
            let mut variants = variants;
            let given = schema.get(union.keyword).and_then(Value::as_array);
            variants.extend(
                given
                    .into_iter()
                    .flatten()
                    .filter(|given| is_null(given))
                    .cloned(),
            );
            schema[union.keyword] = variants.into();
            schema["discriminator"] = json!({ "propertyName": union.property });
            cx.changed_at(
                at,
                format!("made `{}` a constant of each variant", union.property),
            );
        }
    }
    for (name, (property, value)) in own {
        let component = schema::components_mut(document).and_then(|schemas| schemas.get_mut(&name));
        if let Some(component) = component {
            let pointer = join("/components/schemas", &name);
            set_constant(component, &property, &value, &pointer);
        }
    }
}

fn property_of(schema: &Value) -> Option<&str> {
    schema.get("discriminator")?.get("propertyName")?.as_str()
}

/// The component that a mapping names.
fn mapped(target: &Value) -> Option<String> {
    let target = target.as_str()?;
    ref_name(&json!({ "$ref": target })).or_else(|| (!target.contains('#')).then(|| target.into()))
}

/// A union with a discriminator, all of whose variants are components.
struct Union {
    keyword: &'static str,
    property: String,
    /// The variants in order.
    names: Vec<String>,
    /// The values of each variant.
    values: BTreeMap<String, Vec<String>>,
}

impl Union {
    fn read(schema: &Value) -> Option<Self> {
        let property = property_of(schema)?.to_owned();
        let keyword = *UNIONS.iter().find(|key| schema.get(**key).is_some())?;
        let variants = schema.get(keyword)?.as_array()?;
        // A null among the variants has no discriminator.
        let names: Option<Vec<String>> = variants
            .iter()
            .filter(|variant| !is_null(variant))
            .map(ref_name)
            .collect();
        let names = names.filter(|names| !names.is_empty())?;
        let mapping = schema["discriminator"]["mapping"].as_object();
        let mut entries: Vec<(&String, String)> = mapping
            .into_iter()
            .flatten()
            .filter_map(|(value, target)| Some((value, mapped(target)?)))
            .collect();
        entries.sort();
        let values = names.iter().map(|name| {
            let explicit: Vec<String> = entries
                .iter()
                .filter(|(_, target)| target == name)
                .map(|(value, _)| (*value).clone())
                .collect();
            match explicit.is_empty() {
                true => (name.clone(), vec![name.clone()]),
                false => (name.clone(), explicit),
            }
        });
        Some(Self {
            keyword,
            property,
            values: values.collect(),
            names,
        })
    }

    /// Whether each variant accepts its value. Without a mapping, the values may be others than the names of the components.
    fn is_consistent(&self, schemas: &Object) -> bool {
        self.values.iter().all(|(name, values)| {
            let declared = declared_values(name, &self.property, schemas);
            declared.is_none_or(|declared| {
                declared.len() == 1 || values.iter().all(|value| declared.contains(&json!(value)))
            })
        })
    }

    /// Whether a variant is a union whose own variants have the values.
    fn is_nested(&self, name: &str, schemas: &Object) -> bool {
        let component = schemas.get(name);
        component.is_some_and(|component| {
            UNIONS.iter().any(|key| component.get(*key).is_some())
                && (property_of(component) == Some(&self.property)
                    || self.values.get(name).is_none_or(|values| {
                        values == &[name] || self.is_declared(component, values, schemas)
                    }))
        })
    }

    /// Whether each variant of `union` declares which of the values it has.
    fn is_declared(&self, union: &Value, values: &[String], schemas: &Object) -> bool {
        let variants = UNIONS.iter().find_map(|key| union.get(*key)?.as_array());
        variants.into_iter().flatten().all(|variant| {
            let declared =
                ref_name(variant).and_then(|name| declared_values(&name, &self.property, schemas));
            let is_value = |one: &Value| values.iter().any(|value| *one == json!(value));
            declared.is_some_and(|declared| declared.iter().all(is_value))
        })
    }

    /// The variants, each with its constant: a reference to a component that gets it, or a new schema around the component.
    fn variants(
        &self,
        own: &BTreeMap<String, (String, String)>,
        schemas: &Object,
        at: &str,
    ) -> Vec<Value> {
        let mut variants = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            // Compositions are distinguished by their sources.
            let at = &join(&join(at, self.keyword), &index.to_string());
            let values = self.values.get(name).map_or(&[][..], Vec::as_slice);
            for value in values {
                let constant = (self.property.clone(), value.clone());
                if own.get(name) == Some(&constant)
                    || is_constant(name, &self.property, schemas)
                    || self.is_nested(name, schemas)
                {
                    variants.push(reference(name));
                    break;
                }
                let title = match values.len() {
                    1 => name.clone(),
                    _ => format!("{name} {value}"),
                };
                variants.push(json!({
                    "title": title,
                    "allOf": [reference(name), constant_part(&self.property, value, at)],
                    (origin::SOURCE): at,
                }));
            }
        }
        variants
    }
}

/// An object that requires a property with one value.
fn constant_part(property: &str, value: &str, at: &str) -> Value {
    json!({
        "type": "object",
        "required": [property],
        "properties": { property: constant(value, at) },
        (origin::SOURCE): at,
    })
}

fn constant(value: &str, at: &str) -> Value {
    json!({ "type": "string", "enum": [value], (origin::SOURCE): at })
}

/// How often each component is referred to.
#[derive(Default)]
struct Uses {
    all: BTreeMap<String, usize>,
    /// As a variant of a union with a discriminator.
    as_variant: BTreeMap<String, usize>,
    /// The components that others inherit from.
    inherited: BTreeSet<String>,
}

impl Uses {
    fn count(document: &mut Value) -> Self {
        let mut uses = Self::default();
        schema::each_mut(document, &mut |schema, _| {
            if let Some(name) = ref_name(schema) {
                *uses.all.entry(name).or_default() += 1;
            }
            for name in parents(schema) {
                uses.inherited.insert(name);
            }
            for name in Union::read(schema)
                .into_iter()
                .flat_map(|union| union.names)
            {
                *uses.as_variant.entry(name).or_default() += 1;
            }
        });
        uses
    }
}

/// The components that a schema inherits from.
fn parents(schema: &Value) -> Vec<String> {
    let members = schema.get("allOf").and_then(Value::as_array);
    members.into_iter().flatten().filter_map(ref_name).collect()
}

/// The schemas of a property that a component has, itself or by inheritance.
fn declarations<'a>(
    schema: &'a Value,
    property: &str,
    schemas: &'a Object,
    depth: usize,
) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = schema
        .pointer(&join("/properties", property))
        .into_iter()
        .collect();
    if depth < MAX_INHERITANCE {
        let parts = schema.get("allOf").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            let part = schema::resolve(part, schemas);
            found.extend(declarations(part, property, schemas, depth + 1));
        }
    }
    found
}

/// The values of a property that a component declares, itself or by inheritance, as a constant or an enumeration.
fn declared_values(name: &str, property: &str, schemas: &Object) -> Option<Vec<Value>> {
    declarations(schemas.get(name)?, property, schemas, 0)
        .into_iter()
        .filter_map(|declared| {
            let declared = schema::resolve(declared, schemas);
            match declared.get("const") {
                Some(constant) => Some(vec![constant.clone()]),
                None => declared.get("enum")?.as_array().cloned(),
            }
        })
        .min_by_key(Vec::len)
}

/// Whether a component declares a property as a constant.
fn is_constant(name: &str, property: &str, schemas: &Object) -> bool {
    declared_values(name, property, schemas).is_some_and(|values| values.len() == 1)
}

fn is_null(variant: &Value) -> bool {
    variant.get("type") == Some(&json!("null"))
}

/// Makes a property of a component a required constant.
fn set_constant(component: &mut Value, property: &str, value: &str, pointer: &str) {
    let at = origin::of(component, pointer);
    if let Some(all) = component.get_mut("allOf").and_then(Value::as_array_mut) {
        all.push(constant_part(property, value, &at));
        return;
    }
    let Some(members) = component.as_object_mut() else {
        return;
    };
    let properties = members.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        let declared = properties.get(property);
        let at = declared.map_or(at.clone(), |declared| origin::of(declared, &at));
        let mut constant = constant(value, &at);
        if let Some(text) = declared.and_then(|declared| declared.get("description")) {
            constant["description"] = text.clone();
        }
        properties.insert(property.to_owned(), constant);
    }
    let required = members.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut()
        && !required.contains(&json!(property))
    {
        required.push(property.into());
    }
    members.entry("type").or_insert_with(|| "object".into());
}

/// Turns each parent with a discriminator into the union of its children. Returns the new components that they inherit from.
fn split_parents(document: &mut Value, cx: &mut PassContext<'_>) -> BTreeSet<String> {
    let empty = Object::new();
    let schemas = schema::component_schemas(document).unwrap_or(&empty);
    let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    for name in &names {
        for parent in parents(&schemas[*name]) {
            children.entry(parent).or_default().push((*name).clone());
        }
    }
    let mut splits: Vec<(String, Vec<String>)> = Vec::new();
    for name in names {
        let schema = &schemas[name];
        if property_of(schema).is_none() {
            continue;
        }
        let listed = UNIONS.iter().find_map(|key| schema.get(*key)?.as_array());
        let descendants = descendants(name, &children);
        let variants = match listed {
            // Only a parent that lists its own children is composed of itself.
            Some(listed) => {
                let listed: Vec<String> = listed.iter().filter_map(ref_name).collect();
                match listed.iter().any(|name| descendants.contains(name)) {
                    true => listed,
                    false => continue,
                }
            }
            None => {
                let mapping = schema["discriminator"]["mapping"].as_object();
                let mapped = mapping.into_iter().flat_map(Map::values).filter_map(mapped);
                let mut variants: BTreeSet<String> = descendants;
                variants.extend(mapped.filter(|target| schemas.contains_key(target)));
                variants.into_iter().collect()
            }
        };
        if !variants.is_empty() {
            splits.push((name.clone(), variants));
        }
    }
    // The name of the component with the properties of each parent.
    let bases: BTreeMap<String, String> = splits
        .iter()
        .map(|(name, _)| {
            let base =
                identifiers::unique(&format!("{name}Base"), |name| schemas.contains_key(name));
            (name.clone(), base)
        })
        .collect();
    for (name, variants) in &splits {
        split(document, name, variants, &bases, cx);
    }
    inherit_from_bases(document, &bases);
    bases.into_values().collect()
}

/// All components that inherit from a component, directly or not.
fn descendants(name: &str, children: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![name.to_owned()];
    while let Some(parent) = pending.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if child != name && found.insert(child.clone()) {
                pending.push(child.clone());
            }
        }
    }
    found
}

/// Moves the properties of a parent to its base, and makes the parent a union.
fn split(
    document: &mut Value,
    name: &str,
    variants: &[String],
    bases: &BTreeMap<String, String>,
    cx: &mut PassContext<'_>,
) {
    let (Some(base), Some(schemas)) = (bases.get(name), schema::components_mut(document)) else {
        return;
    };
    let Some(mut parent) = schemas.get(name).cloned() else {
        return;
    };
    let at = origin::of(&parent, &join("/components/schemas", name));
    let mut union = json!({ (origin::SOURCE): at });
    for key in ["description", "title", "nullable"] {
        if let Some(kept) = parent.get(key) {
            union[key] = kept.clone();
        }
    }
    if let Some(members) = parent.as_object_mut() {
        let discriminator = members.remove("discriminator").unwrap_or_default();
        let mut discriminator = discriminator;
        rename_targets(&mut discriminator, variants, bases);
        union["discriminator"] = discriminator;
        for key in ["oneOf", "anyOf", "nullable", "title"] {
            members.remove(key);
        }
    }
    union["oneOf"] = variants
        .iter()
        .map(|variant| reference(bases.get(variant).unwrap_or(variant)))
        .collect();
    cx.changed_at(
        at,
        format!("turned the parent into a union of its children, which inherit from `{base}`"),
    );
    schemas.insert(base.clone(), parent);
    schemas.insert(name.to_owned(), union);
}

/// Lets a mapping name the base of a parent instead of its union, whose other variants have values of their own.
fn rename_targets(
    discriminator: &mut Value,
    variants: &[String],
    bases: &BTreeMap<String, String>,
) {
    let Some(members) = discriminator.as_object_mut() else {
        return;
    };
    let mapping = members.entry("mapping").or_insert_with(|| json!({}));
    let Some(mapping) = mapping.as_object_mut() else {
        return;
    };
    let mut named = BTreeSet::new();
    for target in mapping.values_mut() {
        let name = mapped(target);
        if let Some(base) = name.as_ref().and_then(|name| bases.get(name)) {
            *target = schema::ref_to(base).into();
        }
        named.extend(name);
    }
    for variant in variants.iter().filter(|variant| !named.contains(*variant)) {
        if let Some(base) = bases.get(variant) {
            mapping.insert(variant.clone(), schema::ref_to(base).into());
        }
    }
}

/// Lets every composition that includes a parent include its base instead.
fn inherit_from_bases(document: &mut Value, bases: &BTreeMap<String, String>) {
    schema::each_mut(document, &mut |schema, pointer| {
        let is_component = pointer.matches('/').count() == 3 && pointer.starts_with("/components/");
        let is_annotated = !is_component
            && schema::keys_beside(schema, &["allOf", "description", "title", "nullable"])
                .is_empty();
        let Some(all) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
            return;
        };
        // A reference with annotations beside it refers to the union.
        if is_annotated && all.len() == 1 {
            return;
        }
        for member in all {
            if let Some(base) = ref_name(member).and_then(|name| bases.get(&name).cloned()) {
                member["$ref"] = schema::ref_to(&base).into();
            }
        }
    });
}
