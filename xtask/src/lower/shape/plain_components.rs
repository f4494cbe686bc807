//! Defect: typify turns each component that is a scalar, an array, a map or an alias into a newtype.
//!
//! Such components are inlined with their constraints and descriptions. The siblings of a reference take precedence.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    Object, components, each_mut, is_named_type, keys_beside, ref_name, target,
};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut inliner = Inliner {
        schemas: components(document)
            .filter(|(_, schema)| !is_named_type(schema))
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect(),
        results: BTreeMap::new(),
        open: Vec::new(),
    };
    each_mut(document, &mut |schema, pointer| {
        let Some(name) = target(schema) else { return };
        if let Some(plain) = inliner.inlinable(&name) {
            let at = origin::of(schema, pointer);
            inline(schema, plain);
            cx.changed_at(at, format!("inlined `{name}`"));
        }
    });
    // Inlined components are no longer used.
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.retain(|name, _| inliner.inlinable(name).is_none());
    }
}

/// The limit for nested arrays, maps and aliases. Deeper components keep their own types.
const MAX_DEPTH: usize = 20;

/// Resolves the components to inline, and caches them.
struct Inliner {
    /// The components that do not become named types.
    schemas: Object,
    /// For each component so far, the schema to inline, or `None` if it keeps its own type.
    results: BTreeMap<String, Option<Value>>,
    /// The components that are being resolved, to detect cycles.
    open: Vec<String>,
}

impl Inliner {
    /// The schema to inline for a component; `None` if the component keeps its own type, as a recursive array (`Tree = [Tree]`) has to.
    fn inlinable(&mut self, name: &str) -> Option<&Value> {
        if !self.results.contains_key(name) {
            if self.open.iter().any(|open| open == name) {
                return None;
            }
            let schema = self.schemas.get(name)?.clone();
            let resolved = self.resolve_component(name, schema);
            self.results.insert(name.to_owned(), resolved);
        }
        self.results.get(name)?.as_ref()
    }

    fn resolve_component(&mut self, name: &str, mut schema: Value) -> Option<Value> {
        if self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.open.push(name.to_owned());
        match target(&schema) {
            // For an alias, the reference itself is inlined.
            Some(alias) => {
                if let Some(inner) = self.inlinable(&alias) {
                    inline(&mut schema, inner);
                }
            }
            None => self.inline_nested(&mut schema),
        }
        self.open.pop();
        let can_be_inlined = !refers_to(&schema, name) && depth(&schema) <= MAX_DEPTH;
        can_be_inlined.then_some(schema)
    }

    /// Inlines components within an array or a map.
    fn inline_nested(&mut self, schema: &mut Value) {
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get_mut(key) {
                match target(inner) {
                    Some(name) => {
                        if let Some(plain) = self.inlinable(&name) {
                            inline(inner, plain);
                        }
                    }
                    None => self.inline_nested(inner),
                }
            }
        }
    }
}

/// The depth of nested arrays and maps.
fn depth(schema: &Value) -> usize {
    ["items", "additionalProperties"]
        .iter()
        .filter_map(|key| schema.get(*key))
        .map(|inner| 1 + depth(inner))
        .max()
        .unwrap_or(0)
}

/// Whether a value contains a reference to the component.
fn refers_to(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => {
            ref_name(value).as_deref() == Some(name)
                || members.values().any(|member| refers_to(member, name))
        }
        Value::Array(items) => items.iter().any(|item| refers_to(item, name)),
        _ => false,
    }
}

/// Replaces a reference by `plain`. The siblings of the reference take precedence.
fn inline(schema: &mut Value, plain: &Value) {
    let Some(outer) = schema.as_object() else {
        return;
    };
    let mut inlined = plain.clone();
    if let Some(members) = inlined.as_object_mut() {
        members.remove("title");
        for (key, value) in outer {
            if key != "$ref" && key != "allOf" {
                members.insert(key.clone(), value.clone());
            }
        }
        if let Some(stamp) = outer.get(origin::SOURCE) {
            members.insert(origin::SOURCE.into(), stamp.clone());
        }
    }
    // For an alias, the siblings of the reference need `allOf` to take effect.
    if inlined.get("$ref").is_some() && !keys_beside(&inlined, &["$ref"]).is_empty() {
        let reference = json!({ "$ref": inlined["$ref"] });
        if let Some(members) = inlined.as_object_mut() {
            members.remove("$ref");
            members.insert("allOf".into(), json!([reference]));
        }
    }
    *schema = inlined;
}
