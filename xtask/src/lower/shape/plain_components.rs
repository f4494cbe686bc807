//! Answers: typify makes a newtype of every component that is a plain value, a list or a map, and of every component that is but another
//! name. Such a component is written out where it is referred to, with its rules and its description; what stands beside the
//! reference wins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, components, each_mut, is_named_type, keys_beside, target};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut inliner = Inliner {
        schemas: components(document)
            .filter(|(_, schema)| !is_named_type(schema))
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect(),
        done: BTreeMap::new(),
        open: Vec::new(),
    };
    each_mut(document, &mut |schema, pointer| {
        let Some(name) = target(schema) else { return };
        if let Some(plain) = inliner.plain(&name) {
            let at = origin::of(schema, pointer);
            write_out(schema, plain);
            cx.changed_at(at, format!("wrote out `{name}`"));
        }
    });
    // What is written out nowhere any more goes.
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.retain(|name, _| inliner.plain(name).is_none());
    }
}

/// How many lists, maps and other names are written out within one another. What is deeper stays a type of its own.
const DEEPEST: usize = 20;

struct Inliner {
    /// The components that make no type with a name.
    schemas: Object,
    done: BTreeMap<String, Option<Value>>,
    open: Vec<String>,
}

impl Inliner {
    /// The component, if it makes no type of its own. A list of itself (`Tree = [Tree]`) has to stay one.
    fn plain(&mut self, name: &str) -> Option<&Value> {
        if !self.done.contains_key(name) {
            if self.open.iter().any(|open| open == name) {
                return None;
            }
            let schema = self.schemas.get(name)?.clone();
            let made = self.made(name, schema);
            self.done.insert(name.to_owned(), made);
        }
        self.done.get(name)?.as_ref()
    }

    fn made(&mut self, name: &str, mut schema: Value) -> Option<Value> {
        if self.open.len() >= DEEPEST {
            return None;
        }
        self.open.push(name.to_owned());
        let alias = target(&schema);
        match alias {
            // Another name for a type: the reference itself is what gets written out.
            Some(alias) => {
                if let Some(inner) = self.plain(&alias) {
                    write_out(&mut schema, inner);
                }
            }
            None => self.nested(&mut schema),
        }
        self.open.pop();
        let written_out = !refers_to(&schema, name) && levels(&schema) <= DEEPEST;
        written_out.then_some(schema)
    }

    /// Writes out what is within a list or a map.
    fn nested(&mut self, schema: &mut Value) {
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get_mut(key) {
                match target(inner) {
                    Some(name) => {
                        if let Some(plain) = self.plain(&name) {
                            write_out(inner, plain);
                        }
                    }
                    None => self.nested(inner),
                }
            }
        }
    }
}

/// How many lists and maps stand within one another.
fn levels(schema: &Value) -> usize {
    ["items", "additionalProperties"]
        .iter()
        .filter_map(|key| schema.get(*key))
        .map(|inner| 1 + levels(inner))
        .max()
        .unwrap_or(0)
}

fn refers_to(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => {
            crate::lower::schema::ref_name(value).as_deref() == Some(name)
                || members.values().any(|member| refers_to(member, name))
        }
        Value::Array(items) => items.iter().any(|item| refers_to(item, name)),
        _ => false,
    }
}

/// Puts `plain` in the place of a reference, whose siblings win.
fn write_out(schema: &mut Value, plain: &Value) {
    let Some(outer) = schema.as_object() else {
        return;
    };
    let mut whole = plain.clone();
    if let Some(members) = whole.as_object_mut() {
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
    // Another name for a type: what stands beside the reference still needs `allOf` to be heard.
    if whole.get("$ref").is_some() && !keys_beside(&whole, &["$ref"]).is_empty() {
        let reference = json!({ "$ref": whole["$ref"] });
        if let Some(members) = whole.as_object_mut() {
            members.remove("$ref");
            members.insert("allOf".into(), json!([reference]));
        }
    }
    *schema = whole;
}
