//! Answers: typify merges `allOf` itself, by rules that panic or lose on nullable parts, references of references and properties that
//! stand in several members, and it knows nothing of our extensions. Here every `allOf` becomes one schema. What stays is `allOf` of one
//! reference with annotations beside it: a reference with a description.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{
    Object, each_mut, has_rust_type, keys_beside, members, ref_name, replace, type_of,
};
use crate::lower::shape::merge::{ANNOTATIONS, merge};
use crate::lower::shape::unions::follow;
use crate::problem::Problem;

/// More variants than this come of nobody's intention.
const MOST_VARIANTS: usize = 64;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let mut merger = Merger {
        components: members(document).cloned().unwrap_or_default(),
        merged: BTreeMap::new(),
        open: Vec::new(),
    };
    // The schemas that are being merged around the one that the walk is at, by pointer and by source.
    let mut around: Vec<(String, String)> = Vec::new();
    each_mut(document, &mut |schema, pointer| {
        if has_rust_type(schema) {
            return;
        }
        drop_idle_members(schema, &merger.components);
        if !needs_merging(schema) {
            return;
        }
        let at = origin::of(schema, pointer);
        around.retain(|(outer, _)| {
            pointer
                .strip_prefix(outer.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        });
        // What is merged is written out. A schema that turns up within its own merged form would be written out for ever.
        if around.iter().any(|(_, source)| *source == at) {
            cx.problem(
                Problem::at(&at, "this composition contains itself, and has no end")
                    .expected("a reference where a schema contains itself")
                    .help("give the composition a name among the components, and refer to it"),
            );
            *schema = json!({ (origin::SOURCE): at });
            return;
        }
        around.push((pointer.to_owned(), at.clone()));
        match merger.one(schema) {
            Ok(merged) => {
                *schema = merged;
                cx.changed_at(at, "merged the members of allOf");
            }
            Err(why) => {
                cx.problem(
                    Problem::at(&at, "the parts of this schema contradict each other")
                        .expected("parts that one value can satisfy")
                        .found(why)
                        .help("correct one of the parts by an overlay"),
                );
                // The rest of the document can still be looked at.
                *schema = json!({ (origin::SOURCE): at });
            }
        }
    });
}

/// A member that says `type: object` and no more says nothing beside a reference to an object, which then stands alone:
/// it is the type that it refers to and no copy of it.
fn drop_idle_members(schema: &mut Value, schemas: &Object) {
    let Some(members) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
        return;
    };
    let is_idle = |member: &Value| {
        keys_beside(member, &["type"]).is_empty() && type_of(member) == Some("object")
    };
    let is_object = |member: &Value| {
        ref_name(member).is_some()
            && type_of(follow(member, schemas)).is_none_or(|kind| kind == "object")
    };
    let has_idle = members.iter().any(is_idle);
    if has_idle
        && members.iter().any(is_object)
        && members.iter().all(|m| is_idle(m) || is_object(m))
    {
        members.retain(|member| !is_idle(member));
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

/// Everything but a reference with annotations, and a union without a body of its own.
fn needs_merging(schema: &Value) -> bool {
    let Some(all) = schema.get("allOf").and_then(Value::as_array) else {
        return has_body_and_union(schema);
    };
    let is_reference = matches!(all.as_slice(), [only]
        if has_rust_type(only) || ref_name(only).is_some() && keys_beside(only, &["$ref"]).is_empty());
    !is_reference || !only_annotates(schema, &["allOf"])
}

fn only_annotates(schema: &Value, beside: &[&str]) -> bool {
    keys_beside(schema, beside)
        .iter()
        .all(|key| ANNOTATIONS.contains(key) || extensions::is_extension(key))
}

/// Properties beside a union belong to each of the variants.
fn has_body_and_union(schema: &Value) -> bool {
    schema.get("oneOf").is_some() && !only_annotates(schema, &["oneOf", "discriminator"])
        || schema.get("anyOf").is_some() && !only_annotates(schema, &["anyOf", "discriminator"])
}

struct Merger {
    components: Object,
    merged: BTreeMap<String, Value>,
    /// The components that are being merged: a component that contains itself by `allOf` has no end.
    open: Vec<String>,
}

impl Merger {
    /// The schema as one, its nested schemas left as they are.
    fn one(&mut self, schema: &Value) -> Result<Value, String> {
        if !needs_merging(schema) {
            return Ok(schema.clone());
        }
        let mut base = schema.clone();
        let members = base
            .as_object_mut()
            .and_then(|members| members.remove("allOf"))
            .unwrap_or_default();
        let mut unions = Vec::new();
        split_union(&mut base, &mut unions);
        let outer_nullable = base.get("nullable").cloned();
        let mut every_nullable = true;
        for member in members.as_array().into_iter().flatten() {
            let (mut part, is_ref) = self.resolve(member)?;
            split_union(&mut part, &mut unions);
            if let Some(members) = part.as_object_mut() {
                every_nullable &= members.remove("nullable") == Some(Value::Bool(true));
                if is_ref {
                    // The words about a part are not about the whole.
                    for key in ["title", "description", "default"] {
                        members.remove(key);
                    }
                }
                members.remove(origin::SOURCE);
                members.remove(origin::NAME);
            }
            merge(&mut base, &part)?;
        }
        if outer_nullable.is_none()
            && every_nullable
            && !members.as_array().is_none_or(Vec::is_empty)
        {
            base["nullable"] = true.into();
        }
        distribute(base, unions)
    }

    /// The schema that a member stands for, and whether it was a reference.
    fn resolve(&mut self, member: &Value) -> Result<(Value, bool), String> {
        let Some(name) = ref_name(member).or_else(|| crate::lower::schema::target(member)) else {
            return Ok((self.one(member)?, false));
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
        let merged = match ref_name(&component).or_else(|| crate::lower::schema::target(&component))
        {
            Some(_) => self.resolve(&component).map(|(schema, _)| schema),
            None => self.one(&component),
        };
        self.open.pop();
        let merged = merged?;
        self.merged.insert(name, merged.clone());
        Ok((merged, true))
    }
}

/// Takes the alternatives out of a schema.
fn split_union(schema: &mut Value, unions: &mut Vec<Vec<Value>>) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(variants)) = members.remove(key) {
            unions.push(variants);
        }
    }
}

/// Gives the body to each variant of the unions beside it.
fn distribute(base: Value, unions: Vec<Vec<Value>>) -> Result<Value, String> {
    if unions.is_empty() {
        return Ok(base);
    }
    let count: usize = unions.iter().map(Vec::len).product();
    if count > MOST_VARIANTS {
        return Err(format!("{count} combinations of alternatives"));
    }
    let mut whole = json!({});
    let mut body = base.clone();
    if let (Some(body), Some(members)) = (body.as_object_mut(), base.as_object()) {
        for (key, value) in members {
            let is_outer = ANNOTATIONS.contains(&key.as_str())
                || extensions::is_extension(key) && key != extensions::CONDITIONS.name;
            if is_outer {
                body.remove(key);
                whole[key] = value.clone();
            }
        }
    }
    let has_body = !keys_beside(&body, &["type"]).is_empty();
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for union in unions {
        rows = rows
            .iter()
            .flat_map(|row| {
                union.iter().map(|variant| {
                    let mut row = row.clone();
                    row.push(variant.clone());
                    row
                })
            })
            .collect();
    }
    let variants = rows
        .into_iter()
        .map(|row| combine(&body, has_body, row))
        .collect();
    whole["oneOf"] = Value::Array(variants);
    Ok(whole)
}

/// One combination: the body and a variant of each union, still to be merged by the walk.
fn combine(body: &Value, has_body: bool, row: Vec<Value>) -> Value {
    if let ([only], false) = (row.as_slice(), has_body) {
        return only.clone();
    }
    let mut name = String::new();
    for variant in &row {
        let part = variant
            .get("title")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| crate::lower::schema::target(variant));
        if let Some(part) = part {
            name = format!("{name} {part}");
        }
    }
    let mut all = row;
    if has_body {
        all.insert(0, body.clone());
    }
    let mut variant = json!({ "allOf": all });
    if !name.is_empty() {
        variant["title"] = name.trim().into();
    }
    variant
}
