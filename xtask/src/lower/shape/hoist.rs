//! Defect: progenitor names inline schemas after their operation and uses the first one for all of them. typify panics on an inline
//! enumeration in a parameter.
//!
//! Every inline object, enumeration and union becomes a component with a unique name. Equal schemas share a component.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{self, Object, each_operation_mut, is_named_type};
use crate::lower::shape::identifiers;
use crate::lower::shape::nullable_wrapper;
use crate::lower::shape::rust_type;

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
    // Components come first: their names are fixed, and inline schemas of operations may equal one of them.
    for name in names {
        // The component is taken out, so that no schema within it is replaced by a reference to it.
        if let Some(mut component) = hoister.schemas.remove(&name) {
            hoister.hoist_children(&mut component, &identifiers::pascal(&name));
            hoister.schemas.insert(name, component);
        }
    }
    each_operation_mut(document, &mut |operation, _, _, _| {
        hoister.hoist_operation(operation)
    });
    let hoisted = hoister.schemas;
    if let Some(schemas) = schema::components_mut(document) {
        *schemas = hoisted;
    }
}

/// Moves inline schemas to components.
struct Hoister<'c, 'o> {
    schemas: Object,
    /// The names of the components and of their types: `FooBar` and `foo_bar` are the same type.
    names: BTreeSet<String>,
    cx: &'c mut PassContext<'o>,
}

impl Hoister<'_, '_> {
    fn hoist_operation(&mut self, operation: &mut Value) {
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
            let parameter_name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if let Some(schema) = parameter.get_mut("schema") {
                self.hoist_schema(schema, &id, &parameter_name);
            }
        }
        if let Some(body) = operation.get_mut("requestBody") {
            self.hoist_content(body, &id, "Request");
        }
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for response in responses.into_iter().flat_map(|all| all.values_mut()) {
            self.hoist_content(response, &id, "Response");
        }
    }

    /// Hoists the schemas of all media types of a request body or a response.
    fn hoist_content(&mut self, holder: &mut Value, id: &str, suffix: &str) {
        let content = holder.get_mut("content").and_then(Value::as_object_mut);
        for media in content.into_iter().flat_map(|content| content.values_mut()) {
            let Some(schema) = media.get_mut("schema") else {
                continue;
            };
            // The wrapper of an optional body stays inline; its content becomes a component.
            match nullable_wrapper::content_mut(schema) {
                Some(members) => members
                    .iter_mut()
                    .for_each(|member| self.hoist_schema(member, id, suffix)),
                None => self.hoist_schema(schema, id, suffix),
            }
        }
    }

    /// Hoists the schemas within a schema with the type name `name`.
    fn hoist_children(&mut self, schema: &mut Value, name: &str) {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            let mut keys: Vec<String> = properties.keys().cloned().collect();
            keys.sort();
            for key in keys {
                if let Some(property) = properties.get_mut(&key) {
                    self.hoist_schema(property, name, &key);
                }
            }
        }
        if let Some(items) = members.get_mut("items") {
            self.hoist_schema(items, name, "Item");
        }
        if let Some(values) = members
            .get_mut("additionalProperties")
            .filter(|values| values.is_object())
        {
            self.hoist_schema(values, name, "Value");
        }
        if let Some(all) = members.get_mut("allOf").and_then(Value::as_array_mut) {
            for member in all {
                self.hoist_schema(member, name, "");
            }
        }
        let is_enum = schema::is_documented_enum(schema);
        if let Some(variants) = schema
            .get_mut("oneOf")
            .and_then(Value::as_array_mut)
            .filter(|_| !is_enum)
        {
            for (index, variant) in variants.iter_mut().enumerate() {
                let title = variant
                    .get("title")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let role = if title.chars().any(char::is_alphabetic) {
                    title.to_owned()
                } else {
                    format!("Variant {index}")
                };
                self.hoist_schema(variant, name, &role);
            }
        }
    }

    /// Hoists a schema and the schemas within it. `role` describes the schema within the type `parent`.
    fn hoist_schema(&mut self, schema: &mut Value, parent: &str, role: &str) {
        if !schema.is_object() || rust_type::is_assigned(schema) || schema.get("$ref").is_some() {
            return;
        }
        let long_name = format!(
            "{parent}{}",
            if role.is_empty() {
                String::new()
            } else {
                identifiers::pascal(role)
            }
        );
        // The title of a variant is its role already, and too short for a type name.
        let title = schema
            .get("title")
            .filter(|title| title.as_str() != Some(role));
        let hint = schema.get(origin::NAME).or(title);
        let short_name = match hint
            .and_then(Value::as_str)
            .filter(|text| text.chars().any(char::is_alphabetic))
        {
            Some(text) => identifiers::pascal(text),
            None => long_name.clone(),
        };
        if !is_named_type(schema) {
            self.hoist_children(schema, &long_name);
            if let Some(members) = schema.as_object_mut() {
                members.remove(origin::NAME);
            }
            return;
        }
        self.hoist_children(schema, &short_name);
        self.replace_by_reference(schema, short_name, long_name);
    }

    /// Replaces the schema by a reference to an equal component or to a new one.
    fn replace_by_reference(&mut self, schema: &mut Value, short_name: String, long_name: String) {
        let at = origin::of(schema, "");
        let stripped = origin::stripped(schema);
        let is_equal_to = |name: &String, schemas: &Object| {
            schemas
                .get(name)
                .is_some_and(|other| origin::stripped(other) == stripped)
        };
        let name = if is_equal_to(&short_name, &self.schemas) || !self.is_taken(&short_name) {
            short_name
        } else if is_equal_to(&long_name, &self.schemas) || !self.is_taken(&long_name) {
            long_name
        } else {
            let mut number = 2;
            loop {
                let name = format!("{long_name}{number}");
                if is_equal_to(&name, &self.schemas) || !self.is_taken(&name) {
                    break name;
                }
                number += 1;
            }
        };
        let reference = schema::reference(&name);
        if self.schemas.contains_key(&name) {
            self.cx.changed_at(
                at,
                format!("replaced it by a reference to `{name}`, which is equal"),
            );
        } else {
            self.cx
                .changed_at(at, format!("moved it to the new component `{name}`"));
            self.names.insert(name.clone());
            self.schemas.insert(name, schema.clone());
        }
        schema::replace(schema, reference);
    }

    fn is_taken(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
