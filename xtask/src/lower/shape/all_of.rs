//! Defect: typify merges `allOf` itself. It panics or loses information on nullable members, references to references and properties that
//! several members have, and it does not know the extensions of this project.
//!
//! Every `allOf` is merged into one schema. The only exception is `allOf` of one reference with annotations beside it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, component_schemas, each_mut, keys_beside, ref_name, replace, resolve, target, type_of,
};
use crate::lower::shape::merge::{ANNOTATIONS, merge};
use crate::lower::shape::rust_type;
use crate::problem::Problem;

/// The limit for the combinations of the variants of several unions, each of which becomes a type.
const MAX_COMBINATIONS: usize = 256;

/// The limit for compositions within compositions when contradictions are searched.
const MAX_PARTS: usize = 4;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut merger = AllOfMerger {
        components: component_schemas(document).cloned().unwrap_or_default(),
        merged: BTreeMap::new(),
        open: Vec::new(),
    };
    // The merged schemas that enclose the current one: pointer and source.
    let mut enclosing: Vec<(String, String)> = Vec::new();
    each_mut(document, &mut |schema, pointer| {
        if rust_type::is_assigned(schema) {
            return;
        }
        drop_redundant_members(schema, &merger.components);
        if !needs_merging(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        enclosing.retain(|(outer, _)| {
            pointer
                .strip_prefix(outer.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        });
        // Merging copies the members. A schema within its own merged form would be copied forever.
        if enclosing.iter().any(|(_, source)| *source == at) {
            cx.problem(
                Problem::at(&at, "this composition contains itself")
                    .expected("a reference where the schema contains itself")
                    .help("move the composition to components/schemas, and refer to it"),
            );
            *schema = json!({ (origin::SOURCE): at });
            return;
        }
        enclosing.push((pointer.to_owned(), at.clone()));
        match merger.merge_all_of(schema) {
            Ok(merged) => {
                *schema = merged;
                cx.changed_at(at, "merged the members of allOf");
            }
            Err(reason) => {
                cx.problem(
                    Problem::at(&at, "the members of allOf contradict each other")
                        .expected("members that a value can satisfy together")
                        .found(reason)
                        .help("correct one of the members in an overlay"),
                );
                // A placeholder lets later passes check the rest of the document.
                *schema = json!({ (origin::SOURCE): at });
            }
        }
    });
}

/// Removes members with only `type: object` beside a reference to an object. The reference then stays a reference and is not copied.
fn drop_redundant_members(schema: &mut Value, schemas: &Object) {
    let Some(members) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
        return;
    };
    let is_redundant = |member: &Value| {
        keys_beside(member, &["type"]).is_empty() && type_of(member) == Some("object")
    };
    let is_object = |member: &Value| {
        ref_name(member).is_some()
            && type_of(resolve(member, schemas)).is_none_or(|type_name| type_name == "object")
    };
    let has_redundant = members.iter().any(is_redundant);
    if has_redundant
        && members.iter().any(is_object)
        && members.iter().all(|m| is_redundant(m) || is_object(m))
    {
        members.retain(|member| !is_redundant(member));
    } else {
        return;
    }
    if let [only] = members.as_slice() {
        let only = only.clone();
        if keys_beside(schema, &["allOf"]).is_empty() {
            replace(schema, only);
        }
    }
}

/// Whether the schema has to be merged. A reference with annotations and a union without other constraints stay.
fn needs_merging(schema: &Value) -> bool {
    let Some(all) = schema.get("allOf").and_then(Value::as_array) else {
        return has_constraints_beside_union(schema);
    };
    let is_reference = matches!(all.as_slice(), [only]
        if rust_type::is_assigned(only) || ref_name(only).is_some() && keys_beside(only, &["$ref"]).is_empty());
    !is_reference || !only_annotates(schema, &["allOf"])
}

/// Whether all members of a schema other than `except` are annotations.
fn only_annotates(schema: &Value, except: &[&str]) -> bool {
    keys_beside(schema, except)
        .iter()
        .all(|key| ANNOTATIONS.contains(key) || extensions::is_extension(key))
}

/// Whether the schema has constraints beside a union. They apply to each variant.
fn has_constraints_beside_union(schema: &Value) -> bool {
    schema.get("oneOf").is_some() && !only_annotates(schema, &["oneOf", "discriminator"])
        || schema.get("anyOf").is_some() && !only_annotates(schema, &["anyOf", "discriminator"])
}

/// Merges schemas, and caches the merged components.
struct AllOfMerger {
    components: Object,
    merged: BTreeMap<String, Value>,
    /// The components that are being merged, to detect cycles.
    open: Vec<String>,
}

impl AllOfMerger {
    /// Merges a schema. Nested schemas are merged later, when the walk visits them.
    fn merge_all_of(&mut self, schema: &Value) -> Result<Value, String> {
        if !needs_merging(schema) {
            return Ok(schema.clone());
        }
        let mut base = schema.clone();
        let members = base
            .as_object_mut()
            .and_then(|members| members.remove("allOf"))
            .unwrap_or_default();
        let mut unions = Vec::new();
        take_variants(&mut base, &mut unions);
        let outer_nullable = base.get("nullable").cloned();
        let mut all_nullable = true;
        for member in members.as_array().into_iter().flatten() {
            let (mut part, is_ref) = self.resolve_member(member)?;
            take_variants(&mut part, &mut unions);
            if let Some(members) = part.as_object_mut() {
                all_nullable &= members.remove("nullable") == Some(Value::Bool(true));
                if is_ref {
                    // The annotations of a member do not describe the whole schema.
                    for key in ["title", "description", "default"] {
                        members.remove(key);
                    }
                }
                members.remove(origin::SOURCE);
                members.remove(origin::NAME);
            }
            merge(&mut base, &part)?;
        }
        if outer_nullable.is_none() && all_nullable && !members.as_array().is_none_or(Vec::is_empty)
        {
            base["nullable"] = true.into();
        }
        self.distribute_over_variants(base, unions)
    }

    /// Merges a schema into each combination of the variants of `unions`.
    fn distribute_over_variants(
        &self,
        base: Value,
        unions: Vec<Vec<Value>>,
    ) -> Result<Value, String> {
        if unions.is_empty() {
            return Ok(base);
        }
        let count = unions.iter().map(Vec::len).fold(1, usize::saturating_mul);
        if count > MAX_COMBINATIONS && unions.len() > 1 {
            return Err(format!(
                "{count} combinations of variants, more than {MAX_COMBINATIONS}"
            ));
        }
        let mut distributed = json!({});
        let mut body = base.clone();
        if let (Some(body), Some(members)) = (body.as_object_mut(), base.as_object()) {
            for (key, value) in members {
                let is_outer = key == "discriminator"
                    || ANNOTATIONS.contains(&key.as_str())
                    || extensions::is_extension(key) && key != extensions::CONDITIONS.name;
                if is_outer {
                    body.remove(key);
                    distributed[key] = value.clone();
                }
            }
        }
        let has_body = !keys_beside(&body, &["type"]).is_empty();
        let mut combinations: Vec<Vec<Value>> = vec![Vec::new()];
        for union in unions {
            combinations = combinations
                .iter()
                .flat_map(|combination| {
                    union.iter().map(|variant| {
                        let mut combination = combination.clone();
                        combination.push(variant.clone());
                        combination
                    })
                })
                .collect();
        }
        // No value satisfies a combination whose parts contradict each other.
        combinations.retain(|combination| {
            let parts: Vec<&Value> = combination.iter().chain([&body]).collect();
            let mut pairs = parts
                .iter()
                .enumerate()
                .flat_map(|(index, part)| parts[..index].iter().map(move |other| (*other, *part)));
            !pairs.any(|(one, other)| self.contradict(one, other, 0))
        });
        if combinations.is_empty() {
            return Err("no variant that the other members allow".into());
        }
        let variants = combinations
            .into_iter()
            .map(|combination| combine(&body, has_body, combination))
            .collect();
        distributed["oneOf"] = Value::Array(variants);
        Ok(distributed)
    }

    /// Whether no value satisfies both schemas: they have no value in common, or such properties.
    fn contradict(&self, one: &Value, other: &Value, depth: usize) -> bool {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        self.parts(one, &mut ours, 0);
        self.parts(other, &mut theirs, 0);
        ours.iter().any(|one| {
            theirs
                .iter()
                .any(|other| self.parts_contradict(one, other, depth))
        })
    }

    fn parts_contradict(&self, one: &Value, other: &Value, depth: usize) -> bool {
        let values = |schema: &Value| match schema.get("const") {
            Some(constant) => Some(vec![constant.clone()]),
            None => schema.get("enum").and_then(Value::as_array).cloned(),
        };
        if let (Some(one), Some(other)) = (values(one), values(other))
            && !one.iter().any(|value| other.contains(value))
        {
            return true;
        }
        let (Some(one), Some(other)) = (
            one.get("properties").and_then(Value::as_object),
            other.get("properties").and_then(Value::as_object),
        ) else {
            return false;
        };
        depth == 0
            && one.iter().any(|(name, schema)| {
                other
                    .get(name)
                    .is_some_and(|other| self.contradict(schema, other, depth + 1))
            })
    }

    /// A schema and the members of its `allOf`, resolved.
    fn parts<'a>(&'a self, schema: &'a Value, found: &mut Vec<&'a Value>, depth: usize) {
        let schema = resolve(schema, &self.components);
        found.push(schema);
        let members = schema.get("allOf").and_then(Value::as_array);
        if depth < MAX_PARTS {
            for member in members.into_iter().flatten() {
                self.parts(member, found, depth + 1);
            }
        }
    }

    /// The merged form of a member, and whether the member was a reference.
    fn resolve_member(&mut self, member: &Value) -> Result<(Value, bool), String> {
        let Some(name) = ref_name(member).or_else(|| target(member)) else {
            return Ok((self.merge_all_of(member)?, false));
        };
        if let Some(known) = self.merged.get(&name) {
            return Ok((known.clone(), true));
        }
        if self.open.contains(&name) {
            return Err(format!("`{name}` contains itself"));
        }
        let Some(component) = self.components.get(&name).cloned() else {
            return Err(format!("`{name}` is missing"));
        };
        self.open.push(name.clone());
        let merged = match ref_name(&component).or_else(|| target(&component)) {
            Some(_) => self.resolve_member(&component).map(|(schema, _)| schema),
            None => self.merge_all_of(&component),
        };
        self.open.pop();
        let merged = merged?;
        self.merged.insert(name, merged.clone());
        Ok((merged, true))
    }
}

/// Moves the variants of a schema to `unions`.
fn take_variants(schema: &mut Value, unions: &mut Vec<Vec<Value>>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(variants)) = members.remove(key) {
            unions.push(variants);
        }
    }
}

/// One combination of the body and a variant of each union. The walk merges it later.
fn combine(body: &Value, has_body: bool, combination: Vec<Value>) -> Value {
    if let ([only], false) = (combination.as_slice(), has_body) {
        return only.clone();
    }
    let mut name = String::new();
    for variant in &combination {
        let part = variant
            .get("title")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| target(variant));
        if let Some(part) = part {
            name = format!("{name} {part}");
        }
    }
    let mut all = combination;
    if has_body {
        all.insert(0, body.clone());
    }
    let mut variant = json!({ "allOf": all });
    if !name.is_empty() {
        variant["title"] = name.trim().into();
    }
    variant
}
