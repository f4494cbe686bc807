//! Answers: progenitor names an inline schema after its operation and takes the first for all of them, and typify panics on an inline enumeration in
//! a parameter. Every inline object, enumeration and union becomes a component with a name of its own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    self, Object, each_operation_mut, has_rust_type, is_named_type, is_nullable,
};
use crate::lower::shape::identifiers;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let schemas = schema::components_mut(document).map(std::mem::take);
    let schemas = schemas.unwrap_or_default();
    let mut names: Vec<String> = schemas.keys().cloned().collect();
    names.sort();
    let types = names.iter().map(|name| identifiers::pascal(name));
    let mut hoister = Hoister {
        names: types.chain(names.iter().cloned()).collect(),
        schemas,
        cx,
    };
    // The components first: their names are given, and what is inline in an operation may turn out to be one of them.
    for name in names {
        // Nothing within a component can be that component.
        if let Some(mut component) = hoister.schemas.remove(&name) {
            hoister.children(&mut component, &identifiers::pascal(&name));
            hoister.schemas.insert(name, component);
        }
    }
    each_operation_mut(document, &mut |operation, _, _, _| {
        hoister.operation(operation)
    });
    let made = hoister.schemas;
    if let Some(schemas) = schema::components_mut(document) {
        *schemas = made;
    }
}

struct Hoister<'c, 'o> {
    schemas: Object,
    /// The names of the components and of the types that they become: `FooBar` and `foo_bar` are one in Rust.
    names: BTreeSet<String>,
    cx: &'c mut PassContext<'o>,
}

impl Hoister<'_, '_> {
    fn operation(&mut self, operation: &mut Value) {
        let id = identifiers::pascal(
            operation
                .get("operationId")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        );
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let own = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if let Some(schema) = parameter.get_mut("schema") {
                self.place(schema, &id, &own);
            }
        }
        if let Some(body) = operation.get_mut("requestBody") {
            self.media(body, &id, "Request");
        }
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for response in responses.into_iter().flat_map(|all| all.values_mut()) {
            self.media(response, &id, "Response");
        }
    }

    fn media(&mut self, holder: &mut Value, id: &str, suffix: &str) {
        let content = holder.get_mut("content").and_then(Value::as_object_mut);
        for media in content.into_iter().flat_map(|content| content.values_mut()) {
            let Some(schema) = media.get_mut("schema") else {
                continue;
            };
            // The optional body of `success` stays inline, its content does not.
            let optional = is_nullable(schema)
                .then(|| schema.get_mut("allOf").and_then(Value::as_array_mut))
                .flatten();
            match optional {
                Some(members) => members
                    .iter_mut()
                    .for_each(|member| self.place(member, id, suffix)),
                None => self.place(schema, id, suffix),
            }
        }
    }

    /// Deals with the schemas within a schema, which is called `name`.
    fn children(&mut self, schema: &mut Value, name: &str) {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            let mut keys: Vec<String> = properties.keys().cloned().collect();
            keys.sort();
            for key in keys {
                if let Some(property) = properties.get_mut(&key) {
                    self.place(property, name, &key);
                }
            }
        }
        if let Some(items) = members.get_mut("items") {
            self.place(items, name, "Item");
        }
        if let Some(values) = members
            .get_mut("additionalProperties")
            .filter(|values| values.is_object())
        {
            self.place(values, name, "Value");
        }
        if let Some(all) = members.get_mut("allOf").and_then(Value::as_array_mut) {
            for member in all {
                self.place(member, name, "");
            }
        }
        let is_enum = schema::is_documented_enum(schema);
        if let Some(variants) = schema
            .get_mut("oneOf")
            .and_then(Value::as_array_mut)
            .filter(|_| !is_enum)
        {
            for (index, variant) in variants.iter_mut().enumerate() {
                let own = variant
                    .get("title")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let role = if own.chars().any(char::is_alphabetic) {
                    own.to_owned()
                } else {
                    format!("Variant {index}")
                };
                self.place(variant, name, &role);
            }
        }
    }

    /// Deals with an inline schema that stands in `parent` as `role`.
    fn place(&mut self, schema: &mut Value, parent: &str, role: &str) {
        if !schema.is_object() || has_rust_type(schema) || schema.get("$ref").is_some() {
            return;
        }
        let long = format!(
            "{parent}{}",
            if role.is_empty() {
                String::new()
            } else {
                identifiers::pascal(role)
            }
        );
        // The title of an alternative says what it is among the others, which the role has: it is no name by itself.
        let title = schema
            .get("title")
            .filter(|title| title.as_str() != Some(role));
        let hint = schema.get(origin::NAME).or(title);
        let short = match hint
            .and_then(Value::as_str)
            .filter(|text| text.chars().any(char::is_alphabetic))
        {
            Some(text) => identifiers::pascal(text),
            None => long.clone(),
        };
        if !is_named_type(schema) {
            self.children(schema, &long);
            if let Some(members) = schema.as_object_mut() {
                members.remove(origin::NAME);
            }
            return;
        }
        self.children(schema, &short);
        self.hoist(schema, short, long);
    }

    /// Makes a component of the schema, or finds the one that it is.
    fn hoist(&mut self, schema: &mut Value, short: String, long: String) {
        let at = origin::of(schema, "");
        let plain = comparable(schema);
        let known = |name: &String, schemas: &Object| {
            schemas
                .get(name)
                .is_some_and(|other| comparable(other) == plain)
        };
        let name = if known(&short, &self.schemas) || !self.is_taken(&short) {
            short
        } else if known(&long, &self.schemas) || !self.is_taken(&long) {
            long
        } else {
            let mut number = 2;
            loop {
                let name = format!("{long}{number}");
                if known(&name, &self.schemas) || !self.is_taken(&name) {
                    break name;
                }
                number += 1;
            }
        };
        let reference = schema::reference(&name);
        if self.schemas.contains_key(&name) {
            self.cx
                .changed_at(at, format!("it is the same as `{name}`"));
        } else {
            self.cx
                .changed_at(at, format!("made a component of it: `{name}`"));
            self.names.insert(name.clone());
            self.schemas.insert(name, schema.clone());
        }
        schema::replace(schema, reference);
    }

    fn is_taken(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// What two schemas must have in common to be one type.
fn comparable(schema: &Value) -> Value {
    origin::stripped(schema)
}
